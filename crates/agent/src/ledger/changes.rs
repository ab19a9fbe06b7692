//! What one commit writes: coins, records of requests, and the counts of both.
//!
//! A [`Draft`] is how changes are put together: it shows the ledger as it will be, and keeps the
//! counts right.

use std::collections::{HashMap, HashSet};

use coin::{AuthenticityNumber, SerialNumber};
use raida::api::RequestId;

use super::{Counts, Ledger, LedgerError, Record};

/// Changes of a ledger that are made together or not at all.
#[derive(Clone, Default)]
pub struct Changes {
    /// Coins with the AN that they get; `None` takes a coin out of circulation.
    pub(super) coins: HashMap<SerialNumber, Option<AuthenticityNumber>>,
    /// Coins that an exchange has given back to the pool.
    pub(super) given_back: HashSet<SerialNumber>,
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
            + self.records.len()
            + usize::from(self.counts.is_some())
    }
}

/// Changes that are being put together over a ledger. It shows them as if they were made already.
pub struct Draft<'l> {
    ledger: &'l dyn Ledger,
    changes: Changes,
}

/// Sets the ANs of coins, in one commit; those that the ledger does not know come into circulation.
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
        draft.set(*sn, an.clone())?;
    }
    draft.commit()
}

impl<'l> Draft<'l> {
    /// Begins with no changes.
    pub fn over(ledger: &'l dyn Ledger) -> Draft<'l> {
        Draft { ledger, changes: Changes::default() }
    }

    /// Returns the AN that a coin will have, or `None` when it will not be in circulation.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn an(&self, sn: SerialNumber) -> Result<Option<AuthenticityNumber>, LedgerError> {
        match self.changes.coins.get(&sn) {
            Some(changed) => Ok(changed.clone()),
            None => self.ledger.an(sn),
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

    /// Replaces the AN of a coin that is in circulation, as the caller has seen.
    pub fn replace(&mut self, sn: SerialNumber, an: AuthenticityNumber) {
        self.changes.coins.insert(sn, Some(an));
    }

    /// Brings a coin into circulation that is not, as the caller has seen.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn enter(&mut self, sn: SerialNumber, an: AuthenticityNumber) -> Result<(), LedgerError> {
        self.counts()?.enter(sn.denomination());
        self.changes.coins.insert(sn, Some(an));
        Ok(())
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

    /// Sets the AN of a coin, whether it is in circulation or not.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn set(&mut self, sn: SerialNumber, an: AuthenticityNumber) -> Result<(), LedgerError> {
        match self.an(sn)? {
            Some(_) => self.replace(sn, an),
            None => self.enter(sn, an)?,
        }
        Ok(())
    }

    /// Writes down what became of a request of which nothing is known, or nothing that still
    /// counts, as the caller has seen.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the disk fails.
    pub fn note(&mut self, id: RequestId, record: Record) -> Result<(), LedgerError> {
        // What counts no more is replaced and not counted again: there is one record for each count.
        if self.record(id)?.is_none() {
            self.counts()?.note(&record);
        }
        self.changes.records.insert(id, record);
        Ok(())
    }

    /// Returns the coins that will change, in the order of their serial numbers, with what is held
    /// of each now.
    pub(crate) fn changed(
        &self,
    ) -> Result<Vec<(SerialNumber, Option<AuthenticityNumber>)>, LedgerError> {
        let mut coins: Vec<SerialNumber> = self.changes.coins.keys().copied().collect();
        coins.sort_unstable();
        coins.into_iter().map(|sn| Ok((sn, self.ledger.an(sn)?))).collect()
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
