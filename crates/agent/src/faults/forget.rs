//! What a forgetful agent needs: to know what it has done of late, and to undo it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coin::SerialNumber;

use crate::committer::Act;
use crate::ledger::{Draft, Holding, LedgerError};
use crate::limits::FORGET_CHANGES_MAX;

/// The last changes of coins of one agent, kept only where faults are allowed. Coins of one commit
/// are in the order of their serial numbers.
#[derive(Default)]
pub(crate) struct History(Mutex<Past>);

#[derive(Default)]
struct Past {
    /// Each coin with what was held before.
    changes: VecDeque<(SerialNumber, Option<Holding>)>,
    /// Changes since the agent last forgot.
    fresh: usize,
    /// What is being undone is no change that could be undone.
    undone: HashSet<SerialNumber>,
}

/// Undoes the last so many changes of coins, the newest first. A coin that came into circulation
/// leaves it.
pub(crate) struct Forget {
    pub(crate) history: Arc<History>,
    pub(crate) last: usize,
}

impl History {
    /// Notes what a commit is about to change.
    pub(crate) fn note(&self, draft: &Draft<'_>) -> Result<(), LedgerError> {
        let mut past = self.past();
        for (sn, held) in draft.changed()? {
            if past.undone.contains(&sn) {
                continue;
            }
            past.changes.push_back((sn, held));
            past.fresh += 1;
            if past.changes.len() > FORGET_CHANGES_MAX as usize {
                past.changes.pop_front();
            }
        }
        past.undone.clear();
        Ok(())
    }

    /// Returns how many changes were made since the agent last forgot.
    pub(crate) fn fresh(&self) -> usize {
        self.past().fresh
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Act for Forget {
    type Outcome = ();

    /// It closes its group, so that nothing is changed behind it.
    fn coins(&self) -> usize {
        FORGET_CHANGES_MAX as usize
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<(), LedgerError> {
        let mut past = self.history.past();
        past.fresh = 0;
        for _ in 0..self.last {
            let Some((sn, held)) = past.changes.pop_back() else { break };
            match held {
                Some(holding) => draft.set(sn, holding)?,
                None if draft.an(sn)?.is_some() => draft.remove(sn)?,
                None => {}
            }
            past.undone.insert(sn);
        }
        Ok(())
    }
}
