//! Counts of values by size, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many values there were up to each bound, and beyond the last.
pub(super) struct Histogram<const N: usize> {
    bounds: [f64; N],
    counts: [AtomicU64; N],
    beyond: AtomicU64,
    /// The sum of all values in millionths.
    sum_micros: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    /// `bounds` grow.
    pub(super) fn new(bounds: [f64; N]) -> Histogram<N> {
        Histogram {
            bounds,
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            beyond: AtomicU64::new(0),
            sum_micros: AtomicU64::new(0),
        }
    }

    pub(super) fn note(&self, value: f64) {
        let place = self.bounds.iter().position(|bound| value <= *bound);
        let counter = place.map_or(&self.beyond, |place| &self.counts[place]);
        counter.fetch_add(1, Ordering::Relaxed);
        self.sum_micros.fetch_add((value * 1e6) as u64, Ordering::Relaxed);
    }

    /// Returns each bound with the number of values up to it, the last without a bound.
    pub(super) fn up_to(&self) -> impl Iterator<Item = (Option<f64>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let counts = self.counts.iter().chain([&self.beyond]);
        bounds.zip(counts).scan(0, |sum, (bound, count)| {
            *sum += count.load(Ordering::Relaxed);
            Some((bound, *sum))
        })
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum_micros.load(Ordering::Relaxed) as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_up_to_their_bounds() {
        let histogram = Histogram::new([1.0, 10.0]);
        for value in [0.5, 1.0, 2.0, 100.0] {
            histogram.note(value);
        }
        let counts: Vec<_> = histogram.up_to().collect();
        assert_eq!(counts, [(Some(1.0), 2), (Some(10.0), 3), (None, 4)]);
        assert!((histogram.sum() - 103.5).abs() < 1e-6);
    }
}
