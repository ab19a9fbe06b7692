//! The file-system wallet of a home: folders, journal, crash-safe moves, recovery, receipts.
//!
//! ```text
//!   Wallet::open(disk) ─▶ lock, folders, recovery
//!     └─ begin / load ─▶ Operation: note, keep ─▶ place, shift, regrade, receipt ─▶ end
//!   balance(&disk), history(&disk), survey(&disk): without the lock
//! ```
//!
//! What makes a coin survive:
//!
//! - **Record first, act second.** Before a file is touched, the journal of the
//!   operation has every byte of it, synced, and the journal's own entry too.
//! - **Acts can be repeated.** A crash leads back to the same end at the next start.
//! - **Nothing is replaced, nothing is deleted.** Two contents under one name are
//!   both kept, and reported; what is superfluous goes to Trash.
//! - **A failed sync is final.** The wallet refuses all further work.
//!
//! ```
//! use coin::{AnSet, AuthenticityNumber, Coin, Letter, PownString, SerialNumber, StoredCoin};
//! use wallet::{Folder, Kind, OperationId, SimDisk, Wallet, WalletName};
//!
//! let disk = SimDisk::new();
//! let (mut wallet, _) = Wallet::open(disk.clone())?;
//! let coin = StoredCoin {
//!     coin: Coin {
//!         sn: SerialNumber::new(7)?,
//!         ans: AnSet::from_fn(|_| AuthenticityNumber::from_bytes([7; 16])),
//!     },
//!     pans: None,
//!     pown: PownString::all(Letter::Pass),
//!     expires: None,
//!     notes: Vec::new(),
//! };
//! let mut import = wallet.begin(OperationId::from_bytes([1; 16]), Kind::Import, "from a file")?;
//! import.keep("coins", std::slice::from_ref(&coin))?;
//! import.place(&mut wallet, WalletName::Default.place(Folder::Bank), &[coin])?;
//! import.end(&mut wallet, "1 coin")?;
//! assert_eq!(wallet::balance(&disk)?.total.units(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod balance;
mod check;
mod clear;
mod disk;
mod error;
mod history;
mod home;
mod journal;
pub mod limits;
mod listing;
mod naming;
mod open_journals;
mod operation;
mod place;
mod provenance;
mod receipt;
mod recovery;
mod survey;
mod wallet;

pub use balance::{Balance, balance};
pub use check::{Audit, Finding, Repaired, check, repair};
pub use clear::Cleared;
pub use disk::{
    Access, AnyDisk, Disk, DiskFile, Entry, EntryKind, Found, Locked, Loss, Mutation, Part,
    RealDisk, Rights, SimDisk,
};
pub use error::{DiskError, Holder, OpenError, WalletError};
pub use history::{Ended, History, InFlight, history, in_flight};
pub use journal::Flaw;
pub use listing::Bookings;
pub use open_journals::DamagedJournal;
pub use operation::{
    Acted, Conflict, End, Kind, Operation, OperationId, OperationIdError, Regrade,
};
pub use place::{Folder, Place, UnknownPlace, WalletName};
pub use provenance::Provenance;
pub use receipt::{Receipt, ReceiptCoin, ReceiptError, ReceiptTotals};
pub use recovery::RecoveryReport;
pub use survey::{Survey, Surveyed, survey};
pub use wallet::{Wallet, list};
