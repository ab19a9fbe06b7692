//! Message 2, "empty Import and Export": what belongs to no open operation goes
//! to Suspect, whatever it is.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use crate::disk::{Disk, EntryKind};
use crate::error::{DiskError, WalletError};
use crate::limits::NAMES_TRIED_MAX;
use crate::naming;
use crate::open_journals::OpenJournals;
use crate::operation::state::State;
use crate::place::{Folder, Place, WalletName};
use crate::wallet::Wallet;

/// What was moved to Suspect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Where each file was, and its name in Suspect.
    pub moved: Vec<(Place, OsString)>,
}

impl<D: Disk> Wallet<D> {
    /// Moves everything in Import and Export of a wallet that belongs to no open
    /// operation to its Suspect: also files that are no coins, directories and
    /// symbolic links (these are not followed). Names are kept; one that is
    /// taken gets a suffix. Moves nothing while a journal is damaged.
    ///
    /// # Errors
    /// Those of the disk and of the journals.
    ///
    /// # Crash safety
    /// Each file is in one folder or the other; Suspect is synced before the
    /// folders that the files came from. What a crash left is moved by the next call.
    pub fn clear(&mut self, of: WalletName) -> Result<Cleared, WalletError> {
        self.home.health.ask()?;
        let open = OpenJournals::read(&self.home.disk)?;
        let mut cleared = Cleared::default();
        // Any file may belong to an operation whose journal cannot be read to its end.
        if !open.damaged.is_empty() {
            return Ok(cleared);
        }
        let folders = [of.place(Folder::Import), of.place(Folder::Export)];
        for from in folders {
            self.clear_place(from, &open.states, &mut cleared)?;
        }
        if !cleared.moved.is_empty() {
            let suspect = of.place(Folder::Suspect);
            for place in [suspect].into_iter().chain(folders) {
                let path = place.path();
                let synced = self.home.disk.sync_dir(&path).map_err(DiskError::of("sync", &path));
                self.home.health.check(synced)?;
            }
        }
        Ok(cleared)
    }

    fn clear_place(
        &self,
        from: Place,
        open: &[State],
        cleared: &mut Cleared,
    ) -> Result<(), WalletError> {
        let disk = &self.home.disk;
        let path = from.path();
        let mut entries = disk.list(&path).map_err(DiskError::of("list", &path))?;
        entries.sort_unstable();
        for entry in entries {
            let name = entry.name.to_str();
            if name.is_some_and(|name| open.iter().any(|state| state.holds(from, name))) {
                continue;
            }
            let file = path.join(&entry.name);
            if matches!(entry.kind, EntryKind::File | EntryKind::Directory) {
                disk.restrict(&file).map_err(DiskError::of("restrict", &file))?;
            }
            let suspect = from.wallet.place(Folder::Suspect);
            cleared.moved.push((from, move_to(disk, &file, &entry.name, suspect)?));
        }
        Ok(())
    }
}

fn move_to(
    disk: &impl Disk,
    file: &Path,
    name: &OsString,
    to: Place,
) -> Result<OsString, WalletError> {
    for n in 1..=NAMES_TRIED_MAX {
        let name = naming::variant(name, n);
        match disk.rename(file, &to.path().join(&name)) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(DiskError::of("move", file)(error).into()),
        }
    }
    Err(WalletError::NoFreeName { place: to, name: name.to_string_lossy().into_owned() })
}
