//! Coins to choose from.

use super::counts::Counts;
use crate::amount::Amount;
use crate::serial_number::SerialNumber;

/// The coins of a wallet: those that all agents pass and those that some agent
/// refuses, each once.
pub(super) struct Purse {
    pub(super) clean: Side,
    pub(super) refused: Side,
}

/// Coins that are all as good as each other.
pub(super) struct Side {
    /// Ascending, and so ordered by denomination too: 1 first, 250 last.
    coins: Vec<SerialNumber>,
    pub(super) counts: Counts,
}

impl Purse {
    /// Collects the coins. A serial number in both counts as refused.
    pub(super) fn of(clean: &[SerialNumber], refused: &[SerialNumber]) -> Purse {
        let refused = Side::of(refused.to_vec());
        let mut clean = clean.to_vec();
        if !refused.coins.is_empty() {
            clean.retain(|sn| refused.coins.binary_search(sn).is_err());
        }
        Purse { clean: Side::of(clean), refused }
    }

    /// Counts all coins.
    pub(super) fn counts(&self) -> Counts {
        self.clean.counts.plus(self.refused.counts)
    }

    /// Returns what all coins are worth, if that is less than an amount.
    pub(super) fn worth_less_than(&self, amount: Amount) -> Option<Amount> {
        let units = self.counts().value();
        (units < amount.units())
            .then(|| Amount::new(units).expect("what is less than an amount is one"))
    }

    /// Returns so many coins of each denomination, clean ones before refused ones
    /// and small numbers before large ones, in ascending order.
    pub(super) fn take(&self, counts: Counts) -> Vec<SerialNumber> {
        let clean = counts.at_most(self.clean.counts);
        let mut taken: Vec<SerialNumber> = self.clean.first(clean).collect();
        taken.extend(self.refused.first(counts.without(clean)));
        taken.sort_unstable();
        taken
    }
}

impl Side {
    fn of(mut coins: Vec<SerialNumber>) -> Side {
        coins.sort_unstable();
        coins.dedup();
        let counts = Counts::of(&coins);
        Side { coins, counts }
    }

    /// Goes through the first coins of each denomination, so many as `counts` says.
    fn first(&self, counts: Counts) -> impl Iterator<Item = SerialNumber> {
        counts.iter().flat_map(|(kind, number)| {
            let start = self.coins.partition_point(|sn| sn.denomination() < kind);
            self.coins[start..].iter().take(number as usize).copied()
        })
    }
}
