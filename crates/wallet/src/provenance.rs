//! Whether a home is the one that its programs wrote, or a copy: a backup that was restored, a folder
//! that was taken to another machine. What has happened to the coins since the copy was made, the copy
//! does not know, so that its coins are unverified until the agents were asked about them.
//!
//! A mark is a file that is named after its own identity on the disk, which no copy keeps:
//!
//! ```text
//!   .journal/<32 hex: inode and time of its making>.here
//! ```
//!
//! A home none of whose marks is what its name says is a copy. On file systems that do not keep the time at
//! which a file was made there are no marks, and nothing is said.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::Disk;
use crate::error::{DiskError, WalletError};
use crate::home::Home;
use crate::journal;

/// Whether the coins of a home were verified since it came to lie where it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provenance {
    /// Its programs wrote it here, or its coins were verified here.
    #[default]
    Original,
    /// It was copied or restored: its coins may have been spent since.
    Copied,
}

const SUFFIX: &str = ".here";
/// The mark before it is named after what it is.
const UNNAMED: &str = "new.here";

/// Tells what a home is; needs no lock.
pub(crate) fn provenance(disk: &impl Disk) -> Result<Provenance, WalletError> {
    let marks = marks(disk)?;
    if marks.is_empty() {
        return Ok(Provenance::Original);
    }
    for mark in marks {
        if identity(disk, &mark)?.is_some_and(|identity| name(identity) == mark) {
            return Ok(Provenance::Original);
        }
    }
    Ok(Provenance::Copied)
}

/// Marks a home that has no mark, and tells what it is.
///
/// # Crash safety
/// The mark is durable when this returns. A crash before leaves none, or one without its name, which
/// the next call names.
pub(crate) fn mark_new<D: Disk>(home: &Home<D>) -> Result<Provenance, WalletError> {
    if marks(&home.disk)?.is_empty() {
        mark(home)?;
    }
    provenance(&home.disk)
}

/// Marks a copy as what it is now: its coins were verified. See [`mark_new`].
pub(crate) fn mark_copy<D: Disk>(home: &Home<D>) -> Result<(), WalletError> {
    match provenance(&home.disk)? {
        Provenance::Original => Ok(()),
        Provenance::Copied => mark(home),
    }
}

fn mark<D: Disk>(home: &Home<D>) -> Result<(), WalletError> {
    let (disk, dir) = (&home.disk, Path::new(journal::OPEN));
    let unnamed = dir.join(UNNAMED);
    match disk.create(&unnamed) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(DiskError::of("create", &unnamed)(error).into()),
    }
    let Some(identity) = identity(disk, &unnamed)? else { return Ok(()) };
    let renamed = disk.rename(&unnamed, &name(identity));
    renamed.map_err(DiskError::of("move", &unnamed))?;
    home.health.check(disk.sync_dir(dir).map_err(DiskError::of("sync", dir)))
}

fn marks(disk: &impl Disk) -> Result<Vec<PathBuf>, WalletError> {
    let dir = Path::new(journal::OPEN);
    let entries = match disk.list(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(DiskError::of("list", dir)(error).into()),
    };
    let named = entries.into_iter().filter_map(|entry| entry.name.into_string().ok());
    let marks = named.filter(|name| name.ends_with(SUFFIX) && name != UNNAMED);
    Ok(marks.map(|name| dir.join(name)).collect())
}

fn identity(disk: &impl Disk, mark: &Path) -> Result<Option<u128>, WalletError> {
    Ok(disk.identity(mark).map_err(DiskError::of("look at", mark))?)
}

fn name(identity: u128) -> PathBuf {
    Path::new(journal::OPEN).join(format!("{identity:032x}{SUFFIX}"))
}
