//! The verdict on an exchange.

use std::collections::BTreeMap;

use super::{Direction, Exchanging, Known, Refusal};
use crate::origin::Origin;

/// Where an exchange stands, by what has been answered so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Undecided. Neither inputs nor outputs count.
    Pending,
    /// So many agents keep the numbers that it can stand: it may go forward.
    Reserved {
        /// Agents that keep them.
        agents: u8,
    },
    /// A quorum has executed it. Forward the outputs count; on the way back it
    /// could not be taken back, and they count once a pown has given them new
    /// secrets.
    Stands {
        /// Where the outputs came from.
        origin: Origin,
        /// Agents that hold them so.
        agents: u8,
    },
    /// It stands, and some agents may fail or lie later without changing that.
    Final {
        /// Where the outputs came from.
        origin: Origin,
        /// Agents that hold them so.
        agents: u8,
    },
    /// With what is known now it cannot come to an end on this way. That is not
    /// for ever, because refusals are not: ask again later, or turn back.
    OutOfReach,
    /// A quorum will never have executed it. The inputs count again as far as
    /// agents hold them.
    Returned {
        /// Agents that said so.
        agents: u8,
    },
}

impl Exchanging {
    /// Returns where the exchange stands.
    ///
    /// Forward, what stands stays so for as long as no agent forgets. On the way
    /// back *returned* does, and it stands only where it could not be taken back.
    pub fn standing(&self) -> Standing {
        match self.direction() {
            Direction::Reserving => self.standing_of_reservation(),
            Direction::Forward => self.standing_forward(),
            Direction::Back => self.standing_back(),
        }
    }

    fn standing_of_reservation(&self) -> Standing {
        let agents = self.count(|known| matches!(known, Known::Reserved | Known::Executed(_)));
        if agents >= self.rule().own {
            Standing::Reserved { agents }
        } else if agents + self.count(is_open) < self.rule().own {
            Standing::OutOfReach
        } else {
            Standing::Pending
        }
    }

    fn standing_forward(&self) -> Standing {
        let open = self.count(|known| is_open(known) || known == Known::Reserved);
        self.standing_of(self.most_frequent(Known::executed), open)
    }

    fn standing_back(&self) -> Standing {
        let agents = self.count(|known| known == Known::Returned);
        if agents >= self.rule().own {
            return Standing::Returned { agents };
        }
        let open = self.count(|known| match known {
            Known::Reserved | Known::Executed(_) => true,
            Known::Unknown | Known::Refused(_) | Known::Returned | Known::Kept(_) => is_open(known),
        });
        match self.standing_of(self.most_frequent(Known::kept), open) {
            Standing::OutOfReach if agents + open >= self.rule().own => Standing::Pending,
            standing => standing,
        }
    }

    /// Judges by the agents that have executed the same exchange, and those that
    /// may be found to have done so.
    fn standing_of(&self, found: Option<(Origin, u8)>, open: u8) -> Standing {
        let rule = self.rule();
        match found {
            Some((origin, agents)) if agents >= rule.last => Standing::Final { origin, agents },
            Some((origin, agents)) if agents >= rule.own => Standing::Stands { origin, agents },
            _ if found.map_or(0, |(_, agents)| agents) + open < rule.own => Standing::OutOfReach,
            _ => Standing::Pending,
        }
    }

    /// Counts the agents of which `is` holds.
    fn count(&self, is: impl Fn(Known) -> bool) -> u8 {
        self.all_known().filter(|known| is(*known)).map(|_| 1).sum()
    }

    /// Finds the origin that most agents say, and how many say it. Which one of
    /// two does not matter: a quorum is a majority.
    fn most_frequent(&self, origin: impl Fn(Known) -> Option<Origin>) -> Option<(Origin, u8)> {
        let mut counts = BTreeMap::<Origin, u8>::new();
        for origin in self.all_known().filter_map(origin) {
            *counts.entry(origin).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, agents)| *agents)
    }
}

impl Known {
    /// Returns where the outputs came from that the agent says to hold.
    pub fn executed(self) -> Option<Origin> {
        match self {
            Known::Executed(origin) => Some(origin),
            Known::Unknown
            | Known::Reserved
            | Known::Refused(_)
            | Known::Returned
            | Known::Kept(_) => None,
        }
    }

    fn kept(self) -> Option<Origin> {
        match self {
            Known::Kept(origin) => Some(origin),
            Known::Unknown
            | Known::Reserved
            | Known::Executed(_)
            | Known::Refused(_)
            | Known::Returned => None,
        }
    }
}

/// Tells whether an agent of which this is known may say anything yet, even if
/// nothing changes there.
fn is_open(known: Known) -> bool {
    match known {
        Known::Unknown | Known::Refused(Refusal::Busy) => true,
        Known::Reserved
        | Known::Executed(_)
        | Known::Refused(Refusal::NotHeld | Refusal::NotFree | Refusal::Other)
        | Known::Returned
        | Known::Kept(_) => false,
    }
}
