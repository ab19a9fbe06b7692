//! Change: which coins to break, and into which, so that an amount can be paid.
//!
//! ```text
//! wallet  14 × 250                      pay 3439
//! break    1 × 250
//! into     1 × 100, 3 × 25, 2 × 5, 4 × 1    for the payment: 189
//!          2 × 25, 2 × 5, 1 × 1             kept: 61
//! ```
//!
//! What is broken and what it becomes are looked for together: a coin broken for
//! the missing 189 has to leave 61, and both cost new coins.

use super::Swap;
use super::counts::{Counts, fewest};
use super::purse::Purse;
use crate::amount::Amount;
use crate::denomination::Denomination;
use crate::limits::BROKEN_COINS_MAX;
use crate::serial_number::SerialNumber;

/// Why an amount cannot be paid with change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// All the coins together are worth less than the amount.
    #[error("the coins are worth less than the amount, {have} together")]
    NotEnough {
        /// What all the coins are worth.
        have: Amount,
    },
    /// The coins are worth enough, but the pool lacks what they would have to
    /// become.
    #[error("the pool has not the small coins that the amount needs")]
    PoolTooSmall,
}

/// Decides which coins to break, and into which, so that the wallet can pay
/// exactly `amount` afterwards. Nothing is broken when it can do so now.
///
/// `pool` is how many new coins of each denomination are at hand. What is looked
/// for, in this order:
///
/// 1. Refused coins are neither broken nor paid where clean ones do, and not
///    broken where clean ones can be: agents that refuse a coin do not exchange it.
/// 2. The fewest coins are broken. One is always enough when the pool has all
///    small coins: put coins down one by one; that which goes beyond the amount is
///    it. Three of 100 for 250 and twice 25 would be one new coin less than one of
///    100 for four of 25, and thrice the value that counts for nothing meanwhile.
/// 3. The fewest new coins.
/// 4. The least value that is broken.
///
/// # Errors
/// [`ChangeError::NotEnough`] when all the coins together are worth less than the
/// amount, [`ChangeError::PoolTooSmall`] when no three coins or fewer can be
/// broken into what the pool has.
pub fn change(
    amount: Amount,
    clean: &[SerialNumber],
    refused: &[SerialNumber],
    pool: Counts,
) -> Result<Swap, ChangeError> {
    let purse = Purse::of(clean, refused);
    if let Some(have) = purse.worth_less_than(amount) {
        return Err(ChangeError::NotEnough { have });
    }
    let (clean, all) = (purse.clean.counts, purse.counts());
    if fewest(amount.units(), all).is_some() {
        return Ok(Swap::default());
    }
    [(clean, clean), (all, clean), (all, all)]
        .into_iter()
        .find_map(|(coins, breakable)| cheapest(amount.units(), coins, breakable, pool))
        .map(|Breaking { give, take }| Swap { give: purse.take(give), take })
        .ok_or(ChangeError::PoolTooSmall)
}

/// Coins to break and what they become.
struct Breaking {
    give: Counts,
    take: Counts,
}

impl Breaking {
    /// Returns what it costs; with the same number of broken coins the smaller
    /// one is better.
    fn cost(&self) -> (u64, u64) {
        (self.take.coins(), self.give.value())
    }
}

/// Finds the best way to pay with `coins` when those of `breakable`, which are
/// among them, may be broken.
fn cheapest(units: u64, coins: Counts, breakable: Counts, pool: Counts) -> Option<Breaking> {
    let mut choices = vec![Counts::default()];
    for _ in 0..BROKEN_COINS_MAX {
        choices = one_more(&choices, breakable);
        let ways = choices.iter().filter_map(|&give| {
            let payments = payments(units, give, coins.without(give), pool);
            payments.min_by_key(Breaking::cost)
        });
        if let Some(best) = ways.min_by_key(Breaking::cost) {
            return Some(best);
        }
    }
    None
}

/// Adds one coin of those that there are to each choice, in every way, each
/// result once.
fn one_more(choices: &[Counts], have: Counts) -> Vec<Counts> {
    let mut more = Vec::new();
    for &choice in choices {
        for (kind, _) in have.without(choice).iter() {
            let mut longer = choice;
            *longer.at(kind) += 1;
            if !more.contains(&longer) {
                more.push(longer);
            }
        }
    }
    more
}

/// Goes through the ways to pay with new coins for `give` and with coins of
/// `rest`: one for each part of the amount that new coins can pay.
fn payments(
    units: u64,
    give: Counts,
    rest: Counts,
    pool: Counts,
) -> impl Iterator<Item = Breaking> {
    let value = give.value();
    (1..=value.min(units)).filter_map(move |part| {
        fewest(units - part, rest)?;
        let take = fewest_of_two(part, value - part, pool)?;
        Some(Breaking { give, take })
    })
}

/// Finds the fewest coins of the pool that are worth `part` and `other`, each by
/// itself.
///
/// From 100 down every coin divides the one before, so that again greedy is exact:
/// as many of each as fit into both sums together. Where smaller coins can make up
/// for one, they can do so in either sum, so it does not matter which gets it. Of
/// 250 every number is tried.
fn fewest_of_two(part: u64, other: u64, pool: Counts) -> Option<Counts> {
    let largest = Denomination::TwoHundredFifty;
    let fitting = |units: u64| u32::try_from(units / u64::from(largest.value())).unwrap_or(0);
    let pairs = (0..=fitting(part)).flat_map(|one| (0..=fitting(other)).map(move |two| (one, two)));
    pairs
        .filter(|(one, two)| one + two <= pool.number(largest))
        .filter_map(|of_250| greedy_of_two([part, other], of_250, pool))
        .min_by_key(|coins| coins.coins())
}

fn greedy_of_two(mut rest: [u64; 2], of_250: (u32, u32), pool: Counts) -> Option<Counts> {
    let coins = Counts::from_fn(|kind| {
        let value = u64::from(kind.value());
        let fit = |units: u64| u32::try_from(units / value).unwrap_or(u32::MAX);
        let (one, two) = match kind {
            Denomination::TwoHundredFifty => of_250,
            Denomination::Hundred
            | Denomination::TwentyFive
            | Denomination::Five
            | Denomination::One => {
                let one = fit(rest[0]).min(pool.number(kind));
                (one, fit(rest[1]).min(pool.number(kind) - one))
            }
        };
        rest = [rest[0] - u64::from(one) * value, rest[1] - u64::from(two) * value];
        one + two
    });
    (rest == [0, 0]).then_some(coins)
}
