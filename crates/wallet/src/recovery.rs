//! Finishes what a crash interrupted, before anything else is done in a home.
//!
//! For each open journal: what memory still has of it reaches the disk and is
//! read from there (after a failed sync these two may differ); a torn last
//! append is cut; an act that was recorded and not done is done again; one that
//! has ended moves to the ended ones. Every part of this can be repeated, so a
//! crash in it is made good by the next start.

use std::path::{Path, PathBuf};

use crate::disk::Disk;
use crate::error::{DiskError, WalletError};
use crate::home::Home;
use crate::journal;
use crate::naming::Names;
use crate::open_journals::DamagedJournal;
use crate::operation::{Conflict, Operation, OperationId};
use crate::place::{Folder, WalletName};
use crate::provenance::Provenance;
use crate::wallet::Wallet;

/// What was found and mended when a home was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Operations whose last act was finished.
    pub replayed: Vec<OperationId>,
    /// Names that were taken by other contents: both files are there.
    pub conflicts: Vec<Conflict>,
    /// Files that had vanished and were made again from a journal.
    pub restored: Vec<PathBuf>,
    /// Torn and superfluous files, where they are now.
    pub set_aside: Vec<PathBuf>,
    /// Operations whose journals had ended and were filed.
    pub filed: Vec<OperationId>,
    /// Operations that had not begun when the power went: their journals are in Trash.
    pub never_began: Vec<OperationId>,
    /// Journals that are damaged. They stay as they are, and nothing of them was done.
    pub damaged: Vec<DamagedJournal>,
    /// Whether the home was copied or restored since its coins were verified.
    pub provenance: Provenance,
    /// Directories that were open to other users and are closed to them now;
    /// the empty path is the home itself.
    pub closed_to_others: Vec<PathBuf>,
}

/// Recovers every open operation of a home.
pub(crate) fn recover<D: Disk>(wallet: &Wallet<D>) -> Result<RecoveryReport, WalletError> {
    let home = &wallet.home;
    let mut report = RecoveryReport::default();
    for id in journal::list(&home.disk, journal::OPEN)? {
        settle_memory(home, id)?;
        let mut operation = match Operation::load(home.load(id)?, id) {
            Ok(Some(operation)) => operation,
            Ok(None) => {
                put_aside(home, id)?;
                report.never_began.push(id);
                continue;
            }
            Err(error) => {
                report.damaged.push(DamagedJournal::from_error(id, error)?);
                continue;
            }
        };
        if operation.has_ended() {
            file_ended(home, id)?;
            report.filed.push(id);
        } else if operation.is_unfinished() {
            let performed = operation.finish(wallet)?;
            report.replayed.push(id);
            report.conflicts.extend(performed.renamed.into_iter().map(Conflict::from));
            report.restored.extend(performed.restored);
            report.set_aside.extend(performed.set_aside);
        }
    }
    Ok(report)
}

/// Moves the journal of an operation that has ended to the ended ones.
///
/// # Crash safety
/// The target directory is synced before the source. Should a crash leave the
/// journal in both, the one here goes to Trash.
pub(crate) fn file_ended<D: Disk>(home: &Home<D>, id: OperationId) -> Result<(), WalletError> {
    if journal::exists(&home.disk, journal::DONE, id)? {
        return put_aside(home, id);
    }
    shift(home, id, &journal::path_in(journal::DONE, id), Path::new(journal::DONE))
}

fn put_aside<D: Disk>(home: &Home<D>, id: OperationId) -> Result<(), WalletError> {
    let trash = WalletName::Default.place(Folder::Trash);
    let name = Names::in_place(&home.disk, trash)?.free(trash, &journal::file_name(id))?;
    shift(home, id, &trash.path().join(name), &trash.path())
}

fn shift<D: Disk>(
    home: &Home<D>,
    id: OperationId,
    to: &Path,
    target: &Path,
) -> Result<(), WalletError> {
    let from = journal::path_in(journal::OPEN, id);
    home.disk.rename(&from, to).map_err(DiskError::of("move", &from))?;
    for dir in [target, Path::new(journal::OPEN)] {
        home.health.check(home.disk.sync_dir(dir).map_err(DiskError::of("sync", dir)))?;
    }
    Ok(())
}

fn settle_memory<D: Disk>(home: &Home<D>, id: OperationId) -> Result<(), WalletError> {
    let path = journal::path_in(journal::OPEN, id);
    let synced = home.disk.sync_files(std::slice::from_ref(&path));
    home.health.check(synced.map_err(DiskError::of("sync", &path)))?;
    Ok(home.disk.evict(&path).map_err(DiskError::of("read", &path))?)
}
