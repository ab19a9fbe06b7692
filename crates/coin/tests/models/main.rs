//! Model checking of the shipped machines: every order of requests, losses,
//! crashes and lies that a few agents allow.
//!
//! Five agents stand for 25, three for the quorum of five, four for the line of
//! 17; one of them may be bad. The models ask [`coin::Ownership`],
//! [`coin::Exchanging`] and [`coin::reclaim`] themselves what to do next and what
//! the answers mean; they only play the agents, the network and whoever is
//! dishonest.
//!
//! Agents are alike, so a state keeps them sorted, and a machine is made anew from
//! what each agent has answered in this round; that the order of answers does not
//! matter is tested apart. A request that was sent may act at any later time, any
//! number of times, and its answer comes at once or never. A crash forgets the
//! round.
//!
//! *No dead end* is checked in every state by a run from there on in which nobody
//! does mischief any more: it has to end.
//!
//! The rules can be left out one at a time, in the models only: then the checker
//! must find what they are for. `LIVECONNECT_MODELS=long` takes seven agents as
//! well; `--nocapture` prints the numbers of states.

mod exchange;
mod race;

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use coin::Rule;
use stateright::{Checker, HasDiscoveries, Model};

/// Steps within which a rule that is left out must show.
const STEPS_MAX: usize = 20;

/// Networks of 1, 3, 5 and 7 agents, as far as they have a bad one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agents {
    /// All honest.
    Honest(u8),
    /// One of them is bad from the start.
    OneBad(u8),
}

impl Agents {
    pub(crate) fn number(self) -> u8 {
        match self {
            Agents::Honest(number) | Agents::OneBad(number) => number,
        }
    }

    pub(crate) fn bad(self) -> u8 {
        match self {
            Agents::Honest(_) => 0,
            Agents::OneBad(_) => 1,
        }
    }

    /// A majority owns; one more is final, so that two final sets share more honest
    /// agents than bad ones.
    pub(crate) fn rule(self) -> Rule {
        let own = self.number() / 2 + 1;
        Rule::new(self.number(), own, (own + 1).min(self.number())).expect("that is a rule")
    }
}

/// Tells whether there is time for seven agents.
#[expect(clippy::disallowed_methods, reason = "a test may look at the environment")]
pub(crate) fn is_long() -> bool {
    std::env::var("LIVECONNECT_MODELS").is_ok_and(|form| form == "long")
}

/// Explores a model whole, says how much there was, and returns the name and the steps
/// of what was violated.
#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
pub(crate) fn explore<M>(what: &str, model: M) -> Vec<(&'static str, Vec<M::Action>)>
where
    M: Model + Send + Sync + 'static,
    M::State: Debug + Hash + Send + Sync + Clone + PartialEq,
    M::Action: Debug + Clone + PartialEq,
{
    let began = Instant::now();
    let checker = model.checker().finish_when(HasDiscoveries::Any).spawn_bfs().join();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    let seconds = began.elapsed().as_secs_f64();
    println!("{what}: {states} states, {depth} deep, in {seconds:.1} s");
    discoveries(&checker)
}

/// Returns the shortest way to violate a property.
pub(crate) fn shortest<M>(what: &str, model: &M, property: &str) -> Option<Vec<M::Action>>
where
    M: Model + Clone + Send + Sync + 'static,
    M::State: Debug + Hash + Send + Sync + Clone + PartialEq,
    M::Action: Debug + Clone + PartialEq,
{
    let found = (1..=STEPS_MAX).find_map(|depth| {
        let checker = model.clone().checker().target_max_depth(depth).spawn_bfs().join();
        discoveries(&checker).into_iter().find(|(name, _)| *name == property)
    });
    let steps = found.map(|(_, steps)| steps);
    println!("{what}, {property}: {steps:?}");
    steps
}

fn discoveries<M: Model>(checker: &impl Checker<M>) -> Vec<(&'static str, Vec<M::Action>)>
where
    M::State: Debug + Hash + Clone + PartialEq,
    M::Action: Debug + Clone + PartialEq,
{
    let found = checker.discoveries().into_iter();
    found.map(|(name, path)| (name, path.into_actions())).collect()
}
