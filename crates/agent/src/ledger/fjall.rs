//! The ledger on disk, in a log-structured store (fjall).
//!
//! One directory: the store in `store/`, and `commits`, a witness of how many commits the
//! store has had at least. The store cuts a journal off where it stops making sense, which is
//! right after a power cut and wrong after damage; a store with fewer commits than the witness
//! says has lost some that were answered for, and is not opened.
//!
//! Coins and the ledger's own entries share one keyspace, so that neither can be lost without
//! the other: a coin's key has 4 bytes, the names of the others have more.

use std::fs;
use std::io;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use coin::{AuthenticityNumber, SerialNumber};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use tracing::warn;

use super::{Charter, Damage, FORMAT, Ledger, LedgerError, OpenError};
use crate::data_dir::files;
use crate::limits::{
    LEDGER_CACHE_BYTES, LEDGER_FILES, LEDGER_JOURNAL_BYTES, LEDGER_MEMTABLE_BYTES,
};

/// The ledger of one agent, on disk.
pub struct FjallLedger {
    dir: PathBuf,
    charter: Charter,
    store: Database,
    entries: Keyspace,
    commits: AtomicU64,
}

const STORE: &str = "store";
const WITNESS: &str = "commits";

impl FjallLedger {
    /// Founds an empty ledger in `dir`, which must not exist, and closes it.
    ///
    /// # Errors
    ///
    /// [`OpenError::Damaged`] when the disk fails.
    ///
    /// # Crash safety
    ///
    /// It is made beside its place and renamed into it when it is whole and synced; what a crash
    /// leaves behind is thrown away by the next attempt.
    pub fn found(dir: &Path, charter: &Charter) -> Result<(), OpenError> {
        let beside = dir.with_extension("new");
        let found = || -> Result<(), Damage> {
            if beside.exists() {
                fs::remove_dir_all(&beside)?;
            }
            fs::create_dir(&beside)?;
            let (store, entries) = open_store(&beside)?;
            let mut batch = store.batch().durability(Some(PersistMode::SyncAll));
            batch.insert(&entries, "format", FORMAT.to_string());
            batch.insert(&entries, "network", charter.network.as_str());
            batch.insert(&entries, "agent", charter.agent.to_string());
            batch.insert(&entries, "commits", 0_u64.to_be_bytes());
            batch.commit()?;
            files::write_new(&beside.join(WITNESS), b"0\n")?;
            drop((store, entries));
            fs::rename(&beside, dir)?;
            Ok(files::sync_parent(dir)?)
        };
        found().map_err(|source| OpenError::Damaged { dir: dir.to_owned(), source })
    }

    /// Opens the ledger in `dir`.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]. A ledger that has lost commits is not opened.
    pub fn open(dir: &Path) -> Result<FjallLedger, OpenError> {
        if !dir.join(STORE).exists() {
            return Err(OpenError::NotFounded { dir: dir.to_owned() });
        }
        let damaged = |source| OpenError::Damaged { dir: dir.to_owned(), source };
        check_layout(dir).map_err(damaged)?;
        let (store, entries) = open_store(dir).map_err(damaged)?;
        let format = entry(&entries, "format").map_err(damaged)?;
        if format != FORMAT.to_string() {
            return Err(OpenError::OtherFormat { dir: dir.to_owned(), found: format });
        }
        let charter = read_charter(&entries).map_err(damaged)?;
        let found = read_commits(&entries).map_err(damaged)?;
        let witnessed = read_witness(dir).map_err(damaged)?;
        if found < witnessed {
            return Err(OpenError::LostCommits { dir: dir.to_owned(), witnessed, found });
        }
        let commits = AtomicU64::new(found);
        let ledger = FjallLedger { dir: dir.to_owned(), charter, store, entries, commits };
        ledger.witness().map_err(|source| damaged(source.into()))?;
        Ok(ledger)
    }

    /// Returns the ledger if it is that of `expected`.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherCharter`].
    pub fn expected_as(self, expected: &Charter) -> Result<FjallLedger, OpenError> {
        if self.charter == *expected {
            return Ok(self);
        }
        let (dir, expected) = (self.dir.clone(), expected.clone());
        Err(OpenError::OtherCharter { dir, expected, found: self.charter.clone() })
    }

    /// Writes down, beside the store, how many commits it has had; done when the ledger is opened
    /// and again when it is closed.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn witness(&self) -> io::Result<()> {
        let commits = self.commits.load(Ordering::Acquire);
        files::replace(&self.dir.join(WITNESS), format!("{commits}\n").as_bytes())
    }

    /// Moves what is in memory into a table, as the store does by itself when it has grown.
    #[cfg(test)]
    pub(crate) fn flush(&self) {
        self.entries.rotate_memtable_and_wait().unwrap();
    }
}

impl Ledger for FjallLedger {
    fn charter(&self) -> &Charter {
        &self.charter
    }

    fn an(&self, sn: SerialNumber) -> Result<Option<AuthenticityNumber>, LedgerError> {
        let entry = self.entries.get(sn.get().to_be_bytes()).map_err(store_error)?;
        let an = entry.map(|bytes| match bytes.as_ref().try_into() {
            Ok(bytes) => Ok(AuthenticityNumber::from_bytes(bytes)),
            Err(_) => Err(LedgerError::TornEntry { sn, bytes: bytes.len() }),
        });
        an.transpose()
    }

    fn commit(&self, changes: &[(SerialNumber, AuthenticityNumber)]) -> Result<(), LedgerError> {
        let commits = self.commits.load(Ordering::Acquire) + 1;
        // A commit that grows the journal file is complete only with its new length; fdatasync
        // writes that down too.
        let mut batch = self.store.batch().durability(Some(PersistMode::SyncData));
        for (sn, an) in changes {
            batch.insert(&self.entries, sn.get().to_be_bytes(), an.expose());
        }
        batch.insert(&self.entries, "commits", commits.to_be_bytes());
        batch.commit().map_err(store_error)?;
        self.commits.store(commits, Ordering::Release);
        Ok(())
    }
}

impl Drop for FjallLedger {
    fn drop(&mut self) {
        if let Err(error) = self.witness() {
            warn!(agent = self.charter.agent, %error, "the count of commits was not written down");
        }
    }
}

fn store_error(error: fjall::Error) -> LedgerError {
    match error {
        fjall::Error::Poisoned => LedgerError::Closed,
        error => LedgerError::Store(Box::new(error)),
    }
}

/// Looks for the files without which the store takes what is there for the rest of an unfinished
/// creation, and deletes it.
fn check_layout(dir: &Path) -> Result<(), Damage> {
    let store = dir.join(STORE);
    let mut needed = vec![store.join("version")];
    for keyspace in fs::read_dir(store.join("keyspaces"))? {
        needed.push(keyspace?.path().join("current"));
    }
    match needed.into_iter().find(|file| !file.is_file()) {
        Some(file) => Err(Damage::Missing(file)),
        None => Ok(()),
    }
}

fn open_store(dir: &Path) -> Result<(Database, Keyspace), Damage> {
    let open = || -> Result<(Database, Keyspace), Damage> {
        let store = Database::builder(dir.join(STORE))
            .cache_size(LEDGER_CACHE_BYTES)
            .max_cached_files(Some(LEDGER_FILES))
            .max_journaling_size(LEDGER_JOURNAL_BYTES)
            .worker_threads(1)
            .open()?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(LEDGER_MEMTABLE_BYTES);
        let entries = store.keyspace("ledger", options)?;
        Ok((store, entries))
    };
    // Some kinds of damage fail assertions of the store instead of being reported by it.
    catch_unwind(open).unwrap_or(Err(Damage::Assertion))
}

fn entry(entries: &Keyspace, name: &'static str) -> Result<String, Damage> {
    let bytes = entries.get(name)?.ok_or(Damage::Entry(name))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Damage::Entry(name))
}

fn read_charter(entries: &Keyspace) -> Result<Charter, Damage> {
    let network = entry(entries, "network")?.parse().map_err(|_| Damage::Entry("network"))?;
    let agent = entry(entries, "agent")?.parse().map_err(|_| Damage::Entry("agent"))?;
    Ok(Charter { network, agent })
}

fn read_commits(entries: &Keyspace) -> Result<u64, Damage> {
    let bytes = entries.get("commits")?.ok_or(Damage::Entry("commits"))?;
    let bytes = bytes.as_ref().try_into().map_err(|_| Damage::Entry("commits"))?;
    Ok(u64::from_be_bytes(bytes))
}

fn read_witness(dir: &Path) -> Result<u64, Damage> {
    let text = fs::read_to_string(dir.join(WITNESS))?;
    text.trim_end().parse().map_err(|_| Damage::Witness)
}
