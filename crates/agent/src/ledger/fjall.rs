//! The ledger on disk: a directory with a head and the current store.
//!
//! ```text
//! head        "3 1742": store-3 is current and has had 1,742 commits at least
//! store-3/
//! store-2/    what was current before; nothing reads or writes it any more
//! ```
//!
//! A start reads the journal of the store, change by change. So that it stays short, a ledger
//! whose journal has grown far beyond its coins copies these into a fresh store, and then makes
//! that one the current one by replacing the head: the cost of the copy is that of a few changes
//! more for each coin, whatever the number of coins.
//!
//! A store that was left behind stays until the next start has opened the current one and found
//! all its commits: a read may be under way in it, and a disk that lied has not been found out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use coin::{Lineage, Origin, SerialNumber};
use raida::api::RequestId;
use tracing::{debug, warn};

use super::head::Head;
use super::holding::lineage_from_bytes;
use super::store::{CHANGE_BYTES, Store, journal_bytes, read_coin_key};
use super::{
    Changes, Charter, Counts, Damage, FORMAT, Holding, Ledger, LedgerError, OpenError, Record,
};
use crate::data_dir::files;
use crate::limits::{LEDGER_JOURNAL_BYTES, LEDGER_LEFT_BEHIND_BYTES};

/// The format of ledgers that knew coins only and did not count them.
const UNCOUNTED: &str = "1";

/// The format of ledgers that knew no origins.
pub(super) const WITHOUT_ORIGINS: &str = "2";

/// The ledger of one agent, on disk.
pub struct FjallLedger {
    dir: PathBuf,
    charter: Charter,
    bounds: Bounds,
    store: RwLock<Arc<Store>>,
    books: Mutex<Books>,
}

/// When a ledger goes on with a fresh store; in bytes, about.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// From so long a journal on, unless the coins are more.
    pub(super) journal_bytes: u64,
    /// Not after so much was left behind in earlier stores.
    pub(super) left_behind_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { journal_bytes: LEDGER_JOURNAL_BYTES, left_behind_bytes: LEDGER_LEFT_BEHIND_BYTES }
    }
}

/// What the ledger keeps count of; held while it commits.
struct Books {
    head: Head,
    /// The head as it stands in its file.
    witnessed: Head,
    /// Bytes in the journal of the store, about.
    journal: u64,
    /// The length of the journal at which a fresh store is due.
    due: u64,
    /// Bytes in the stores that were left behind since the start, about.
    left_behind: u64,
    /// It is not known which store a start would open.
    closed: bool,
}

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
        let found = place(dir, |beside| {
            let head = Head { generation: 1, commits: 0 };
            drop(Store::found(&head.store(beside), charter)?);
            Ok::<(), Damage>(head.write(beside)?)
        });
        found.map_err(|source| OpenError::Damaged { dir: dir.to_owned(), source })
    }

    /// Opens the ledger in `dir`.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]. A ledger that has lost commits is not opened.
    pub fn open(dir: &Path) -> Result<FjallLedger, OpenError> {
        FjallLedger::open_with(dir, Bounds::default())
    }

    pub(super) fn open_with(dir: &Path, bounds: Bounds) -> Result<FjallLedger, OpenError> {
        if !dir.exists() {
            return Err(OpenError::NotFounded { dir: dir.to_owned() });
        }
        let damaged = |source| OpenError::Damaged { dir: dir.to_owned(), source };
        let head = Head::read(dir).map_err(damaged)?;
        let store = Store::open(&head.store(dir)).map_err(damaged)?;
        let format = store.format().map_err(damaged)?;
        if format == UNCOUNTED {
            store.count_coins().map_err(damaged)?;
        } else if format == WITHOUT_ORIGINS {
            store.know_origins().map_err(damaged)?;
        } else if format != FORMAT.to_string() {
            return Err(OpenError::OtherFormat { dir: dir.to_owned(), found: format });
        }
        let (witnessed, found) = (head.commits, store.commits().map_err(damaged)?);
        if found < witnessed {
            return Err(OpenError::LostCommits { dir: dir.to_owned(), witnessed, found });
        }
        if found > witnessed {
            Head { commits: found, ..head }.write(dir).map_err(|source| damaged(source.into()))?;
        }
        let head = Head { commits: found, ..head };
        let charter = store.charter().map_err(damaged)?;
        let journal = journal_bytes(&head.store(dir)).map_err(damaged)?;
        remove_other_stores(dir, head).map_err(|source| damaged(source.into()))?;
        Ok(FjallLedger {
            dir: dir.to_owned(),
            charter,
            bounds,
            store: RwLock::new(Arc::new(store)),
            books: Mutex::new(Books {
                head,
                witnessed: head,
                journal,
                due: bounds.journal_bytes,
                left_behind: 0,
                closed: false,
            }),
        })
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
        let mut books = self.books();
        if !books.closed && books.witnessed != books.head {
            books.head.write(&self.dir)?;
            books.witnessed = books.head;
        }
        Ok(())
    }

    /// Returns the store and the number of its commits, of which none is under way meanwhile: what
    /// `look` takes from it are all commits that were answered for, and no half of another one.
    pub(super) fn at_rest<T>(&self, look: impl FnOnce(&Arc<Store>, u64) -> T) -> T {
        let books = self.books();
        look(&self.store(), books.head.commits)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    #[cfg(test)]
    pub(super) fn flush(&self) {
        self.store().flush();
    }

    pub(super) fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on with a fresh store. A copy that fails leaves everything as it was.
    fn renew(&self, books: &mut Books) -> Result<(), LedgerError> {
        books.due = books.journal + self.bounds.journal_bytes;
        let agent = self.charter.agent;
        if books.left_behind >= self.bounds.left_behind_bytes {
            warn!(agent, journal = books.journal, "the journal grows until the next start");
            return Ok(());
        }
        let next = Head { generation: books.head.generation + 1, ..books.head };
        let (fresh, copied) = match copy(&self.store(), &next.store(&self.dir)) {
            Ok(copied) => copied,
            Err(error) => {
                warn!(agent, %error, "the journal of the ledger stays long");
                return Ok(());
            }
        };
        // Both stores hold the same now. When the head cannot be written nobody knows which of
        // them a start will open, so that neither may be written any more.
        if let Err(error) = next.write(&self.dir) {
            books.closed = true;
            return Err(LedgerError::Store(Box::new(error)));
        }
        books.left_behind += books.journal + copied;
        books.head = next;
        books.witnessed = next;
        books.journal = 0;
        books.due = self.bounds.journal_bytes.max(2 * copied);
        *self.store.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        debug!(agent, generation = next.generation, bytes = copied, "fresh store");
        Ok(())
    }
}

impl Ledger for FjallLedger {
    fn charter(&self) -> &Charter {
        &self.charter
    }

    fn coin(&self, sn: SerialNumber) -> Result<Option<Holding>, LedgerError> {
        let entry = self.store().get(sn).map_err(store_error)?;
        entry.map(|bytes| read_coin(sn, &bytes)).transpose()
    }

    fn lineage(&self, origin: Origin) -> Result<Option<Lineage>, LedgerError> {
        let Origin::Exchange(of) = &origin else { return Ok(None) };
        let entry = self.store().get_lineage(of).map_err(store_error)?;
        let torn = || LedgerError::TornLineage { origin };
        entry.map(|bytes| lineage_from_bytes(origin, &bytes).ok_or_else(torn)).transpose()
    }

    fn was_given_back(&self, sn: SerialNumber) -> Result<bool, LedgerError> {
        self.store().has_mark(sn).map_err(store_error)
    }

    fn record(&self, id: RequestId) -> Result<Option<Record>, LedgerError> {
        let entry = self.store().get_record(id).map_err(store_error)?;
        let torn = || LedgerError::TornRecord { id };
        entry.map(|bytes| Record::from_bytes(&bytes).ok_or_else(torn)).transpose()
    }

    fn counts(&self) -> Result<Counts, LedgerError> {
        let entry = self.store().get_counts().map_err(store_error)?;
        entry.and_then(|bytes| Counts::from_bytes(&bytes)).ok_or(LedgerError::TornCounts)
    }

    fn scan(&self, see: &mut dyn FnMut(SerialNumber, Holding)) -> Result<(), LedgerError> {
        for coin in self.store().coins() {
            let (key, bytes) = coin.map_err(store_error)?;
            let sn = read_coin_key(&key).ok_or(LedgerError::StrayEntry)?;
            see(sn, read_coin(sn, &bytes)?);
        }
        Ok(())
    }

    fn commit(&self, changes: &Changes) -> Result<(), LedgerError> {
        let mut books = self.books();
        if books.closed {
            return Err(LedgerError::Closed);
        }
        let commits = books.head.commits + 1;
        self.store().commit(changes, commits).map_err(store_error)?;
        books.head.commits = commits;
        books.journal += changes.bytes() + 2 * CHANGE_BYTES;
        if books.journal > books.due {
            self.renew(&mut books)?;
        }
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

fn read_coin(sn: SerialNumber, bytes: &[u8]) -> Result<Holding, LedgerError> {
    Holding::from_bytes(bytes).ok_or(LedgerError::TornEntry { sn, bytes: bytes.len() })
}

/// Makes a ledger beside its place, and renames it into it when it is whole and synced; what a
/// crash leaves behind is thrown away by the next attempt.
pub(super) fn place<T, E: From<Damage>>(
    dir: &Path,
    make: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let beside = dir.with_extension("new");
    let failed = |error| E::from(Damage::Io(error));
    if beside.exists() {
        fs::remove_dir_all(&beside).map_err(failed)?;
    }
    fs::create_dir(&beside).map_err(failed)?;
    let made = make(&beside)?;
    fs::rename(&beside, dir).and_then(|()| files::sync_parent(dir)).map_err(failed)?;
    Ok(made)
}

fn copy(store: &Store, place: &Path) -> Result<(Store, u64), Damage> {
    if place.exists() {
        fs::remove_dir_all(place)?;
    }
    store.copy_to(place)
}

/// Takes away what is left of earlier stores, and of a later one that was not finished.
fn remove_other_stores(dir: &Path, head: Head) -> io::Result<()> {
    let current = head.store(dir);
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let is_store =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("store-"));
        if is_store && path != current {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

fn store_error(error: fjall::Error) -> LedgerError {
    match error {
        fjall::Error::Poisoned => LedgerError::Closed,
        error => LedgerError::Store(Box::new(error)),
    }
}
