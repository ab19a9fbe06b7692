//! How long a wallet waits for agents.

use std::time::Duration;

/// The waits of an [`Authority`](crate::Authority).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// For a connection to one agent.
    pub connect: Duration,
    /// For one answer, from the first byte sent to the last byte received.
    pub request: Duration,
    /// For a whole round of questions, retries and their pauses included. What is unanswered
    /// then stays unanswered; nothing is taken back.
    pub round: Duration,
}

impl Default for Timing {
    /// Returns 5 s for a connection, 20 s for an answer, 120 s for a round.
    fn default() -> Timing {
        Timing {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(20),
            round: Duration::from_secs(120),
        }
    }
}
