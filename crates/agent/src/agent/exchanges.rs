//! What an agent does with exchanges, and what it has counted.

use coin::{Lineage, Origin, SerialNumber};
use jiff::Timestamp;
use raida::api::{
    Breaking, Cancellation, Dud, Exchange, KnownCoin, RequestId, Reservation, Route, Wanted,
};
use tokio::time::Instant;

use super::{Agent, Stopped};
use crate::exchange::{Cancel, Exchanged, Execute, Memory, Refused, Reserve, pool};
use crate::ledger::Counts;

/// What an agent has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// What its ledger says.
    pub counts: Counts,
    /// Reservations that live.
    pub pending: usize,
}

/// Coins that an agent made for one that was broken.
pub(crate) type Change = Vec<KnownCoin>;

impl Agent {
    /// Carries out an exchange, once for each id; the same request again is answered the same.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed; the inner error when nothing was changed.
    ///
    /// # Crash safety
    ///
    /// On disk when it returns; before, after a crash, wholly or not at all.
    pub async fn exchange(
        &self,
        id: RequestId,
        exchange: Exchange,
    ) -> Result<Result<Exchanged, Refused>, Stopped> {
        let content = exchange.content();
        self.execute(Memory::Named(id), exchange, content).await
    }

    /// Carries out an exchange of v1, which has no id: the same request within an hour is
    /// answered the same.
    pub(crate) async fn exchange_hashed(
        &self,
        route: Route,
        exchange: Exchange,
    ) -> Result<Result<Exchanged, Refused>, Stopped> {
        let content = exchange.content();
        self.execute(Memory::hashed(route, &content, now_s()), exchange, content).await
    }

    /// Breaks a coin and chooses the secrets of what it is broken into; the same request within an
    /// hour is answered with the same secrets.
    ///
    /// # Errors
    ///
    /// The outer error when the request cannot be right; see [`Agent::exchange`].
    pub(crate) async fn change(
        &self,
        breaking: Breaking,
    ) -> Result<Result<Result<Change, Refused>, Stopped>, Dud> {
        let numbers = breaking.numbers.clone();
        let nothing = coin::AuthenticityNumber::from_bytes([0; 16]);
        let content = breaking.clone().with_secrets(|_| nothing.clone())?.content();
        let memory = Memory::hashed(Route::Change, &content, now_s());
        let Memory::Hashed { salt, .. } = &memory else { unreachable!("it was made of a hash") };
        let exchange = breaking.with_secrets(|sn| pool::secret(salt, sn))?;
        Ok(self.execute(memory, exchange, content).await.map(|decided| {
            decided.map(|Exchanged { salt, .. }| {
                let made = |salt: coin::AuthenticityNumber| {
                    numbers.iter().map(|sn| (*sn, pool::secret(&salt, *sn))).collect()
                };
                salt.map(made).unwrap_or_default()
            })
        }))
    }

    /// Keeps serial numbers of the pool for the owner of coins, for a minute.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed; the inner error when nothing was reserved.
    pub async fn reserve(
        &self,
        id: RequestId,
        reservation: Reservation,
    ) -> Result<Result<(), Refused>, Stopped> {
        let (desk, now) = (self.desk.clone(), Instant::now());
        self.committer.carry_out(Reserve { id, reservation, desk, now }).await
    }

    /// Sees to it that a request is not executed any more, and takes back what was executed if that
    /// is asked for.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed; [`Refused::Executed`] when the request was executed
    /// before, [`Refused::Kept`] when that cannot be taken back.
    ///
    /// # Crash safety
    ///
    /// On disk when it returns.
    pub async fn cancel(
        &self,
        id: RequestId,
        asked: Cancellation,
    ) -> Result<Result<(), Refused>, Stopped> {
        let (desk, now) = (self.desk.clone(), Instant::now());
        self.committer.carry_out(Cancel { id, asked, desk, now }).await
    }

    /// Returns which exchange an origin is, if it was ever executed here.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed.
    pub async fn lineage(&self, origin: Origin) -> Result<Option<Lineage>, Stopped> {
        self.read(move |ledger| ledger.lineage(origin)).await
    }

    /// Offers serial numbers of the pool that are not reserved.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed.
    pub async fn offer(&self, wanted: Wanted) -> Result<Vec<SerialNumber>, Stopped> {
        let desk = self.desk.clone();
        self.read(move |ledger| {
            desk.open().forget_old(Instant::now());
            pool::offer(&wanted, |sn| Ok(ledger.an(sn)?.is_none() && !desk.open().keeps(sn)))
        })
        .await
    }

    /// Returns what the agent has counted.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed.
    pub async fn census(&self) -> Result<Census, Stopped> {
        let desk = self.desk.clone();
        self.read(move |ledger| {
            let mut reservations = desk.open();
            reservations.forget_old(Instant::now());
            let pending = reservations.count();
            drop(reservations);
            Ok(Census { counts: ledger.counts()?, pending })
        })
        .await
    }

    async fn execute(
        &self,
        memory: Memory,
        exchange: Exchange,
        content: [u8; 32],
    ) -> Result<Result<Exchanged, Refused>, Stopped> {
        let (desk, now) = (self.desk.clone(), Instant::now());
        self.committer.carry_out(Execute { memory, exchange, content, desk, now }).await
    }
}

fn now_s() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}
