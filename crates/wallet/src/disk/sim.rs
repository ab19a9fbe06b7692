//! The twin of the real disk: keeps in memory what is durable and what is not,
//! fails or loses power at the n-th mutating act, and counts.
//!
//! It promises the least that real file systems promise: a sync of a file says
//! nothing of its entry in the directory, a sync of a directory nothing of
//! another one nor of contents; so a file that moved is lost when the source
//! directory is synced before the target. A failed sync leaves the bytes
//! readable and never durable, as Linux does.
//!
//! ```text
//!   SimDisk ──clone──▶ the wallet under test      act n fails, or the power goes at act n
//!      │
//!      └─restart(Loss)──▶ the disk that the next process finds; the old one is dead
//! ```

mod acts;
mod file_node;
mod tree;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tree::{NodeId, Tree};

/// A simulated disk. Clones are the same disk in the same life of the machine.
#[derive(Clone, Debug, Default)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
    life: u64,
}

/// What a crash takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing: the process was killed, the machine lives on.
    Nothing,
    /// Everything that was not synced.
    Unsynced,
    /// Of what was not synced, the seed decides: entries up to some moment,
    /// and of each file's contents some sectors.
    Some {
        /// Any number.
        seed: u64,
    },
}

/// The kinds of acts that change a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// `make_dir` that makes one.
    MakeDir,
    /// `create`.
    Create,
    /// `write_at`.
    Write,
    /// `cut`.
    Cut,
    /// `reserve`.
    Reserve,
    /// `rename`.
    Rename,
    /// `sync` of a file.
    SyncFile,
    /// `sync_files`.
    SyncFiles,
    /// `sync_dir`.
    SyncDir,
}

/// An open file of a [`SimDisk`].
#[derive(Debug)]
pub struct SimFile {
    disk: SimDisk,
    node: NodeId,
}

/// Holds the lock of a [`SimDisk`] until it is dropped.
#[derive(Debug)]
pub struct SimLock {
    disk: SimDisk,
}

#[derive(Debug, Default)]
struct State {
    tree: Tree,
    life: u64,
    powered_off: bool,
    holder: Option<String>,
    log: Vec<Mutation>,
    fail_at: Option<(usize, io::ErrorKind)>,
    crash_at: Option<usize>,
    seconds: i64,
}

/// How far a mutating act gets.
enum Course {
    Whole,
    /// Some of it is done before the error.
    Half(io::Error),
}

impl SimDisk {
    /// Makes an empty disk.
    pub fn new() -> SimDisk {
        SimDisk::default()
    }

    /// Lets the `n`-th mutating act from now on (the first is 1) fail with
    /// `error`; a write does half of its work before, as on a full disk.
    pub fn fail_at(&self, n: usize, error: io::ErrorKind) {
        let mut state = self.state();
        state.fail_at = Some((state.log.len() + n, error));
    }

    /// Cuts the power in the `n`-th mutating act from now on (the first is 1).
    /// From then on this disk answers nothing until [`restart`](SimDisk::restart).
    pub fn crash_at(&self, n: usize) {
        let mut state = self.state();
        state.crash_at = Some(state.log.len() + n);
    }

    /// Takes back what was asked of later acts.
    pub fn heal(&self) {
        let mut state = self.state();
        state.fail_at = None;
        state.crash_at = None;
    }

    /// Ends this life of the process, with the `loss` of what was not durable,
    /// and returns the disk as the next one finds it, healed.
    pub fn restart(&self, loss: Loss) -> SimDisk {
        self.heal();
        let mut state = self.state();
        state.tree.crash(loss);
        state.life += 1;
        state.powered_off = false;
        state.holder = None;
        SimDisk { state: Arc::clone(&self.state), life: state.life }
    }

    /// Returns another disk that is in the same state, to try several futures.
    pub fn fork(&self) -> SimDisk {
        let state = self.state();
        let copy = State {
            tree: state.tree.clone(),
            life: state.life,
            seconds: state.seconds,
            ..State::default()
        };
        SimDisk { state: Arc::new(Mutex::new(copy)), life: self.life }
    }

    /// Returns whether the power is off.
    pub fn is_off(&self) -> bool {
        self.state().powered_off
    }

    /// Returns the mutating acts so far, in their order.
    pub fn mutations(&self) -> Vec<Mutation> {
        self.state().log.clone()
    }

    /// Limits what can still be written, in bytes.
    pub fn limit_space(&self, bytes: u64) {
        self.state().tree.free = Some(bytes);
    }

    /// Puts a file there as another program would: contents and entry are durable.
    ///
    /// # Panics
    /// When its directory does not exist.
    pub fn put(&self, file: &Path, bytes: &[u8]) {
        self.state().tree.put(file, bytes).expect("the directory exists");
    }

    /// Takes a file away, durably: the worst of disks has lost it.
    ///
    /// # Panics
    /// When there is none.
    pub fn lose(&self, file: &Path) {
        self.state().tree.lose(file).expect("the file exists");
    }

    /// Puts a symbolic link there, durably.
    ///
    /// # Panics
    /// When its directory does not exist.
    pub fn put_link(&self, path: &Path) {
        self.state().tree.put_link(path).expect("the directory exists");
    }

    /// Returns every file with its contents, whether anything points to it
    /// durably or not: what a reader of the live system sees.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        self.state().tree.files()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state();
        if state.powered_off || state.life != self.life {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "the power is off"));
        }
        Ok(state)
    }

    fn mutate(&self, act: Mutation) -> io::Result<(MutexGuard<'_, State>, Course)> {
        let mut state = self.alive()?;
        state.log.push(act);
        let n = state.log.len();
        if state.crash_at == Some(n) {
            state.powered_off = true;
            let off = io::Error::new(io::ErrorKind::NotConnected, "the power went off");
            return Ok((state, Course::Half(off)));
        }
        match state.fail_at {
            Some((at, kind)) if at == n => Ok((state, Course::Half(kind.into()))),
            Some(_) | None => Ok((state, Course::Whole)),
        }
    }

    /// Does an act that is done whole or not at all.
    fn change<T>(
        &self,
        act: Mutation,
        change: impl FnOnce(&mut Tree) -> io::Result<T>,
    ) -> io::Result<T> {
        let (mut state, course) = self.mutate(act)?;
        match course {
            Course::Whole => change(&mut state.tree),
            Course::Half(error) => Err(error),
        }
    }

    fn handle(&self, node: NodeId) -> SimFile {
        SimFile { disk: self.clone(), node }
    }
}
