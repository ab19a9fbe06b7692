//! Mending a coin of one's own: what each agent holds of it, and what it shall hold.
//!
//! A coin with a letter other than `p` keeps two secrets for each agent: the AN, which the agent is
//! thought to hold, and the PAN, which only the owner knows and which it shall hold.
//!
//! ```text
//!   agent says        AN afterwards    letter   what it is then told to hold
//!   PAN               the PAN          p        -
//!   AN, the same      the AN           p        -
//!   AN, another       the AN           e        the PAN: whoever gave the coin may know the AN
//!   neither           the AN           f        the PAN, on the word of others
//!   another origin    the AN           f        the same; it refuses while it holds the other coin
//!   nothing           the AN           n        -; both are kept
//! ```
//!
//! No secret is given up before the agent has said in so many words which one it holds.

use crate::AGENTS;
use crate::authenticity_number::AuthenticityNumber;
use crate::coin::StoredCoin;
use crate::origin::Origin;
use crate::ownership::{Answer, Holding};
use crate::pown::{Letter, PownString};

/// What each agent holds of a coin.
pub type Holdings = [Holding; AGENTS];

/// Returns what agents hold by their answers to one question which of two secrets they hold. Whoever holds
/// one for a coin of another origin than most holds another coin.
pub fn holdings(answers: &[Answer; AGENTS]) -> Holdings {
    let most_frequent = Origin::most_frequent(answers.iter().filter_map(origin));
    answers.map(|answer| match answer {
        Answer::Fail | Answer::Silent => Holding::Unknown,
        Answer::Neither => Holding::Neither,
        held if origin(&held) != most_frequent => Holding::OtherOrigin,
        Answer::HoldsAn(_) => Holding::HoldsAn,
        Answer::HoldsPan(_) | Answer::Pass(_) => Holding::HoldsPan,
    })
}

fn origin(answer: &Answer) -> Option<Origin> {
    match answer {
        Answer::Pass(origin) | Answer::HoldsAn(origin) | Answer::HoldsPan(origin) => Some(*origin),
        Answer::Fail | Answer::Neither | Answer::Silent => None,
    }
}

/// Counts the agents that hold either of the two secrets of a coin.
pub fn known(holdings: &Holdings) -> u8 {
    let known = |holding: &&Holding| matches!(holding, Holding::HoldsAn | Holding::HoldsPan);
    holdings.iter().filter(known).map(|_| 1).sum()
}

impl StoredCoin {
    /// Returns the coin as its agents hold it: where the PAN is held, that is the coin's secret. The
    /// PANs stay beside while some agent is not known to hold its own.
    pub fn as_held(mut self, holdings: &Holdings) -> StoredCoin {
        for (agent, holding) in holdings.iter().enumerate() {
            let is_open = self.proposal(agent).is_some();
            let letter = match holding {
                Holding::HoldsPan => {
                    if let Some(pans) = &self.pans {
                        self.coin.ans.set(agent, pans.get(agent).clone());
                    }
                    Letter::Pass
                }
                Holding::HoldsAn if is_open => Letter::Error,
                Holding::HoldsAn => Letter::Pass,
                Holding::Neither | Holding::OtherOrigin => Letter::Fail,
                Holding::Unknown => Letter::NoReply,
            };
            self.pown.set(agent, letter);
        }
        if self.is_whole() {
            self.pans = None;
        }
        self
    }

    /// Returns the coin with a secret proposed to each agent that refuses it and has none; `fresh` makes
    /// one that nobody else knows. What was proposed before and may have been taken stays proposed.
    ///
    /// To be made durable before an agent hears of it.
    pub fn proposing(mut self, mut fresh: impl FnMut() -> AuthenticityNumber) -> StoredCoin {
        let mut pans = self.pans.clone().unwrap_or_else(|| self.coin.ans.clone());
        let mut proposes = false;
        for agent in 0..AGENTS {
            let is_open = self.proposal(agent).is_some();
            let is_fresh = match self.pown.get(agent) {
                // Which of two such secrets is one's own cannot be told: neither is offered.
                Letter::Pass => is_open,
                Letter::Fail => !is_open,
                Letter::Error | Letter::NoReply | Letter::Untried => false,
            };
            if is_fresh {
                pans.set(agent, fresh());
            }
            proposes |= is_open || is_fresh;
        }
        self.pans = proposes.then_some(pans);
        self
    }

    /// Returns the secret proposed to an agent, unless it is the one that the agent is thought to hold.
    ///
    /// # Panics
    /// When `agent` is above 24.
    pub fn proposal(&self, agent: usize) -> Option<&AuthenticityNumber> {
        let pan = self.pans.as_ref()?.get(agent);
        (pan != self.coin.ans.get(agent)).then_some(pan)
    }

    /// Tells whether every agent was seen to hold the coin's secret.
    pub fn is_whole(&self) -> bool {
        self.pown == PownString::all(Letter::Pass)
            && (0..AGENTS).all(|agent| self.proposal(agent).is_none())
    }
}

#[cfg(test)]
mod tests;
