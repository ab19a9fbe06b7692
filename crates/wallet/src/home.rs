//! A home that is open for writing: its folders, its lock, and whether its disk
//! can still be relied upon.
//!
//! ```text
//!   <home>/.lock  .journal/  .journal/done/  Default/  .Sender/  .Receiver/   all 0700, files 0600
//! ```

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::{Disk, EntryKind, Found, Locked, Rights};
use crate::error::{DiskError, Holder, OpenError, WalletError};
use crate::journal;
use crate::operation::OperationId;
use crate::place::{Folder, Place, WalletName};

/// The writers' lock, from the home on.
pub(crate) const LOCK: &str = ".lock";

/// A home that is open for writing. The wallet and each loaded operation hold
/// it; the lock is free when the last of them is gone.
#[derive(Debug)]
pub(crate) struct Home<D: Disk> {
    pub(crate) disk: D,
    pub(crate) health: Health,
    loaded: Mutex<HashSet<OperationId>>,
    _lock: D::Lock,
}

/// Whether the disk can still be relied upon: until a sync has failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health(Arc<AtomicBool>);

/// Says that an operation is loaded, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Loaded<D: Disk> {
    pub(crate) home: Arc<Home<D>>,
    id: OperationId,
}

impl<D: Disk> Home<D> {
    /// Takes the lock, makes the folders that are missing and closes to others
    /// what is open to them. Returns what was closed.
    ///
    /// # Crash safety
    /// Every folder is durable when this returns, also those that an earlier
    /// run made just before a power cut.
    pub(crate) fn open(disk: D) -> Result<(Home<D>, Vec<PathBuf>), OpenError> {
        let lock = match disk.lock(Path::new(LOCK), &Holder::this_process()) {
            Ok(Locked::Ours(lock)) => lock,
            Ok(Locked::Held(text)) => return Err(OpenError::Busy { holder: Holder::parse(&text) }),
            Err(error) => return Err(disk_error("lock", Path::new(LOCK), error)),
        };
        let mut mended = Vec::new();
        restrict(&disk, Path::new(""), &mut mended)?;
        for dir in directories() {
            make_dir(&disk, &dir)?;
            restrict(&disk, &dir, &mut mended)?;
        }
        for dir in synced_at_open() {
            disk.sync_dir(&dir).map_err(|error| disk_error("sync", &dir, error))?;
        }
        let (health, loaded) = (Health::default(), Mutex::default());
        Ok((Home { disk, health, loaded, _lock: lock }, mended))
    }

    /// Notes that operation `id` is loaded.
    ///
    /// # Errors
    /// When it is loaded already: a journal has one writer.
    pub(crate) fn load(self: &Arc<Self>, id: OperationId) -> Result<Loaded<D>, WalletError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if !loaded.insert(id) {
            return Err(WalletError::LoadedAlready { id });
        }
        Ok(Loaded { home: Arc::clone(self), id })
    }
}

impl<D: Disk> Drop for Loaded<D> {
    fn drop(&mut self) {
        self.home.loaded.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Health {
    /// Refuses when a sync has failed.
    pub(crate) fn ask(&self) -> Result<(), WalletError> {
        if self.0.load(Ordering::SeqCst) { Err(WalletError::Stopped) } else { Ok(()) }
    }

    /// Takes the result of a sync: a failed one stops all further work.
    pub(crate) fn check(&self, synced: Result<(), DiskError>) -> Result<(), WalletError> {
        synced.map_err(|error| {
            self.0.store(true, Ordering::SeqCst);
            WalletError::SyncFailed(error)
        })
    }
}

fn directories() -> impl Iterator<Item = PathBuf> {
    let wallets = WalletName::ALL.into_iter().map(|wallet| PathBuf::from(wallet.directory()));
    let journals = [journal::OPEN, journal::DONE].map(PathBuf::from);
    wallets.chain(Place::all().map(Place::path)).chain(journals)
}

/// Returns what is synced when a home is opened, in this order: first the
/// directories that files move to without a record of the move, because a
/// process that was killed may have left such a move in memory, and a sync of
/// the directory that it left would make that half durable alone; then the
/// directories that have directories in them.
fn synced_at_open() -> impl Iterator<Item = PathBuf> {
    let to = |folder| WalletName::ALL.map(|wallet| wallet.place(folder).path());
    let targets = to(Folder::Suspect).into_iter().chain(to(Folder::Trash));
    let wallets = WalletName::ALL.map(|wallet| PathBuf::from(wallet.directory()));
    let done = PathBuf::from(journal::DONE);
    let last = [PathBuf::from(journal::OPEN), PathBuf::new()];
    targets.chain([done]).chain(wallets).chain(last)
}

fn make_dir(disk: &impl Disk, dir: &Path) -> Result<(), OpenError> {
    match disk.make_dir(dir) {
        Ok(Found::Nothing | Found::There(EntryKind::Directory)) => Ok(()),
        Ok(Found::There(
            kind @ (EntryKind::File | EntryKind::SymbolicLink | EntryKind::Special),
        )) => Err(OpenError::NoDirectory { path: dir.to_owned(), kind }),
        Err(error) => Err(disk_error("make", dir, error)),
    }
}

fn restrict(disk: &impl Disk, dir: &Path, mended: &mut Vec<PathBuf>) -> Result<(), OpenError> {
    match disk.restrict(dir) {
        Ok(Rights::OwnersOnly) => Ok(()),
        Ok(Rights::Mended) => {
            mended.push(dir.to_owned());
            Ok(())
        }
        Err(source) => Err(OpenError::OpenToOthers { path: dir.to_owned(), source }),
    }
}

fn disk_error(act: &'static str, path: &Path, source: io::Error) -> OpenError {
    WalletError::Disk(DiskError { act, path: path.to_owned(), source }).into()
}
