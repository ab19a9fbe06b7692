//! What becomes of journals at the end of a run, and after the time of their files.

use super::{Fate, KEPT_FOR_PEER_SECS, fate};
use crate::exit::Exit;
use protocol::machine::Journal;

const EXPIRES: u64 = 1_000_000;

fn check(exit: Exit, journal: Journal, [before, expired, forgotten]: [Fate; 3]) {
    let after = [0, 1, KEPT_FOR_PEER_SECS + 1].map(|later| EXPIRES + later);
    let found = after.map(|now| fate(exit, journal, EXPIRES, now));
    assert_eq!(found, [before, expired, forgotten], "{exit:?} {journal:?}");
}

#[test]
fn a_receiver_waits_thirty_days_for_a_sender_and_not_for_ever() {
    let waits = [Fate::Open, Fate::Open, Fate::Closed];
    check(Exit::Done, Journal::KeepOpen, waits);
    check(Exit::Returned, Journal::KeepOpen, waits);
    check(Exit::Refused, Journal::KeepOpen, waits);
}

#[test]
fn what_is_undecided_is_never_closed_by_a_clock() {
    check(Exit::InFlight, Journal::KeepOpen, [Fate::Open; 3]);
    check(Exit::Partly, Journal::KeepOpen, [Fate::Open; 3]);
}

#[test]
fn a_file_that_nobody_came_for_can_be_used_until_it_expires() {
    let parked = [Fate::Parked, Fate::Closed, Fate::Closed];
    check(Exit::PeerAway, Journal::Close, parked);
    check(Exit::Done, Journal::Close, [Fate::Closed; 3]);
}
