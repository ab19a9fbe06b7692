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
//! A coin is its serial number *and* its [`Origin`]: agents that hold the PAN
//! from different origins hold different coins, and do not add up. Only those
//! of the most frequent origin own it together; the others count like agents
//! that hold neither secret.
//!
//! ```
//! use coin::{Answer, Grade, Origin, Ownership, Question, Rule};
//!
//! let mut coin = Ownership::new(Rule::CLOUDCOIN);
//! for agent in 0..12 {
//!     coin.answered(agent, Question::Pown, Answer::Pass(Origin::Minted));
//! }
//! coin.answered(12, Question::Pown, Answer::Silent);
//! assert_eq!(coin.grade(), Grade::Limbo);
//! assert_eq!(coin.next_question(12), Some(Question::Find));
//! coin.answered(12, Question::Find, Answer::HoldsPan(Origin::Minted));
//! assert_eq!(coin.grade(), Grade::Settling);
//! ```

mod origins;
mod rule;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::origins::Origins;
pub use self::rule::{Rule, RuleError};
use crate::AGENTS;
use crate::limits::QUESTIONS_PER_AGENT_MAX;
use crate::origin::Origin;
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
    /// To a pown: done, or done before. The coin is of this origin.
    Pass(Origin),
    /// To a pown: the AN is not the one held. It may be the PAN by now.
    Fail,
    /// To a find: the AN is held, for a coin of this origin.
    HoldsAn(Origin),
    /// To a find: the PAN is held, for a coin of this origin.
    HoldsPan(Origin),
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
    /// It holds the PAN, which only the new owner knows, and the coin is of the
    /// most frequent origin.
    HoldsPan,
    /// It holds the PAN, but for a coin of another origin: what it holds does
    /// not add up with what most of the others hold.
    OtherOrigin,
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
    /// Where the coin came from, as those who hold the PAN say.
    origins: Origins,
}

/// How far the questions to one agent have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
struct Inquiry {
    holding: Holding,
    /// Which of the origins, where the PAN is held.
    origin: u8,
    next: Option<Question>,
    asked: u8,
}

impl Ownership {
    /// Begins a round in which no agent has been asked.
    pub fn new(rule: Rule) -> Ownership {
        let untouched =
            Inquiry { holding: Holding::Unknown, origin: 0, next: Some(Question::Pown), asked: 0 };
        let inquiries = vec![untouched; usize::from(rule.agents)];
        Ownership { rule, inquiries, origins: Origins::default() }
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
        if self.next_question(agent) != Some(question) {
            return;
        }
        if let (Question::Pown, Answer::Pass(origin)) | (Question::Find, Answer::HoldsPan(origin)) =
            (question, answer)
        {
            self.note_origin(agent, origin);
        }
        self.inquiries[agent].take(question, answer);
    }

    fn note_origin(&mut self, agent: usize, origin: Origin) {
        let (place, is_new) = self.origins.place_of(origin);
        if is_new {
            let moved = self.inquiries.iter_mut().filter(|inquiry| inquiry.origin >= place);
            moved.for_each(|inquiry| inquiry.origin += 1);
        }
        self.inquiries[agent].origin = place;
    }

    /// Tells whether no question is left for any agent.
    pub fn is_over(&self) -> bool {
        self.inquiries.iter().all(|inquiry| inquiry.next.is_none())
    }

    /// Returns the most frequent origin among the agents that hold the PAN, of
    /// equally frequent ones the smallest. An owned coin came from there.
    pub fn origin(&self) -> Origin {
        self.origins.at(self.most_frequent())
    }

    /// Returns what is known of `agent`.
    pub fn holding(&self, agent: usize) -> Holding {
        let inquiry = self.inquiries.get(agent);
        inquiry.map_or(Holding::Unknown, |inquiry| inquiry.seen_from(self.most_frequent()))
    }

    /// Goes through what is known of each agent, in their order.
    pub fn holdings(&self) -> impl ExactSizeIterator<Item = Holding> {
        let most_frequent = self.most_frequent();
        self.inquiries.iter().map(move |inquiry| inquiry.seen_from(most_frequent))
    }

    fn most_frequent(&self) -> u8 {
        let holders = self.inquiries.iter().filter(|inquiry| inquiry.holding == Holding::HoldsPan);
        self.origins.most_frequent(&holders.map(|inquiry| inquiry.origin))
    }

    /// Counts the agents of which this is known.
    pub fn count(&self, holding: Holding) -> u8 {
        self.holdings().filter(|&found| found == holding).map(|_| 1).sum()
    }

    /// Returns the verdict by what has been answered so far. A coin that is
    /// owned or counterfeit stays so, whatever the open agents still say.
    pub fn grade(&self) -> Grade {
        let holders = self.count(Holding::HoldsPan);
        let against = self.count(Holding::Neither) + self.count(Holding::OtherOrigin);
        let possible = self.rule.agents - against;
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

    /// Returns the letters for a file: `p` holds the PAN, `f` holds neither, or
    /// the PAN for a coin of another origin than most, `e` still holds the AN, `n` gave no answer that settles it, `u` was not
    /// asked or does not exist.
    pub fn pown_string(&self) -> PownString {
        let most_frequent = self.most_frequent();
        PownString::from_fn(|agent| {
            let inquiry = self.inquiries.get(agent);
            inquiry.map_or(Letter::Untried, |inquiry| inquiry.letter(most_frequent))
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
            (Question::Pown, Pass(_)) | (Question::Find, HoldsPan(_)) => (Holding::HoldsPan, None),
            (Question::Find, Neither) => (Holding::Neither, None),
            (Question::Find, HoldsAn(_)) => (Holding::HoldsAn, Some(Question::Pown)),
            (Question::Pown, Fail | Silent | HoldsAn(_) | HoldsPan(_) | Neither)
            | (Question::Find, Silent | Pass(_) | Fail) => (Holding::Unknown, Some(Question::Find)),
        };
        self.asked += 1;
        self.holding = holding;
        self.next = next.filter(|_| self.asked < QUESTIONS_PER_AGENT_MAX);
    }

    fn seen_from(&self, most_frequent: u8) -> Holding {
        match self.holding {
            Holding::HoldsPan if self.origin != most_frequent => Holding::OtherOrigin,
            known => known,
        }
    }

    fn letter(&self, most_frequent: u8) -> Letter {
        match self.seen_from(most_frequent) {
            Holding::HoldsPan => Letter::Pass,
            Holding::Neither | Holding::OtherOrigin => Letter::Fail,
            Holding::HoldsAn => Letter::Error,
            Holding::Unknown if self.asked == 0 => Letter::Untried,
            Holding::Unknown => Letter::NoReply,
        }
    }
}

const _: () = assert!(Rule::CLOUDCOIN.agents as usize == AGENTS);
