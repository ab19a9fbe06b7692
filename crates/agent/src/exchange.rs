//! Exchanges: coins of one owner for serial numbers of the pool, of equal value, wholly or not at
//! all, and once for each id.
//!
//! ```text
//! reserve ──▶ Reservations (in memory, 60 s)
//! exchange ─▶ record? ─▶ inputs held? ─▶ outputs in the pool? ─▶ nobody else's? ─▶ draft
//! cancel ───▶ record? ─▶ draft                 to take back: outputs held? ─▶ inputs free? ─▶ draft
//! ```
//!
//! The coins that an exchange makes bear its origin, which the agent makes itself of what it holds.
//!
//! All three are decided by the committer, one after the other, so that of two who want the same
//! serial number one comes first. What a coin leaves is in the pool again at once.

pub(crate) mod catch_up;
mod lineages;
pub(crate) mod pool;
pub(crate) mod reservations;
mod take_back;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coin::{AuthenticityNumber, Lineage, Origin, SerialNumber};
use raida::api::{Cancellation, Exchange, KnownCoin, RequestId, Reservation, Route};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use self::reservations::Reservations;
pub use self::take_back::Kept;
use crate::committer::Act;
use crate::ledger::{Draft, LedgerError, Record};
use crate::limits::HASHED_LIFE;
use crate::words::Words;

/// Why an exchange, a reservation or a cancellation was not done; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The request was executed before.
    #[error("the exchange was executed")]
    Executed,
    /// The request was executed before and is not taken back.
    #[error("the exchange was executed and is not taken back: {0}")]
    Kept(Kept),
    /// The request was cancelled and is never executed.
    #[error("the request was cancelled")]
    Cancelled,
    /// The id belongs to a request with another content.
    #[error("this id was used for another request")]
    OtherContent,
    /// A coin is not in circulation with this AN.
    #[error("coin {sn} is counterfeit")]
    NotHeld {
        /// The coin.
        sn: SerialNumber,
    },
    /// A serial number is in circulation.
    #[error("serial number {sn} is not in the pool")]
    NotInPool {
        /// The serial number.
        sn: SerialNumber,
    },
    /// A serial number is kept for another request.
    #[error("serial number {sn} is reserved by another")]
    Reserved {
        /// The serial number.
        sn: SerialNumber,
    },
    /// The agent has given its word that it holds this coin.
    #[error("coin {sn} is being vouched for, ask again in some seconds")]
    Vouched {
        /// The coin.
        sn: SerialNumber,
    },
    /// A coin is shown by another reservation.
    #[error("coin {sn} has another reservation")]
    Shown {
        /// The coin.
        sn: SerialNumber,
    },
    /// There are too many reservations.
    #[error("there are too many reservations, ask again in a minute")]
    TooManyReservations,
    /// There are too many cancellations that show no coin.
    #[error("there are too many cancellations, show a coin that is held")]
    TooManyCancellations,
}

/// An exchange was executed, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// What the secrets were made of that the agent chose; with requests of v1 only.
    pub salt: Option<AuthenticityNumber>,
    /// The origin of the coins that it made; unknown of one with an id that an earlier version
    /// executed, and with a later answer to a request of v1.
    pub origin: Option<Origin>,
}

/// For how long a request is remembered, and by what.
#[derive(Clone)]
pub(crate) enum Memory {
    /// By its id, for ever.
    Named(RequestId),
    /// By its hash, for an hour: requests of v1 have no id.
    Hashed {
        /// The id that is made of the hash.
        id: RequestId,
        /// Seconds since 1970.
        now_s: u64,
        /// What secrets are made of that the agent chooses.
        salt: AuthenticityNumber,
    },
}

/// The reservations of an agent and the words that it has given, shared by the acts that need
/// them.
#[derive(Clone, Default)]
pub(crate) struct Desk {
    reservations: Arc<Mutex<Reservations>>,
    words: Words,
}

/// Gives the inputs back to the pool and brings the outputs into circulation.
pub(crate) struct Execute {
    pub(crate) memory: Memory,
    pub(crate) exchange: Exchange,
    /// The hash of what was asked.
    pub(crate) content: [u8; 32],
    pub(crate) desk: Desk,
    pub(crate) now: Instant,
}

/// Keeps serial numbers for the owner of coins. A reservation takes the place of the one with the
/// same id.
pub(crate) struct Reserve {
    pub(crate) id: RequestId,
    pub(crate) reservation: Reservation,
    pub(crate) desk: Desk,
    pub(crate) now: Instant,
}

/// Sees to it that a request is never executed any more, and takes it back if that is asked for.
pub(crate) struct Cancel {
    pub(crate) id: RequestId,
    pub(crate) asked: Cancellation,
    pub(crate) desk: Desk,
    pub(crate) now: Instant,
}

impl Desk {
    /// Makes a desk without reservations that keeps these words.
    pub(crate) fn keeping(words: Words) -> Desk {
        Desk { reservations: Arc::default(), words }
    }

    pub(crate) fn open(&self) -> MutexGuard<'_, Reservations> {
        self.reservations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Returns how a request of v1 is remembered: by its route and its content, neither of which
    /// anybody can know who does not know the coins' secrets.
    pub(crate) fn hashed(route: Route, content: &[u8; 32], now_s: u64) -> Memory {
        let mut hash = Sha256::new_with_prefix("liveconnect/1 request ");
        hash.update(route.name());
        hash.update(content);
        let hash: [u8; 32] = hash.finalize().into();
        let id = RequestId::from_bytes(std::array::from_fn(|i| hash[i]));
        Memory::Hashed { id, now_s, salt: AuthenticityNumber::from_bytes(rand::random()) }
    }

    fn id(&self) -> RequestId {
        match self {
            Memory::Named(id) | Memory::Hashed { id, .. } => *id,
        }
    }

    fn record(self, content: [u8; 32], origin: Origin) -> (Record, Exchanged) {
        let origin = Some(origin);
        match self {
            Memory::Named(_) => {
                (Record::Exchanged { content, origin }, Exchanged { salt: None, origin })
            }
            Memory::Hashed { now_s, salt, .. } => {
                let exchanged = Exchanged { salt: Some(salt.clone()), origin };
                (Record::Hashed { content, at_s: now_s, salt }, exchanged)
            }
        }
    }

    /// Tells what is known of a request from its record, or nothing when that is too old.
    fn recall(&self, record: Record, content: &[u8; 32]) -> Option<Result<Exchanged, Refused>> {
        let (known, salt, origin) = match (record, self) {
            (Record::Cancelled, _) => return Some(Err(Refused::Cancelled)),
            (Record::Exchanged { content, origin }, _) => (content, None, origin),
            (Record::Hashed { at_s, .. }, Memory::Hashed { now_s, .. })
                if now_s.saturating_sub(at_s) >= HASHED_LIFE.as_secs() =>
            {
                return None;
            }
            (Record::Hashed { content, salt, .. }, _) => (content, Some(salt), None),
        };
        let exchanged = Exchanged { salt, origin };
        Some(if known == *content { Ok(exchanged) } else { Err(Refused::OtherContent) })
    }
}

impl Act for Execute {
    type Outcome = Result<Exchanged, Refused>;

    fn coins(&self) -> usize {
        self.exchange.inputs().len() + self.exchange.outputs().len()
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<Self::Outcome, LedgerError> {
        let id = self.memory.id();
        if let Some(record) = draft.record(id)?
            && let Some(known) = self.memory.recall(record, &self.content)
        {
            return Ok(known);
        }
        let given = match origins(draft, self.exchange.inputs())? {
            Ok(given) => given,
            Err(refused) => return Ok(Err(refused)),
        };
        let outputs = self.exchange.outputs().iter().map(|(sn, _)| *sn);
        if let Some(refused) = not_in_pool(draft, outputs.clone())? {
            return Ok(Err(refused));
        }
        let mut reservations = self.desk.open();
        reservations.forget_old(self.now);
        if let Some(refused) = reservations.rival(draft, id, &outputs, &[].into_iter())? {
            return Ok(Err(refused));
        }
        let mut words = self.desk.words.open();
        let inputs = self.exchange.inputs().iter();
        if let Some(sn) = inputs.map(|(sn, _)| *sn).find(|sn| words.wait_for(*sn).is_some()) {
            return Ok(Err(Refused::Vouched { sn }));
        }
        // From here on everything is done.
        reservations.release(id);
        let lineage = Lineage::new(given, outputs.collect());
        let secrets: HashMap<SerialNumber, &AuthenticityNumber> =
            self.exchange.outputs().iter().map(|(sn, secret)| (*sn, secret)).collect();
        let origin = lineages::carry_out(draft, lineage, |sn| secrets[&sn].clone())?;
        let (record, exchanged) = self.memory.record(self.content, origin);
        draft.note(id, record)?;
        Ok(Ok(exchanged))
    }
}

impl Act for Reserve {
    type Outcome = Result<(), Refused>;

    fn coins(&self) -> usize {
        self.reservation.count()
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<Self::Outcome, LedgerError> {
        match draft.record(self.id)? {
            Some(Record::Cancelled) => return Ok(Err(Refused::Cancelled)),
            Some(Record::Exchanged { .. } | Record::Hashed { .. }) => {
                return Ok(Err(Refused::Executed));
            }
            None => {}
        }
        let inputs = self.reservation.inputs();
        if let Err(refused) = origins(draft, inputs)? {
            return Ok(Err(refused));
        }
        let numbers = self.reservation.numbers().iter().copied();
        if let Some(refused) = not_in_pool(draft, numbers.clone())? {
            return Ok(Err(refused));
        }
        let mut reservations = self.desk.open();
        reservations.forget_old(self.now);
        let shown = inputs.iter().map(|(sn, _)| *sn);
        if let Some(refused) = reservations.rival(draft, self.id, &numbers, &shown)? {
            return Ok(Err(refused));
        }
        Ok(reservations.keep(self.id, self.reservation, self.now))
    }
}

impl Act for Cancel {
    type Outcome = Result<(), Refused>;

    fn coins(&self) -> usize {
        match &self.asked {
            Cancellation::Plain(shown) => shown.len() + 1,
            Cancellation::TakeBack(back) => back.inputs().len() + back.outputs().len() + 1,
        }
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<Self::Outcome, LedgerError> {
        match draft.record(self.id)? {
            Some(Record::Cancelled) => return Ok(Ok(())),
            Some(Record::Exchanged { origin, .. }) => {
                let Cancellation::TakeBack(back) = &self.asked else {
                    return Ok(Err(Refused::Executed));
                };
                if let Err(kept) = take_back::take_back(draft, origin, back, &self.desk.words)? {
                    return Ok(Err(Refused::Kept(kept)));
                }
                draft.note(self.id, Record::Cancelled)?;
                return Ok(Ok(()));
            }
            Some(Record::Hashed { .. }) => return Ok(Err(Refused::Executed)),
            None => {}
        }
        let shown = match &self.asked {
            Cancellation::Plain(shown) => shown.as_slice(),
            Cancellation::TakeBack(back) => back.inputs(),
        };
        let shows_none = shown.is_empty() || origins(draft, shown)?.is_err();
        let mut reservations = self.desk.open();
        if shows_none && !reservations.allows_cancellation(self.now) {
            return Ok(Err(Refused::TooManyCancellations));
        }
        reservations.release(self.id);
        draft.note(self.id, Record::Cancelled)?;
        Ok(Ok(()))
    }
}

/// Returns where coins came from that are held with these ANs.
fn origins(
    draft: &Draft<'_>,
    coins: &[KnownCoin],
) -> Result<Result<Vec<(SerialNumber, Origin)>, Refused>, LedgerError> {
    let mut origins = Vec::with_capacity(coins.len());
    for (sn, an) in coins {
        match draft.coin(*sn)? {
            Some(held) if held.an == *an => origins.push((*sn, held.origin)),
            Some(_) | None => return Ok(Err(Refused::NotHeld { sn: *sn })),
        }
    }
    Ok(Ok(origins))
}

fn not_in_pool(
    draft: &Draft<'_>,
    numbers: impl Iterator<Item = SerialNumber>,
) -> Result<Option<Refused>, LedgerError> {
    for sn in numbers {
        if draft.an(sn)?.is_some() {
            return Ok(Some(Refused::NotInPool { sn }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
