//! What money is: amounts, denominations, serial and authenticity numbers,
//! pown strings, coin files, and the question whose a coin is.
//!
//! The crate is pure. It opens no file and no socket, reads no clock and makes
//! no random number: bytes, answers and fresh secrets come in as arguments.
//! Secrets ([`AuthenticityNumber`], [`AnSet`]) hide themselves from `Debug`,
//! are wiped when dropped and compare in constant time.

mod amount;
mod an_set;
mod authenticity_number;
pub mod batch;
pub mod choose;
mod coin;
mod denomination;
pub mod exchange;
mod file_name;
pub mod limits;
pub mod mending;
mod origin;
pub mod ownership;
mod pown;
pub mod reclaim;
mod serial_number;
pub mod stack;

pub use crate::amount::{Amount, AmountError};
pub use crate::an_set::AnSet;
pub use crate::authenticity_number::{AuthenticityNumber, AuthenticityNumberError};
pub use crate::choose::ChooseError;
pub use crate::coin::{Coin, NETWORK_NUMBER, StoredCoin};
pub use crate::denomination::{Denomination, UnknownDenomination};
pub use crate::exchange::Exchanging;
pub use crate::file_name::{CoinName, CoinNameError, Tag};
pub use crate::origin::{Lineage, Origin, OriginError};
pub use crate::ownership::{Answer, Grade, Holding, Ownership, Question, Rule, RuleError};
pub use crate::pown::{Letter, PownString, PownStringError};
pub use crate::serial_number::{SerialNumber, SerialNumberError};

/// Detection agents of a network, each of which knows one secret of every coin.
pub const AGENTS: usize = 25;
