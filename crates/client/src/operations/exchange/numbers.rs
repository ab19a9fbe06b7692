//! Which serial numbers the new coins shall have: those that are free at most agents, the same everywhere.

use std::collections::BTreeMap;

use coin::{Denomination, Rule, SerialNumber};
use protocol::machine::Fault;
use raida::api::Wanted;
use raida::limits::OFFER_NUMBERS_MAX;

use crate::desk::with_causes;
use crate::operations::Bench;

/// Numbers that are asked for beyond those that are needed: some agents have others in circulation.
const SPARE: usize = 20;

impl Bench {
    /// Returns serial numbers for coins of these denominations, in their order, that are free at 13 agents or
    /// more and that this home has not booked; `None` when there are none.
    ///
    /// # Errors
    /// [`Fault::TooFewAgents`] when fewer than 13 answered.
    pub(super) async fn free_numbers(
        &self,
        into: &[Denomination],
    ) -> Result<Option<Vec<SerialNumber>>, Fault> {
        let mut needed: BTreeMap<Denomination, usize> = BTreeMap::new();
        for denomination in into {
            *needed.entry(*denomination).or_default() += 1;
        }
        let most = needed.values().copied().max().unwrap_or(0);
        let count = (2 * most + SPARE).min(OFFER_NUMBERS_MAX);
        // Another one each time, and where the numbers are given, the same in each run.
        let [a, b, c, d, ..] = *(self.numbers)().bytes();
        let seed = [a, b, c, d];
        let offers = self.authority.offers(&Wanted { seed, below: None, count }).await;
        self.progress.notify_one();
        let own = Rule::CLOUDCOIN.own;
        if offers.answered < own {
            return Err(Fault::TooFewAgents { answered: offers.answered });
        }
        let booked = self.desk.run(|work| work.wallet.bookings()).await;
        let booked = booked.map_err(|stopped| Fault::Disk(stopped.to_string()))?;
        let booked = booked.map_err(|error| Fault::Disk(with_causes(&error)))?;
        let mut free: BTreeMap<Denomination, Vec<SerialNumber>> = BTreeMap::new();
        for denomination in needed.into_keys() {
            let mut numbers = offers.of(denomination, own);
            numbers.retain(|sn| !booked.contains(*sn));
            numbers.reverse();
            free.insert(denomination, numbers);
        }
        let numbers: Option<Vec<SerialNumber>> =
            into.iter().map(|denomination| free.get_mut(denomination)?.pop()).collect();
        let common =
            |numbers: &Vec<SerialNumber>| offers.agents_with_all(numbers).len() >= usize::from(own);
        Ok(numbers.filter(common))
    }
}
