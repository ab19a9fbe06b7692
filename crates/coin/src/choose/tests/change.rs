//! Change: examples, and small wallets against trying everything that can be
//! broken into everything.

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{amount, coins, counts, counts_of, each_sum, minus, plus, value};
use crate::choose::{ChangeError, Counts, Swap, change, exact};
use crate::denomination::Denomination;
use crate::limits::BROKEN_COINS_MAX;
use crate::serial_number::SerialNumber;

const ALL_AT_HAND: [u32; 5] = [1000; 5];

fn check(
    units: u64,
    have: [u32; 5],
    pool: [u32; 5],
    expected: Result<([u32; 5], [u32; 5]), ChangeError>,
) {
    let found = change(amount(units), &coins(have, 0), &[], counts(pool));
    let found = found.map(|swap| (counts_of(&swap.give).map(|n| n as u32), numbers(swap.take)));
    assert_eq!(found, expected, "{units} of {have:?} with {pool:?} at hand");
}

fn numbers(counts: Counts) -> [u32; 5] {
    Denomination::ALL.map(|kind| counts.number(kind))
}

#[test]
fn one_of_14_coins_of_250_is_broken_to_pay_3439() {
    check(3439, [14, 0, 0, 0, 0], ALL_AT_HAND, Ok(([1, 0, 0, 0, 0], [0, 1, 5, 4, 5])));
}

#[test]
fn nothing_is_broken_when_there_is_an_exact_set() {
    check(3439, [13, 1, 3, 2, 4], ALL_AT_HAND, Ok(([0; 5], [0; 5])));
    check(0, [1, 0, 0, 0, 0], [0; 5], Ok(([0; 5], [0; 5])));
    let refused = coins([0, 0, 0, 0, 1], 0);
    let swap = change(amount(1), &coins([1, 0, 0, 0, 0], 0), &refused, counts(ALL_AT_HAND));
    assert_eq!(swap, Ok(Swap::default()));
}

#[test]
fn a_small_coin_is_broken_before_a_large_one() {
    check(3, [1, 1, 1, 1, 0], ALL_AT_HAND, Ok(([0, 0, 0, 1, 0], [0, 0, 0, 0, 5])));
    check(50, [1, 3, 0, 0, 0], ALL_AT_HAND, Ok(([0, 1, 0, 0, 0], [0, 0, 4, 0, 0])));
}

#[test]
fn a_coin_that_agents_refuse_is_broken_only_where_no_other_can_be() {
    let (clean, refused) = (coins([1, 0, 0, 0, 0], 0), coins([0, 0, 0, 1, 0], 0));
    let all = counts(ALL_AT_HAND);
    assert_eq!(change(amount(3), &clean, &refused, all).unwrap().give, clean);
    assert_eq!(change(amount(252), &clean, &refused, all).unwrap().give, clean);
    assert_eq!(change(amount(3), &[], &refused, all).unwrap().give, refused);
}

#[test]
fn more_than_the_wallet_has_is_told_apart_from_a_pool_without_small_coins() {
    let have = amount(250);
    check(251, [1, 0, 0, 0, 0], ALL_AT_HAND, Err(ChangeError::NotEnough { have }));
    check(249, [1, 0, 0, 0, 0], [1000, 1000, 1000, 1000, 0], Err(ChangeError::PoolTooSmall));
    check(249, [1, 0, 0, 0, 0], [0; 5], Err(ChangeError::PoolTooSmall));
    check(1, [0; 5], ALL_AT_HAND, Err(ChangeError::NotEnough { have: amount(0) }));
    check(5, [0, 0, 1, 0, 0], [0, 0, 0, 4, 4], Err(ChangeError::PoolTooSmall));
}

#[test]
fn a_pool_without_some_coins_costs_more_coins_or_more_broken_ones() {
    check(100, [1, 0, 0, 0, 0], [0, 0, 1000, 0, 0], Ok(([1, 0, 0, 0, 0], [0, 0, 10, 0, 0])));
    check(100, [2, 0, 0, 0, 0], [0, 1000, 0, 0, 0], Ok(([2, 0, 0, 0, 0], [0, 5, 0, 0, 0])));
    check(4, [0, 0, 0, 3, 0], [0, 0, 0, 0, 5], Ok(([0, 0, 0, 1, 0], [0, 0, 0, 0, 5])));
}

/// What a way to make change costs: broken coins, new coins, value broken.
type Cost = (u32, u32, u32);

/// Tries every choice of at most three coins of `breakable`, everything that the
/// pool can make of them, and every payment then.
fn by_trying(units: u32, have: [u32; 5], breakable: [u32; 5], pool: [u32; 5]) -> Option<Cost> {
    let mut best: Option<Cost> = None;
    for give in each_few(breakable) {
        let (broken, worth) = (give.iter().sum(), value(give));
        each_sum(worth, pool, &mut |take| {
            let made = take.iter().sum();
            let cost = (broken, made, worth);
            if best.is_some_and(|best| best <= cost) {
                return;
            }
            each_sum(units, plus(minus(have, give), take), &mut |_| best = Some(cost));
        });
    }
    best
}

/// Every choice of one to three coins, the shorter ones first.
fn each_few(have: [u32; 5]) -> Vec<[u32; 5]> {
    let mut choices = vec![[0; 5]];
    for (at, number) in have.into_iter().enumerate() {
        let with = |choice: &[u32; 5]| {
            let mut choice = *choice;
            (0..=number).map(move |count| {
                choice[at] = count;
                choice
            })
        };
        choices = choices.iter().flat_map(with).collect();
    }
    let coins = |choice: &[u32; 5]| choice.iter().sum::<u32>() as usize;
    choices.retain(|choice| (1..=BROKEN_COINS_MAX).contains(&coins(choice)));
    choices.sort_by_key(coins);
    choices
}

fn small_wallet() -> impl Strategy<Value = [u32; 5]> {
    [0..3_u32, 0..3, 0..3, 0..3, 0..3].prop_map(|counts| counts)
}

fn small_pool() -> impl Strategy<Value = [u32; 5]> {
    let some = |most: u32| prop_oneof![1 => Just(0), 2 => 0..=most, 1 => Just(most)];
    [some(2), some(5), some(6), some(9), some(9)].prop_map(|counts| counts)
}

fn cost(units: u32, swap: &Swap, clean: &[SerialNumber], refused: &[SerialNumber]) -> Cost {
    let rest = |coins: &[SerialNumber]| -> Vec<SerialNumber> {
        coins.iter().filter(|sn| !swap.give.contains(sn)).copied().collect()
    };
    let fresh = coins(numbers(swap.take), 5000);
    let (clean, refused) = (rest(clean), rest(refused));
    let clean = [clean, fresh].concat();
    let paid = exact(amount(u64::from(units)), &clean, &refused);
    assert!(paid.is_ok(), "after the change it can be paid");
    let give = counts_of(&swap.give).map(|number| number as u32);
    assert_eq!(u64::from(value(give)), swap.take.value());
    let made = swap.take.coins() as u32;
    (swap.give.len() as u32, made, value(give))
}

proptest! {
    #[test]
    fn small_wallets_agree_with_trying_everything(
        share in 0.0..1.0, clean in small_wallet(), refused in small_wallet(), pool in small_pool(),
    ) {
        let both = plus(clean, refused);
        let units = (f64::from(value(both)) * share) as u32;
        let (clean_coins, refused_coins) = (coins(clean, 0), coins(refused, 1000));
        let mut exactly = false;
        each_sum(units, both, &mut |_| exactly = true);
        let expected = match exactly {
            true => None,
            false => by_trying(units, clean, clean, pool)
                .or_else(|| by_trying(units, both, clean, pool))
                .or_else(|| by_trying(units, both, both, pool)),
        };
        let found = change(amount(u64::from(units)), &clean_coins, &refused_coins, counts(pool));
        match found {
            Ok(swap) if swap.give.is_empty() => prop_assert!(exactly && swap.take.is_empty()),
            Ok(swap) => {
                let cost = cost(units, &swap, &clean_coins, &refused_coins);
                prop_assert_eq!(Some(cost), expected);
                let within = numbers(swap.take).into_iter().zip(pool).all(|(n, most)| n <= most);
                prop_assert!(within);
            }
            Err(_) => prop_assert!(!exactly && expected.is_none()),
        }
    }

    #[test]
    fn one_coin_is_always_enough_where_the_pool_has_all(
        share in 0.0..1.0, wallet in [0..30_u32, 0..30, 0..30, 0..30, 0..30],
    ) {
        let units = (f64::from(value(wallet)) * share) as u32;
        let wallet = coins(wallet, 0);
        let swap = change(amount(u64::from(units)), &wallet, &[], counts(ALL_AT_HAND)).unwrap();
        prop_assert!(swap.give.len() <= 1);
        prop_assert!(swap.take.coins() <= 18);
        cost(units, &swap, &wallet, &[]);
    }
}
