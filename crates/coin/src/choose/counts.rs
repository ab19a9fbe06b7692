//! How many coins of each denomination, and which of them make a sum.

use serde::{Deserialize, Serialize};

use crate::denomination::Denomination;
use crate::serial_number::SerialNumber;

/// How many coins of each denomination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts([u32; 5]);

impl Counts {
    /// Asks for the number of coins of each denomination.
    pub fn from_fn(number: impl FnMut(Denomination) -> u32) -> Counts {
        Counts(Denomination::ALL.map(number))
    }

    /// Counts coins.
    pub fn of(coins: &[SerialNumber]) -> Counts {
        let mut counts = Counts::default();
        coins.iter().for_each(|sn| *counts.at(sn.denomination()) += 1);
        counts
    }

    /// Returns the number of coins of a denomination.
    pub fn number(self, of: Denomination) -> u32 {
        self.0[place(of)]
    }

    /// Goes through the denominations of which there are coins, the largest first.
    pub fn iter(self) -> impl Iterator<Item = (Denomination, u32)> {
        Denomination::ALL.into_iter().zip(self.0).filter(|(_, number)| *number > 0)
    }

    /// Returns what the coins are worth in units.
    pub fn value(self) -> u64 {
        self.iter().map(|(kind, number)| u64::from(kind.value()) * u64::from(number)).sum()
    }

    /// Returns the number of all coins.
    pub fn coins(self) -> u64 {
        self.0.into_iter().map(u64::from).sum()
    }

    /// Tells whether there is no coin.
    pub fn is_empty(self) -> bool {
        self.0 == [0; 5]
    }

    pub(super) fn at(&mut self, of: Denomination) -> &mut u32 {
        &mut self.0[place(of)]
    }

    pub(super) fn plus(self, other: Counts) -> Counts {
        Counts::from_fn(|kind| self.number(kind).saturating_add(other.number(kind)))
    }

    /// Returns what is left without these.
    pub(super) fn without(self, other: Counts) -> Counts {
        Counts::from_fn(|kind| self.number(kind).saturating_sub(other.number(kind)))
    }

    pub(super) fn at_most(self, bound: Counts) -> Counts {
        Counts::from_fn(|kind| self.number(kind).min(bound.number(kind)))
    }
}

/// Finds the fewest coins, within `have`, that are worth exactly so many units.
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
pub(super) fn fewest(units: u64, have: Counts) -> Option<Counts> {
    fills(units, have).min_by_key(|fill| fill.coins())
}

/// Returns the up to two sets of coins one of which is the shortest; the one with
/// more coins of 250 first.
pub(super) fn fills(units: u64, have: Counts) -> impl Iterator<Item = Counts> {
    let most = fitting(units, Denomination::TwoHundredFifty, have);
    let tries = [Some(most), most.checked_sub(1)].into_iter().flatten();
    tries.filter_map(move |of_250| greedy(units, have, of_250))
}

/// Takes `of_250` coins of 250 and then, from 100 down, as many as fit.
fn greedy(units: u64, have: Counts, of_250: u32) -> Option<Counts> {
    let mut rest = units;
    let take = Counts::from_fn(|kind| {
        let number = match kind {
            Denomination::TwoHundredFifty => of_250,
            Denomination::Hundred
            | Denomination::TwentyFive
            | Denomination::Five
            | Denomination::One => fitting(rest, kind, have),
        };
        rest -= u64::from(number) * u64::from(kind.value());
        number
    });
    (rest == 0).then_some(take)
}

/// Returns how many coins of a denomination there are and fit into a sum.
fn fitting(units: u64, kind: Denomination, have: Counts) -> u32 {
    let fit = units / u64::from(kind.value());
    u32::try_from(fit).map_or(have.number(kind), |fit| fit.min(have.number(kind)))
}

fn place(of: Denomination) -> usize {
    match of {
        Denomination::TwoHundredFifty => 0,
        Denomination::Hundred => 1,
        Denomination::TwentyFive => 2,
        Denomination::Five => 3,
        Denomination::One => 4,
    }
}
