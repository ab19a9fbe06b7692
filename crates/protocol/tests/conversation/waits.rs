//! No state without an exit: time alone ends every wait.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use protocol::machine::{Cause, Input, Job, Now, Outcome, Preparation};
use protocol::message::{DurableStep, Message};
use protocol::waits::WaitingFor;

use crate::money::{Held, Pown};
use crate::side::{BOTH, Machine, Who};
use crate::world::World;

/// Longer than any one wait: the person's at the other side, and what follows it.
const LONGEST: Duration = Duration::from_secs(660 + 120 + 60);

/// Every machine of transfers in which, at some event, one side gets no more work done, the link is
/// cut, or a program stops.
pub(crate) fn states() -> HashSet<Machine> {
    let mut states = HashSet::new();
    for at in 0..World::whole_length() {
        for trouble in 0..5 {
            let mut world = World { seen: Some(states), ..World::new() };
            world.money.powns = vec![Pown::Limbo];
            world.run_for(at);
            match trouble {
                0 => world.idle = Some(Who::Sender),
                1 => world.idle = Some(Who::Receiver),
                2 => world.crash(Who::Receiver),
                3 => world.feed(Who::Sender, Input::StopAsked),
                _ => world.feed(Who::Receiver, Input::StopAsked),
            }
            world.run();
            world.idle = None;
            world.settle();
            states = world.seen.take().unwrap_or_default();
        }
    }
    states
}

pub(crate) fn step_name(machine: &Machine) -> String {
    let json = serde_json::to_value(machine).unwrap();
    let (side, fields) = json.as_object().unwrap().iter().next().unwrap();
    let step = &fields["step"];
    let name = match step.as_str() {
        Some(name) => name.to_owned(),
        None => step.as_object().unwrap().keys().next().unwrap().clone(),
    };
    format!("{side} {name}")
}

#[test]
fn every_state_ends_when_nothing_but_time_goes_by() {
    let states = states();
    let names: BTreeSet<String> = states.iter().map(step_name).collect();
    assert_eq!(names.len(), 13 + 15, "every step of both sides: {names:#?}");
    for state in states {
        assert_eq!(state.is_over(), state.waiting().is_none());
        let mut machine = state.clone();
        let (mut now, mut last) = (Duration::ZERO, Duration::ZERO);
        if let Some(waiting) = machine.waiting() {
            now = waiting.until.saturating_sub(LONGEST);
            last = waiting.until + 2 * LONGEST;
        }
        while !machine.is_over() {
            assert!(now < last, "no end: {state:#?}\n{machine:#?}");
            now += Duration::from_secs(10);
            machine = machine.handle(Now { monotonic: now, wall_secs: 0 }, Input::Tick).0;
        }
    }
}

#[test]
fn when_all_is_silent_both_sides_end_and_nothing_is_lost() {
    for at in 0..World::whole_length() {
        let mut world = World::new();
        world.run_for(at);
        world.alive = false;
        world.run();
        world.alive = true;
        world.settle();
        world.assert_settled();
    }
}

#[test]
fn a_side_that_lives_and_gets_nothing_done_ends_the_wait_of_both() {
    for at in 0..World::whole_length() {
        for idle in BOTH {
            let mut world = World::new();
            world.run_for(at);
            world.idle = Some(idle);
            world.run();
            let durable = world.sender.durable();
            match (&world.sender.outcome, durable) {
                (Some(Outcome::Returned(_)), DurableStep::Open)
                | (Some(Outcome::InDoubt(_)), DurableStep::InFlight)
                | (Some(Outcome::Done(_) | Outcome::Unreceipted(_)), DurableStep::Settled) => {}
                other => panic!("{other:?} when the {idle:?} idles from event {at}"),
            }
            world.idle = None;
            world.settle();
            world.assert_settled();
        }
    }
}

#[test]
fn a_peer_that_never_comes_ends_the_wait_with_nothing_at_risk() {
    for who in BOTH {
        let mut world = World::new();
        world.side(who.other()).stop();
        world.run();
        assert_eq!(world.side(who).outcome, Some(Outcome::Returned(Cause::PeerAway)));
        assert!(world.side(who).closed);
    }
}

#[test]
fn a_receiver_that_vanishes_with_the_coins_leaves_a_sender_paid_without_a_receipt() {
    let mut world = World::new();
    while !world.money.all(Held::New) {
        world.run_for(1);
    }
    world.cut();
    world.receiver.stop();
    world.run();
    assert!(matches!(world.sender.outcome, Some(Outcome::Unreceipted(_))));
    assert!(world.sender.closed);
    world.settle();
    assert!(world.money.is_banked(), "what is owned does not wait for the sender's last word");
}

/// One hung agent makes a round about a batch last so long without a sign of progress.
const HUNG_AGENT: Duration = Duration::from_secs(100);

#[test]
fn an_agent_that_hangs_while_coins_are_prepared_ends_no_wait_of_either_side() {
    for preparation in Preparation::ALL {
        let mut world = World::new();
        while world.sender.jobs.front() != Some(&Job::Prepare(preparation)) {
            world.run_for(1);
        }
        world.idle = Some(Who::Sender);
        let until = world.now + HUNG_AGENT;
        while world.now < until {
            world.run_for(1);
        }
        world.idle = None;
        world.run();
        world.assert_done();
    }
}

#[test]
fn long_steps_are_announced_again_so_that_the_other_side_keeps_waiting() {
    let mut world = World::new();
    while world.money.powns_begun() == 0
        && world.receiver.jobs.front().is_none_or(|job| *job != Job::Pown)
    {
        world.run_for(1);
    }
    world.idle = Some(Who::Receiver);
    let said = world.receiver.said.len();
    for _ in 0..400 {
        world.feed(Who::Receiver, Input::Progress);
        while world.events()[0] != crate::world::Event::Tick {
            world.run_for(1);
        }
        world.run_for(1);
    }
    let again = world.receiver.said[said..].iter().filter(|m| **m == Message::PowningCoins);
    assert!((19..=20).contains(&again.count()));
    let waiting = world.sender.machine.as_ref().and_then(Machine::waiting).unwrap();
    assert!(matches!(waiting.what, WaitingFor::Message(_)));
    world.idle = None;
    world.run();
    world.assert_done();
}
