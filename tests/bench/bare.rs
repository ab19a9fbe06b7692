//! What the stores alone can do: the same commits as those of the agents, without agents.

use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use agent::open_store;
use anyhow::{Result, anyhow, ensure};
use coin::{AGENTS, SerialNumber};
use fjall::{Database, Keyspace, PersistMode};
use raida::limits::BATCH_COINS;
use tests::world::World;

use crate::proc::cpu_seconds;
use crate::secrets::{mixed, secret};
use crate::table::{row, thousands};

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

/// Measures the stores without agents.
pub(crate) fn measure(world: &World, coins: usize, rounds: usize) -> Result<()> {
    let numbers = (0..).map(|seed| (mixed(seed) % u64::from(SerialNumber::MAX.get())) as u32 + 1);
    let mut seen = HashSet::new();
    let numbers = numbers.filter(|number| seen.insert(*number)).take(coins);
    let numbers: Result<Vec<_>, _> = numbers.map(SerialNumber::new).collect();
    let bare = BareStores::found(&world.dir.join("bare"), numbers?)?;
    let operations = (coins * AGENTS) as f64;
    let (mut rate, mut cpu) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let took = bare.round(round as u64, BATCH_COINS)?;
        rate.push(operations / took.wall);
        cpu.push(took.cpu * 1e6 / operations);
    }
    row(
        &format!("bare stores, {} coins, operations a second", thousands(coins as u64)),
        "/s",
        &mut rate,
    );
    row("… CPU time of one operation", "µs", &mut cpu);
    Ok(())
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
        let (database, entries) = open_store(dir)?;
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
