//! The connection of a client is cut behind any line of a transfer: both programs take it up again by
//! themselves.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use protocol::room::{JoinLine, Side};

use crate::lanes::{Lane, ends_well, play_all};
use crate::stage::{ALL, MANY_COINS, Stage};
use crate::tap::{Cut, Direction, Line, Seen, Tap, Then};

/// Pairs of homes whose rounds run at the same time.
const LANES: usize = 6;
/// Seconds for which both wait for their peer. Who has missed 19 waits in vain.
const WAIT: u64 = 5;

struct CutAfter(u64);

impl fmt::Display for CutAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cut after line {}", self.0)
    }
}

#[test]
fn a_link_that_is_cut_behind_any_line_is_taken_up_again() {
    let rounds: Vec<CutAfter> = (1..=lines_of_a_transfer()).map(CutAfter).collect();
    assert!(rounds.len() > 50, "a transfer of {} lines", rounds.len());
    play_all(MANY_COINS, LANES, rounds, |lane, round| round.play(lane));
}

impl CutAfter {
    fn play(&self, lane: &mut Lane<'_>) -> Result<()> {
        let (last, mut lines) = (self.0, 0);
        let relay = lane.ground.relay.address.clone();
        let tap = Tap::start_with(relay, Seen::After, Cut::Never, move |line| {
            lines += u64::from(counts(line));
            if lines == last && counts(line) { Then::Cut } else { Then::PassOn }
        });
        lane.play(tap.address(), Some(Side::R), |scene| {
            let mut programs = scene.start_both(WAIT)?;
            ends_well(Side::S, &mut programs.s)?;
            ends_well(Side::R, &mut programs.r)
        })
    }
}

/// Tells whether a cut can come behind a line. Behind the first line of a program it would look like
/// something else than a relay, and the program would end with nothing at risk.
fn counts(line: &Line<'_>) -> bool {
    line.direction == Direction::ToClient || JoinLine::parse(line.raw).is_err()
}

/// Counts the lines of a transfer, in both directions.
fn lines_of_a_transfer() -> u64 {
    let stage = Stage::with_coins(MANY_COINS);
    let lines = Arc::new(AtomicU64::new(0));
    let tap = Tap::start(stage.ground.relay.address.clone(), {
        let lines = Arc::clone(&lines);
        move |line| {
            lines.fetch_add(u64::from(counts(line)), Ordering::SeqCst);
        }
    });
    let mut payment = stage.payment(ALL);
    payment.relay = tap.address();
    payment.pay();
    lines.load(Ordering::SeqCst)
}
