//! Which coins to pay with: a set that is worth exactly the amount.

#[cfg(test)]
mod tests;

use crate::amount::Amount;
use crate::denomination::Denomination;
use crate::serial_number::SerialNumber;

/// Why no coins can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// All the coins together are worth less than the amount.
    #[error("the coins are worth less than the amount, {have} together")]
    NotEnough {
        /// What all the coins are worth.
        have: Amount,
    },
    /// The coins are worth enough, but no set of them exactly the amount.
    #[error("no set of the coins is worth exactly the amount")]
    NoExactSet,
}

/// Chooses coins that are worth exactly `amount`, as few as possible, and
/// returns their serial numbers in ascending order.
///
/// Only coins of `clean`, which all agents pass, are taken where that is
/// possible. Where it is not, the fewest coins of both are taken, and of each
/// denomination the clean ones before those of `refused`, which some agent
/// refuses. The result depends on the two sets alone, not on their order: among
/// equal coins the smaller serial number is taken, among equally short sets the
/// one with more coins of 250. A serial number in both counts as refused.
///
/// It takes the time of sorting the serial numbers; a million is no burden.
///
/// # Errors
/// [`ChooseError::NotEnough`] when all the coins together are worth less than
/// the amount, [`ChooseError::NoExactSet`] when it needs change.
///
/// ```
/// use coin::{Amount, SerialNumber, choose};
///
/// let coins = [3, 2, 1, 2_097_153].map(|sn| SerialNumber::new(sn).unwrap());
/// let amount = Amount::new(7).unwrap();
/// let chosen = choose::exact(amount, &coins, &[]).unwrap();
/// assert_eq!(chosen, [coins[2], coins[1], coins[3]]);
/// ```
pub fn exact(
    amount: Amount,
    clean: &[SerialNumber],
    refused: &[SerialNumber],
) -> Result<Vec<SerialNumber>, ChooseError> {
    let refused = Purse::of(refused, &[]);
    let clean = Purse::of(clean, &refused.coins);
    let all = clean.counts.plus(refused.counts);
    if all.value() < amount.units() {
        let have = Amount::new(all.value()).expect("it is less than an amount");
        return Err(ChooseError::NotEnough { have });
    }
    let take = fewest(amount, clean.counts)
        .or_else(|| fewest(amount, all))
        .ok_or(ChooseError::NoExactSet)?;
    let from_clean = take.at_most(clean.counts);
    let mut chosen = clean.take(from_clean);
    chosen.extend(refused.take(take.minus(from_clean)));
    chosen.sort_unstable();
    Ok(chosen)
}

/// Finds the fewest coins, within `have`, that are worth exactly `amount`.
///
/// Each of 100, 25, 5, 1 divides the one before, so among them greedy is exact:
/// coins of a chain, put down from the largest, pass through every multiple of a
/// larger link that their sum reaches. Whenever a solution leaves a larger coin
/// unused although it would fit, some of its smaller coins are therefore worth
/// exactly that coin, and changing them for it gives a solution of fewer coins.
///
/// 250 is no link (100 does not divide it), but 500 is a multiple of all four:
/// by the same argument, a solution that leaves room for two more coins of 250,
/// and has them, can be changed into one that uses them and has fewer coins. So
/// only the largest number of them and the one below need a look.
fn fewest(amount: Amount, have: Counts) -> Option<Counts> {
    let [largest, ..] = Denomination::ALL;
    let most = have.0[0].min(amount.units() / largest.amount().units());
    let tries = [Some(most), most.checked_sub(1)].into_iter().flatten();
    tries.filter_map(|of_250| greedy(amount, have, of_250)).min_by_key(Counts::coins)
}

/// Takes `of_250` coins of 250 and then, from 100 down, as many as fit.
fn greedy(amount: Amount, have: Counts, of_250: u64) -> Option<Counts> {
    let mut take = Counts::default();
    let mut rest = amount.units();
    for (at, denomination) in Denomination::ALL.into_iter().enumerate() {
        let value = denomination.amount().units();
        take.0[at] = if at == 0 { of_250 } else { have.0[at].min(rest / value) };
        rest -= take.0[at] * value;
    }
    (rest == 0).then_some(take)
}

/// How many coins of each denomination, in the order of [`Denomination::ALL`].
#[derive(Clone, Copy, Default)]
struct Counts([u64; 5]);

impl Counts {
    fn value(self) -> u64 {
        self.0.into_iter().zip(Denomination::ALL).map(|(n, kind)| n * kind.amount().units()).sum()
    }

    fn coins(&self) -> u64 {
        self.0.into_iter().sum()
    }

    fn plus(self, other: Counts) -> Counts {
        Counts(std::array::from_fn(|at| self.0[at] + other.0[at]))
    }

    fn minus(self, other: Counts) -> Counts {
        Counts(std::array::from_fn(|at| self.0[at] - other.0[at]))
    }

    fn at_most(self, bound: Counts) -> Counts {
        Counts(std::array::from_fn(|at| self.0[at].min(bound.0[at])))
    }
}

/// Coins to choose from.
struct Purse {
    /// Ascending, and so ordered by denomination too: 1 first, 250 last.
    coins: Vec<SerialNumber>,
    counts: Counts,
}

impl Purse {
    /// Collects each of `coins` once, leaving out those of `without`, which is
    /// in ascending order.
    fn of(coins: &[SerialNumber], without: &[SerialNumber]) -> Purse {
        let mut coins = coins.to_vec();
        coins.retain(|sn| without.binary_search(sn).is_err());
        coins.sort_unstable();
        coins.dedup();
        let count = |kind| coins.iter().filter(|sn| sn.denomination() == kind).count() as u64;
        let counts = Counts(Denomination::ALL.map(count));
        Purse { coins, counts }
    }

    /// Returns the first coins of each denomination, as many as `counts` says.
    fn take(&self, counts: Counts) -> Vec<SerialNumber> {
        let mut taken = Vec::new();
        for (denomination, count) in Denomination::ALL.into_iter().zip(counts.0) {
            let start = self.coins.partition_point(|sn| sn.denomination() < denomination);
            taken.extend(self.coins[start..].iter().take(count as usize));
        }
        taken
    }
}
