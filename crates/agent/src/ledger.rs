//! The ledger of one agent: serial number → authenticity number and origin, durable.
//!
//! Two implementations: [`FjallLedger`] on disk, and a simulated twin
//! ([`sim::SimLedger`]) that forgets what was not synced and fails where it is told to. The same
//! property tests run over both.

mod backup;
mod changes;
mod counts;
mod engine;
mod fjall;
mod head;
mod holding;
mod open_error;
mod record;
mod restore;
pub(crate) mod sim;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod verify;

use std::error::Error;
use std::fmt;

use coin::{AuthenticityNumber, Lineage, Origin, SerialNumber};
use raida::NetworkId;
use raida::api::RequestId;

pub use backup::{BackupError, BackupHead};
pub use changes::{Changes, Draft, put};
pub use counts::Counts;
pub use engine::open_store;
pub use fjall::FjallLedger;
pub use holding::Holding;
pub use open_error::{Damage, OpenError};
pub use record::Record;
pub use restore::{Forgetful, RestoreError, read_head, restore};
pub use verify::{Verified, VerifyError};

/// The format of the ledgers that this program writes and reads.
///
/// 1 knew coins only; 2 counted them and knew no origins. A ledger of an earlier format becomes one of
/// this when it is opened; its coins count as minted.
pub const FORMAT: u32 = 3;

/// What a ledger was founded as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charter {
    /// The network whose coins it holds.
    pub network: NetworkId,
    /// Whose ledger it is: 0 to 24.
    pub agent: usize,
}

/// Where a ledger lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lies {
    /// On a disk.
    OnDisk,
    /// In memory.
    InMemory,
}

/// A ledger, founded and open. One caller at a time may [`commit`](Ledger::commit).
pub trait Ledger: Send + Sync + 'static {
    /// Returns what it was founded as.
    fn charter(&self) -> &Charter;

    /// Tells where it lies: one on a disk is asked on threads of their own, because it may hold up
    /// whoever asks.
    fn lies(&self) -> Lies {
        Lies::OnDisk
    }

    /// Returns what is held of a coin as last committed, or `None` for a coin that is not in
    /// circulation.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    fn coin(&self, sn: SerialNumber) -> Result<Option<Holding>, LedgerError>;

    /// Returns the AN of a coin; see [`coin`](Ledger::coin).
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    fn an(&self, sn: SerialNumber) -> Result<Option<AuthenticityNumber>, LedgerError> {
        Ok(self.coin(sn)?.map(|held| held.an))
    }

    /// Returns which exchange an origin is, if it was ever executed here, as last committed.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    fn lineage(&self, origin: Origin) -> Result<Option<Lineage>, LedgerError>;

    /// Tells whether a coin has ever been given back to the pool by an exchange, as last committed.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    fn was_given_back(&self, sn: SerialNumber) -> Result<bool, LedgerError>;

    /// Returns what became of a request, as last committed.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    fn record(&self, id: RequestId) -> Result<Option<Record>, LedgerError>;

    /// Returns what has been counted, as last committed.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    fn counts(&self) -> Result<Counts, LedgerError>;

    /// Shows all coins in circulation as they are at one moment, by ascending serial numbers.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails; then some coins may have been shown.
    fn scan(&self, see: &mut dyn FnMut(SerialNumber, Holding)) -> Result<(), LedgerError>;

    /// Makes changes, all or none.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails; then it is unknown which, and the ledger takes no
    /// commit any more: it must be opened anew.
    ///
    /// # Crash safety
    ///
    /// On disk when it returns. Before, all changes are there after a crash, or none.
    fn commit(&self, changes: &Changes) -> Result<(), LedgerError>;
}

/// The disk failed, or what it holds is no ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store reports an error.
    #[error("the ledger cannot be read or written")]
    Store(#[source] Box<dyn Error + Send + Sync>),
    /// An entry has another form than all others.
    #[error("the ledger's entry of coin {sn} has {bytes} bytes")]
    TornEntry {
        /// The coin.
        sn: SerialNumber,
        /// Bytes of its entry.
        bytes: usize,
    },
    /// The key of an entry is none that this program writes.
    #[error("the ledger has an entry that belongs to nothing")]
    StrayEntry,
    /// The record of a request has another form than all others.
    #[error("the ledger's record of request {id} is torn")]
    TornRecord {
        /// The request.
        id: RequestId,
    },
    /// What stands for an origin is not its lineage.
    #[error("the ledger's lineage of origin {origin} is torn")]
    TornLineage {
        /// The origin.
        origin: Origin,
    },
    /// The counts are missing, or cannot be those of the coins.
    #[error("the ledger's counts are torn")]
    TornCounts,
    /// An earlier commit failed.
    #[error("the ledger takes no changes since a commit failed")]
    Closed,
}

impl fmt::Display for Charter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agent {} of the network {}", self.agent, self.network)
    }
}
