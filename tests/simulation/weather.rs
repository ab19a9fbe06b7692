//! The weather on one link: until when it holds everything back, when it loses an answer, what it repeats.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;

/// The weather on a link between a wallet and an agent or the relay.
#[derive(Clone)]
pub(crate) struct Weather(Arc<Mutex<Now>>);

struct Now {
    /// Nothing passes before.
    held_until: Instant,
    /// So many answers are lost after what was asked has been done.
    answers_lost: u32,
    /// So many connections are repeated later by somebody on the way.
    repeats: u32,
    /// Cancelled when the connections that are open break.
    cut: CancellationToken,
    latency_ms: u64,
}

impl Weather {
    pub(crate) fn fair(latency_ms: u64) -> Weather {
        Weather(Arc::new(Mutex::new(Now {
            held_until: Instant::now(),
            answers_lost: 0,
            repeats: 0,
            cut: CancellationToken::new(),
            latency_ms,
        })))
    }

    /// Holds everything back for a while; connections stay open and are filled.
    pub(crate) fn hold(&self, wait: Duration) {
        let mut now = self.now();
        now.held_until = now.held_until.max(Instant::now() + wait);
    }

    /// Breaks the connections that are open.
    pub(crate) fn cut(&self) {
        let before = std::mem::take(&mut self.now().cut);
        before.cancel();
    }

    pub(crate) fn lose_answers(&self, count: u32) {
        self.now().answers_lost += count;
    }

    pub(crate) fn repeat(&self, count: u32) {
        self.now().repeats += count;
    }

    /// Ends everything bad.
    pub(crate) fn clear_up(&self) {
        let mut now = self.now();
        now.held_until = Instant::now();
        now.answers_lost = 0;
        now.repeats = 0;
    }

    /// Waits until something may pass, and for the time that it takes.
    pub(crate) async fn pass(&self, chance: &Chance) {
        let latency = self.now().latency_ms;
        tokio::time::sleep(chance.millis(0..=latency)).await;
        loop {
            let until = self.now().held_until;
            if until <= Instant::now() {
                return;
            }
            // It may clear up before its time.
            tokio::time::sleep_until(until.min(Instant::now() + Duration::from_secs(1))).await;
        }
    }

    pub(crate) fn takes_answer(&self) -> bool {
        let mut now = self.now();
        let takes = now.answers_lost > 0;
        now.answers_lost = now.answers_lost.saturating_sub(1);
        takes
    }

    pub(crate) fn repeats_this(&self) -> bool {
        let mut now = self.now();
        let repeats = now.repeats > 0;
        now.repeats = now.repeats.saturating_sub(1);
        repeats
    }

    pub(crate) fn break_of_now(&self) -> CancellationToken {
        self.now().cut.clone()
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
