//! What can happen.

use coin::Grade;
use coin::reclaim::Will;

use crate::agents::{Fate, Wish};
use crate::program::Who;

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Start(Who),
    Link,
    Cut,
    Deliver(Who),
    /// All that its peer said before it ended was heard.
    Gone(Who),
    Frame(Who),
    Job(Who, Ending),
    Answer,
    Stop(Who),
    Crash(Who),
    /// A question of a round to an agent.
    Ask(Who, usize, Fate),
    /// A request that was late comes, or comes again.
    Late(usize, Wish),
    /// Whoever owns the coin has it fixed at an agent that does not hold it.
    Fix(usize),
    /// The liar says the word of this number.
    Lie(usize),
    /// From now on the liar's receipts say this.
    Claim(Grade),
    /// The sender's person asks for the coin, or its program carries on what was begun.
    Reclaim(Will),
}

/// How a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ending {
    Reported,
    /// It was done; the program died before it knew.
    Died,
    /// The batch is not what was announced.
    Refused,
}
