//! Whose is this coin, given what N agents answered: one coin, one round.
//!
//! A pown asks an agent to replace the authenticity number (AN) of a coin by a
//! new secret (PAN). When its answer is lost, nobody knows whether it did. So
//! each agent goes its own way, and none waits for the others:
//!
//! ```text
//!  ┌───────┐ pass ──────────────────────► holds the PAN
//!  │ pown  │                                   ▲
//!  └───────┘ fail, silent ──► ┌──────┐ pan ────┘
//!      ▲                      │ find │ neither ──► holds neither
//!      └───────────────── an ─┤      │ silent ──► find again
//!                             └──────┘
//! ```
//!
//! Only an explicit *neither* counts against a coin. A retry offers the same
//! PAN, so that asking twice is as good as asking once. The questions to one
//! agent are bounded; an agent that stays undecided is asked in a later round.
//!
//! ```
//! use coin::{Answer, Grade, Ownership, Question, Rule};
//!
//! let mut coin = Ownership::new(Rule::CLOUDCOIN);
//! for agent in 0..12 {
//!     coin.answered(agent, Question::Pown, Answer::Pass);
//! }
//! coin.answered(12, Question::Pown, Answer::Silent);
//! assert_eq!(coin.grade(), Grade::Limbo);
//! assert_eq!(coin.next_question(12), Some(Question::Find));
//! coin.answered(12, Question::Find, Answer::HoldsPan);
//! assert_eq!(coin.grade(), Grade::Settling);
//! ```

mod rule;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::rule::{Rule, RuleError};
use crate::AGENTS;
use crate::limits::QUESTIONS_PER_AGENT_MAX;
use crate::pown::{Letter, PownString};

/// What to ask an agent about a coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Question {
    /// Replace the AN by the PAN (`detect` with both).
    Pown,
    /// Which of the two do you hold (`fix_lost`)? It changes nothing.
    Find,
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Answer {
    /// To a pown: done, or done before.
    Pass,
    /// To a pown: the AN is not the one held. It may be the PAN by now.
    Fail,
    /// To a find: the AN is held.
    HoldsAn,
    /// To a find: the PAN is held.
    HoldsPan,
    /// To a find: neither of the two is held.
    Neither,
    /// No answer that says anything: no reply, `dud`, `error`, an unknown word,
    /// a wrong length, another serial number, the word of another question.
    Silent,
}

/// What is known of one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Holding {
    /// Nothing: not asked, or no answer that settles it.
    Unknown,
    /// It said that it holds the AN and has not been powned since.
    HoldsAn,
    /// It holds the PAN, which only the new owner knows.
    HoldsPan,
    /// It holds another secret altogether.
    Neither,
}

/// The verdict on a coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// Owned, and some agents may fail or lie later without changing that.
    Final,
    /// Owned by the quorum, but not yet final.
    Settling,
    /// Undecided; AN and PAN are kept and asked about again.
    Limbo,
    /// So many agents hold neither secret that the quorum is out of reach. Not
    /// ours; AN and PAN are kept all the same.
    Counterfeit,
}

/// One coin in one round of questions to all agents.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Ownership {
    rule: Rule,
    inquiries: Vec<Inquiry>,
}

/// How far the questions to one agent have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
struct Inquiry {
    holding: Holding,
    next: Option<Question>,
    asked: u8,
}

impl Ownership {
    /// Begins a round in which no agent has been asked.
    pub fn new(rule: Rule) -> Ownership {
        let untouched = Inquiry { holding: Holding::Unknown, next: Some(Question::Pown), asked: 0 };
        Ownership { rule, inquiries: vec![untouched; usize::from(rule.agents)] }
    }

    /// Returns the rule of the network.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns what to ask `agent` next, or `None` when it is settled, has had
    /// all its questions, or does not exist. What other agents answered never
    /// matters.
    pub fn next_question(&self, agent: usize) -> Option<Question> {
        self.inquiries.get(agent)?.next
    }

    /// Takes what came back from `agent`. An answer to a question that was not
    /// its next one is late or a duplicate and changes nothing.
    pub fn answered(&mut self, agent: usize, question: Question, answer: Answer) {
        if self.next_question(agent) == Some(question) {
            self.inquiries[agent].take(question, answer);
        }
    }

    /// Tells whether no question is left for any agent.
    pub fn is_over(&self) -> bool {
        self.inquiries.iter().all(|inquiry| inquiry.next.is_none())
    }

    /// Returns what is known of `agent`.
    pub fn holding(&self, agent: usize) -> Holding {
        self.inquiries.get(agent).map_or(Holding::Unknown, |inquiry| inquiry.holding)
    }

    /// Goes through what is known of each agent, in their order.
    pub fn holdings(&self) -> impl ExactSizeIterator<Item = Holding> {
        self.inquiries.iter().map(|inquiry| inquiry.holding)
    }

    /// Counts the agents of which this is known.
    pub fn count(&self, holding: Holding) -> u8 {
        self.holdings().filter(|&found| found == holding).map(|_| 1).sum()
    }

    /// Returns the verdict by what has been answered so far. A coin that is
    /// owned or counterfeit stays so, whatever the open agents still say.
    pub fn grade(&self) -> Grade {
        let holders = self.count(Holding::HoldsPan);
        let possible = self.rule.agents - self.count(Holding::Neither);
        if holders >= self.rule.last {
            Grade::Final
        } else if holders >= self.rule.own {
            Grade::Settling
        } else if possible < self.rule.own {
            Grade::Counterfeit
        } else {
            Grade::Limbo
        }
    }

    /// Returns the letters for a file: `p` holds the PAN, `f` holds neither,
    /// `e` still holds the AN, `n` gave no answer that settles it, `u` was not
    /// asked or does not exist.
    pub fn pown_string(&self) -> PownString {
        PownString::from_fn(|agent| {
            self.inquiries.get(agent).map_or(Letter::Untried, Inquiry::letter)
        })
    }
}

impl Grade {
    /// Tells whether the coin is ours and counts.
    pub fn is_owned(self) -> bool {
        match self {
            Grade::Final | Grade::Settling => true,
            Grade::Limbo | Grade::Counterfeit => false,
        }
    }
}

impl Inquiry {
    fn take(&mut self, question: Question, answer: Answer) {
        use Answer::{Fail, HoldsAn, HoldsPan, Neither, Pass, Silent};
        let (holding, next) = match (question, answer) {
            (Question::Pown, Pass) | (Question::Find, HoldsPan) => (Holding::HoldsPan, None),
            (Question::Find, Neither) => (Holding::Neither, None),
            (Question::Find, HoldsAn) => (Holding::HoldsAn, Some(Question::Pown)),
            (Question::Pown, Fail | Silent | HoldsAn | HoldsPan | Neither)
            | (Question::Find, Silent | Pass | Fail) => (Holding::Unknown, Some(Question::Find)),
        };
        self.asked += 1;
        self.holding = holding;
        self.next = next.filter(|_| self.asked < QUESTIONS_PER_AGENT_MAX);
    }

    fn letter(&self) -> Letter {
        match self.holding {
            Holding::HoldsPan => Letter::Pass,
            Holding::Neither => Letter::Fail,
            Holding::HoldsAn => Letter::Error,
            Holding::Unknown if self.asked == 0 => Letter::Untried,
            Holding::Unknown => Letter::NoReply,
        }
    }
}

const _: () = assert!(Rule::CLOUDCOIN.agents as usize == AGENTS);
