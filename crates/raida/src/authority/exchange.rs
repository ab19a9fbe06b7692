//! Exchanging coins: which serial numbers are free, and one try of one step of a trade at some agents.
//!
//! What to ask which agent next, and whether an exchange stands, is for
//! [`Exchanging`](coin::exchange::Exchanging) to say; here nothing is repeated.
//!
//! # Crash safety
//!
//! The trade is durable at its owner before an agent is asked to execute it, and the decision to take
//! it back before the first cancellation. An agent has on disk what it says. The same step again is
//! harmless.

use std::collections::BTreeMap;

use coin::exchange::{Answer, Request};
use coin::{AGENTS, Denomination, SerialNumber};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::Authority;
use crate::Trade;
use crate::api::Wanted;

/// Serial numbers that are free, each at the agents that offered it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// Agents, 0 to 25, that answered.
    pub answered: u8,
    free: BTreeMap<SerialNumber, [bool; AGENTS]>,
}

impl Authority {
    /// Asks all agents, once each, which serial numbers are free.
    pub async fn offers(&self, wanted: &Wanted) -> Offers {
        let until = Instant::now() + self.timing.request;
        let answers = join_all(self.lines.iter().map(|line| line.ask_offer(wanted, until))).await;
        let mut offers = Offers::default();
        for (agent, numbers) in answers.into_iter().enumerate() {
            let Ok(numbers) = numbers else { continue };
            offers.answered += 1;
            for sn in numbers {
                offers.free.entry(sn).or_default()[agent] = true;
            }
        }
        offers
    }

    /// Asks these agents, 0 to 24, once each for one step of a trade. Returns what they answered, in
    /// the order of `agents`.
    pub async fn trade(&self, request: Request, trade: &Trade, agents: &[usize]) -> Vec<Answer> {
        let until = Instant::now() + self.timing.request;
        let asking = agents.iter().map(async |&agent| {
            let said = self.lines[agent].ask_trade(request, trade, until).await;
            said.unwrap_or(Answer::Silent)
        });
        join_all(asking).await
    }
}

impl Offers {
    /// Returns serial numbers of a denomination that so many agents at least offered, those that most
    /// did first, of equals the smaller first.
    pub fn of(&self, denomination: Denomination, agents_min: u8) -> Vec<SerialNumber> {
        let count = |at: &[bool; AGENTS]| at.iter().filter(|free| **free).count();
        let numbers = self.free.iter().filter(|(sn, _)| sn.denomination() == denomination);
        let mut numbers: Vec<(usize, SerialNumber)> = numbers
            .map(|(sn, at)| (count(at), *sn))
            .filter(|(agents, _)| *agents >= usize::from(agents_min))
            .collect();
        numbers.sort_by_key(|(agents, sn)| (usize::MAX - agents, *sn));
        numbers.into_iter().map(|(_, sn)| sn).collect()
    }

    /// Returns the agents that offered all of these serial numbers.
    pub fn agents_with_all(&self, numbers: &[SerialNumber]) -> Vec<usize> {
        let free = |agent: usize| {
            let at = |sn: &SerialNumber| self.free.get(sn).is_some_and(|at| at[agent]);
            numbers.iter().all(at)
        };
        (0..AGENTS).filter(|agent| free(*agent)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_most_agents_offer_come_first() {
        let sn = |number| SerialNumber::new(number).unwrap();
        let mut offers = Offers::default();
        for (number, agents) in [(1, 14), (2, 25), (3, 12), (4, 25), (2_097_153, 25)] {
            offers.free.insert(sn(number), std::array::from_fn(|agent| agent < agents));
        }
        assert_eq!(offers.of(Denomination::One, 13), [sn(2), sn(4), sn(1)]);
        assert_eq!(offers.of(Denomination::Five, 13), [sn(2_097_153)]);
        assert_eq!(offers.agents_with_all(&[sn(1), sn(3)]).len(), 12);
        assert_eq!(offers.agents_with_all(&[sn(5)]).len(), 0);
    }
}
