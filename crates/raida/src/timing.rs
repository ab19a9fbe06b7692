//! How long a wallet waits for agents.

use std::time::Duration;

/// The waits of an [`Authority`](crate::Authority).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// For a connection to one agent.
    pub connect: Duration,
    /// For one answer, from the first byte sent to the last byte received.
    pub request: Duration,
    /// For a whole round of questions, retries and their pauses included, whatever the number of
    /// coins. What is unanswered then stays unanswered; nothing is taken back.
    pub round: Duration,
    /// As much again for each coin of the round.
    pub coin: Duration,
}

impl Timing {
    /// Returns how long a round about so many coins may take.
    pub(crate) fn round_of(&self, coins: usize) -> Duration {
        self.round
            .saturating_add(self.coin.saturating_mul(u32::try_from(coins).unwrap_or(u32::MAX)))
    }
}

impl Default for Timing {
    /// Returns 3 s for a connection, 10 s for an answer, 50 s and 2 ms a coin for a round: an agent
    /// that accepts connections and never answers is given up before anybody takes the step for
    /// stuck.
    fn default() -> Timing {
        Timing {
            connect: Duration::from_secs(3),
            request: Duration::from_secs(10),
            round: Duration::from_secs(50),
            coin: Duration::from_millis(2),
        }
    }
}
