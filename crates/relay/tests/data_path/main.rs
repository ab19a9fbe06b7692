//! What the data path costs, counted, not timed: allocations, system calls, memory.
//!
//! A binary of its own, with an allocator that counts; its tests take turns.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod pair;
#[cfg(target_os = "linux")]
mod process;

use std::alloc::System;
use std::sync::{Mutex, PoisonError};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use pair::{Pair, relay_in_a_thread};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Held by the test whose turn it is: the counts are those of the whole process.
static TURN: Mutex<()> = Mutex::new(());

/// Returns how many allocations `act` makes, here and in the relay.
fn allocations(act: impl FnOnce()) -> usize {
    let region = Region::new(COUNTING);
    act();
    let change = region.change();
    change.allocations + change.reallocations
}

#[test]
fn a_line_that_is_answered_allocates_nothing() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let pair = Pair::that_stays(relay_in_a_thread());
    let (ping, pong) = (line_of(100), line_of(1_000));
    let mut talk = |times| {
        for _ in 0..times {
            pair.carry_forth(&ping);
            pair.carry_back(&pong);
        }
    };
    talk(10);
    assert_eq!(allocations(|| talk(1_000)), 0);
}

#[test]
fn a_stream_of_lines_allocates_nothing_for_each() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let pair = Pair::that_stays(relay_in_a_thread());
    for length in [100, 1_000, 65_536] {
        // Ends of lines lie anywhere in what is read at once.
        let lines = line_of(length).repeat((200_000 / length).max(2));
        pair.carry_forth(&lines);
        let rounds = 100;
        let count = allocations(|| (0..rounds).for_each(|_| pair.carry_forth(&lines)));
        // Where a round ends the relay may give a buffer back, and take one in the next.
        assert!(count <= 4 * rounds, "{count} allocations in {rounds} rounds of {length} bytes");
    }
}

/// A line of so many bytes with one `#`, and its end.
fn line_of(length: usize) -> Vec<u8> {
    let mut line = vec![b'x'; length];
    line[length / 2] = b'#';
    line.push(b'\n');
    line
}
