//! What the stores alone can do: the same commits as those of the agents, without agents.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use agent::limits::{
    LEDGER_CACHE_BYTES, LEDGER_FILES, LEDGER_JOURNALS_BYTES, LEDGER_MEMTABLE_BYTES,
};
use anyhow::{Result, anyhow, ensure};
use coin::{AGENTS, SerialNumber};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::proc::cpu_seconds;
use crate::secrets::secret;

/// 25 stores, opened as ledgers open theirs.
pub(crate) struct BareStores {
    stores: Vec<Store>,
    coins: Vec<SerialNumber>,
}

struct Store {
    agent: usize,
    database: Database,
    entries: Keyspace,
}

/// Seconds that a round took: by the clock, and of CPU time.
pub(crate) struct Took {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

impl BareStores {
    /// Makes the stores, with the secrets of round 0.
    pub(crate) fn found(dir: &Path, coins: Vec<SerialNumber>) -> Result<BareStores> {
        let mut stores = Vec::with_capacity(AGENTS);
        for agent in 0..AGENTS {
            let store = Store::open(&dir.join(agent.to_string()), agent)?;
            for batch in coins.chunks(10_000) {
                store.write(batch, 0)?;
            }
            stores.push(store);
        }
        Ok(BareStores { stores, coins })
    }

    /// Gives all coins the secrets of the next round, `batch` of them in one synced commit, on as many
    /// threads as there are cores.
    pub(crate) fn round(&self, round: u64, batch: usize) -> Result<Took> {
        let (before, started) = (cpu_seconds(std::process::id())?, Instant::now());
        // A store is one thread's until its next batch is done: one writer at a time, as in an agent.
        let idle: Mutex<VecDeque<_>> =
            Mutex::new(self.stores.iter().map(|store| (store, self.coins.chunks(batch))).collect());
        let next = || idle.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let work = || -> Result<()> {
            while let Some((store, mut batches)) = next() {
                if let Some(batch) = batches.next() {
                    store.replace(batch, round)?;
                    idle.lock().unwrap_or_else(PoisonError::into_inner).push_back((store, batches));
                }
            }
            Ok(())
        };
        thread::scope(|scope| {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            let mut ends = threads.into_iter().map(thread::ScopedJoinHandle::join);
            ends.try_for_each(|end| end.map_err(|_| anyhow!("a thread broke off"))?)
        })?;
        let wall = started.elapsed().as_secs_f64();
        Ok(Took { wall, cpu: cpu_seconds(std::process::id())? - before })
    }
}

impl Store {
    fn open(dir: &Path, agent: usize) -> Result<Store> {
        let database = Database::builder(dir)
            .cache_size(LEDGER_CACHE_BYTES)
            .max_cached_files(Some(LEDGER_FILES))
            .max_journaling_size(LEDGER_JOURNALS_BYTES)
            .worker_threads(1)
            .open()?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(LEDGER_MEMTABLE_BYTES);
        let entries = database.keyspace("ledger", options)?;
        Ok(Store { agent, database, entries })
    }

    /// Reads, compares and writes.
    fn replace(&self, coins: &[SerialNumber], round: u64) -> Result<()> {
        for &sn in coins {
            let held = self.entries.get(sn.get().to_be_bytes())?;
            let is_known = held.is_some_and(|held| {
                held.as_ref() == secret(sn, round, self.agent).expose().as_slice()
            });
            ensure!(is_known, "coin {sn} has another secret");
        }
        self.write(coins, round + 1)
    }

    fn write(&self, coins: &[SerialNumber], round: u64) -> Result<()> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for &sn in coins {
            let secret = secret(sn, round, self.agent);
            batch.insert(&self.entries, sn.get().to_be_bytes(), secret.expose());
        }
        Ok(batch.commit()?)
    }
}
