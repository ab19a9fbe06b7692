//! The simulated twin of the ledger on disk: it forgets what was not synced, and its n-th commit
//! fails where it is told to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coin::{Lineage, Origin, SerialNumber};
use raida::api::RequestId;

use super::{Changes, Charter, Counts, Holding, Ledger, LedgerError, Lies, Record};

/// A simulated disk with the ledger of one agent on it; clones are the same disk.
#[derive(Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

/// A ledger on a [`SimDisk`].
pub struct SimLedger {
    charter: Charter,
    disk: SimDisk,
    /// Ledgers opened before the last crash are dead.
    life: u64,
}

/// How a commit fails. Its caller cannot tell the three apart, and the ledger takes no further
/// commit; what a crash then leaves on disk differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The write fails: nothing of it is there after a crash.
    WriteFails,
    /// The sync fails: what was written is forgotten by a crash.
    SyncFails,
    /// The sync fails, yet all that was written is on disk after a crash.
    SyncFailsLate,
}

struct State {
    charter: Charter,
    synced: Entries,
    /// Written, never synced, and yet there when the disk comes back.
    survives: Option<Changes>,
    commits: u64,
    fault: Option<(u64, Fault)>,
    closed: bool,
    life: u64,
}

#[derive(Default)]
struct Entries {
    coins: BTreeMap<SerialNumber, Holding>,
    given_back: BTreeSet<SerialNumber>,
    lineages: HashMap<Origin, Lineage>,
    records: BTreeMap<RequestId, Record>,
    counts: Counts,
}

impl Entries {
    fn apply(&mut self, changes: &Changes) {
        for (sn, holding) in &changes.coins {
            match holding {
                Some(holding) => self.coins.insert(*sn, holding.clone()),
                None => self.coins.remove(sn),
            };
        }
        self.given_back.extend(&changes.given_back);
        let lineages = changes.lineages.iter();
        self.lineages.extend(lineages.map(|(origin, lineage)| (*origin, lineage.clone())));
        self.records.extend(changes.records.iter().map(|(id, record)| (*id, record.clone())));
        self.counts = changes.counts.unwrap_or(self.counts);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("simulated: {0:?}")]
struct Simulated(Fault);

impl SimDisk {
    /// Founds an empty ledger.
    pub fn found(charter: Charter) -> SimDisk {
        SimDisk(Arc::new(Mutex::new(State {
            charter,
            synced: Entries::default(),
            survives: None,
            commits: 0,
            fault: None,
            closed: false,
            life: 0,
        })))
    }

    /// Cuts the power and opens the ledger on what is on the disk then; ledgers opened before are
    /// dead.
    pub fn open(&self) -> SimLedger {
        let mut state = self.state();
        if let Some(survives) = state.survives.take() {
            state.synced.apply(&survives);
        }
        state.closed = false;
        state.life += 1;
        SimLedger { charter: state.charter.clone(), disk: self.clone(), life: state.life }
    }

    /// Lets the n-th commit from now, counted from 0, fail.
    pub fn fail(&self, commits_before: u64, fault: Fault) {
        let mut state = self.state();
        state.fault = Some((state.commits + commits_before, fault));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SimLedger {
    fn read<T>(&self, from: impl FnOnce(&Entries) -> T) -> Result<T, LedgerError> {
        let state = self.disk.state();
        if state.life == self.life { Ok(from(&state.synced)) } else { Err(LedgerError::Closed) }
    }
}

impl Ledger for SimLedger {
    fn charter(&self) -> &Charter {
        &self.charter
    }

    fn lies(&self) -> Lies {
        Lies::InMemory
    }

    fn coin(&self, sn: SerialNumber) -> Result<Option<Holding>, LedgerError> {
        self.read(|entries| entries.coins.get(&sn).cloned())
    }

    fn lineage(&self, origin: Origin) -> Result<Option<Lineage>, LedgerError> {
        self.read(|entries| entries.lineages.get(&origin).cloned())
    }

    fn was_given_back(&self, sn: SerialNumber) -> Result<bool, LedgerError> {
        self.read(|entries| entries.given_back.contains(&sn))
    }

    fn record(&self, id: RequestId) -> Result<Option<Record>, LedgerError> {
        self.read(|entries| entries.records.get(&id).cloned())
    }

    fn counts(&self) -> Result<Counts, LedgerError> {
        self.read(|entries| entries.counts)
    }

    fn scan(&self, see: &mut dyn FnMut(SerialNumber, Holding)) -> Result<(), LedgerError> {
        self.read(|entries| entries.coins.iter().for_each(|(sn, held)| see(*sn, held.clone())))
    }

    fn commit(&self, changes: &Changes) -> Result<(), LedgerError> {
        let mut state = self.disk.state();
        if state.closed || state.life != self.life {
            return Err(LedgerError::Closed);
        }
        let due = state.fault.filter(|(commit, _)| *commit == state.commits);
        state.commits += 1;
        let Some((_, fault)) = due else {
            state.synced.apply(changes);
            return Ok(());
        };
        state.closed = true;
        match fault {
            Fault::WriteFails | Fault::SyncFails => {}
            Fault::SyncFailsLate => state.survives = Some(changes.clone()),
        }
        Err(LedgerError::Store(Box::new(Simulated(fault))))
    }
}
