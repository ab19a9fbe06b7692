//! What one agent counts while it works: numbers that are changed without a lock, once for each
//! request or commit, and read by [`text`] for whoever watches.

mod histogram;
pub(crate) mod text;
mod words;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use raida::api::{Route, Status};
use tokio::time::Instant;

use self::histogram::Histogram;
pub(crate) use self::words::Words;

/// Seconds of a commit, by power of four: from a quick disk to one that is stuck.
const COMMIT_SECONDS: [f64; 8] = [0.000_25, 0.001, 0.004, 0.016, 0.063, 0.25, 1.0, 4.0];

/// Coins of a commit.
const COMMIT_COINS: [f64; 6] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0];

/// Why a request or a connection was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Too many connections from one address.
    Connections,
    /// Too many requests a second from one address.
    RequestRate,
    /// Too many coins a second from one address.
    CoinRate,
    /// Too many bytes in a request.
    Body,
    /// Too many coins in a request.
    Batch,
    /// A request that did not arrive in time.
    Slow,
    /// A request that broke off.
    BrokenOff,
    /// Another method than GET and POST.
    Method,
}

/// The numbers of one agent.
pub(crate) struct Tally {
    began: Instant,
    /// By route and status word; paths that are no route come last.
    requests: Vec<[AtomicU64; Status::ALL.len()]>,
    coins: [AtomicU64; Status::ALL.len()],
    refusals: [AtomicU64; Cause::ALL.len()],
    connections: AtomicU64,
    commit_seconds: Histogram<{ COMMIT_SECONDS.len() }>,
    commit_coins: Histogram<{ COMMIT_COINS.len() }>,
    /// When the commit under way began, in milliseconds since the agent did, plus 1; 0 for none.
    committing: AtomicU64,
}

impl Cause {
    pub(crate) const ALL: [Cause; 8] = [
        Cause::Connections,
        Cause::RequestRate,
        Cause::CoinRate,
        Cause::Body,
        Cause::Batch,
        Cause::Slow,
        Cause::BrokenOff,
        Cause::Method,
    ];

    fn word(self) -> &'static str {
        match self {
            Cause::Connections => "connections",
            Cause::RequestRate => "request_rate",
            Cause::CoinRate => "coin_rate",
            Cause::Body => "body",
            Cause::Batch => "batch",
            Cause::Slow => "slow",
            Cause::BrokenOff => "broken_off",
            Cause::Method => "method",
        }
    }
}

impl Tally {
    pub(crate) fn new() -> Tally {
        let zero = || AtomicU64::new(0);
        // One more for paths that are no route.
        let routes = Route::all().count() + 1;
        Tally {
            began: Instant::now(),
            requests: (0..routes).map(|_| std::array::from_fn(|_| zero())).collect(),
            coins: std::array::from_fn(|_| zero()),
            refusals: std::array::from_fn(|_| zero()),
            connections: zero(),
            commit_seconds: Histogram::new(COMMIT_SECONDS),
            commit_coins: Histogram::new(COMMIT_COINS),
            committing: zero(),
        }
    }

    /// Counts an answer: one request, and the coins that it is about by what was said of them.
    pub(crate) fn answered(&self, route: Option<Route>, words: &Words) {
        let route = route.map_or(self.requests.len() - 1, |route| route as usize);
        add(&self.requests[route][words.summary() as usize], 1);
        for (status, count) in words.of_coins() {
            add(&self.coins[status as usize], u64::from(count));
        }
    }

    pub(crate) fn refused(&self, cause: Cause) {
        add(&self.refusals[cause as usize], 1);
    }

    /// Counts a connection until the guard is dropped.
    pub(crate) fn connected(&self) -> Connected<'_> {
        add(&self.connections, 1);
        Connected(&self.connections)
    }

    /// Runs a commit of so many coins and takes its time.
    pub(crate) fn commit<T>(&self, coins: usize, commit: impl FnOnce() -> T) -> T {
        let began = self.began.elapsed();
        self.committing.store(millis(began) + 1, Ordering::Relaxed);
        let done = commit();
        self.committing.store(0, Ordering::Relaxed);
        self.commit_seconds.note((self.began.elapsed() - began).as_secs_f64());
        self.commit_coins.note(coins as f64);
        done
    }

    /// Returns how long the commit under way has been going on.
    pub(crate) fn committing_for(&self) -> Option<Duration> {
        let began = self.committing.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.began.elapsed().saturating_sub(Duration::from_millis(began)))
    }
}

/// A connection that is counted as open.
pub(crate) struct Connected<'t>(&'t AtomicU64);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX - 1)
}
