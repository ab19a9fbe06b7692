//! Joining: examples, and small wallets against trying every result.

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{FIRST, amount, coins, counts, counts_of, each_sum, plus, value};
use crate::choose::{Counts, JoinPolicy, Swap, exact, join};
use crate::denomination::Denomination;
use crate::limits::JOIN_COINS_MAX;

const ALL_AT_HAND: [u32; 5] = [1000; 5];

fn policy(from: usize, keep: [u32; 5]) -> JoinPolicy {
    JoinPolicy { from, keep: counts(keep) }
}

fn numbers(counts: Counts) -> [u32; 5] {
    Denomination::ALL.map(|kind| counts.number(kind))
}

/// Adds up what is given and what is taken.
fn sums(swaps: &[Swap]) -> ([u32; 5], [u32; 5]) {
    let sums = ([0; 5], [0; 5]);
    swaps.iter().fold(sums, |(given, taken), swap| {
        let give = counts_of(&swap.give).map(|number| number as u32);
        (plus(given, give), plus(taken, numbers(swap.take)))
    })
}

fn check(have: [u32; 5], policy: JoinPolicy, give: [u32; 5], take: [u32; 5]) {
    let swaps = join(&coins(have, 0), policy, counts(ALL_AT_HAND));
    assert_eq!(sums(&swaps), (give, take), "{have:?}");
}

#[test]
fn ones_worth_3439_become_23_coins() {
    check([0, 0, 0, 0, 3439], policy(0, [0; 5]), [0, 0, 0, 0, 3435], [13, 1, 3, 2, 0]);
}

#[test]
fn a_wallet_of_fewer_coins_than_the_policy_says_stays_as_it_is() {
    check([0, 0, 0, 0, 9], policy(10, [0; 5]), [0; 5], [0; 5]);
    check([0, 0, 0, 0, 10], policy(10, [0; 5]), [0, 0, 0, 0, 10], [0, 0, 0, 2, 0]);
}

#[test]
fn what_the_policy_keeps_is_left() {
    let keep = numbers(Counts::small_change());
    check([9, 2, 3, 4, 8], policy(0, keep), [0; 5], [0; 5]);
    check([9, 2, 3, 4, 9], policy(0, keep), [0, 0, 0, 0, 5], [0, 0, 0, 1, 0]);
}

#[test]
fn coins_that_would_not_become_fewer_are_not_exchanged() {
    check([1, 0, 2, 0, 0], policy(0, [0; 5]), [0; 5], [0; 5]);
    check([0, 3, 0, 0, 0], policy(0, [0; 5]), [0; 5], [0; 5]);
    check([0, 0, 0, 0, 0], policy(0, [0; 5]), [0; 5], [0; 5]);
    assert_eq!(join(&coins([0, 0, 0, 0, 100], 0), policy(0, [0; 5]), counts([0; 5])), []);
}

#[test]
fn a_wallet_with_small_change_pays_every_amount_without_change() {
    for more in [[0; 5], [3, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 5, 0, 2, 0]] {
        let have = plus(numbers(Counts::small_change()), more);
        let wallet = coins(have, 0);
        for units in 0..=value(have) {
            assert!(exact(amount(u64::from(units)), &wallet, &[]).is_ok(), "{units} of {have:?}");
        }
    }
}

#[test]
fn a_wallet_with_less_than_small_change_does_not() {
    let small_change = numbers(Counts::small_change());
    for at in 1..5 {
        let mut have = plus(small_change, [1, 0, 0, 0, 0]);
        have[at] -= 1;
        let wallet = coins(have, 0);
        let payable = |units| exact(amount(u64::from(units)), &wallet, &[]).is_ok();
        assert!(!(0..=value(have)).all(payable), "{have:?}");
    }
}

#[test]
fn a_wallet_of_100_000_ones_is_joined_in_parts() {
    let swaps = join(&coins([0, 0, 0, 0, 100_000], 0), policy(0, [0; 5]), counts([400; 5]));
    assert_eq!(sums(&swaps), ([0, 0, 0, 0, 100_000], [400, 0, 0, 0, 0]));
    assert_eq!(swaps.len(), 134);
    assert!(swaps.iter().all(|swap| swap.coins() <= JOIN_COINS_MAX));
}

fn wallet() -> impl Strategy<Value = [u32; 5]> {
    let some = |most: u32| prop_oneof![0..3_u32, 0..=most];
    [some(4), some(9), some(10), some(20), some(60)].prop_map(|counts| counts)
}

fn pool() -> impl Strategy<Value = [u32; 5]> {
    let some = || prop_oneof![1 => Just(0), 2 => 0..6_u32, 2 => Just(20)];
    [some(), some(), some(), some(), some()].prop_map(|counts| counts)
}

/// The fewest coins worth so much, by a table of all smaller sums: each coin that
/// is there is added to every sum.
fn fewest_by_table(units: u32, have: [u32; 5]) -> Option<u32> {
    let mut table = vec![None; units as usize + 1];
    table[0] = Some(0_u32);
    for (number, (value, _)) in have.into_iter().zip(FIRST) {
        for _ in 0..number.min(units / value) {
            for sum in (value as usize..table.len()).rev() {
                let with = table[sum - value as usize].map(|coins| coins + 1);
                table[sum] = [table[sum], with].into_iter().flatten().min();
            }
        }
    }
    table[units as usize]
}

proptest! {
    #[test]
    fn what_joining_leaves_is_the_shortest_there_is(
        have in wallet(), keep in [0..3_u32, 0..3, 0..5, 0..5, 0..5], pool in pool(),
    ) {
        let wallet = coins(have, 0);
        let swaps = join(&wallet, policy(0, keep), counts(pool));
        let joinable: [u32; 5] = std::array::from_fn(|at| have[at].saturating_sub(keep[at]));
        let shortest = fewest_by_table(value(joinable), plus(joinable, pool)).unwrap();
        let (given, taken) = sums(&swaps);
        let coins = |counts: [u32; 5]| counts.iter().sum::<u32>();
        prop_assert_eq!(coins(joinable) + coins(taken) - coins(given), shortest);
        prop_assert!((0..5).all(|at| given[at] <= joinable[at] && taken[at] <= pool[at]));
        prop_assert!((0..5).all(|at| given[at] == 0 || taken[at] == 0), "no coin for its like");
        let mut seen = std::collections::HashSet::new();
        for swap in &swaps {
            let give = counts_of(&swap.give).map(|number| number as u32);
            prop_assert_eq!(u64::from(value(give)), swap.take.value());
            prop_assert!(!swap.give.is_empty() && swap.coins() <= JOIN_COINS_MAX);
            prop_assert!(swap.give.is_sorted());
            prop_assert!(swap.give.iter().all(|sn| seen.insert(*sn) && wallet.contains(sn)));
        }
    }

    #[test]
    fn of_equally_short_results_the_one_with_fewer_exchanged_coins_counts(
        have in [0..4_u32, 0..7, 0..7, 0..6, 0..6],
    ) {
        let pool = [3, 4, 4, 4, 4];
        let swaps = join(&coins(have, 0), policy(0, [0; 5]), counts(pool));
        let (given, taken) = sums(&swaps);
        let exchanged = |given: [u32; 5], taken: [u32; 5]| -> u32 {
            given.iter().chain(&taken).sum()
        };
        let less = |one: [u32; 5], other: [u32; 5]| -> [u32; 5] {
            std::array::from_fn(|at| one[at].saturating_sub(other[at]))
        };
        let mut best = (u32::MAX, u32::MAX);
        each_sum(value(have), plus(have, pool), &mut |after| {
            let cost = (after.iter().sum(), exchanged(less(have, after), less(after, have)));
            best = best.min(cost);
        });
        let coins = have.iter().sum::<u32>() + taken.iter().sum::<u32>() - given.iter().sum::<u32>();
        prop_assert_eq!((coins, exchanged(given, taken)), best);
    }
}
