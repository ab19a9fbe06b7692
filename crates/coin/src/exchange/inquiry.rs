//! How far the requests to one agent have come.

use serde::{Deserialize, Serialize};

use super::{Answer, Direction, Known, Refusal, Request};
use crate::limits::REQUESTS_PER_AGENT_MAX;

/// How far the requests to one agent have come in this round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Inquiry {
    pub(super) known: Known,
    asked: u8,
    closed: bool,
}

impl Inquiry {
    pub(super) const UNTOUCHED: Inquiry =
        Inquiry { known: Known::Unknown, asked: 0, closed: false };

    /// Tells whether there is a request left for the agent.
    pub(super) fn is_open(&self) -> bool {
        !self.closed && self.asked < REQUESTS_PER_AGENT_MAX
    }

    /// Begins a round.
    pub(super) fn reopen(&mut self, direction: Direction) {
        (self.asked, self.closed) = (0, self.known.ends(direction));
    }

    /// Takes what came back.
    pub(super) fn take(&mut self, request: Request, answer: Answer) {
        self.known = match (request, answer) {
            (Request::Reserve, Answer::Reserved) => Known::Reserved,
            (Request::Reserve | Request::Exchange, Answer::Executed(of)) => Known::Executed(of),
            (Request::Cancel, Answer::Executed(of)) => Known::Kept(of),
            (_, Answer::Cancelled) => Known::Returned,
            (_, Answer::Refused(why)) => Known::Refused(why),
            (Request::Exchange | Request::Cancel, Answer::Reserved) | (_, Answer::Silent) => {
                Known::Unknown
            }
        };
        self.asked += 1;
        self.closed = match self.known {
            Known::Unknown | Known::Refused(Refusal::Busy) => false,
            Known::Reserved
            | Known::Executed(_)
            | Known::Refused(Refusal::NotHeld | Refusal::NotFree | Refusal::Other)
            | Known::Returned
            | Known::Kept(_) => true,
        };
    }
}

impl Known {
    /// Tells whether an agent of which this is known is asked nothing more on the
    /// way, in no round.
    fn ends(self, direction: Direction) -> bool {
        match (self, direction) {
            (Known::Returned, _) => true,
            (Known::Executed(_), Direction::Reserving | Direction::Forward) => true,
            (Known::Reserved, Direction::Reserving) => true,
            (Known::Executed(_), Direction::Back)
            | (Known::Reserved, Direction::Forward | Direction::Back)
            | (Known::Unknown | Known::Refused(_) | Known::Kept(_), _) => false,
        }
    }
}
