//! Joining: many small coins become few large ones.
//!
//! Every coin costs 25 requests each time it changes hands, so a wallet of small
//! coins is slow. A wallet without small coins needs change for every payment. So
//! joining begins at a number of coins and leaves some small ones.

use super::Swap;
use super::counts::{Counts, fills};
use super::purse::Purse;
use crate::denomination::Denomination;
use crate::limits::JOIN_COINS_MAX;
use crate::serial_number::SerialNumber;

/// When coins are joined, and what is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinPolicy {
    /// Fewer coins than this stay as they are.
    pub from: usize,
    /// So many coins of each denomination, where there are, stay as they are.
    pub keep: Counts,
}

impl Counts {
    /// 4 of 1, 4 of 5, 3 of 25 and 2 of 100: a wallet with these pays every amount
    /// up to its value without change, whatever other coins it has.
    ///
    /// The first 13 coins make every sum up to 299, and a further coin of at most
    /// 250 makes the longer row of sums that ends later by its value.
    pub fn small_change() -> Counts {
        Counts::from_fn(|kind| match kind {
            Denomination::TwoHundredFifty => 0,
            Denomination::Hundred => 2,
            Denomination::TwentyFive => 3,
            Denomination::Five | Denomination::One => 4,
        })
    }
}

/// Decides which coins to give for fewer ones of the same value, in exchanges of
/// at most [`JOIN_COINS_MAX`] coins each.
///
/// `clean` are coins that all agents pass; others are fixed first. `pool` is how
/// many new coins of each denomination are at hand. Apart from what the policy
/// keeps, the coins become the fewest that are worth as much; among equally short
/// results that counts for which fewer coins are exchanged. Coins that stay are
/// not exchanged, and nothing is when there would not be fewer coins.
pub fn join(clean: &[SerialNumber], policy: JoinPolicy, pool: Counts) -> Vec<Swap> {
    let purse = Purse::of(clean, &[]);
    let have = purse.clean.counts;
    if have.coins() < policy.from as u64 {
        return Vec::new();
    }
    let before = have.without(policy.keep);
    let exchanged = |after: &Counts| {
        (after.coins(), before.without(*after).coins() + after.without(before).coins())
    };
    let after = fills(before.value(), before.plus(pool)).min_by_key(exchanged);
    match after {
        Some(after) if after.coins() < before.coins() => {
            in_parts(purse.take(before.without(after)), after.without(before))
        }
        _ => Vec::new(),
    }
}

/// Cuts an exchange into such as are not too long, each of equal value.
fn in_parts(give: Vec<SerialNumber>, take: Counts) -> Vec<Swap> {
    let mut swaps: Vec<Swap> = Vec::new();
    for part in smallest_parts(give, take) {
        match swaps.last_mut() {
            Some(swap) if swap.coins() + part.coins() <= JOIN_COINS_MAX => {
                swap.give.extend(part.give);
                swap.take = swap.take.plus(part.take);
            }
            _ => swaps.push(part),
        }
    }
    swaps.iter_mut().for_each(|swap| swap.give.sort_unstable());
    swaps
}

/// Puts down new coins and given ones, the largest of both first, and cuts
/// wherever the sums are equal. Two of 250 are a multiple of every other coin, so
/// that a part has at most 500 units, or a last one somewhat more.
fn smallest_parts(give: Vec<SerialNumber>, take: Counts) -> Vec<Swap> {
    let mut parts = Vec::new();
    let mut part = Swap::default();
    // What is taken less what is given so far.
    let mut owed = 0;
    let mut given = give.into_iter().rev();
    let taken = take.iter().flat_map(|(kind, number)| (0..number).map(move |_| kind));
    for kind in taken {
        *part.take.at(kind) += 1;
        owed += i64::from(kind.value());
        while owed > 0 {
            let sn = given.next().expect("as much is given as is taken");
            owed -= i64::from(sn.denomination().value());
            part.give.push(sn);
        }
        if owed == 0 {
            parts.push(std::mem::take(&mut part));
        }
    }
    parts
}

impl Swap {
    /// Returns the number of coins that are given and taken.
    pub fn coins(&self) -> u64 {
        self.give.len() as u64 + self.take.coins()
    }
}
