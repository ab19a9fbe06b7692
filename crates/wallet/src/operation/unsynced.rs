//! What an act has changed and not yet made durable.
//!
//! The order of syncs: contents of files; directories that files moved to; then
//! those that they came from. Otherwise a directory without the file could be
//! durable before the directory with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, DiskFile};
use crate::error::{DiskError, WalletError};
use crate::home::Home;
use crate::limits::FILES_SYNCED_SINGLY_MAX;
use crate::place::Place;

/// Files and directories that have to be synced.
#[derive(Debug)]
pub(super) struct Unsynced<F> {
    /// New files, open while they are few: a failed write-back is told to every
    /// descriptor that was open then.
    fresh: Vec<(PathBuf, F)>,
    /// Other files.
    files: Vec<PathBuf>,
    targets: BTreeSet<PathBuf>,
    sources: BTreeSet<PathBuf>,
}

impl<F: DiskFile> Unsynced<F> {
    pub(super) fn new() -> Unsynced<F> {
        let (targets, sources) = (BTreeSet::new(), BTreeSet::new());
        Unsynced { fresh: Vec::new(), files: Vec::new(), targets, sources }
    }

    /// A file was made.
    pub(super) fn made(&mut self, path: PathBuf, file: F) {
        if self.fresh.len() < FILES_SYNCED_SINGLY_MAX {
            self.fresh.push((path, file));
        } else {
            self.files.push(path);
        }
    }

    /// The contents of a file that was there may not be durable.
    pub(super) fn found(&mut self, path: PathBuf) {
        self.files.push(path);
    }

    /// Files are made in a directory.
    pub(super) fn writes_to(&mut self, place: Place) {
        self.sources.insert(place.path());
    }

    /// Files move from one directory to another.
    pub(super) fn moves(&mut self, from: Place, to: Place) {
        self.targets.insert(to.path());
        self.sources.insert(from.path());
    }

    /// Makes everything durable: a few syncs, whatever the number of files.
    pub(super) fn sync<D: Disk<File = F>>(mut self, home: &Home<D>) -> Result<(), WalletError> {
        let checked = |path: &Path, synced: std::io::Result<()>| {
            home.health.check(synced.map_err(DiskError::of("sync", path)))
        };
        if self.fresh.len() + self.files.len() <= FILES_SYNCED_SINGLY_MAX {
            for (path, mut file) in self.fresh {
                checked(&path, file.sync())?;
            }
        } else {
            self.files.extend(self.fresh.into_iter().map(|(path, _)| path));
        }
        if let Some(first) = self.files.first() {
            checked(first, home.disk.sync_files(&self.files))?;
        }
        for dir in self.targets.iter().chain(self.sources.difference(&self.targets)) {
            checked(dir, home.disk.sync_dir(dir))?;
        }
        Ok(())
    }
}
