//! The connection file on disk: who may read it, and that none is ever overwritten.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use protocol::conn_file::ConnFile;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};

/// A connection file has eight lines; a longer one is none.
const BYTES_MAX: u64 = 4096;

/// Reads a connection file. `Ok(None)` when there is none of that name.
///
/// # Errors
/// Exit 3: others may read it, it is no file, it is mistyped, or it is not a connection file.
pub(crate) fn read(path: &Path) -> Result<Option<ConnFile>, Failure> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    let meta = file.metadata().map_err(|error| unreadable(path, &error))?;
    if !meta.is_file() || meta.len() > BYTES_MAX {
        return Err(Failure::new(
            Exit::File,
            format!("{} is not a connection file", path.display()),
            "name the file that coin-send wrote",
        ));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(Failure::new(
            Exit::File,
            format!(
                "{} can be read by others (mode {:03o}): whoever reads it could take the coins",
                path.display(),
                meta.permissions().mode() & 0o777
            ),
            format!("chmod 600 {}", path.display()),
        ));
    }
    let mut text = Zeroizing::new(String::with_capacity(BYTES_MAX as usize));
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(|error| unreadable(path, &error))?;
    ConnFile::parse(&text).map(Some).map_err(|error| {
        Failure::new(
            Exit::File,
            format!("{}: {error}", path.display()),
            "copy the file again, whole and unchanged",
        )
    })
}

/// Writes a new connection file, mode 0600; never over another file.
///
/// # Crash safety
/// The file has its name only when it is whole and synced. A crash leaves it, or none.
pub(crate) fn write(path: &Path, file: &ConnFile) -> Result<(), Failure> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    write_in(folder, path, file).map_err(|error| {
        Failure::new(
            Exit::File,
            format!("{} cannot be written: {error}", path.display()),
            "choose another place for --conn",
        )
    })
}

fn write_in(folder: &Path, path: &Path, file: &ConnFile) -> std::io::Result<()> {
    let unfinished = folder.join(format!(".conn-{}.unfinished", std::process::id()));
    let mut out =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    out.write_all(file.to_text().as_bytes())?;
    out.sync_all()?;
    let named = renameat_with(CWD, &unfinished, CWD, path, RenameFlags::NOREPLACE);
    if named.is_err() {
        // The key in it was never given to anybody.
        fs::remove_file(&unfinished)?;
    }
    named?;
    fs::File::open(folder)?.sync_all()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::File,
        format!("{} cannot be read: {error}", path.display()),
        "name the file that coin-send wrote",
    )
}
