//! What have the agents in circulation, each as it has counted it?

use std::collections::HashMap;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::Authority;
use crate::api::{Circulation, Exchanges};

/// What one agent has counted.
pub type Counted = (Circulation, Exchanges);

/// What all agents say that they have counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// By the agents' numbers; `None` where one is silent.
    pub agents: Vec<Option<Counted>>,
}

impl Authority {
    /// Asks all agents, once each, what they have counted.
    pub async fn audit(&self) -> Audited {
        let ends = Instant::now() + self.timing.request;
        let answers = join_all(self.lines.iter().map(|line| line.ask_audit(ends))).await;
        Audited { agents: answers.into_iter().map(Result::ok).collect() }
    }
}

impl Audited {
    /// Returns how many agents answered.
    pub fn answered(&self) -> usize {
        self.agents.iter().flatten().count()
    }

    /// Returns the circulation that most agents state, and how many do.
    pub fn most(&self) -> Option<(Circulation, usize)> {
        let mut votes: HashMap<Circulation, usize> = HashMap::new();
        for (circulation, _) in self.agents.iter().flatten() {
            *votes.entry(*circulation).or_default() += 1;
        }
        votes.into_iter().max_by_key(|(circulation, votes)| (*votes, circulation.value))
    }

    /// Returns the agents that state another circulation than most.
    pub fn differing(&self) -> Vec<usize> {
        let most = self.most().map(|(circulation, _)| circulation);
        let differs = |counted: &Option<Counted>| {
            counted.is_some_and(|(circulation, _)| Some(circulation) != most)
        };
        let agents = self.agents.iter().enumerate();
        agents.filter(|(_, counted)| differs(counted)).map(|(agent, _)| agent).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audited(values: &[Option<u64>]) -> Audited {
        let counted = |value: &Option<u64>| {
            value.map(|value| {
                (Circulation { value, ..Circulation::default() }, Exchanges::default())
            })
        };
        Audited { agents: values.iter().map(counted).collect() }
    }

    #[test]
    fn whoever_states_another_circulation_than_most_differs_and_the_silent_do_not() {
        let said = audited(&[Some(5), Some(6), None, Some(5)]);
        assert_eq!((said.answered(), said.differing()), (3, vec![1]));
        assert_eq!(said.most().map(|(most, votes)| (most.value, votes)), Some((5, 2)));
        let silent = audited(&[None, None]);
        assert_eq!((silent.most(), silent.differing()), (None, vec![]));
    }
}
