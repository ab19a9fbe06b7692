//! The durable file work of a home: what the wallet asks of a disk, and no more.
//!
//! A [`Disk`] is the directory tree of one home. Every path is relative to it
//! (the empty path is the home itself), and no step of it may be a symbolic
//! link. Two disks exist: [`RealDisk`], and [`SimDisk`], which forgets what was
//! not synced; [`AnyDisk`] is either.
//!
//! What survives a power cut, by the weakest promise that is relied upon:
//!
//! | act | durable after |
//! |---|---|
//! | bytes written to a file | `sync` of that file, or `sync_files` |
//! | a new file, a new directory | `sync_dir` of the directory it is in |
//! | a file that moved to another directory | `sync_dir` of the target, **then** of the source |
//!
//! A failed sync is final: the system may have thrown the bytes away and still
//! show them. Nothing may be built on that disk until the process has restarted.

mod any;
mod real;
mod sim;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use zeroize::Zeroizing;

pub use any::AnyDisk;
pub use real::RealDisk;
pub use sim::{Loss, Mutation, SimDisk};

/// The directory tree of one home. All durable file work goes through it.
pub trait Disk {
    /// An open file that is being written.
    type File: DiskFile + fmt::Debug;
    /// Holds the writers' lock until it is dropped or its process dies.
    type Lock: fmt::Debug;

    /// Returns the time by the clock that stamps files.
    fn now(&self) -> Timestamp;

    /// Takes the writers' lock at `file`, or tells who holds it. `holder` is
    /// written there for the others to read.
    ///
    /// # Errors
    /// When the lock file cannot be made or written.
    fn lock(&self, file: &Path, holder: &str) -> io::Result<Locked<Self::Lock>>;

    /// Makes a directory that its owner alone may enter (0700), or says what is
    /// there under that name.
    ///
    /// # Errors
    /// When there is nothing of that name and it cannot be made.
    fn make_dir(&self, dir: &Path) -> io::Result<Found>;

    /// Takes from group and others what rights they have on a file or directory.
    ///
    /// # Errors
    /// When they have some and these cannot be taken away, or nothing is there.
    fn restrict(&self, path: &Path) -> io::Result<Rights>;

    /// Tells whether group and others have rights on a file or directory.
    ///
    /// # Errors
    /// When nothing is there.
    fn access(&self, path: &Path) -> io::Result<Access>;

    /// Returns what tells this file from every other, also from a copy of it; `None` where the file
    /// system has nothing of that kind.
    ///
    /// # Errors
    /// When it does not exist or is no regular file.
    fn identity(&self, file: &Path) -> io::Result<Option<u128>>;

    /// Makes an empty file that its owner alone may read (0600).
    ///
    /// # Errors
    /// `AlreadyExists` when anything of that name exists.
    fn create(&self, file: &Path) -> io::Result<Self::File>;

    /// Opens a file to write to it.
    ///
    /// # Errors
    /// When it does not exist or is no regular file.
    fn open(&self, file: &Path) -> io::Result<Self::File>;

    /// Reads (a part of) a file.
    ///
    /// # Errors
    /// `FileTooLarge` when the whole of it is longer than asked for; when it is
    /// no regular file or cannot be read.
    fn read(&self, file: &Path, part: Part) -> io::Result<Zeroizing<Vec<u8>>>;

    /// Drops what memory remembers of a file, so that the next reading shows
    /// what is on the disk. After a failed sync these two may differ. To be
    /// called after a successful sync only: what is not yet written stays.
    ///
    /// # Errors
    /// When the file cannot be opened.
    fn evict(&self, file: &Path) -> io::Result<()>;

    /// Lists a directory, in no order.
    ///
    /// # Errors
    /// When it is no directory, cannot be read, or has more than
    /// [`FOLDER_FILES_MAX`](crate::limits::FOLDER_FILES_MAX) entries.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;

    /// Moves a file or directory; never replaces one.
    ///
    /// # Errors
    /// `AlreadyExists` when anything is at `to`, `NotFound` when nothing is at `from`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes the contents of many files durable, in one go where the system can.
    /// Says nothing of the directories they are in.
    ///
    /// # Errors
    /// Final, see the module.
    fn sync_files(&self, files: &[PathBuf]) -> io::Result<()>;

    /// Makes the entries of a directory durable.
    ///
    /// # Errors
    /// Final, see the module.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// An open file that is being written.
pub trait DiskFile {
    /// Writes all of `bytes` from position `at` on.
    ///
    /// # Errors
    /// When the disk is full or refuses; a part may have been written.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to `len` bytes, and gives back the space reserved behind them.
    ///
    /// # Errors
    /// When the disk refuses.
    fn cut(&mut self, len: u64) -> io::Result<()>;

    /// Reserves space for `len` bytes from `at` on; the file does not get longer.
    /// A file system that cannot do this does nothing.
    ///
    /// # Errors
    /// `StorageFull` when there is not as much space.
    fn reserve(&mut self, at: u64, len: u64) -> io::Result<()>;

    /// Makes the bytes of the file durable; not its entry in the directory.
    ///
    /// # Errors
    /// Final, see the module.
    fn sync(&mut self) -> io::Result<()>;
}

/// What became of an attempt to take the lock.
#[derive(Debug)]
pub enum Locked<L> {
    /// It is ours.
    Ours(L),
    /// Another process has it: what that process wrote there.
    Held(String),
}

impl<L> Locked<L> {
    fn map<M>(self, lock: impl FnOnce(L) -> M) -> Locked<M> {
        match self {
            Locked::Ours(it) => Locked::Ours(lock(it)),
            Locked::Held(holder) => Locked::Held(holder),
        }
    }
}

/// What was found, or made, at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing; it has been made.
    Nothing,
    /// This was there.
    There(EntryKind),
}

/// Whether others had rights that they must not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// None: nothing was changed.
    OwnersOnly,
    /// Some: they were taken away.
    Mended,
}

/// Who has rights on a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner, and nobody else.
    OwnersOnly,
    /// Its group or all others, too.
    Others,
}

/// What part of a file to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All, if it is not longer than so many bytes.
    Whole {
        /// Bytes at most.
        max: usize,
    },
    /// The first bytes, at most so many.
    Head(usize),
    /// The last bytes, at most so many.
    Tail(usize),
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name.
    pub name: OsString,
    /// What it is.
    pub kind: EntryKind,
}

/// What a name in a directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link: never followed.
    SymbolicLink,
    /// A device, a socket, a pipe.
    Special,
}
