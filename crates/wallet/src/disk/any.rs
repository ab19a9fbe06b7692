//! A disk of either kind behind one type: a program learns when it starts whether its home lies on a
//! disk of the machine or on a simulated one.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::sim::{SimFile, SimLock};
use super::{Access, Disk, DiskFile, Entry, Found, Locked, Part, RealDisk, Rights, SimDisk};

/// The real disk or its twin.
#[derive(Debug)]
pub enum AnyDisk {
    /// A disk of this machine.
    Real(RealDisk),
    /// A simulated one.
    Sim(SimDisk),
}

/// An open file of an [`AnyDisk`].
#[derive(Debug)]
pub enum AnyFile {
    /// On a disk of this machine.
    Real(File),
    /// On a simulated one.
    Sim(SimFile),
}

/// Holds the writers' lock of an [`AnyDisk`] until it is dropped.
#[derive(Debug)]
pub enum AnyLock {
    /// On a disk of this machine.
    Real(File),
    /// On a simulated one.
    Sim(SimLock),
}

impl Disk for AnyDisk {
    type File = AnyFile;
    type Lock = AnyLock;

    fn now(&self) -> Timestamp {
        match self {
            AnyDisk::Real(disk) => disk.now(),
            AnyDisk::Sim(disk) => disk.now(),
        }
    }

    fn lock(&self, file: &Path, holder: &str) -> io::Result<Locked<AnyLock>> {
        Ok(match self {
            AnyDisk::Real(disk) => disk.lock(file, holder)?.map(AnyLock::Real),
            AnyDisk::Sim(disk) => disk.lock(file, holder)?.map(AnyLock::Sim),
        })
    }

    fn make_dir(&self, dir: &Path) -> io::Result<Found> {
        match self {
            AnyDisk::Real(disk) => disk.make_dir(dir),
            AnyDisk::Sim(disk) => disk.make_dir(dir),
        }
    }

    fn restrict(&self, path: &Path) -> io::Result<Rights> {
        match self {
            AnyDisk::Real(disk) => disk.restrict(path),
            AnyDisk::Sim(disk) => disk.restrict(path),
        }
    }

    fn access(&self, path: &Path) -> io::Result<Access> {
        match self {
            AnyDisk::Real(disk) => disk.access(path),
            AnyDisk::Sim(disk) => disk.access(path),
        }
    }

    fn identity(&self, file: &Path) -> io::Result<Option<u128>> {
        match self {
            AnyDisk::Real(disk) => disk.identity(file),
            AnyDisk::Sim(disk) => disk.identity(file),
        }
    }

    fn create(&self, file: &Path) -> io::Result<AnyFile> {
        match self {
            AnyDisk::Real(disk) => disk.create(file).map(AnyFile::Real),
            AnyDisk::Sim(disk) => disk.create(file).map(AnyFile::Sim),
        }
    }

    fn open(&self, file: &Path) -> io::Result<AnyFile> {
        match self {
            AnyDisk::Real(disk) => Disk::open(disk, file).map(AnyFile::Real),
            AnyDisk::Sim(disk) => disk.open(file).map(AnyFile::Sim),
        }
    }

    fn read(&self, file: &Path, part: Part) -> io::Result<Zeroizing<Vec<u8>>> {
        match self {
            AnyDisk::Real(disk) => disk.read(file, part),
            AnyDisk::Sim(disk) => disk.read(file, part),
        }
    }

    fn evict(&self, file: &Path) -> io::Result<()> {
        match self {
            AnyDisk::Real(disk) => disk.evict(file),
            AnyDisk::Sim(disk) => disk.evict(file),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        match self {
            AnyDisk::Real(disk) => disk.list(dir),
            AnyDisk::Sim(disk) => disk.list(dir),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self {
            AnyDisk::Real(disk) => disk.rename(from, to),
            AnyDisk::Sim(disk) => disk.rename(from, to),
        }
    }

    fn sync_files(&self, files: &[PathBuf]) -> io::Result<()> {
        match self {
            AnyDisk::Real(disk) => disk.sync_files(files),
            AnyDisk::Sim(disk) => disk.sync_files(files),
        }
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        match self {
            AnyDisk::Real(disk) => disk.sync_dir(dir),
            AnyDisk::Sim(disk) => disk.sync_dir(dir),
        }
    }
}

impl AnyFile {
    fn as_file(&mut self) -> &mut dyn DiskFile {
        match self {
            AnyFile::Real(file) => file,
            AnyFile::Sim(file) => file,
        }
    }
}

impl DiskFile for AnyFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.as_file().write_at(at, bytes)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.as_file().cut(len)
    }

    fn reserve(&mut self, at: u64, len: u64) -> io::Result<()> {
        self.as_file().reserve(at, len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.as_file().sync()
    }
}
