//! A backup of a ledger: one file with all its entries as they were at one moment.
//!
//! ```text
//! raida backup 2
//! {"network":"3f…","agent":7,"commits":1742,"made":"2031-11-22T18:00:00Z"}
//! key length u8, value length u32, key, value     by ascending keys, numbers big-endian
//! 0 u8, number of entries u64
//! SHA-256 of all above
//! ```
//!
//! In a `raida backup 1` values have a length of u16.
//!
//! A ledger is backed up while it runs: the store shows its entries as they were when the backup
//! began, while commits go on. It is never whole in memory.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::store::Store;
use super::{Charter, Damage, FjallLedger, Ledger};
use crate::data_dir::files;

/// The first line of a backup.
pub(super) const MAGIC: &[u8] = b"raida backup 2\n";

/// The same of one that was made when values were short.
pub(super) const MAGIC_OF_SHORT: &[u8] = b"raida backup 1\n";

/// What stands ahead of the entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupHead {
    /// The network of the ledger.
    pub network: String,
    /// Whose ledger it is.
    pub agent: usize,
    /// Commits that it had had.
    pub commits: u64,
    /// When the backup began.
    pub made: Timestamp,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The backup cannot be written.
    #[error("the backup cannot be written")]
    Io(#[from] io::Error),
    /// The ledger cannot be read.
    #[error("the ledger cannot be read")]
    Ledger(#[from] Damage),
    /// An entry is longer than any that this program writes.
    #[error("the ledger has an entry of {bytes} bytes")]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// The program was stopped meanwhile.
    #[error("the agents were stopped meanwhile")]
    Stopped,
}

impl FjallLedger {
    /// Writes a backup of the ledger as it is now into a new file, which only its owner can read;
    /// commits go on meanwhile. Returns its head.
    ///
    /// # Errors
    ///
    /// See [`BackupError`]; there is no file then, [`io::ErrorKind::AlreadyExists`] when there is
    /// one of that name.
    ///
    /// # Crash safety
    ///
    /// There is the whole file or none; the whole one when this has returned.
    pub fn back_up(
        &self,
        path: &Path,
        stop: &CancellationToken,
    ) -> Result<BackupHead, BackupError> {
        let Charter { network, agent } = self.charter();
        let (store, entries, commits) =
            self.at_rest(|store, commits| (Arc::clone(store), store.all(), commits));
        let network = network.to_string();
        let head = BackupHead { network, agent: *agent, commits, made: Timestamp::now() };
        files::create_written(path, |file| write(file, &head, entries, stop))?;
        // The entries are read out of it until here.
        drop::<Arc<Store>>(store);
        Ok(head)
    }
}

fn write<K: AsRef<[u8]>, V: AsRef<[u8]>>(
    file: &mut dyn Write,
    head: &BackupHead,
    entries: impl Iterator<Item = Result<(K, V), Damage>>,
    stop: &CancellationToken,
) -> Result<(), BackupError> {
    let mut file = Hashing { file, hash: Sha256::new() };
    file.write_all(MAGIC)?;
    file.write_all(&serde_json::to_vec(head).expect("texts and numbers are JSON"))?;
    file.write_all(b"\n")?;
    let mut count: u64 = 0;
    for entry in entries {
        if stop.is_cancelled() {
            return Err(BackupError::Stopped);
        }
        let (key, value) = entry?;
        let (key, value) = (key.as_ref(), value.as_ref());
        let too_long = |_| BackupError::TooLong { bytes: key.len() + value.len() };
        file.write_all(&u8::try_from(key.len()).map_err(too_long)?.to_be_bytes())?;
        file.write_all(&u32::try_from(value.len()).map_err(too_long)?.to_be_bytes())?;
        file.write_all(key)?;
        file.write_all(value)?;
        count += 1;
    }
    file.write_all(&[0])?;
    file.write_all(&count.to_be_bytes())?;
    let hash = file.hash.finalize();
    Ok(file.file.write_all(&hash)?)
}

/// Hashes what is written.
struct Hashing<'a> {
    file: &'a mut dyn Write,
    hash: Sha256,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
