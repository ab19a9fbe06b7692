//! The ledger of one agent: serial number → authenticity number, durable.
//!
//! Two implementations: [`FjallLedger`] on disk, and a simulated twin
//! ([`sim::SimLedger`]) that forgets what was not synced and fails where it is told to. The same
//! property tests run over both.

mod fjall;
mod head;
mod open_error;
pub(crate) mod sim;
mod store;
#[cfg(test)]
pub(crate) mod tests;

use std::error::Error;
use std::fmt;

use coin::{AuthenticityNumber, SerialNumber};
use raida::NetworkId;

pub use fjall::FjallLedger;
pub use open_error::{Damage, OpenError};

/// The format of the ledgers that this program writes and reads.
pub const FORMAT: u32 = 1;

/// What a ledger was founded as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charter {
    /// The network whose coins it holds.
    pub network: NetworkId,
    /// Whose ledger it is: 0 to 24.
    pub agent: usize,
}

/// A ledger, founded and open. One caller at a time may [`commit`](Ledger::commit).
pub trait Ledger: Send + Sync + 'static {
    /// Returns what it was founded as.
    fn charter(&self) -> &Charter;

    /// Returns the AN of a coin as last committed, or `None` for a coin that is not in
    /// circulation.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    fn an(&self, sn: SerialNumber) -> Result<Option<AuthenticityNumber>, LedgerError>;

    /// Sets the ANs of coins, all or none.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails; then it is unknown which, and the ledger takes no
    /// commit any more: it must be opened anew.
    ///
    /// # Crash safety
    ///
    /// On disk when it returns. Before, all changes are there after a crash, or none.
    fn commit(&self, changes: &[(SerialNumber, AuthenticityNumber)]) -> Result<(), LedgerError>;
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
    /// An earlier commit failed.
    #[error("the ledger takes no changes since a commit failed")]
    Closed,
}

impl fmt::Display for Charter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agent {} of the network {}", self.agent, self.network)
    }
}
