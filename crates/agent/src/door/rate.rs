//! A rate as a debt: each request adds what it costs in time, and time pays it back.
//!
//! With 100 requests a second each costs 10 ms. Who owes less than a second may ask; so a second's
//! worth may come at once, and 100 a second for ever. One number, changed without a lock.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How much may be owed when one asks again: a second's worth at once.
const DEPTH: u64 = NANOS_PER_SECOND;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// When all is paid back, in nanoseconds since the door was opened.
#[derive(Default)]
pub(super) struct Debt(AtomicU64);

impl Debt {
    /// Adds the cost of one, unless the debt is too deep. Tells which.
    pub(super) fn borrow(&self, now: Duration, rate: NonZeroU32) -> bool {
        let now = nanos(now);
        let add = |paid: u64| {
            (paid < now.saturating_add(DEPTH)).then(|| paid.max(now).saturating_add(cost(rate, 1)))
        };
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
    }

    /// Adds the cost of so many, however deep the debt is.
    pub(super) fn add(&self, now: Duration, rate: NonZeroU32, count: usize) {
        let now = nanos(now);
        let add = |paid: u64| Some(paid.max(now).saturating_add(cost(rate, count)));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Tells whether nothing more may be asked at present.
    pub(super) fn is_too_deep(&self, now: Duration) -> bool {
        nanos(self.left(now)) >= DEPTH
    }

    /// Returns how long it takes until all is paid back.
    pub(super) fn left(&self, now: Duration) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed).saturating_sub(nanos(now)))
    }
}

fn cost(rate: NonZeroU32, count: usize) -> u64 {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    count.saturating_mul(NANOS_PER_SECOND) / u64::from(rate.get())
}

/// 584 years fit.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_seconds_worth_may_come_at_once_and_then_as_fast_as_the_rate() {
        let (debt, rate) = (Debt::default(), NonZeroU32::new(100).unwrap());
        let granted = |now, asked: usize| (0..asked).filter(|_| debt.borrow(now, rate)).count();
        assert_eq!(granted(at(5000), 1000), 100);
        assert_eq!(granted(at(5010), 1000), 1);
        assert_eq!(granted(at(5500), 1000), 49);
        assert_eq!(debt.left(at(5500)), at(1000));
        assert_eq!(granted(at(60_000), 1000), 100, "patience saves no more than a second");
    }

    #[test]
    fn a_large_request_is_paid_back_before_the_next() {
        let (debt, rate) = (Debt::default(), NonZeroU32::new(1000).unwrap());
        assert!(!debt.is_too_deep(at(0)));
        debt.add(at(0), rate, 10_000);
        assert!(debt.is_too_deep(at(9000)));
        assert!(!debt.is_too_deep(at(9001)));
    }

    #[test]
    fn no_number_overflows() {
        let (debt, rate) = (Debt::default(), NonZeroU32::MIN);
        debt.add(Duration::MAX, rate, usize::MAX);
        debt.add(Duration::MAX, rate, usize::MAX);
        assert!(!debt.borrow(at(1), rate));
    }
}
