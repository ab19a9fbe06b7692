//! The connection file on disk: who may read it, and that none is ever overwritten.

use std::fs;
use std::io::{BufRead, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use protocol::conn_file::{ConnFile, ONE_LINE};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};

/// A connection file has eight lines; a longer one is none.
const BYTES_MAX: u64 = 4096;

/// Reads what the receiver was given: a file, or with `-` its one-line form from the standard input.
///
/// # Errors
/// Those of [`read`].
pub(crate) fn read_given(path: &Path) -> Result<Option<ConnFile>, Failure> {
    if path != Path::new("-") {
        return read(path);
    }
    let mut line = Zeroizing::new(String::with_capacity(BYTES_MAX as usize));
    let wrong = |what: &dyn std::fmt::Display| {
        let advice = "paste the whole line that coin-send showed, and press Enter";
        Failure::new(Exit::File, format!("the standard input: {what}"), advice)
    };
    // No line is longer; the rest of the input is for questions.
    let read = std::io::stdin().lock().take(BYTES_MAX).read_line(&mut line);
    read.map_err(|error| wrong(&error))?;
    ConnFile::parse(&line).map(Some).map_err(|error| wrong(&error))
}

/// Reads a connection file. `Ok(None)` when there is none of that name.
///
/// # Errors
/// Exit 3: others may read it, it is no file, it is mistyped, or it is not a connection file. Exit 2: it is
/// the secret itself.
pub(crate) fn read(path: &Path) -> Result<Option<ConnFile>, Failure> {
    if path.to_string_lossy().starts_with(ONE_LINE) {
        return Err(Failure::new(
            Exit::Usage,
            "--conn names a file, and other users of this machine can read command lines",
            "coin-receive --conn -, then paste the line; use it soon, it may have been seen",
        ));
    }
    // A pipe is refused below; opening one would otherwise wait for a writer.
    let at_once = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = match fs::OpenOptions::new().read(true).custom_flags(at_once).open(path) {
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

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::exit::Exit;
    use protocol::conn_file::{ConnFile, FileKey, NetworkPrint};
    use protocol::room::RoomNumber;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use tempfile::TempDir;

    fn file() -> ConnFile {
        ConnFile {
            relay: "127.0.0.1:7000".to_owned(),
            room: RoomNumber::new(7).unwrap(),
            key: FileKey::from_bytes([7; 32]),
            network: NetworkPrint::from_bytes([7; 8]),
            expires_secs: 1_800_000_000,
        }
    }

    fn written() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("conn.txt");
        write(&path, &file()).unwrap();
        (folder, path)
    }

    #[test]
    fn a_written_file_is_read_back_and_closed_to_others() {
        let (_folder, path) = written();
        assert_eq!(read(&path).unwrap(), Some(file()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn no_file_is_ever_overwritten() {
        let (folder, path) = written();
        let other = ConnFile { relay: "127.0.0.1:7001".to_owned(), ..file() };
        assert_eq!(write(&path, &other).unwrap_err().exit, Exit::File);
        assert_eq!(read(&path).unwrap(), Some(file()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half done is left");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
        let (_folder, path) = written();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let failure = read(&path).unwrap_err();
        assert_eq!(failure.exit, Exit::File);
        assert_eq!(failure.advice, format!("chmod 600 {}", path.display()));
    }

    #[test]
    fn a_missing_file_is_no_error_and_a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&folder.path().join("none")).unwrap(), None);
        assert_eq!(read(folder.path()).unwrap_err().exit, Exit::File);
    }
}
