//! How far a round has come.

use std::sync::atomic::{AtomicU64, Ordering};

use coin::AGENTS;

/// How far a round of questions has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Questions settled: coins times agents, those given up included. Never falls.
    pub settled: u64,
    /// All of them: coins times 25.
    pub of: u64,
}

/// Counts what is settled and tells it to the person who waits.
pub(crate) struct Meter<'a> {
    settled: AtomicU64,
    of: u64,
    tell: &'a (dyn Fn(Progress) + Send + Sync),
}

impl<'a> Meter<'a> {
    pub(crate) fn new(coins: usize, tell: &'a (dyn Fn(Progress) + Send + Sync)) -> Meter<'a> {
        Meter { settled: AtomicU64::new(0), of: (coins * AGENTS) as u64, tell }
    }

    pub(crate) fn settled(&self, coins: usize) {
        if coins > 0 {
            let coins = coins as u64;
            let settled = self.settled.fetch_add(coins, Ordering::Relaxed) + coins;
            (self.tell)(Progress { settled, of: self.of });
        }
    }
}
