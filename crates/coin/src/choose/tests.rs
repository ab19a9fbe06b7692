//! Choosing coins: examples, and small purses against trying every set.
//!
//! Numbers of coins stand in the order 250, 100, 25, 5, 1.

mod change;
mod join;

use proptest::prelude::{Strategy, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{ChooseError, Counts, exact};
use crate::amount::Amount;
use crate::denomination::Denomination;
use crate::serial_number::SerialNumber;

/// The first serial number of each denomination.
const FIRST: [(u32, u32); 5] =
    [(250, 14_680_065), (100, 6_291_457), (25, 4_194_305), (5, 2_097_153), (1, 1)];

fn amount(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

/// Makes `counts` coins of 250, 100, 25, 5 and 1, from the `skip`th of each.
fn coins(counts: [u32; 5], skip: u32) -> Vec<SerialNumber> {
    let runs = FIRST.into_iter().zip(counts);
    let numbers = runs.flat_map(|((_, first), count)| first + skip..first + skip + count);
    numbers.map(|number| SerialNumber::new(number).unwrap()).collect()
}

fn counts(numbers: [u32; 5]) -> Counts {
    Counts::from_fn(|kind| numbers[Denomination::ALL.iter().position(|it| *it == kind).unwrap()])
}

/// Calls `visit` with every choice of coins, within `have`, that is worth so much.
fn each_sum(units: u32, have: [u32; 5], visit: &mut impl FnMut([u32; 5])) {
    fn extend(
        units: u32,
        have: [u32; 5],
        (at, mut taken): (usize, [u32; 5]),
        visit: &mut impl FnMut([u32; 5]),
    ) {
        match FIRST.get(at) {
            None if units == 0 => visit(taken),
            None => {}
            Some((value, _)) => {
                for number in 0..=have[at].min(units / value) {
                    taken[at] = number;
                    extend(units - number * value, have, (at + 1, taken), visit);
                }
            }
        }
    }
    extend(units, have, (0, [0; 5]), visit);
}

fn plus(one: [u32; 5], other: [u32; 5]) -> [u32; 5] {
    std::array::from_fn(|at| one[at] + other[at])
}

fn minus(one: [u32; 5], other: [u32; 5]) -> [u32; 5] {
    std::array::from_fn(|at| one[at] - other[at])
}

fn value(counts: [u32; 5]) -> u32 {
    counts.into_iter().zip(FIRST).map(|(count, (value, _))| count * value).sum()
}

fn counts_of(chosen: &[SerialNumber]) -> [usize; 5] {
    Denomination::ALL.map(|kind| chosen.iter().filter(|sn| sn.denomination() == kind).count())
}

fn check(units: u64, have: [u32; 5], expected: Result<[usize; 5], ChooseError>) {
    let chosen = exact(amount(units), &coins(have, 0), &[]);
    assert_eq!(chosen.map(|chosen| counts_of(&chosen)), expected, "{units} of {have:?}");
}

#[test]
fn the_example_of_3439_is_23_coins() {
    check(3439, [100; 5], Ok([13, 1, 3, 2, 4]));
    check(3439, [13, 1, 3, 2, 4], Ok([13, 1, 3, 2, 4]));
    check(3439, [0, 0, 0, 0, 3439], Ok([0, 0, 0, 0, 3439]));
}

#[test]
fn a_coin_of_250_is_left_out_where_100_does_not_divide_it() {
    check(300, [1, 3, 0, 0, 0], Ok([0, 3, 0, 0, 0]));
    check(800, [3, 3, 0, 0, 0], Ok([2, 3, 0, 0, 0]));
    check(400, [1, 4, 2, 0, 0], Ok([1, 1, 2, 0, 0]));
    check(600, [2, 6, 0, 0, 0], Ok([2, 1, 0, 0, 0]));
}

#[test]
fn nothing_is_paid_with_no_coins() {
    check(0, [1; 5], Ok([0; 5]));
    check(0, [0; 5], Ok([0; 5]));
}

#[test]
fn enough_value_without_an_exact_set_is_told_apart_from_too_little() {
    check(50, [1, 0, 0, 0, 0], Err(ChooseError::NoExactSet));
    check(4, [0, 0, 0, 1, 3], Err(ChooseError::NoExactSet));
    check(499, [2, 0, 0, 0, 0], Err(ChooseError::NoExactSet));
    let have = amount(381);
    check(382, [1; 5], Err(ChooseError::NotEnough { have }));
    check(1, [0; 5], Err(ChooseError::NotEnough { have: Amount::ZERO }));
}

#[test]
fn refused_coins_are_taken_only_where_clean_ones_do_not_do() {
    let (clean, refused) = (coins([0, 0, 0, 0, 5], 0), coins([0, 0, 0, 1, 5], 100));
    assert_eq!(exact(amount(5), &clean, &refused), Ok(clean.clone()));

    let chosen = exact(amount(7), &clean, &refused).unwrap();
    assert_eq!(counts_of(&chosen), [0, 0, 0, 1, 2]);
    assert_eq!(chosen.iter().filter(|sn| clean.contains(sn)).count(), 2);
}

#[test]
fn a_serial_number_given_twice_is_one_coin() {
    let coin = coins([0, 0, 0, 0, 1], 0);
    let twice = [coin[0], coin[0]];
    let too_little = ChooseError::NotEnough { have: amount(1) };
    assert_eq!(exact(amount(2), &twice, &twice), Err(too_little));
    assert_eq!(exact(amount(1), &twice, &twice), Ok(coin));
}

#[test]
fn a_million_coins_are_chosen_from() {
    let many = coins([200_000; 5], 0);
    let chosen = exact(amount(60_000_001), &many, &[]).unwrap();
    assert_eq!(counts_of(&chosen), [200_000, 100_000, 0, 0, 1]);
}

/// Tries every set of at most these coins: the fewest coins for `units`.
fn fewest_by_trying(units: u32, have: [u32; 5]) -> Option<u32> {
    let Some(at) = have.iter().position(|&count| count > 0) else {
        return (units == 0).then_some(0);
    };
    let (value, mut rest) = (FIRST[at].0, have);
    rest[at] = 0;
    let tries = (0..=have[at]).filter(|count| count * value <= units);
    tries.filter_map(|count| Some(count + fewest_by_trying(units - count * value, rest)?)).min()
}

fn small_purse() -> impl Strategy<Value = [u32; 5]> {
    let bounds = [0..5_u32, 0..7, 0..7, 0..6, 0..6];
    bounds.prop_map(|counts| counts)
}

proptest! {
    #[test]
    fn small_purses_agree_with_trying_every_set(
        units in 0..2000_u32, clean in small_purse(), refused in small_purse(),
    ) {
        let both = [0, 1, 2, 3, 4].map(|at| clean[at] + refused[at]);
        let expected = fewest_by_trying(units, clean).or_else(|| fewest_by_trying(units, both));
        let (clean, refused) = (coins(clean, 0), coins(refused, 1000));
        let chosen = exact(amount(u64::from(units)), &clean, &refused);
        prop_assert_eq!(chosen.as_ref().ok().map(|chosen| chosen.len() as u32), expected);
        if let Ok(chosen) = chosen {
            let sum: u32 = chosen.iter().map(|sn| sn.denomination().value()).sum();
            prop_assert_eq!(sum, units);
            prop_assert!(chosen.is_sorted_by(|one, next| one < next));
            prop_assert!(chosen.iter().all(|sn| clean.contains(sn) || refused.contains(sn)));
        }
    }

    #[test]
    fn the_order_of_the_coins_does_not_matter(
        units in 0..2000_u32,
        (sorted, shuffled) in small_purse().prop_map(|counts| coins(counts, 0)).prop_flat_map(
            |coins| (prop::strategy::Just(coins.clone()), prop::strategy::Just(coins).prop_shuffle())
        ),
    ) {
        let units = amount(u64::from(units));
        prop_assert_eq!(exact(units, &sorted, &[]), exact(units, &shuffled, &[]));
    }
}
