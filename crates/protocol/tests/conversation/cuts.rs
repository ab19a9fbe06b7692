//! A cut link at every event, with both programs alive.

use protocol::machine::Job;
use protocol::message::Message;

use crate::money::Held;
use crate::side::{BOTH, Who};
use crate::world::{Event, World};

/// Runs with a cut after so many events; returns how many there were.
fn run(first: Who, cut_after: usize, again_after: usize) -> usize {
    let mut world = World { first, ..World::new() };
    let mut events = 0;
    while !world.is_at_rest() {
        if events == cut_after || events == cut_after + again_after {
            world.cut();
        }
        let event = world.events()[0];
        world.happen(event);
        events += 1;
        assert!(events < 5_000, "no end: {world:#?}");
    }
    world.settle();
    world.assert_settled();
    if world.sender.said.iter().any(|m| matches!(m, Message::Coins(_))) {
        assert!(world.money.all(Held::New));
    }
    events
}

#[test]
fn a_cut_at_any_event_is_taken_up_again() {
    for first in BOTH {
        let whole = run(first, usize::MAX / 2, 1);
        for cut in 0..whole {
            run(first, cut, usize::MAX / 4);
        }
    }
}

#[test]
fn two_cuts_at_any_two_events_are_taken_up_again() {
    let whole = run(Who::Sender, usize::MAX / 2, 1);
    for cut in 0..whole {
        for again in 1..whole {
            run(Who::Receiver, cut, again);
        }
    }
}

#[test]
fn a_cut_before_the_last_word_ends_well_at_once() {
    for cut in 0..World::whole_length() - 12 {
        let mut world = World::new();
        world.run_for(cut);
        world.cut();
        world.run();
        world.assert_done();
    }
}

#[test]
fn a_batch_whose_last_byte_came_before_the_cut_is_not_sent_again() {
    let mut world = World::new();
    while world.receiver.jobs.front() != Some(&Job::Store) {
        world.run_for(1);
    }
    world.cut();
    while world.links < 2 {
        world.happen(Event::Link);
    }
    world.idle = Some(Who::Receiver);
    world.run_for(4);
    world.idle = None;
    world.run();
    world.assert_done();
    let frames = world.sender.said.iter().filter(|said| matches!(said, Message::Coins(_)));
    assert_eq!(frames.count(), 2);
}
