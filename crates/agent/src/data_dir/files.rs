//! Files that are whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

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

/// Syncs the directory that holds `path`: names that were made or taken away in it are on disk
/// then.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    File::open(parent)?.sync_all()
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
