//! Why a directory is not the ledger that was asked for.

use std::io;
use std::path::PathBuf;

use super::{Charter, FORMAT};

/// Why a directory cannot be opened as the ledger of an agent.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no ledger.
    #[error("{dir} is not a founded ledger")]
    NotFounded {
        /// The directory.
        dir: PathBuf,
    },
    /// It is the ledger of another agent or network.
    #[error("{dir} holds the ledger of {found}, not that of {expected}")]
    OtherCharter {
        /// The directory.
        dir: PathBuf,
        /// Whose ledger was asked for.
        expected: Charter,
        /// Whose it is.
        found: Charter,
    },
    /// It was written by another version of this program.
    #[error("{dir} has the ledger format {found:?}, this program reads {FORMAT}")]
    OtherFormat {
        /// The directory.
        dir: PathBuf,
        /// The format as it stands there.
        found: String,
    },
    /// Commits that were answered for are gone.
    #[error("{dir} is damaged: it has {found} commits and had {witnessed}")]
    LostCommits {
        /// The directory.
        dir: PathBuf,
        /// Commits that are known to have been made.
        witnessed: u64,
        /// Commits that are there.
        found: u64,
    },
    /// A file is missing or torn.
    #[error("{dir} is damaged")]
    Damaged {
        /// The directory.
        dir: PathBuf,
        /// What was found.
        source: Damage,
    },
}

/// What is wrong with a damaged ledger.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// The store reports an error.
    #[error("the store cannot be opened or read")]
    Store(#[from] fjall::Error),
    /// The system reports an error.
    #[error("a file cannot be read or written")]
    Io(#[from] io::Error),
    /// An entry that every ledger has is missing or is not what it should be.
    #[error("its entry {0:?} is missing or torn")]
    Entry(&'static str),
    /// A file that every ledger has is missing.
    #[error("{0} is missing")]
    Missing(PathBuf),
    /// Something lies where only files of the store are.
    #[error("{0} is none of its files")]
    Stray(PathBuf),
    /// The store broke off over what it read.
    #[error("the store cannot make sense of its files")]
    Assertion,
    /// The file `head` is not what was written.
    #[error("its file `head` is torn")]
    Head,
}
