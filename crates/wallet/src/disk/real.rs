//! The disk of the operating system.
//!
//! The home's directory is opened once, before anything is written. From there
//! every path is walked step by step without following symbolic links, so that
//! nobody can lead a write elsewhere, not even between a check and its use. The
//! same open directory serves `syncfs`: Linux reports a failed write-back once
//! to every descriptor that was open at that time, so a fresh one could miss it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags};
use zeroize::Zeroizing;

use super::{Access, Disk, DiskFile, Entry, EntryKind, Found, Locked, Part, Rights};
use crate::limits::{FILES_SYNCED_SINGLY_MAX, FOLDER_FILES_MAX, HOLDER_BYTES_MAX};

/// The directory tree of a home on a disk of this machine.
#[derive(Debug)]
pub struct RealDisk {
    root: OwnedFd,
    /// The directories walked to so far: those of a home, some 40.
    directories: Mutex<HashMap<PathBuf, Arc<OwnedFd>>>,
}

impl RealDisk {
    /// Opens the home at `path`, which has to exist. The path up to here may
    /// lead through symbolic links, what is below may not.
    ///
    /// # Errors
    /// When there is no directory at `path`.
    pub fn open(path: &Path) -> io::Result<RealDisk> {
        let root = rustix::fs::open(path, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty())?;
        Ok(RealDisk { root, directories: Mutex::default() })
    }

    /// Makes the home at `path` with the directories above it, where there is
    /// none (0700), and opens it.
    ///
    /// # Errors
    /// When it cannot be made or opened; `Unsupported` on a file system that cannot move a file without
    /// replacing another: no coin would ever get to its place there.
    ///
    /// # Crash safety
    /// The entries of all new directories are synced before this returns.
    pub fn create(path: &Path) -> io::Result<RealDisk> {
        let path = std::path::absolute(path)?;
        let missing = path.ancestors().take_while(|dir| !dir.exists()).count();
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        // The home's own entry in any case: an earlier run may have made it
        // just before a power cut.
        for dir in path.ancestors().skip(1).take(missing.max(1)) {
            match File::open(dir) {
                Ok(dir) => dir.sync_all()?,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(error),
            }
        }
        let disk = RealDisk::open(&path)?;
        disk.try_rename()?;
        Ok(disk)
    }

    /// Moves an empty directory of its own, and takes it away again. A disk that lets none be made says why at
    /// the first write.
    fn try_rename(&self) -> io::Result<()> {
        let [from, to] = ["from", "to"].map(|end| format!(".rename-{end}-{}", std::process::id()));
        if rustix::fs::mkdirat(&self.root, &from, OWNER_DIRECTORY).is_err() {
            return Ok(());
        }
        let flags = RenameFlags::NOREPLACE;
        let moved = rustix::fs::renameat_with(&self.root, &from, &self.root, &to, flags);
        let left = if moved.is_ok() { &to } else { &from };
        rustix::fs::unlinkat(&self.root, left, AtFlags::REMOVEDIR)?;
        moved.map_err(|error| no_such_rename(error).unwrap_or(error.into()))
    }

    fn directory(&self, path: &Path) -> io::Result<Arc<OwnedFd>> {
        let mut known = self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dir) = known.get(path) {
            return Ok(Arc::clone(dir));
        }
        let dir = Arc::new(self.walk(path)?);
        known.insert(path.to_owned(), Arc::clone(&dir));
        Ok(dir)
    }

    fn walk(&self, path: &Path) -> io::Result<OwnedFd> {
        let mut dir = rustix::fs::openat(&self.root, ".", DIRECTORY, Mode::empty())?;
        for step in path.components() {
            let Component::Normal(name) = step else {
                return Err(io::ErrorKind::InvalidFilename.into());
            };
            dir = rustix::fs::openat(&dir, name, DIRECTORY, Mode::empty())?;
        }
        Ok(dir)
    }

    /// Returns the directory that `path` is in, and its last name.
    fn entry<'p>(&self, path: &'p Path) -> io::Result<(Arc<OwnedFd>, &'p OsStr)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        Ok((self.directory(path.parent().unwrap_or(Path::new("")))?, name))
    }

    fn file(&self, path: &Path, flags: OFlags) -> io::Result<File> {
        let (dir, name) = self.entry(path)?;
        // NONBLOCK: opening a pipe that somebody put there must not hang.
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let no_file = || io::Error::new(io::ErrorKind::InvalidInput, "no regular file");
        let file = match rustix::fs::openat(dir, name, flags, OWNER_FILE) {
            Ok(file) => File::from(file),
            // A symbolic link, which is not followed.
            Err(rustix::io::Errno::LOOP) => return Err(no_file()),
            Err(error) => return Err(error.into()),
        };
        if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) }
    }
}

impl Disk for RealDisk {
    type File = File;
    type Lock = File;

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Locked<File>> {
        let mut file = self.file(path, OFlags::RDWR | OFlags::CREATE)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = Vec::new();
                file.take(HOLDER_BYTES_MAX as u64).read_to_end(&mut text)?;
                return Ok(Locked::Held(String::from_utf8_lossy(&text).into_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Who holds it is for people: it need not survive a power cut.
        file.set_len(0)?;
        file.write_all(holder.as_bytes())?;
        Ok(Locked::Ours(file))
    }

    fn make_dir(&self, path: &Path) -> io::Result<Found> {
        let (dir, name) = self.entry(path)?;
        match rustix::fs::mkdirat(&dir, name, OWNER_DIRECTORY) {
            Ok(()) => Ok(Found::Nothing),
            Err(rustix::io::Errno::EXIST) => {
                let stat = rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
                Ok(Found::There(kind(FileType::from_raw_mode(stat.st_mode))))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn restrict(&self, path: &Path) -> io::Result<Rights> {
        let file = if path.as_os_str().is_empty() {
            File::from(self.walk(path)?)
        } else {
            let (dir, name) = self.entry(path)?;
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
            File::from(rustix::fs::openat(dir, name, flags, Mode::empty())?)
        };
        let mode = file.metadata()?.mode() & 0o7777;
        if mode & 0o077 == 0 {
            return Ok(Rights::OwnersOnly);
        }
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode & 0o700))?;
        Ok(Rights::Mended)
    }

    fn access(&self, path: &Path) -> io::Result<Access> {
        let mode = match path.file_name() {
            None => rustix::fs::fstat(&self.root)?.st_mode,
            Some(_) => {
                let (dir, name) = self.entry(path)?;
                rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode
            }
        };
        Ok(if mode & 0o077 == 0 { Access::OwnersOnly } else { Access::Others })
    }

    /// The inode and the time at which the file was made: a copy is made later, if it should get the same
    /// inode on another disk.
    fn identity(&self, path: &Path) -> io::Result<Option<u128>> {
        let meta = self.file(path, OFlags::RDONLY)?.metadata()?;
        let made = meta.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let nanos = made.and_then(|made| u64::try_from(made.as_nanos()).ok());
        Ok(nanos.map(|nanos| u128::from(meta.ino()) << 64 | u128::from(nanos)))
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        self.file(path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        self.file(path, OFlags::RDWR)
    }

    fn read(&self, path: &Path, part: Part) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut file = self.file(path, OFlags::RDONLY)?;
        let len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        let take = match part {
            Part::Whole { max } if len > max => return Err(io::ErrorKind::FileTooLarge.into()),
            Part::Whole { .. } => len,
            Part::Head(most) => len.min(most),
            Part::Tail(most) => {
                file.seek(SeekFrom::Start(len.saturating_sub(most) as u64))?;
                len.min(most)
            }
        };
        // Never longer than its capacity: growing would leave copies of secrets behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(take));
        file.take(take as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn evict(&self, path: &Path) -> io::Result<()> {
        let file = self.file(path, OFlags::RDONLY)?;
        evict(&file)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let dir = self.directory(path)?;
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::read_from(&dir)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            if entries.len() == FOLDER_FILES_MAX {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let mut file_type = entry.file_type();
            if file_type == FileType::Unknown {
                // Not every file system says it in the listing.
                let stat = rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
                file_type = FileType::from_raw_mode(stat.st_mode);
            }
            entries.push(Entry { name: OsString::from(name), kind: kind(file_type) });
        }
        Ok(entries)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from_dir, from_name) = self.entry(from)?;
        let (to_dir, to_name) = self.entry(to)?;
        let never_replace = RenameFlags::NOREPLACE;
        Ok(rustix::fs::renameat_with(from_dir, from_name, to_dir, to_name, never_replace)?)
    }

    fn sync_files(&self, files: &[PathBuf]) -> io::Result<()> {
        if files.len() > FILES_SYNCED_SINGLY_MAX && sync_file_system(self.root.as_fd())? {
            return Ok(());
        }
        files.iter().try_for_each(|file| self.file(file, OFlags::RDONLY)?.sync_all())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        Ok(rustix::fs::fsync(self.directory(dir)?)?)
    }
}

impl DiskFile for File {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, at)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn reserve(&mut self, at: u64, len: u64) -> io::Result<()> {
        reserve(self, at, len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const OWNER_FILE: Mode = Mode::RUSR.union(Mode::WUSR);
const OWNER_DIRECTORY: Mode = Mode::RWXU;

/// Returns what to say of a rename that failed, if the file system knows none that replaces nothing.
fn no_such_rename(error: rustix::io::Errno) -> Option<io::Error> {
    use rustix::io::Errno;

    let unknown = matches!(error, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP);
    let what = "this file system cannot move a file without replacing another; local ones can";
    unknown.then(|| io::Error::new(io::ErrorKind::Unsupported, what))
}

fn kind(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::SymbolicLink,
        FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => EntryKind::Special,
    }
}

/// Returns whether there is such a call here.
#[cfg(target_os = "linux")]
fn sync_file_system(root: std::os::fd::BorrowedFd<'_>) -> io::Result<bool> {
    rustix::fs::syncfs(root)?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_: std::os::fd::BorrowedFd<'_>) -> io::Result<bool> {
    Ok(false)
}

#[cfg(target_os = "linux")]
fn reserve(file: &File, at: u64, len: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, at, len) {
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
        reserved => Ok(reserved?),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File, _: u64, _: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn evict(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?)
}

#[cfg(not(target_os = "linux"))]
fn evict(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{RealDisk, no_such_rename};
    use rustix::io::Errno;
    use std::fs;

    #[test]
    fn a_file_system_without_the_rename_is_told_from_one_that_fails() {
        for unknown in [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP] {
            let told = no_such_rename(unknown).unwrap().to_string();
            assert!(told.contains("without replacing"), "{told}");
        }
        for failed in [Errno::IO, Errno::NOSPC, Errno::ROFS, Errno::ACCESS] {
            assert!(no_such_rename(failed).is_none(), "{failed}");
        }
    }

    #[test]
    fn trying_the_rename_leaves_nothing_behind() {
        let home = tempfile::tempdir().unwrap();
        RealDisk::create(home.path()).unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
