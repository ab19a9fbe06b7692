//! One agent's part of a mint across machines: it enters the coins of an order with secrets of its
//! own making, and writes these secrets down for whoever makes the coins: its share.
//!
//! ```text
//! order ──▶ none known? ──▶ order.journal ──▶ ledger ──▶ order-ID.minted ──▶ share-07.ID.json
//!                           (a seed, synced)  (found,     (renamed)
//!                                              enter)
//! ```
//!
//! All secrets of an order come from one random seed, so that the same order always gives the same
//! share, and the record of it is short.
//!
//! # Crash safety
//!
//! The seed is on disk before any coin is entered. While the journal is there the agent does not
//! start, and the same command finishes the mint: a coin is entered only where none is known. Once
//! it is renamed the ledger is not touched again for this order, whatever became of its coins.

mod file;
mod record;

use std::path::{Path, PathBuf};

use coin::{AuthenticityNumber, SerialNumber};
use raida::NetworkId;

pub(super) use self::file::Share;
use self::record::Record;
use super::{PlacedOrder, ShareError};
use crate::data_dir::{self, DataDir, DataDirError};
use crate::ledger::{Charter, Draft, FjallLedger, Holding};
use crate::limits::MINT_COMMIT_COINS;

/// Enters the coins of an order in the ledger of one agent, which is founded when it is not there,
/// and writes `share-NN.ID.json` into `out`, which is made when it is not there. The same order again
/// gives the same share and changes nothing.
///
/// # Errors
///
/// [`ShareError::Known`] when the agent knows one of the serial numbers, or has given it back, and not
/// from this order:
/// then nothing is entered. See [`ShareError`] for the others.
///
/// # Crash safety
///
/// See the head of this file: the same command finishes a mint that was cut off.
pub fn mint_share(
    dir: &DataDir,
    agent: usize,
    order: &PlacedOrder,
    out: &Path,
) -> Result<PathBuf, ShareError> {
    let part = Part { dir, agent, order };
    let out = super::directory(out)?;
    let record = part.record()?;
    for step in Step::ALL {
        part.take(step, &record)?;
    }
    part.write_share(&record, &out)
}

/// Looks whether an order could be entered at an agent. Changes nothing.
///
/// # Errors
///
/// What [`mint_share`] would fail with.
pub fn can_mint_share(dir: &DataDir, agent: usize, order: &PlacedOrder) -> Result<(), ShareError> {
    let part = Part { dir, agent, order };
    match Record::find(dir, agent, order)? {
        Some(_) => Ok(()),
        None => part.knows_none(),
    }
}

/// What turns a record into entered coins; each step may be taken again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Found the ledger if it is not there.
    Found,
    /// Enter the coins that it lacks.
    Enter,
    /// Never touch the ledger for this order again.
    Close,
}

impl Step {
    pub(crate) const ALL: [Step; 3] = [Step::Found, Step::Enter, Step::Close];
}

/// An order at one agent.
pub(crate) struct Part<'a> {
    pub(crate) dir: &'a DataDir,
    pub(crate) agent: usize,
    pub(crate) order: &'a PlacedOrder,
}

impl Part<'_> {
    /// Finds the record of this order, or begins one; on disk when this returns.
    pub(crate) fn record(&self) -> Result<Record, ShareError> {
        if let Some(record) = Record::find(self.dir, self.agent, self.order)? {
            return Ok(record);
        }
        self.knows_none()?;
        Record::begin(self.dir, self.agent, self.order)
    }

    pub(crate) fn take(&self, step: Step, record: &Record) -> Result<(), ShareError> {
        if record.is_closed() {
            return Ok(());
        }
        match step {
            Step::Found => self.found(),
            Step::Enter => self.enter(record),
            Step::Close => record.close(self.dir),
        }
    }

    fn found(&self) -> Result<(), ShareError> {
        let place = self.dir.ledger(self.agent);
        if !place.exists() {
            let failed = |source| DataDirError::Ledger { agent: self.agent, source };
            FjallLedger::found(&place, &self.charter()).map_err(failed)?;
        }
        Ok(())
    }

    fn enter(&self, record: &Record) -> Result<(), ShareError> {
        let ledger = self.dir.open_ledger(self.agent, self.network())?;
        let failed = |source| ShareError::Ledger { agent: self.agent, source };
        for coins in self.order.coins().chunks(MINT_COMMIT_COINS) {
            let mut draft = Draft::over(&ledger);
            for sn in coins {
                if !draft.is_used(*sn).map_err(failed)? {
                    draft.enter(*sn, Holding::minted(record.secret(*sn))).map_err(failed)?;
                }
            }
            draft.commit().map_err(failed)?;
        }
        let witnessed = ledger.witness();
        Ok(witnessed.map_err(data_dir::failed_at(&self.dir.ledger(self.agent)))?)
    }

    pub(crate) fn write_share(&self, record: &Record, out: &Path) -> Result<PathBuf, ShareError> {
        let ans: Vec<AuthenticityNumber> =
            self.order.coins().iter().map(|sn| record.secret(*sn)).collect();
        let path = out.join(format!("share-{:02}.{}.json", self.agent, self.order.id().tag()));
        Share::new(self.order, self.agent, ans).write(&path)?;
        Ok(path)
    }

    /// Looks whether the ledger, if it is there, knows none of the serial numbers and has never given
    /// one back.
    fn knows_none(&self) -> Result<(), ShareError> {
        self.dir.is_for(self.agent)?;
        if !self.dir.ledger(self.agent).exists() {
            return Ok(());
        }
        let ledger = self.dir.open_ledger(self.agent, self.network())?;
        let failed = |source| ShareError::Ledger { agent: self.agent, source };
        let mut known: Vec<SerialNumber> = Vec::new();
        for sn in self.order.coins() {
            if Draft::over(&ledger).is_used(*sn).map_err(failed)? {
                known.push(*sn);
            }
        }
        let Some(first) = known.first().copied() else { return Ok(()) };
        let (agent, known, coins) = (self.agent, known.len(), self.order.coins().len());
        Err(ShareError::Known { agent, known, coins, first })
    }

    fn charter(&self) -> Charter {
        Charter { network: self.network().clone(), agent: self.agent }
    }

    fn network(&self) -> &NetworkId {
        self.order.network()
    }
}

#[cfg(test)]
mod tests;
