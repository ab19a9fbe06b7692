//! The one source of chance of a run.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// Chance that comes from a seed; clones draw from the same sequence.
#[derive(Clone)]
pub(crate) struct Chance(Arc<Mutex<SmallRng>>);

impl Chance {
    pub(crate) fn of(seed: u64) -> Chance {
        Chance(Arc::new(Mutex::new(SmallRng::seed_from_u64(seed))))
    }

    /// Returns another source, which is not disturbed by what is drawn here.
    pub(crate) fn branch(&self) -> Chance {
        Chance::of(self.number(0..=u64::MAX))
    }

    pub(crate) fn number(&self, of: RangeInclusive<u64>) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(of)
    }

    pub(crate) fn below(&self, bound: usize) -> usize {
        self.number(0..=bound as u64 - 1) as usize
    }

    /// Happens in so many of a hundred cases.
    pub(crate) fn percent(&self, percent: u64) -> bool {
        self.number(0..=99) < percent
    }

    pub(crate) fn millis(&self, of: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(of))
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        std::array::from_fn(|_| self.number(0..=255) as u8)
    }
}
