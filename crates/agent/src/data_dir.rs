//! The directory of an authority: its ledgers, one lock, and the addresses of the running agents.
//!
//! ```text
//! DIR/lock            who works with the directory; held by a running `raida`
//! DIR/agent-00/ … agent-24/   the ledgers: all 25, or that of the one agent of this machine
//! DIR/agents.txt      25 addresses, written at each start of all
//! DIR/mint.journal    an unfinished mint of all agents
//! DIR/order.journal   an unfinished mint of one agent
//! ```

pub(crate) mod files;
mod one_agent;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use coin::AGENTS;
use raida::NetworkId;

use crate::ledger::{Charter, FjallLedger, Ledger, OpenError};

/// The directory of an authority, locked by this process.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It is not there, or no mint has founded its ledgers.
    #[error("{dir} has no founded ledgers")]
    NotFounded {
        /// The directory.
        dir: PathBuf,
    },
    /// The one agent of this machine has no ledger here yet.
    #[error("{dir} has no founded ledger of agent {agent}")]
    AgentNotFounded {
        /// The directory.
        dir: PathBuf,
        /// The agent.
        agent: usize,
    },
    /// The directory of one agent holds a ledger of another.
    #[error("{dir} is not for agent {agent} alone: it holds the ledger of agent {found}")]
    OtherAgent {
        /// The directory.
        dir: PathBuf,
        /// The agent that it should be for.
        agent: usize,
        /// The first other agent with a ledger there.
        found: usize,
    },
    /// Another process has it.
    #[error("{dir} is in use by {holder}")]
    Busy {
        /// The directory.
        dir: PathBuf,
        /// What the other process says of itself.
        holder: String,
    },
    /// A mint was cut off.
    #[error("{dir} has an unfinished mint")]
    UnfinishedMint {
        /// The directory.
        dir: PathBuf,
    },
    /// A ledger cannot be opened.
    #[error("the ledger of agent {agent} cannot be opened")]
    Ledger {
        /// The agent.
        agent: usize,
        /// Why.
        source: OpenError,
    },
    /// A file or directory cannot be read or written.
    #[error("{path} cannot be read or written")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl DataDir {
    /// Takes a directory that is there already.
    ///
    /// # Errors
    ///
    /// [`DataDirError::NotFounded`] when it is not, [`DataDirError::Busy`] when another process
    /// has it.
    pub fn open(path: &Path) -> Result<DataDir, DataDirError> {
        if !path.is_dir() {
            return Err(DataDirError::NotFounded { dir: path.to_owned() });
        }
        DataDir::lock(path)
    }

    /// Takes a directory, making it when it is not there; then only its owner can read it.
    ///
    /// # Errors
    ///
    /// [`DataDirError::Busy`] when another process has it.
    pub fn create(path: &Path) -> Result<DataDir, DataDirError> {
        let create = DirBuilder::new().recursive(true).mode(0o700).create(path);
        create.and_then(|()| files::sync_parent(path)).map_err(failed_at(path))?;
        DataDir::lock(path)
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the 25 ledgers of one network: that of the first of them.
    ///
    /// # Errors
    ///
    /// See [`DataDir::open_all`].
    pub fn open_ledgers(&self) -> Result<Vec<FjallLedger>, DataDirError> {
        self.open_all(None)
    }

    /// Opens the 25 ledgers of this network, or of the first of them when none is named.
    ///
    /// # Errors
    ///
    /// [`DataDirError::UnfinishedMint`] while a mint waits to be finished; the first ledger that
    /// is not founded, is another agent's or another network's, or is damaged.
    pub fn open_all(&self, network: Option<&NetworkId>) -> Result<Vec<FjallLedger>, DataDirError> {
        self.without_unfinished_mint()?;
        if !self.has_ledgers() {
            return Err(DataDirError::NotFounded { dir: self.path.clone() });
        }
        let opened = at_each_agent(|agent| {
            let ledger = FjallLedger::open(&self.ledger(agent));
            ledger.map_err(|source| DataDirError::Ledger { agent, source })
        })?;
        let network = network.unwrap_or(&opened[0].charter().network).clone();
        let checked = opened.into_iter().enumerate().map(|(agent, ledger)| {
            let ledger = ledger.expected_as(&Charter { network: network.clone(), agent });
            ledger.map_err(|source| DataDirError::Ledger { agent, source })
        });
        checked.collect()
    }

    /// Opens the ledger of one agent, which must be of this network.
    pub(crate) fn open_ledger(
        &self,
        agent: usize,
        network: &NetworkId,
    ) -> Result<FjallLedger, DataDirError> {
        let charter = Charter { network: network.clone(), agent };
        FjallLedger::open(&self.ledger(agent))
            .and_then(|ledger| ledger.expected_as(&charter))
            .map_err(|source| DataDirError::Ledger { agent, source })
    }

    /// Writes `agents.txt`: the addresses of agent 0 to 24, a line each.
    ///
    /// # Errors
    ///
    /// [`DataDirError::Io`].
    ///
    /// # Crash safety
    ///
    /// Replaced as a whole; synced when it returns.
    pub fn write_addresses(&self, addresses: &[String]) -> Result<(), DataDirError> {
        let lines: String = addresses.iter().map(|address| format!("{address}\n")).collect();
        let path = self.path.join("agents.txt");
        files::replace(&path, lines.as_bytes()).map_err(failed_at(&path))
    }

    /// Tells whether any ledger has been founded here.
    pub(crate) fn has_ledgers(&self) -> bool {
        (0..AGENTS).any(|agent| self.ledger(agent).exists())
    }

    pub(crate) fn ledger(&self, agent: usize) -> PathBuf {
        self.path.join(format!("agent-{agent:02}"))
    }

    pub(crate) fn mint_journal(&self) -> PathBuf {
        self.path.join("mint.journal")
    }

    fn without_unfinished_mint(&self) -> Result<(), DataDirError> {
        if self.mint_journal().exists() || self.order_journal().exists() {
            return Err(DataDirError::UnfinishedMint { dir: self.path.clone() });
        }
        Ok(())
    }

    fn lock(path: &Path) -> Result<DataDir, DataDirError> {
        let file = path.join("lock");
        let failed = failed_at(&file);
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&file);
        let mut lock = opened.map_err(&failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let dir = path.to_owned();
                return Err(DataDirError::Busy { dir, holder: holder(&mut lock) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let name = format!("process {}\n", std::process::id());
        lock.set_len(0).and_then(|()| lock.write_all(name.as_bytes())).map_err(failed)?;
        Ok(DataDir { path: path.to_owned(), _lock: lock })
    }
}

/// Reads what the holder of a lock wrote into it; a name for people, nothing rests on it.
fn holder(lock: &mut File) -> String {
    let mut name = String::new();
    let read = lock.rewind().and_then(|()| lock.take(64).read_to_string(&mut name));
    match read {
        Ok(_) if !name.trim().is_empty() => name.trim().escape_debug().to_string(),
        Ok(_) | Err(_) => "another process".to_owned(),
    }
}

pub(crate) fn failed_at(path: &Path) -> impl Fn(io::Error) -> DataDirError + use<> {
    let path = path.to_owned();
    move |source| DataDirError::Io { path: path.clone(), source }
}

/// Does something for each agent, all at once: most of it is waiting for the disk. Returns the
/// results in the order of the agents, or the first error in that order.
pub(crate) fn at_each_agent<T: Send, E: Send>(
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AGENTS).map(|agent| scope.spawn(move || work(agent))).collect();
        let results = threads.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect()
    })
}

/// Makes a directory that only its owner can read, unless it is there.
pub(crate) fn make_private_dir(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    files::sync_parent(path)
}
