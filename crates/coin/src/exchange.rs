//! Has this exchange happened, given what N agents answered: one exchange of
//! coins for other coins of the same value.
//!
//! Every agent executes an exchange for itself, and none knows of the others. It
//! stands when a quorum has executed *the same* one, which they show by the
//! origin that they give the new coins. Until then neither the inputs nor the
//! outputs count for anything. The wallet goes one way at all agents:
//!
//! ```text
//!              go_forward                  turn_back
//! ┌───────────┐ (durable) ┌─────────┐  (durable, once)  ┌──────┐
//! │ Reserving │──────────►│ Forward │──────────────────►│ Back │
//! └───────────┘           └─────────┘                   └──────┘
//!   Reserve                 Exchange                      Cancel
//!     │ reserved              │ executed: the origin        │ cancelled: never
//!     │ refused               │ refused: not now            │ executed: cannot be
//!     ▼                       ▼ cancelled: never            ▼ taken back now
//! ```
//!
//! - A refusal is not final: a late duplicate of the request can still be
//!   executed, when what was in its way is gone. Only *cancelled* is.
//! - Forward an exchange is asked for at all agents, also after it stands: an
//!   agent that never executes it keeps the inputs in circulation.
//! - Both ways are open as long as the outputs are unused, whatever the agents
//!   have done; which one is taken is decided once, and nothing leads from back
//!   to forward. `Cancel` is one request with two effects: an agent that has not
//!   executed never will, one that has takes its outputs out and its inputs in.
//! - An exchange that is called back can stand all the same, where rivals use the
//!   numbers of the inputs. A `Cancel` under way may still reach these agents:
//!   its outputs count when a pown has given them new secrets, which is what
//!   [`Ownership`](crate::Ownership) is about, and not before.
//!
//! ```
//! use coin::exchange::{Answer, Exchanging, Request, Standing};
//! use coin::{Origin, Rule};
//!
//! let origin = Origin::Exchange([7; 32]);
//! let mut exchange = Exchanging::forward(Rule::CLOUDCOIN);
//! for agent in 0..13 {
//!     assert_eq!(exchange.next_request(agent), Some(Request::Exchange));
//!     exchange.answered(agent, Request::Exchange, Answer::Executed(origin));
//! }
//! assert_eq!(exchange.standing(), Standing::Stands { origin, agents: 13 });
//! assert_eq!(exchange.next_request(13), Some(Request::Exchange));
//! ```

mod inquiry;
mod standing;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Deserializer, Serialize, de};

use self::inquiry::Inquiry;
pub use self::standing::Standing;
use crate::origin::Origin;
use crate::ownership::Rule;

/// Which way the exchange goes, at all agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// The numbers of the outputs are being kept for it. Nothing has happened
    /// yet, and nothing is lost when it is forgotten.
    Reserving,
    /// It shall be executed.
    Forward,
    /// It shall never be executed, and be taken back where it was. For ever.
    Back,
}

/// What to ask an agent. Each can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Request {
    /// Keep the outputs' numbers for this exchange (`reserve`).
    Reserve,
    /// Execute it (`exchange`).
    Exchange,
    /// Never execute it, and take it back if that was done (`cancel` with the
    /// coins).
    Cancel,
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// To a reservation: the numbers are kept.
    Reserved,
    /// It was executed, now or before, and its outputs have this origin. To a
    /// cancellation: and it is not taken back.
    Executed(Origin),
    /// It is never executed, and what was executed is taken back.
    Cancelled,
    /// Not done.
    Refused(Refusal),
    /// No answer that says anything: no reply, an unknown word, the word of
    /// another request.
    Silent,
}

/// Why an agent did not do it; none of these is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// An input is not held there with the secret shown. It can be fixed.
    NotHeld,
    /// The number of an output is in circulation there, or kept for another.
    NotFree,
    /// Something else has to end first, within seconds: asked again.
    Busy,
    /// Anything else.
    Other,
}

/// What is known of one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Known {
    /// Nothing: not asked, or the last request was not answered.
    Unknown,
    /// It keeps the numbers.
    Reserved,
    /// It has executed the exchange.
    Executed(Origin),
    /// It has refused what it was asked last.
    Refused(Refusal),
    /// It will never execute the exchange, or has taken it back.
    Returned,
    /// It has executed the exchange and could not take it back.
    Kept(Origin),
}

/// One exchange at all agents, in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Exchanging {
    rule: Rule,
    direction: Direction,
    inquiries: Vec<Inquiry>,
}

impl Exchanging {
    /// Begins with keeping the outputs' numbers.
    pub fn reserving(rule: Rule) -> Exchanging {
        Exchanging::towards(Direction::Reserving, rule)
    }

    /// Begins, or takes up again, an exchange that shall be executed.
    pub fn forward(rule: Rule) -> Exchanging {
        Exchanging::towards(Direction::Forward, rule)
    }

    /// Takes up again an exchange that it was decided to take back.
    pub fn back(rule: Rule) -> Exchanging {
        Exchanging::towards(Direction::Back, rule)
    }

    fn towards(direction: Direction, rule: Rule) -> Exchanging {
        Exchanging {
            rule,
            direction,
            inquiries: vec![Inquiry::UNTOUCHED; usize::from(rule.agents)],
        }
    }

    /// Goes from keeping the numbers to executing; in any other direction
    /// nothing changes.
    ///
    /// # Crash safety
    /// The exchange, with the outputs' secrets and its ids, is durable before the
    /// first request that follows.
    #[must_use]
    pub fn go_forward(self) -> Exchanging {
        match self.direction {
            Direction::Reserving => Exchanging { direction: Direction::Forward, ..self }.reopened(),
            Direction::Forward | Direction::Back => self,
        }
    }

    /// Turns back, for ever.
    ///
    /// # Crash safety
    /// The decision is durable before the first request that follows. Nothing
    /// that made use of the outputs may have begun.
    #[must_use]
    pub fn turn_back(self) -> Exchanging {
        match self.direction {
            Direction::Reserving | Direction::Forward => {
                Exchanging { direction: Direction::Back, ..self }.reopened()
            }
            Direction::Back => self,
        }
    }

    /// Begins a further round: agents that refused, stayed silent, or could not
    /// take it back are asked again.
    #[must_use]
    pub fn next_round(self) -> Exchanging {
        self.reopened()
    }

    fn reopened(mut self) -> Exchanging {
        for inquiry in &mut self.inquiries {
            inquiry.reopen(self.direction);
        }
        self
    }

    /// Returns the rule of the network.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns the way it goes.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns what to ask `agent` next, or `None` when it has answered for this
    /// round, has had all its requests, or does not exist. What other agents
    /// answered never matters.
    pub fn next_request(&self, agent: usize) -> Option<Request> {
        let open = self.inquiries.get(agent)?.is_open();
        open.then_some(self.direction.request())
    }

    /// Takes what came back from `agent`. An answer to a request that was not its
    /// next one is late or a duplicate and changes nothing.
    pub fn answered(&mut self, agent: usize, request: Request, answer: Answer) {
        if self.next_request(agent) == Some(request) {
            self.inquiries[agent].take(request, answer);
        }
    }

    /// Tells whether this round has no request left for any agent.
    pub fn is_over(&self) -> bool {
        (0..self.inquiries.len()).all(|agent| self.next_request(agent).is_none())
    }

    /// Returns what is known of `agent`.
    pub fn known(&self, agent: usize) -> Known {
        self.inquiries.get(agent).map_or(Known::Unknown, |inquiry| inquiry.known)
    }

    /// Goes through what is known of each agent, in their order.
    pub fn all_known(&self) -> impl ExactSizeIterator<Item = Known> {
        self.inquiries.iter().map(|inquiry| inquiry.known)
    }
}

impl Direction {
    /// Returns what agents are asked on this way.
    pub fn request(self) -> Request {
        match self {
            Direction::Reserving => Request::Reserve,
            Direction::Forward => Request::Exchange,
            Direction::Back => Request::Cancel,
        }
    }
}

impl<'de> Deserialize<'de> for Exchanging {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Exchanging, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            rule: Rule,
            direction: Direction,
            inquiries: Vec<Inquiry>,
        }
        let Written { rule, direction, inquiries } = Written::deserialize(deserializer)?;
        if inquiries.len() != usize::from(rule.agents) {
            return Err(de::Error::invalid_length(inquiries.len(), &"one for each agent"));
        }
        Ok(Exchanging { rule, direction, inquiries })
    }
}
