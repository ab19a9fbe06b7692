//! From a backup to a ledger, and the mark that such a ledger bears.
//!
//! A restored ledger has forgotten what came after its backup, also what its agent has answered
//! for: it counts as forgetful. The file `forgetful` in its directory says so until a person has
//! acknowledged it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::backup::{BackupHead, MAGIC, MAGIC_OF_SHORT};
use super::fjall::{WITHOUT_ORIGINS, place};
use super::head::Head;
use super::store::Store;
use super::{Charter, Damage, FORMAT, FjallLedger};
use crate::data_dir::files;
use crate::limits::{BACKUP_HEAD_BYTES_MAX, BACKUP_VALUE_BYTES_MAX, RECORD_BYTES_MAX};

/// What is known of a ledger that came from a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgetful {
    /// When the backup was made: what came after it is forgotten.
    pub backup: Timestamp,
    /// When the ledger was restored.
    pub restored: Timestamp,
}

/// Why a ledger is not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is a ledger already.
    #[error("{dir} is there already: no ledger is replaced")]
    Exists {
        /// Its directory.
        dir: PathBuf,
    },
    /// The backup cannot be read.
    #[error("the backup cannot be read")]
    Io(#[from] io::Error),
    /// It is cut short, changed, or no backup.
    #[error("the backup is not whole")]
    Torn,
    /// It is of another agent.
    #[error("it is a backup of agent {found}, not of agent {expected}")]
    OtherAgent {
        /// The agent to be restored.
        expected: usize,
        /// The agent of the backup.
        found: usize,
    },
    /// It was written by another version of this program.
    #[error("the backup holds a ledger of format {found:?}, this program reads {FORMAT}")]
    OtherFormat {
        /// The format as it stands there.
        found: String,
    },
    /// The ledger cannot be made of it.
    #[error("the ledger cannot be made")]
    Ledger(#[from] Damage),
}

/// Reads the head of a backup: which agent's it is.
///
/// # Errors
///
/// [`RestoreError::Io`], [`RestoreError::Torn`]. Whether the rest is whole shows only when it is
/// restored.
pub fn read_head(backup: &Path) -> Result<BackupHead, RestoreError> {
    Ok(Entries::open(backup)?.head)
}

/// Makes the ledger in `dir`, which must not exist, out of a backup, and closes it.
///
/// # Errors
///
/// See [`RestoreError`]; there is no ledger then.
///
/// # Crash safety
///
/// There is the whole ledger with its mark or none; the whole one when this has returned.
pub fn restore(backup: &Path, dir: &Path) -> Result<Forgetful, RestoreError> {
    if dir.exists() {
        return Err(RestoreError::Exists { dir: dir.to_owned() });
    }
    let mut entries = Entries::open(backup)?;
    let made = place(dir, |beside| make(&mut entries, beside));
    if made.is_err() {
        // The next attempt would take it away, too; this frees its room.
        let _ = fs::remove_dir_all(dir.with_extension("new"));
    }
    made
}

fn make(entries: &mut Entries<impl BufRead>, beside: &Path) -> Result<Forgetful, RestoreError> {
    let head = Head { generation: 1, commits: entries.head.commits };
    let (store, _) = Store::filled(&head.store(beside), entries.by_ref())?;
    let format = store.format()?;
    // The former one becomes this one when the ledger is opened.
    if format != FORMAT.to_string() && format != WITHOUT_ORIGINS {
        return Err(RestoreError::OtherFormat { found: format });
    }
    let Charter { network, agent } = store.charter()?;
    let is_as_said = network.as_str() == entries.head.network
        && agent == entries.head.agent
        && store.commits()? == entries.head.commits;
    if !is_as_said {
        return Err(RestoreError::Torn);
    }
    drop(store);
    let mark = Forgetful { backup: entries.head.made, restored: Timestamp::now() };
    let text = serde_json::to_vec(&mark).expect("times are JSON");
    files::create(&mark_of(beside), &text)?;
    head.write(beside)?;
    Ok(mark)
}

impl FjallLedger {
    /// Returns the mark of a ledger that came from a backup and was not acknowledged since.
    ///
    /// # Errors
    ///
    /// When there is a mark that cannot be read.
    pub fn forgetful(&self) -> io::Result<Option<Forgetful>> {
        match files::read_bounded(&mark_of(self.dir()), RECORD_BYTES_MAX) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes the mark away, if there is one; it is gone for good when this returns.
    ///
    /// # Errors
    ///
    /// When it cannot be.
    pub fn acknowledge(&self) -> io::Result<()> {
        let path = mark_of(self.dir());
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| files::sync_parent(&path)),
        }
    }
}

fn mark_of(dir: &Path) -> PathBuf {
    dir.join("forgetful")
}

/// The entries of a backup. What ends without an error was whole.
struct Entries<R> {
    file: Hashing<R>,
    head: BackupHead,
    lengths: Lengths,
    last: Vec<u8>,
    count: u64,
    ended: bool,
}

/// How long values can be.
#[derive(Clone, Copy)]
enum Lengths {
    /// 16 bits.
    Short,
    /// 32 bits; none is longer than [`BACKUP_VALUE_BYTES_MAX`].
    Long,
}

type Entry = (fjall::UserKey, fjall::UserValue);

impl Entries<BufReader<File>> {
    fn open(backup: &Path) -> Result<Self, RestoreError> {
        let mut file = Hashing { file: BufReader::new(File::open(backup)?), hash: Sha256::new() };
        let lengths = match file.bytes(MAGIC.len())?.as_slice() {
            MAGIC => Lengths::Long,
            MAGIC_OF_SHORT => Lengths::Short,
            _ => return Err(RestoreError::Torn),
        };
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            if line.len() >= BACKUP_HEAD_BYTES_MAX {
                return Err(RestoreError::Torn);
            }
            line.extend_from_slice(&file.bytes(1)?);
        }
        let head = serde_json::from_slice(&line).map_err(|_| RestoreError::Torn)?;
        Ok(Entries { file, head, lengths, last: Vec::new(), count: 0, ended: false })
    }
}

impl<R: BufRead> Entries<R> {
    fn read(&mut self) -> Result<Option<Entry>, RestoreError> {
        let key_bytes = usize::from(self.file.number::<1>()?[0]);
        if key_bytes == 0 {
            return self.end().map(|()| None);
        }
        let value_bytes = match self.lengths {
            Lengths::Short => u32::from(u16::from_be_bytes(self.file.number()?)),
            Lengths::Long => u32::from_be_bytes(self.file.number()?),
        };
        if value_bytes > BACKUP_VALUE_BYTES_MAX {
            return Err(RestoreError::Torn);
        }
        let value_bytes = value_bytes as usize;
        let (key, value) = (self.file.bytes(key_bytes)?, self.file.bytes(value_bytes)?);
        if self.last >= key {
            return Err(RestoreError::Torn);
        }
        self.last.clone_from(&key);
        self.count += 1;
        Ok(Some((key.into(), value.into())))
    }

    /// Looks whether all is there, nothing else, and as it was written.
    fn end(&mut self) -> Result<(), RestoreError> {
        let count = u64::from_be_bytes(self.file.number()?);
        let expected: [u8; 32] = self.file.hash.clone().finalize().into();
        let found: [u8; 32] = self.file.number()?;
        let is_over = self.file.file.fill_buf()?.is_empty();
        if count == self.count && found == expected && is_over {
            Ok(())
        } else {
            Err(RestoreError::Torn)
        }
    }
}

impl<R: BufRead> Iterator for Entries<R> {
    type Item = Result<Entry, RestoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.read().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}

/// Hashes what is read.
struct Hashing<R> {
    file: R,
    hash: Sha256,
}

impl<R: Read> Hashing<R> {
    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, RestoreError> {
        let mut bytes = vec![0; count];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        let mut bytes = [0; N];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), RestoreError> {
        match self.file.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(RestoreError::Torn),
            read => Ok(read.map(|()| self.hash.update(&*bytes))?),
        }
    }
}
