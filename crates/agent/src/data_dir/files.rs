//! Files that are whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Reads a file of at most so many bytes; they are wiped when dropped.
///
/// # Errors
///
/// [`io::ErrorKind::FileTooLarge`] when it has more.
pub(crate) fn read_bounded(path: &Path, bytes_max: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > bytes_max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    // The room is taken at once, so that no copy of it is left in memory unwiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a new file that only its owner can read.
///
/// # Crash safety
///
/// Its bytes are on disk when this returns; its name is only after a sync of its directory.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Writes a file, in place of the one that has its name.
///
/// # Crash safety
///
/// After a crash there is the old file or the new one; the new one when this has returned.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = part_of(path)?;
    write_new(&part, bytes)?;
    fs::rename(&part, path)?;
    #[cfg(test)]
    acts::note(acts::Act::Replaced(path.to_owned()));
    sync_parent(path)
}

/// Writes a file unless there is one of its name.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] when there is one with other bytes; it is left alone.
///
/// # Crash safety
///
/// After a crash there is the whole file or none; the whole one when this has returned.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = part_of(path)?;
    write_new(&part, bytes)?;
    let linked = fs::hard_link(&part, path);
    fs::remove_file(&part)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && fs::read(path)? == bytes => {}
        linked => linked?,
    }
    sync_parent(path)
}

/// Writes a new file piece by piece.
///
/// # Errors
///
/// What `write` fails with, [`io::ErrorKind::AlreadyExists`] when there is one of its name; there
/// is no file then, or the other one.
///
/// # Crash safety
///
/// After a crash there is the whole file or none; the whole one when this has returned.
pub(crate) fn create_written<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let part = part_of(path)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    let mut file = BufWriter::new(file);
    let written = write(&mut file)
        .and_then(|()| Ok(file.flush()?))
        .and_then(|()| Ok(file.get_ref().sync_all()?))
        .and_then(|()| Ok(fs::hard_link(&part, path)?));
    fs::remove_file(&part)?;
    written?;
    Ok(sync_parent(path)?)
}

/// Syncs the directory that holds `path`: names that were made or taken away in it are on disk
/// then.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    sync_dir(parent)
}

/// Syncs a directory and all directories in it, the innermost first, and then the one that holds
/// it: all names from there on down are on disk when this returns.
pub(crate) fn sync_dirs(dir: &Path) -> io::Result<()> {
    sync_dirs_in(dir)?;
    sync_parent(dir)
}

fn sync_dirs_in(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_dirs_in(&entry.path())?;
        }
    }
    sync_dir(dir)
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()?;
    #[cfg(test)]
    acts::note(acts::Act::Synced(dir.to_owned()));
    Ok(())
}

/// Returns the name under which a file is written until it is whole; what a crash left there is
/// taken away.
fn part_of(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let part = path.with_file_name(format!(".{}.part", name.to_string_lossy()));
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(part),
    }
}

/// What a test thread has synced and replaced: no test can cut the power.
#[cfg(test)]
pub(crate) mod acts {
    use std::cell::RefCell;
    use std::path::PathBuf;

    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(crate) enum Act {
        Synced(PathBuf),
        Replaced(PathBuf),
    }

    thread_local! {
        static ACTS: RefCell<Vec<Act>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn note(act: Act) {
        ACTS.with_borrow_mut(|acts| acts.push(act));
    }

    /// Returns what this thread has done since it was last asked.
    pub(crate) fn take() -> Vec<Act> {
        ACTS.take()
    }
}
