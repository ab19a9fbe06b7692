//! The origins that the holders of one coin name: mostly one, in hardly any memory.

use serde::Serialize;

use crate::origin::Origin;

/// The distinct origins that were named. Place 0 is the mint's, which needs no memory; behind it the
/// others stand in ascending order, so that who named them first leaves no trace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
pub(super) struct Origins {
    /// At most one for each agent, of which there are at most 255.
    exchanges: Vec<Origin>,
}

impl Origins {
    /// Returns the place of an origin, and whether it was put there now: then the places from there on
    /// are one higher than before.
    pub(super) fn place_of(&mut self, origin: Origin) -> (u8, bool) {
        if origin == Origin::Minted {
            return (0, false);
        }
        let found = self.exchanges.binary_search(&origin);
        let (Ok(at) | Err(at)) = found;
        if found.is_err() {
            self.exchanges.insert(at, origin);
        }
        let place = u8::try_from(at + 1).expect("each of at most 255 agents names one origin");
        (place, found.is_err())
    }

    /// Returns the origin of a place.
    pub(super) fn at(&self, place: u8) -> Origin {
        match usize::from(place).checked_sub(1) {
            None => Origin::Minted,
            Some(at) => self.exchanges[at],
        }
    }

    /// Returns which place is named most often, of equals the first; 0 when none is named.
    pub(super) fn most_frequent(&self, named: &(impl Iterator<Item = u8> + Clone)) -> u8 {
        let Some(last) = u8::try_from(self.exchanges.len()).ok().filter(|last| *last > 0) else {
            return 0;
        };
        let times = |place: u8| named.clone().filter(|other| *other == place).count();
        // Of equals `max_by_key` takes the last one.
        (0..=last).rev().max_by_key(|place| times(*place)).unwrap_or(0)
    }
}
