//! Reservations: serial numbers of the pool that are kept for the owner of some coins, for a
//! minute, in memory.
//!
//! A reservation lives as long as its coins are in circulation as they were shown: whoever has
//! given them away keeps nothing. That is looked at when another wants what it keeps.

use std::collections::{BTreeSet, HashMap, HashSet};

use coin::SerialNumber;
use raida::api::{RequestId, Reservation};
use tokio::time::Instant;

use super::Refused;
use crate::ledger::{Draft, LedgerError};
use crate::limits::{CANCEL_PAUSE, CANCELLATIONS_MAX, RESERVATION_LIFE, RESERVED_COINS_MAX};

/// The living reservations of an agent, and how many cancellations it takes from strangers.
#[derive(Default)]
pub(crate) struct Reservations {
    living: HashMap<RequestId, (Instant, Reservation)>,
    by_end: BTreeSet<(Instant, RequestId)>,
    numbers: HashMap<SerialNumber, RequestId>,
    shown: HashMap<SerialNumber, RequestId>,
    /// When the cancellations that were taken from strangers are forgiven.
    cancellations_until: Option<Instant>,
}

impl Reservations {
    /// Tells whether a serial number is kept for somebody.
    pub(crate) fn keeps(&self, sn: SerialNumber) -> bool {
        self.numbers.contains_key(&sn)
    }

    /// Returns how many reservations there are.
    pub(crate) fn count(&self) -> usize {
        self.living.len()
    }

    /// Ends the reservations whose time is over.
    pub(crate) fn forget_old(&mut self, now: Instant) {
        while let Some((end, id)) = self.by_end.first().copied()
            && end <= now
        {
            self.release(id);
        }
    }

    /// Ends a reservation, if there is one.
    pub(crate) fn release(&mut self, id: RequestId) {
        let Some((end, reservation)) = self.living.remove(&id) else { return };
        self.by_end.remove(&(end, id));
        for sn in reservation.numbers() {
            self.numbers.remove(sn);
        }
        for (sn, _) in reservation.inputs() {
            self.shown.remove(sn);
        }
    }

    /// Tells what another living reservation has of these: serial numbers that it keeps, or coins
    /// that it shows.
    pub(super) fn rival(
        &mut self,
        draft: &Draft<'_>,
        id: RequestId,
        numbers: &(impl Iterator<Item = SerialNumber> + Clone),
        shown: &(impl Iterator<Item = SerialNumber> + Clone),
    ) -> Result<Option<Refused>, LedgerError> {
        let keepers = numbers.clone().filter_map(|sn| self.numbers.get(&sn));
        let showers = shown.clone().filter_map(|sn| self.shown.get(&sn));
        let rivals: HashSet<RequestId> = keepers.chain(showers).copied().collect();
        for rival in rivals {
            if rival != id && self.is_stale(draft, rival)? {
                self.release(rival);
            }
        }
        let others = |owner: Option<&RequestId>| owner.is_some_and(|owner| *owner != id);
        let kept = numbers.clone().find(|sn| others(self.numbers.get(sn)));
        let kept = kept.map(|sn| Refused::Reserved { sn });
        Ok(kept.or_else(|| {
            let shown = shown.clone().find(|sn| others(self.shown.get(sn)));
            shown.map(|sn| Refused::Shown { sn })
        }))
    }

    /// Keeps what nobody else has, in place of what was kept under the same id.
    pub(super) fn keep(
        &mut self,
        id: RequestId,
        reservation: Reservation,
        now: Instant,
    ) -> Result<(), Refused> {
        let before = self.living.get(&id).map_or(0, |(_, before)| before.count());
        let entries = self.numbers.len() + self.shown.len();
        if entries - before + reservation.count() > RESERVED_COINS_MAX {
            return Err(Refused::TooManyReservations);
        }
        self.release(id);
        self.numbers.extend(reservation.numbers().iter().map(|sn| (*sn, id)));
        self.shown.extend(reservation.inputs().iter().map(|(sn, _)| (*sn, id)));
        let end = now + RESERVATION_LIFE;
        self.by_end.insert((end, id));
        self.living.insert(id, (end, reservation));
        Ok(())
    }

    /// Tells whether one more cancellation is taken from somebody who shows no coin: each is
    /// written to disk for ever.
    pub(super) fn allows_cancellation(&mut self, now: Instant) -> bool {
        let until = self.cancellations_until.map_or(now, |until| until.max(now)) + CANCEL_PAUSE;
        let allowed = until <= now + CANCEL_PAUSE * CANCELLATIONS_MAX;
        if allowed {
            self.cancellations_until = Some(until);
        }
        allowed
    }

    fn is_stale(&self, draft: &Draft<'_>, id: RequestId) -> Result<bool, LedgerError> {
        let Some((_, reservation)) = self.living.get(&id) else { return Ok(false) };
        for (sn, an) in reservation.inputs() {
            if draft.an(*sn)?.as_ref() != Some(an) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
