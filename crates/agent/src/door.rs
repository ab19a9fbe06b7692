//! Who may come in, and how fast: connections from one address, and its requests and coins in a
//! second.
//!
//! ```text
//! connection ──▶ admit ──┬─▶ Guest ──▶ request ──▶ may_ask ──▶ … ──▶ answered(coins)
//!                        └─▶ Excess
//! ```
//!
//! An address is an IPv4 address or the first 64 bits of an IPv6 address: who has one address of
//! such a network has all of them. Each agent has a door of its own, since a wallet opens one
//! connection to each; a request takes no lock.

mod limits;
mod rate;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub use self::limits::{BadLimit, Limits, LimitsGiven};
use self::rate::Debt;
use crate::limits::ADDRESSES_MAX;

/// The door of one agent.
pub(crate) struct Door {
    limits: Limits,
    opened: Instant,
    shares: Mutex<HashMap<IpAddr, Arc<Share>>>,
}

/// Somebody who was let in; the place is free again when it is dropped.
pub(crate) struct Guest {
    limits: Limits,
    opened: Instant,
    share: Option<Arc<Share>>,
}

/// Why somebody is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Excess {
    #[error("this address has {0} connections already")]
    Connections(usize),
    #[error("more than {0} requests a second from this address")]
    Requests(u32),
    #[error("more than {0} coins a second from this address")]
    Coins(u32),
}

/// What one address uses.
#[derive(Default)]
struct Share {
    connections: AtomicUsize,
    requests: Debt,
    coins: Debt,
}

impl Door {
    pub(crate) fn new(limits: Limits) -> Door {
        Door { limits, opened: Instant::now(), shares: Mutex::default() }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Lets a connection in.
    pub(crate) fn admit(&self, from: IpAddr) -> Result<Guest, Excess> {
        let most = self.limits.connections_per_address;
        let mut shares = self.shares();
        let from = origin(from);
        if !shares.contains_key(&from) {
            self.make_room(&mut shares);
        }
        let share = shares.entry(from).or_default();
        if share.connections.load(Ordering::Relaxed) >= most {
            return Err(Excess::Connections(most));
        }
        share.connections.fetch_add(1, Ordering::Relaxed);
        Ok(self.guest(Some(Arc::clone(share))))
    }

    /// Returns a guest without an address, such as the other end of a pipe, who shares nothing
    /// with anybody.
    pub(crate) fn stranger(&self) -> Guest {
        self.guest(None)
    }

    fn guest(&self, share: Option<Arc<Share>>) -> Guest {
        Guest { limits: self.limits.clone(), opened: self.opened, share }
    }

    /// Forgets addresses that are gone and owe nothing; when all owe something, that half of them
    /// which owes less. Connections are far fewer than addresses, so that there always are some.
    fn make_room(&self, shares: &mut HashMap<IpAddr, Arc<Share>>) {
        if shares.len() < ADDRESSES_MAX {
            return;
        }
        let now = self.opened.elapsed();
        shares.retain(|_, share| share.is_here() || !share.owes(now).is_zero());
        if shares.len() < ADDRESSES_MAX {
            return;
        }
        let gone = shares.iter().filter(|(_, share)| !share.is_here());
        let mut gone: Vec<_> = gone.map(|(origin, share)| (share.owes(now), *origin)).collect();
        gone.sort_unstable();
        for (_, origin) in &gone[..gone.len().div_ceil(2)] {
            shares.remove(origin);
        }
    }

    fn shares(&self) -> MutexGuard<'_, HashMap<IpAddr, Arc<Share>>> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// Counts a request, unless the address has asked too much of late.
    pub(crate) fn may_ask(&self) -> Result<(), Excess> {
        let Some(share) = &self.share else { return Ok(()) };
        let now = self.opened.elapsed();
        if let Some(rate) = self.limits.coins_per_second
            && share.coins.is_too_deep(now)
        {
            return Err(Excess::Coins(rate.get()));
        }
        if let Some(rate) = self.limits.requests_per_second
            && !share.requests.borrow(now, rate)
        {
            return Err(Excess::Requests(rate.get()));
        }
        Ok(())
    }

    /// Counts the coins of a request that was answered: they are paid for afterwards.
    pub(crate) fn answered(&self, coins: usize) {
        if let (Some(share), Some(rate)) = (&self.share, self.limits.coins_per_second) {
            share.coins.add(self.opened.elapsed(), rate, coins);
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(share) = &self.share {
            share.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Share {
    fn is_here(&self) -> bool {
        self.connections.load(Ordering::Relaxed) > 0
    }

    fn owes(&self, now: Duration) -> Duration {
        self.requests.left(now).max(self.coins.left(now))
    }
}

/// Returns what counts as one address.
fn origin(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(v6) => {
            let network = v6.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests;
