//! What one commit writes: coins, lineages, records of requests, and the counts of coins and records.
//!
//! A [`Draft`] is how changes are put together: it shows the ledger as it will be, and keeps the
//! counts right.

use std::collections::{HashMap, HashSet};

use coin::{AuthenticityNumber, Lineage, Origin, SerialNumber};
use raida::api::RequestId;

use super::store::{AROUND_BYTES, CHANGE_BYTES};
use super::{Counts, Holding, Ledger, LedgerError, Record};

/// Changes of a ledger that are made together or not at all.
#[derive(Clone, Default)]
pub struct Changes {
    /// Coins with what is held of them from now on; `None` takes a coin out of circulation.
    pub(super) coins: HashMap<SerialNumber, Option<Holding>>,
    /// Coins that an exchange has given back to the pool.
    pub(super) given_back: HashSet<SerialNumber>,
    /// Exchanges that were executed.
    pub(super) lineages: HashMap<Origin, Lineage>,
    /// What became of requests.
    pub(super) records: HashMap<RequestId, Record>,
    /// The counts from now on, where they change.
    pub(super) counts: Option<Counts>,
}

impl Changes {
    /// Returns how many entries of the ledger they write.
    pub(super) fn len(&self) -> usize {
        self.coins.len()
            + self.given_back.len()
            + self.lineages.len()
            + self.records.len()
            + usize::from(self.counts.is_some())
    }

    /// Returns how many bytes they take in the journal of a store, about.
    pub(super) fn bytes(&self) -> u64 {
        const INPUT_BYTES: usize = 5 + Origin::BYTES;
        let made = self.coins.values().flatten().filter(|held| held.origin != Origin::Minted);
        let lineages = self.lineages.values().map(|lineage| {
            let coins = lineage.inputs().len() * INPUT_BYTES + lineage.outputs().len() * 4;
            (Origin::BYTES + coins) as u64 + AROUND_BYTES
        });
        let others = (self.len() - self.lineages.len()) as u64 * CHANGE_BYTES;
        others + (made.count() * Origin::BYTES) as u64 + lineages.sum::<u64>()
    }
}

/// Changes that are being put together over a ledger. It shows them as if they were made already.
pub struct Draft<'l> {
    ledger: &'l dyn Ledger,
    changes: Changes,
}

/// Sets the ANs of coins of the mint, in one commit; those that the ledger does not know come into
/// circulation.
///
/// # Errors
///
/// See [`Ledger::commit`].
///
/// # Crash safety
///
/// See [`Ledger::commit`].
pub fn put(
    ledger: &dyn Ledger,
    coins: &[(SerialNumber, AuthenticityNumber)],
) -> Result<(), LedgerError> {
    let mut draft = Draft::over(ledger);
    for (sn, an) in coins {
        draft.set(*sn, Holding::minted(an.clone()))?;
    }
    draft.commit()
}

impl<'l> Draft<'l> {
    /// Begins with no changes.
    pub fn over(ledger: &'l dyn Ledger) -> Draft<'l> {
        Draft { ledger, changes: Changes::default() }
    }

    /// Returns what will be held of a coin, or `None` when it will not be in circulation.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn coin(&self, sn: SerialNumber) -> Result<Option<Holding>, LedgerError> {
        match self.changes.coins.get(&sn) {
            Some(changed) => Ok(changed.clone()),
            None => self.ledger.coin(sn),
        }
    }

    /// Returns the AN that a coin will have, or `None` when it will not be in circulation.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn an(&self, sn: SerialNumber) -> Result<Option<AuthenticityNumber>, LedgerError> {
        Ok(self.coin(sn)?.map(|held| held.an))
    }

    /// Returns which exchange an origin is, if it will have been executed here.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn lineage(&self, origin: Origin) -> Result<Option<Lineage>, LedgerError> {
        match self.changes.lineages.get(&origin) {
            Some(lineage) => Ok(Some(lineage.clone())),
            None => self.ledger.lineage(origin),
        }
    }

    /// Returns what will be known of a request.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn record(&self, id: RequestId) -> Result<Option<Record>, LedgerError> {
        match self.changes.records.get(&id) {
            Some(record) => Ok(Some(record.clone())),
            None => self.ledger.record(id),
        }
    }

    /// Replaces what is held of a coin that is in circulation, as the caller has seen.
    pub fn replace(&mut self, sn: SerialNumber, holding: Holding) {
        self.changes.coins.insert(sn, Some(holding));
    }

    /// Brings a coin into circulation that is not, as the caller has seen.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn enter(&mut self, sn: SerialNumber, holding: Holding) -> Result<(), LedgerError> {
        self.counts()?.enter(sn.denomination());
        self.changes.coins.insert(sn, Some(holding));
        Ok(())
    }

    /// Writes down which exchange an origin is. That stays known for ever.
    pub fn trace(&mut self, origin: Origin, lineage: Lineage) {
        self.changes.lineages.insert(origin, lineage);
    }

    /// Takes a coin out of circulation that is in it, as the caller has seen.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails, or the ledger has counted fewer coins.
    pub fn remove(&mut self, sn: SerialNumber) -> Result<(), LedgerError> {
        self.counts()?.remove(sn.denomination())?;
        self.changes.coins.insert(sn, None);
        Ok(())
    }

    /// Takes a coin out of circulation as [`remove`](Draft::remove) does, because its owner was
    /// given others for it. That stays known for ever.
    ///
    /// # Errors
    ///
    /// See [`remove`](Draft::remove).
    pub fn give_back(&mut self, sn: SerialNumber) -> Result<(), LedgerError> {
        self.remove(sn)?;
        self.changes.given_back.insert(sn);
        Ok(())
    }

    /// Tells whether a coin has ever been given back.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn was_given_back(&self, sn: SerialNumber) -> Result<bool, LedgerError> {
        Ok(self.changes.given_back.contains(&sn) || self.ledger.was_given_back(sn)?)
    }

    /// Tells whether a serial number is in circulation or was ever given back: nobody may mint it. The
    /// mint makes a coin once; made again it would be there beside what it was exchanged for.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn is_used(&self, sn: SerialNumber) -> Result<bool, LedgerError> {
        Ok(self.coin(sn)?.is_some() || self.was_given_back(sn)?)
    }

    /// Sets what is held of a coin, whether it is in circulation or not.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn set(&mut self, sn: SerialNumber, holding: Holding) -> Result<(), LedgerError> {
        match self.coin(sn)? {
            Some(_) => self.replace(sn, holding),
            None => self.enter(sn, holding)?,
        }
        Ok(())
    }

    /// Writes down what became of a request, in place of what was known of it.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails, or the ledger has counted fewer records.
    pub fn note(&mut self, id: RequestId, record: Record) -> Result<(), LedgerError> {
        // There is one record for each count.
        let before = self.record(id)?;
        let counts = self.counts()?;
        if let Some(before) = before {
            counts.forget(&before)?;
        }
        counts.note(&record);
        self.changes.records.insert(id, record);
        Ok(())
    }

    /// Returns the coins that will change, in the order of their serial numbers, with what is held
    /// of each now.
    pub(crate) fn changed(&self) -> Result<Vec<(SerialNumber, Option<Holding>)>, LedgerError> {
        let mut coins: Vec<SerialNumber> = self.changes.coins.keys().copied().collect();
        coins.sort_unstable();
        coins.into_iter().map(|sn| Ok((sn, self.ledger.coin(sn)?))).collect()
    }

    /// Returns how many coins will change.
    pub(crate) fn coins(&self) -> usize {
        self.changes.coins.len()
    }

    /// Commits the changes, if there are any.
    ///
    /// # Errors
    ///
    /// See [`Ledger::commit`].
    ///
    /// # Crash safety
    ///
    /// See [`Ledger::commit`].
    pub fn commit(self) -> Result<(), LedgerError> {
        if self.changes.len() == 0 {
            return Ok(());
        }
        self.ledger.commit(&self.changes)
    }

    fn counts(&mut self) -> Result<&mut Counts, LedgerError> {
        let counts = match self.changes.counts.take() {
            Some(counts) => counts,
            None => self.ledger.counts()?,
        };
        Ok(self.changes.counts.insert(counts))
    }
}
