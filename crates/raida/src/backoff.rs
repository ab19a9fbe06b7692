//! The pauses between questions to an agent that stays silent: doubled each time, with full
//! jitter, so that many wallets do not come back to a restarted agent in step.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{PAUSE_FIRST, PAUSE_MAX, SILENCES_IN_A_ROW};

/// The part of a pause that is waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jitter {
    /// Half of it, and some of the rest by chance.
    Random,
    /// All of it: in a simulation chance has one source.
    Even,
}

/// One agent's patience within a round.
pub(crate) struct Backoff {
    deadline: Instant,
    jitter: Jitter,
    silences: u32,
}

/// Whether it is worth asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// The pause is over: ask again.
    AskAgain,
    /// Too many silences in a row, or the round's time is over.
    UsedUp,
}

impl Backoff {
    pub(crate) fn until(deadline: Instant, jitter: Jitter) -> Backoff {
        Backoff { deadline, jitter, silences: 0 }
    }

    /// Returns the patience with an agent that was silent for a whole round before.
    pub(crate) fn with_one_silence_left(deadline: Instant, jitter: Jitter) -> Backoff {
        Backoff { deadline, jitter, silences: SILENCES_IN_A_ROW - 1 }
    }

    /// Notes that the agent answered: the next silence is a first one again.
    pub(crate) fn answered(&mut self) {
        self.silences = 0;
    }

    /// Notes a silence and waits for as long as it calls for.
    pub(crate) async fn silent(&mut self) -> Patience {
        self.silences += 1;
        if self.silences >= SILENCES_IN_A_ROW {
            return Patience::UsedUp;
        }
        let pause = self.jitter.of(ceiling(self.silences));
        let ends = Instant::now() + pause;
        if ends >= self.deadline {
            return Patience::UsedUp;
        }
        tokio::time::sleep_until(ends).await;
        Patience::AskAgain
    }
}

fn ceiling(silences: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(1 << (silences - 1).min(16)).min(PAUSE_MAX)
}

impl Jitter {
    fn of(self, ceiling: Duration) -> Duration {
        match self {
            Jitter::Random => ceiling.mul_f64(0.5 + rand::random::<f64>() / 2.0),
            Jitter::Even => ceiling,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_maximum() {
        assert_eq!(ceiling(1), Duration::from_millis(200));
        assert_eq!(ceiling(2), Duration::from_millis(400));
        assert_eq!(ceiling(5), Duration::from_millis(3200));
        assert_eq!(ceiling(30), PAUSE_MAX);
    }

    #[test]
    fn jitter_stays_within_the_upper_half_of_the_pause() {
        for _ in 0..1000 {
            let pause = Jitter::Random.of(PAUSE_MAX);
            assert!(pause <= PAUSE_MAX && pause >= PAUSE_MAX / 2);
        }
    }

    #[tokio::test]
    async fn patience_ends_with_the_round() {
        let mut backoff = Backoff::until(Instant::now(), Jitter::Random);
        assert_eq!(backoff.silent().await, Patience::UsedUp);
    }
}
