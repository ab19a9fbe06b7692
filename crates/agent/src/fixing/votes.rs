//! Votes for a coin that is to be fixed: how many agents speak for it, by the origin of which they
//! speak.
//!
//! | the agent holds | needed |
//! |---|---|
//! | the coin, of this origin | 13, or those of a corner where that is allowed |
//! | the coin, of another origin | never |
//! | nothing, and it was minted | 17 |
//! | nothing, and an exchange made it | 13: that exchange is carried out here |

use std::collections::HashMap;

use coin::Origin;

use super::QUORUM;
use crate::ledger::Holding;

/// Agents that must speak for a minted coin that the agent does not know. It brings value into
/// circulation here, and no exchange takes as much out: as many as must hold a coin so that four bad
/// agents change nothing.
const QUORUM_OF_UNKNOWN: usize = 17;

/// The votes for a coin that is to be fixed.
pub(super) struct Votes {
    held: Option<Origin>,
    /// Of how many agents the word is enough for a coin that is held.
    needed: usize,
    /// Who speaks for it.
    by_origin: HashMap<Origin, Vec<usize>>,
}

impl Votes {
    /// Begins with none, for a coin of which this is held.
    pub(super) fn of(held: Option<&Holding>, needed: usize) -> Votes {
        Votes { held: held.map(|held| held.origin), needed, by_origin: HashMap::new() }
    }

    /// Hears what one agent says.
    pub(super) fn hear(&mut self, agent: usize, origin: Option<Origin>) {
        if let Some(origin) = origin {
            self.by_origin.entry(origin).or_default().push(agent);
        }
    }

    /// Returns the origin for which enough agents speak, and those agents.
    pub(super) fn won(&self) -> Option<(Origin, &[usize])> {
        let won = self.by_origin.iter().find(|(origin, agents)| {
            self.needed(**origin).is_some_and(|needed| agents.len() >= needed)
        });
        won.map(|(origin, agents)| (*origin, agents.as_slice()))
    }

    /// Tells whether the words of so many further agents could still decide it.
    pub(super) fn is_open(&self, outstanding: usize) -> bool {
        let can_win = |(origin, agents): (&Origin, &Vec<usize>)| {
            self.needed(*origin).is_some_and(|needed| agents.len() + outstanding >= needed)
        };
        let by_others = self.held.map_or(QUORUM, |_| self.needed);
        self.won().is_none() && (outstanding >= by_others || self.by_origin.iter().any(can_win))
    }

    /// Returns of how many agents the word is needed for a coin of this origin; nothing when none is
    /// enough.
    fn needed(&self, origin: Origin) -> Option<usize> {
        match (self.held, origin) {
            (Some(held), _) => (held == origin).then_some(self.needed),
            (None, Origin::Minted) => Some(QUORUM_OF_UNKNOWN),
            (None, Origin::Exchange(_)) => Some(QUORUM),
        }
    }
}
