//! Coins that left, and their sender: when it may take one back, when it yields, and when that is over.
//!
//! A coin that left is never put back. Taking it back is a pown to new secrets of one's own (here the
//! PANs), while the receiver may be powning it to its own. Three things the agents can say of it: the AN
//! that was sent is held, the PAN is held, or neither.
//!
//! ```text
//!            look: neither at the line of the proof
//!   ┌──────┐ ────────────────────────────────────────────────────────▶ ┌──────┐
//!   │ Away │                                                           │ Gone │
//!   └──────┘   PANs durable    pown ┌────┐ neither at 13, durable      └──────┘
//!      │ begin ───────────▶ Reclaiming ──┘ ─────────────▶ Yielding ───▶    ▲
//!      │ (ground, no obstacle)   │ PAN at 13               │    ▲ neither at 17, or a receipt
//!      ▼                         ▼                         └────┘ that says final
//!   stays as it is             Back                  hand back: PAN ─▶ AN, again at every resume
//! ```
//!
//! Why it yields: with one agent bad, sender and receiver may each hold 12 of 25, and nobody would
//! ever own the coin. So one of the two lets go, and it is always the sender. A yield is final: the coin
//! is never again powned to these PANs, fixed to them, or booked from them. It goes on although no
//! agent shows the PAN any more: a request for it that was late may still take one.
//!
//! ```
//! use coin::reclaim::{Before, Departed, Ground, Look, Obstacle, Will};
//! use coin::{Answer, Origin, Rule};
//!
//! let all_held = (0..25).map(|_| (Before::Held, Answer::HoldsAn(Origin::Minted)));
//! let look = Look::new(Rule::CLOUDCOIN, all_held);
//! assert_eq!(Departed::Away.begin(None, look, Will::Asked), Err(Obstacle::TooEarly));
//! let begun = Departed::Away.begin(Some(Ground::Expired), look, Will::Asked);
//! assert_eq!(begun, Ok(Departed::Reclaiming));
//! ```

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::ownership::{Answer, Grade, Holding, Ownership, Rule};

/// What has become of a coin that left, as its sender knows. Its owner keeps it durable; `Away` is what
/// a coin is of which nothing is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departed {
    /// In flight. Nothing was done about it.
    Away,
    /// The secrets of a reclaim are durable; agents may hold them.
    Reclaiming,
    /// The other's. What the reclaim has got is handed back, for as long as it may get something.
    Yielding,
    /// One's own again, under the reclaim's secrets.
    Back,
    /// The other's, and nothing is left to do.
    Gone,
}

/// Why a coin that left may be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The receiver promised durably that it will never pown the batch.
    Refused,
    /// The receipt calls the coin counterfeit.
    CalledCounterfeit,
    /// The connection file's time is over.
    Expired,
    /// It left in a file, for nobody in particular.
    Exported,
}

/// How much somebody wants a coin back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Will {
    /// Nobody is there: only the agents say that the coin may be taken back.
    Automatic,
    /// The person asks for it.
    Asked,
    /// The person asks for it although an agent shows that somebody may be taking it.
    Insisted,
}

/// Whether an agent held the AN when the coin left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Before {
    /// It said so at the last look before the coin left.
    Held,
    /// It did not.
    NotHeld,
}

/// What all agents say of the AN of a coin that left, in one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Look {
    rule: Rule,
    holds: u8,
    neither: u8,
    lost: u8,
}

/// Why a reclaim cannot begin now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Obstacle {
    /// The other may still be about to take it.
    #[error("the receiver may still take it")]
    TooEarly,
    /// Fewer agents answered than decide.
    #[error("only {answered} agents answered")]
    TooFewAgents {
        /// Agents that said what they hold.
        answered: u8,
    },
    /// So many agents hold another secret that it is the other's.
    #[error("{neither} agents hold another secret already")]
    Taken {
        /// Agents that said that they do not hold the AN.
        neither: u8,
    },
    /// Agents that held the AN when the coin left hold another secret now.
    #[error("{lost} agents that held its secret hold another one now")]
    BeingTaken {
        /// Those agents.
        lost: u8,
    },
    /// Too few agents say that they still hold the AN.
    #[error("only {holds} agents say that they still hold its secret")]
    NotHeld {
        /// Agents that said so.
        holds: u8,
    },
}

/// What its sender has to do about a coin that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Ask which agents hold the AN; it changes nothing.
    Look,
    /// Pown it to the PANs, always the same: [`Departed::powned`] takes the round.
    Pown,
    /// Pown it from the PANs back to the AN: [`Departed::handed_back`] takes the round.
    HandBack,
    /// Nothing any more.
    Rest,
}

impl Departed {
    /// Returns what has to be done next, at every resume again.
    pub fn act(self) -> Act {
        match self {
            Departed::Away => Act::Look,
            Departed::Reclaiming => Act::Pown,
            Departed::Yielding => Act::HandBack,
            Departed::Back | Departed::Gone => Act::Rest,
        }
    }

    /// Begins the reclaim of a coin that is away. When it returns `Reclaiming`, new secrets are made
    /// durable before the first agent is asked to take one. A coin that is further stays as it is.
    ///
    /// `ground` is `None` before there is one.
    ///
    /// # Errors
    /// [`Obstacle`]: the coin stays away. `TooEarly` comes first, because it stands whatever the agents
    /// say; `Taken` cannot be insisted on, and nor can `NotHeld`.
    pub fn begin(
        self,
        ground: Option<Ground>,
        look: Look,
        will: Will,
    ) -> Result<Departed, Obstacle> {
        match self {
            Departed::Away => {
                look.allows(ground.ok_or(Obstacle::TooEarly)?, will)?;
                Ok(Departed::Reclaiming)
            }
            Departed::Reclaiming | Departed::Yielding | Departed::Back | Departed::Gone => Ok(self),
        }
    }

    /// Takes a look at a coin that is away. It is the other's when `line` agents say that they do not
    /// hold the AN; a reclaim is decided by its own rounds.
    pub fn looked_at(self, look: Look, line: u8) -> Departed {
        match self {
            Departed::Away if look.neither >= line => Departed::Gone,
            Departed::Away
            | Departed::Reclaiming
            | Departed::Yielding
            | Departed::Back
            | Departed::Gone => self,
        }
    }

    /// Takes a round that powned the AN to the PANs. One's own where the quorum holds the PAN; yielded
    /// when the quorum, no fewer and no more, explicitly hold neither. A yield is made durable before
    /// anything is handed back.
    pub fn powned(self, round: &Ownership) -> Departed {
        match self {
            Departed::Reclaiming if round.grade().is_owned() => Departed::Back,
            Departed::Reclaiming if round.count(Holding::Neither) >= round.rule().own => {
                Departed::Yielding
            }
            Departed::Away
            | Departed::Reclaiming
            | Departed::Yielding
            | Departed::Back
            | Departed::Gone => self,
        }
    }

    /// Takes a round that powned the PANs back to the AN: a yield ends when the number that makes a coin
    /// final hold neither.
    pub fn handed_back(self, round: &Ownership) -> Departed {
        match self {
            Departed::Yielding if round.count(Holding::Neither) >= round.rule().last => {
                Departed::Gone
            }
            Departed::Away
            | Departed::Reclaiming
            | Departed::Yielding
            | Departed::Back
            | Departed::Gone => self,
        }
    }

    /// Takes what the newest receipt says of the coin. Only `Final` ends a yield; nothing else in a
    /// receipt begins or ends one.
    pub fn receipted(self, grade: Grade) -> Departed {
        match (self, grade) {
            (Departed::Yielding, Grade::Final) => Departed::Gone,
            (Departed::Yielding, Grade::Settling | Grade::Limbo | Grade::Counterfeit)
            | (
                Departed::Away | Departed::Reclaiming | Departed::Back | Departed::Gone,
                Grade::Final | Grade::Settling | Grade::Limbo | Grade::Counterfeit,
            ) => self,
        }
    }

    /// Tells whether nothing is left to do: the coin is one's own again, or the other's.
    pub fn is_decided(self) -> bool {
        self.act() == Act::Rest
    }
}

impl Look {
    /// Sums up what the agents answered when asked for the AN, with what each held when the coin left.
    /// `Neither` is the only answer that counts against holding it.
    pub fn new(rule: Rule, answers: impl IntoIterator<Item = (Before, Answer)>) -> Look {
        let mut look = Look { rule, holds: 0, neither: 0, lost: 0 };
        for (before, answer) in answers {
            match answer {
                // Asked for the AN as both secrets, an agent that holds it may say either.
                Answer::HoldsAn(_) | Answer::HoldsPan(_) => look.holds += 1,
                Answer::Neither => {
                    look.neither += 1;
                    look.lost += u8::from(before == Before::Held);
                }
                Answer::Pass(_) | Answer::Fail | Answer::Silent => {}
            }
        }
        look
    }

    /// Returns how many agents said that they hold the AN.
    pub fn holds(&self) -> u8 {
        self.holds
    }

    /// Returns how many agents said that they do not.
    pub fn neither(&self) -> u8 {
        self.neither
    }

    fn allows(&self, ground: Ground, will: Will) -> Result<(), Obstacle> {
        let Look { rule, holds, neither, lost } = *self;
        let answered = holds + neither;
        let must_be_held = match (ground, will) {
            (Ground::CalledCounterfeit, _) | (_, Will::Automatic) => rule.own,
            (
                Ground::Refused | Ground::Expired | Ground::Exported,
                Will::Asked | Will::Insisted,
            ) => 0,
        };
        if answered < rule.own {
            Err(Obstacle::TooFewAgents { answered })
        } else if neither >= rule.own {
            Err(Obstacle::Taken { neither })
        } else if lost > 0 && will != Will::Insisted {
            Err(Obstacle::BeingTaken { lost })
        } else if holds < must_be_held {
            Err(Obstacle::NotHeld { holds })
        } else {
            Ok(())
        }
    }
}
