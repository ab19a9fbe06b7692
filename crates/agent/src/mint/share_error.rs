//! Why a mint across machines does not get on.

use std::fmt;
use std::io;
use std::path::PathBuf;

use coin::{AGENTS, SerialNumber};
use raida::NetworkId;

use super::{MintError, OrderId};
use crate::data_dir::DataDirError;
use crate::ledger::LedgerError;
use crate::limits::OWNED_FROM;

/// Why an order, a share or their coins are not made.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// Coins cannot be chosen, or their files cannot be written.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// The ledger failed.
    #[error("the ledger of agent {agent} failed")]
    Ledger {
        /// The agent.
        agent: usize,
        /// How.
        source: LedgerError,
    },
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is another file where one belongs; it is left alone.
    #[error("{path} is there already and is another file")]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// A file is cut short, changed, or of another kind.
    #[error("{path} is not a whole {kind}")]
    Torn {
        /// The file.
        path: PathBuf,
        /// What it should be.
        kind: FileKind,
    },
    /// A file was written by another version of this program.
    #[error("{path} has version {found}, this program reads {read}")]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that is read.
        read: u32,
    },
    /// A file with secrets is readable by others.
    #[error("{path} holds secrets and can be read by others")]
    OpenToOthers {
        /// The file.
        path: PathBuf,
    },
    /// A share was made for another order.
    #[error("{path} is a share of the order {found}, not of {expected}")]
    OtherOrder {
        /// The share.
        path: PathBuf,
        /// The order whose coins are to be made.
        expected: OrderId,
        /// The order of the share.
        found: OrderId,
    },
    /// The order is for another network than that of the configuration.
    #[error("the order is for the network {found}, not for {expected}")]
    OtherNetwork {
        /// The network of the configuration.
        expected: NetworkId,
        /// The network of the order.
        found: NetworkId,
    },
    /// Two shares of one agent.
    #[error("{first} and {second} are both shares of agent {agent}")]
    Twice {
        /// The agent.
        agent: usize,
        /// One share.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },
    /// So few shares that nobody could own the coins.
    #[error(
        "{} of {AGENTS} shares are there, a coin needs {OWNED_FROM}: those of agents {} are missing",
        AGENTS - missing.len(), List(missing)
    )]
    TooFew {
        /// The agents without a share.
        missing: Vec<usize>,
    },
    /// Not all shares are there.
    #[error("the shares of agents {} are missing: the coins would be fracked", List(missing))]
    Incomplete {
        /// The agents without a share.
        missing: Vec<usize>,
    },
    /// The agent has coins of these numbers already.
    #[error(
        "agent {agent} knows {known} of the order's {coins} serial numbers already, {first} first: \
         nothing of the order was entered here"
    )]
    Known {
        /// The agent.
        agent: usize,
        /// How many it knows.
        known: usize,
        /// How many are ordered.
        coins: usize,
        /// The first that it knows.
        first: SerialNumber,
    },
    /// The mint of another order waits to be finished first.
    #[error("the mint of the order {unfinished} is not finished here")]
    Unfinished {
        /// The other order.
        unfinished: OrderId,
    },
}

/// A file of the ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// What all agents enter.
    Order,
    /// What one agent entered.
    Share,
    /// How far the mint of one agent has come.
    Record,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::Order => "order",
            FileKind::Share => "share",
            FileKind::Record => "record of a mint",
        })
    }
}

/// Numbers with commas between them.
struct List<'a>(&'a [usize]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.0.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}{number}")?;
        }
        Ok(())
    }
}
