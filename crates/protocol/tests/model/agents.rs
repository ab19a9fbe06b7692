//! Three agents, each a register with the one secret that it holds of the coin, and the requests that are
//! under way to them.
//!
//! A request that was ever sent stays under way for good: it may be executed late, again, or never.

use coin::{Answer, Origin, Ownership, Question, Rule};

/// Agents; they stand for 25.
pub(crate) const AGENTS: usize = 3;
/// Owned at two of them, as at 13 of 25; final at three, as at 17.
pub(crate) fn rule() -> Rule {
    Rule::new(3, 2, 3).expect("two of three are a majority")
}

/// Whose secret an agent holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Held {
    /// The one that left with the coin.
    Left,
    /// The receiver's new one.
    Receivers,
    /// That of the sender's reclaim.
    Senders,
    /// One that nobody knows: this agent is bad, or was taken by a stranger.
    Foreign,
}

/// What somebody asks agents to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wish {
    /// The receiver takes the coin.
    Take,
    /// The sender takes it back.
    Reclaim,
    /// The sender hands back what its reclaim has got.
    HandBack,
}

pub(crate) const WISHES: [Wish; 3] = [Wish::Take, Wish::Reclaim, Wish::HandBack];

impl Wish {
    fn secrets(self) -> (Held, Held) {
        match self {
            Wish::Take => (Held::Left, Held::Receivers),
            Wish::Reclaim => (Held::Left, Held::Senders),
            Wish::HandBack => (Held::Senders, Held::Left),
        }
    }
}

/// All agents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Agents {
    pub(crate) held: [Held; AGENTS],
    under_way: [[bool; WISHES.len()]; AGENTS],
}

impl Agents {
    pub(crate) fn new(first: Held) -> Agents {
        let mut held = [Held::Left; AGENTS];
        held[0] = first;
        Agents { held, under_way: Default::default() }
    }

    pub(crate) fn count(&self, held: Held) -> u8 {
        self.held.iter().filter(|one| **one == held).map(|_| 1).sum()
    }

    pub(crate) fn sent(&mut self, agent: usize, wish: Wish) {
        self.under_way[agent][wish as usize] = true;
    }

    /// Returns the requests that would change something if they came now.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = (usize, Wish)> {
        let all = (0..AGENTS).flat_map(|agent| WISHES.map(|wish| (agent, wish)));
        all.filter(|&(agent, wish)| {
            self.under_way[agent][wish as usize] && self.held[agent] == wish.secrets().0
        })
    }

    /// Returns where these wishes would change something now.
    pub(crate) fn would_change(&self, wishes: &[Wish]) -> impl Iterator<Item = (usize, Wish)> {
        let all = (0..AGENTS).flat_map(|agent| wishes.iter().map(move |wish| (agent, *wish)));
        all.filter(|&(agent, wish)| self.held[agent] == wish.secrets().0)
    }

    /// Executes a request.
    pub(crate) fn execute(&mut self, agent: usize, wish: Wish) -> Answer {
        let (from, to) = wish.secrets();
        if self.held[agent] != from && self.held[agent] != to {
            return Answer::Fail;
        }
        self.held[agent] = to;
        Answer::Pass(Origin::Minted)
    }

    pub(crate) fn find(&self, agent: usize, wish: Wish) -> Answer {
        let (from, to) = wish.secrets();
        match self.held[agent] {
            held if held == to => Answer::HoldsPan(Origin::Minted),
            held if held == from => Answer::HoldsAn(Origin::Minted),
            _ => Answer::Neither,
        }
    }
}

/// What becomes of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    /// Asked and answered.
    Answered,
    /// No answer came; the request is under way.
    Unanswered,
    /// This agent says nothing any more in this round; the request is under way.
    Gone,
}

/// A round of questions that is going on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Round {
    pub(crate) wish: Wish,
    pub(crate) coin: Ownership,
}

impl Round {
    pub(crate) fn new(wish: Wish) -> Round {
        Round { wish, coin: Ownership::new(rule()) }
    }

    /// Returns the questions that can be put next, and what may become of each. An agent that did not
    /// answer a pown is found or silent: more of the same would lead nowhere else.
    pub(crate) fn questions(&self) -> Vec<(usize, Fate)> {
        let mut questions = Vec::new();
        for agent in 0..AGENTS {
            let fates: &[Fate] = match self.coin.next_question(agent) {
                Some(Question::Pown) => &[Fate::Answered, Fate::Unanswered, Fate::Gone],
                Some(Question::Find) => &[Fate::Answered, Fate::Gone],
                None => &[],
            };
            questions.extend(fates.iter().map(|fate| (agent, *fate)));
            // Agents are alike: what matters is which of them the sender asks before the receiver has.
            if self.wish == Wish::Take && !fates.is_empty() {
                break;
            }
        }
        questions
    }

    pub(crate) fn ask(&mut self, agents: &mut Agents, agent: usize, fate: Fate) {
        let Some(question) = self.coin.next_question(agent) else { return };
        if question == Question::Pown {
            agents.sent(agent, self.wish);
        }
        let answer = match (fate, question) {
            (Fate::Answered, Question::Pown) => agents.execute(agent, self.wish),
            (Fate::Answered, Question::Find) => agents.find(agent, self.wish),
            (Fate::Unanswered | Fate::Gone, _) => Answer::Silent,
        };
        self.coin.answered(agent, question, answer);
        while let (Fate::Gone, Some(question)) = (fate, self.coin.next_question(agent)) {
            self.coin.answered(agent, question, Answer::Silent);
        }
    }
}
