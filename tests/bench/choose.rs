//! How long it takes to choose coins out of a wallet of a million.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, Result};
use coin::choose::{self, Counts, JoinPolicy};
use coin::{Amount, SerialNumber};
use rand::seq::SliceRandom;
use rand::{SeedableRng, rngs::StdRng};

use crate::table::row;

/// Coins of the wallet; one in twenty is refused by some agent.
const COINS: usize = 1_000_000;
/// New coins of each denomination at hand.
const AT_HAND: u32 = 1_000;

/// Chooses, makes change and joins, in wallets of coins in random order.
pub(crate) fn measure(rounds: usize) -> Result<()> {
    let mut random = StdRng::seed_from_u64(3439);
    let every = |numbers: std::ops::RangeInclusive<u32>| -> Result<Vec<SerialNumber>> {
        numbers.map(|number| SerialNumber::new(number).context("a serial number")).collect()
    };
    let mut all = every(1..=SerialNumber::MAX.get())?;
    all.shuffle(&mut random);
    let (refused, clean) = all[..COINS].split_at(COINS / 20);
    let mut large = every(SerialNumber::MAX.get() - COINS as u32 + 1..=SerialNumber::MAX.get())?;
    large.shuffle(&mut random);
    let mut ones = every(1..=COINS as u32)?;
    ones.shuffle(&mut random);

    let pool = Counts::from_fn(|_| AT_HAND);
    let amount = Amount::new(3439)?;
    let whole = JoinPolicy { from: 100, keep: Counts::small_change() };
    let (mut exact, mut change, mut join) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let began = Instant::now();
        black_box(choose::exact(amount, clean, refused)?);
        exact.push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        black_box(choose::change(amount, &large, &[], pool)?);
        change.push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        black_box(choose::join(&ones, whole, pool));
        join.push(began.elapsed().as_secs_f64() * 1e3);
    }
    row("coins for 3,439 out of 1,000,000 of all kinds", "ms", &mut exact);
    row("change for 3,439 out of 1,000,000 coins of 250", "ms", &mut change);
    row("joining 1,000,000 coins of 1", "ms", &mut join);
    Ok(())
}
