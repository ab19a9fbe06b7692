//! What can go wrong at a wallet, and who is at fault.

use std::io;
use std::path::{Path, PathBuf};

use coin::CoinName;

use crate::disk::EntryKind;
use crate::journal::Flaw;
use crate::operation::OperationId;
use crate::place::Place;

/// Why an operation on a wallet was not done.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// The disk refused; nothing is half done that the next start does not
    /// finish. At fault: the disk, or who set its rights.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A sync failed: what is on the disk is unknown. This wallet refuses all
    /// further work; the process has to stop and the next start recovers from
    /// what the disk holds. At fault: the disk.
    #[error("the disk may have lost what was written; stop and start again")]
    SyncFailed(#[source] DiskError),
    /// A sync failed earlier, see [`WalletError::SyncFailed`].
    #[error("refused after a failed sync; stop and start again")]
    Stopped,
    /// A journal is damaged where a power cut cannot have done it. Nothing of
    /// it is repaired or used. At fault: the disk, or who changed the file.
    #[error("{}: record {record}: {flaw}", path.display())]
    JournalDamaged {
        /// The journal, from the home on.
        path: PathBuf,
        /// The record, from 1; 0 is the line with the version.
        record: u32,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A journal was written by a later version of this program.
    #[error("{}: version {version}, known are versions up to {known}", path.display())]
    JournalTooNew {
        /// The journal, from the home on.
        path: PathBuf,
        /// Its version.
        version: u32,
        /// The highest version that is understood.
        known: u32,
    },
    /// There is no operation of this number.
    #[error("no operation {id}")]
    UnknownOperation {
        /// The number asked for.
        id: OperationId,
    },
    /// The operation was begun before, and may have ended.
    #[error("operation {id} was begun before")]
    BegunBefore {
        /// Its number.
        id: OperationId,
    },
    /// The operation has ended: nothing is added to its journal.
    #[error("operation {id} has ended")]
    Ended {
        /// Its number.
        id: OperationId,
    },
    /// The operation is loaded already: a journal has one writer. Our own mistake.
    #[error("operation {id} is loaded already")]
    LoadedAlready {
        /// Its number.
        id: OperationId,
    },
    /// A note of the caller is missing or not understood. At fault: who changed the journal.
    #[error("the note {label:?} is missing or not understood")]
    BrokenNote {
        /// Its label.
        label: &'static str,
    },
    /// There is no such file.
    #[error("no {name} in {place}")]
    NotThere {
        /// Where it was looked for.
        place: Place,
        /// Its name.
        name: CoinName,
    },
    /// A file does not hold the one coin that it is named after.
    #[error("{place}/{name} does not hold that one coin")]
    NotThatCoin {
        /// Where it lies.
        place: Place,
        /// Its name.
        name: CoinName,
        /// What is wrong with it as a coin file, if it is none.
        source: Option<Box<coin::stack::StackError>>,
    },
    /// The new contents are of another coin than the file. Our own mistake.
    #[error("new contents of coin {found} for {name}")]
    OtherCoin {
        /// The file.
        name: CoinName,
        /// The coin of the contents.
        found: coin::SerialNumber,
    },
    /// Something is longer than journals or receipts take.
    #[error("{what} of {found} bytes, more than {max}")]
    TooLong {
        /// What it is.
        what: &'static str,
        /// Its length in bytes.
        found: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// So many files of this name exist that no free one was found.
    #[error("no free name for {name} in {place}")]
    NoFreeName {
        /// The folder.
        place: Place,
        /// The name that is taken.
        name: String,
    },
}

/// Why a home was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes to this home.
    #[error("in use by process {holder}")]
    Busy {
        /// Who holds the lock: process number and program.
        holder: Holder,
    },
    /// Something else lies where a directory of the wallet belongs. At fault:
    /// who put it there.
    #[error("{} is no directory but a {}", path.display(), describe(*kind))]
    NoDirectory {
        /// The path, from the home on.
        path: PathBuf,
        /// What is there.
        kind: EntryKind,
    },
    /// Others may read a directory, and it cannot be mended.
    #[error("{} is open to other users and cannot be closed to them", path.display())]
    OpenToOthers {
        /// The path, from the home on; empty for the home itself.
        path: PathBuf,
        /// Why it cannot be mended.
        source: io::Error,
    },
    /// Making the folders or the recovery failed.
    #[error(transparent)]
    Wallet(#[from] WalletError),
}

/// Who holds the writers' lock of a home, as it said itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process number, if it had written it by then.
    pub pid: Option<u32>,
    /// The name of its program, if it had written it by then.
    pub command: Option<String>,
}

/// An act of the disk that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {act} {}", path.display())]
pub struct DiskError {
    /// What was tried: "create", "read", "sync" ….
    pub act: &'static str,
    /// At which path, from the home on; empty for the home itself.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl DiskError {
    /// Says of an error at `path` what was tried.
    pub(crate) fn of(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
        let path = path.to_owned();
        move |source| DiskError { act, path, source }
    }

    /// Returns whether there is no space left, the one trouble that a person
    /// ends by deleting something else.
    pub fn is_disk_full(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

impl Holder {
    /// Describes this process.
    pub(crate) fn this_process() -> String {
        let program = std::env::args_os().next().unwrap_or_default();
        let program = Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
        format!("{} {program}\n", std::process::id())
    }

    /// Reads what a holder wrote; it is shown to people, so only plain
    /// characters of it are taken.
    pub(crate) fn parse(text: &str) -> Holder {
        let mut words = text.trim().splitn(2, ' ');
        let pid = words.next().and_then(|word| word.parse().ok());
        let plain = |letter: &char| letter.is_ascii_graphic();
        let command: String = words.next().unwrap_or_default().chars().filter(plain).collect();
        Holder { pid, command: (!command.is_empty()).then_some(command) }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "{pid}")?,
            None => f.write_str("unknown")?,
        }
        match &self.command {
            Some(command) => write!(f, " ({command})"),
            None => Ok(()),
        }
    }
}

fn describe(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "file",
        EntryKind::Directory => "directory",
        EntryKind::SymbolicLink => "symbolic link",
        EntryKind::Special => "device, socket or pipe",
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;

    #[test]
    fn a_holder_is_read_as_it_was_written_and_shown_plainly() {
        let holder = Holder::parse(&Holder::this_process());
        assert_eq!(holder.pid, Some(std::process::id()));
        assert!(holder.command.is_some());
        assert_eq!(Holder::parse("4711 coin-send\n").to_string(), "4711 (coin-send)");
        assert_eq!(Holder::parse("").to_string(), "unknown");
        assert_eq!(Holder::parse("x \u{1b}[2Jx\u{202e}").to_string(), "unknown ([2Jx)");
    }
}
