//! Coin files: the JSON text of a `.stack` file, read in every variant and
//! written in the standard one.
//!
//! ```text
//! {"cloudcoin": [{"nn": "1", "sn": "16777215", "an": [25 secrets],
//!                 "pan": [25 secrets], "pown": "ppp…", "ed": "9-2027", "aoid": []}, …]}
//! ```
//!
//! A coin needs `nn`, `sn` and `an`. `pan` is there while some agent has not
//! been seen to hold its PAN. `pown` (or `pownstring`), `ed` and `aoid` are
//! remarks: agents decide, so one that cannot be understood is passed over and
//! never costs a coin. Keys in any order, white space, CR LF, a byte order mark
//! and numbers instead of texts for `nn` and `sn` are all taken.

mod error;
mod node;
mod reader;
mod writer;

pub use self::error::{Place, Reason, StackError};
pub use self::reader::read;
pub use self::writer::write;
pub use crate::limits::STACK_COINS_WRITE_MAX as MAX_COINS;

/// The network number, 1.
const NN: &str = "nn";
/// The serial number.
const SN: &str = "sn";
/// The 25 secrets that the agents hold.
const AN: &str = "an";
/// The 25 secrets proposed to them.
const PAN: &str = "pan";
/// What each agent last said.
const POWN: &str = "pown";
/// Another spelling of [`POWN`], found in files of one other program.
const POWNSTRING: &str = "pownstring";
/// The month in which the coin expires.
const ED: &str = "ed";
/// Notes of other programs.
const AOID: &str = "aoid";
/// The array of coins.
const CLOUDCOIN: &str = "cloudcoin";
