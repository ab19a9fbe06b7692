//! Who may connect and join, counted by network: an IPv4 address, or the /64 of an IPv6 address,
//! which is what one customer gets. Knows no sockets.
//!
//! A newcomer is refused; nobody who is in is ever sent away for a stranger. What is remembered of
//! networks is bounded: when it is too much, the past is forgotten, never who is connected.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::room::Code;

use crate::limits::NETWORKS_MAX;

/// How much one network, and all together, may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateLimits {
    /// Connections at once, in all (`too_many_connections`).
    pub connections_max: usize,
    /// Connections at once of one network (`too_many_connections`).
    pub connections_per_network_max: usize,
    /// Joins a minute of one network, all at once or one by one (`rate_limited`).
    pub joins_per_minute: u32,
    /// Connections a minute of one network that enter no room (`rate_limited`).
    pub failures_per_minute: u32,
}

/// Counts the connections of a relay.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: GateLimits,
    visitors: Mutex<Visitors>,
}

#[derive(Debug, Default)]
struct Visitors {
    connections: usize,
    networks: HashMap<IpAddr, Visitor>,
}

#[derive(Debug, Default)]
struct Visitor {
    connections: usize,
    joins: Bucket,
    failures: Bucket,
}

/// A connection that counts until this is dropped.
#[derive(Debug)]
pub(crate) struct Visit {
    gate: Arc<Gate>,
    network: IpAddr,
}

impl Gate {
    /// Makes the gate that nobody has come through.
    pub(crate) fn new(limits: GateLimits) -> Gate {
        Gate { limits, visitors: Mutex::default() }
    }

    /// Lets a connection in, or says why not.
    ///
    /// # Errors
    /// [`Code::TooManyConnections`], [`Code::RateLimited`].
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr, now: Instant) -> Result<Visit, Code> {
        let network = network_of(address);
        let mut visitors = self.visitors();
        if visitors.connections >= self.limits.connections_max {
            return Err(Code::TooManyConnections);
        }
        visitors.make_room(now);
        let visitor = visitors.networks.entry(network).or_default();
        if visitor.connections >= self.limits.connections_per_network_max {
            return Err(Code::TooManyConnections);
        }
        if !visitor.failures.has_one(now, self.limits.failures_per_minute) {
            return Err(Code::RateLimited);
        }
        visitor.connections += 1;
        visitors.connections += 1;
        Ok(Visit { gate: Arc::clone(self), network })
    }

    /// Returns how many connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.visitors().connections
    }

    /// A panic elsewhere leaves the numbers whole: no step of them has two halves.
    fn visitors(&self) -> MutexGuard<'_, Visitors> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visit {
    /// Counts a join.
    ///
    /// # Errors
    /// [`Code::RateLimited`].
    pub(crate) fn join(&self, now: Instant) -> Result<(), Code> {
        let per_minute = self.gate.limits.joins_per_minute;
        self.visitor(|visitor| visitor.joins.take(now, per_minute)).ok_or(Code::RateLimited)
    }

    /// Counts that this connection entered no room.
    pub(crate) fn fail(&self, now: Instant) {
        let per_minute = self.gate.limits.failures_per_minute;
        // Beyond the last one there is nothing left to count.
        let _ = self.visitor(|visitor| visitor.failures.take(now, per_minute));
    }

    fn visitor<T>(&self, act: impl FnOnce(&mut Visitor) -> T) -> T {
        act(self.gate.visitors().networks.entry(self.network).or_default())
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut visitors = self.gate.visitors();
        visitors.connections -= 1;
        if let Entry::Occupied(mut entry) = visitors.networks.entry(self.network) {
            entry.get_mut().connections -= 1;
            if entry.get().is_forgettable(Instant::now()) {
                entry.remove();
            }
        }
    }
}

impl Visitors {
    /// Forgets networks that no connection comes from, once there are too many.
    fn make_room(&mut self, now: Instant) {
        if self.networks.len() < NETWORKS_MAX {
            return;
        }
        self.networks.retain(|_, visitor| !visitor.is_forgettable(now));
        if self.networks.len() > NETWORKS_MAX / 2 {
            self.networks.retain(|_, visitor| visitor.connections > 0);
        }
    }
}

impl Visitor {
    fn is_forgettable(&self, now: Instant) -> bool {
        self.connections == 0 && self.joins.is_full(now) && self.failures.is_full(now)
    }
}

/// A token bucket that holds a minute's worth: one moment, at which it will be full again.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket(Option<Instant>);

const MINUTE: Duration = Duration::from_secs(60);

impl Bucket {
    fn full_at(self, now: Instant) -> Instant {
        self.0.map_or(now, |full_at| full_at.max(now))
    }

    fn is_full(self, now: Instant) -> bool {
        self.full_at(now) == now
    }

    fn has_one(self, now: Instant, per_minute: u32) -> bool {
        self.full_at(now) + MINUTE / per_minute.max(1) <= now + MINUTE
    }

    /// Takes one out, where there is one.
    fn take(&mut self, now: Instant, per_minute: u32) -> Option<()> {
        self.has_one(now, per_minute).then(|| {
            self.0 = Some(self.full_at(now) + MINUTE / per_minute.max(1));
        })
    }
}

fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests;
