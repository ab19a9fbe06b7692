//! Calm: nothing goes wrong any more, and both persons run their programs again until nothing is left to do.
//! Whoever owns the coin has it fixed. From every state in which nobody does anything the coin has to come to one owner, and both must know.

use std::time::Duration;

use coin::reclaim::Will;
use protocol::machine::Input;
use protocol::message::DurableStep;

use crate::act::Act;
use crate::program::BOTH;
use crate::rules::Broken;
use crate::world::World;

/// Runs of both programs; each makes at least one step that the next one builds on.
const RUNS: usize = 6;
/// Things that happen in one run.
const EVENTS: usize = 2_000;

/// Tells whether calm leads to an end.
pub(crate) fn leads_to_an_end(world: &World, broken: Broken) -> bool {
    let mut world = world.clone();
    for _ in 0..RUNS {
        if is_settled(&world) {
            return true;
        }
        meet(&mut world, broken);
        while let Some(agent) = world.fixable().next() {
            world.happen(Act::Fix(agent), broken);
        }
        recover(&mut world, broken);
    }
    is_settled(&world)
}

/// One owner, and the sender knows whether it is the one.
fn is_settled(world: &World) -> bool {
    let knows = world.sender.closed || world.sender.journal.step() == DurableStep::Settled;
    world.is_at_rest() && world.is_senders() != world.booked && (world.is_senders() || knows)
}

/// Both programs run until both have ended.
fn meet(world: &mut World, broken: Broken) {
    for who in BOTH {
        if world.may_start(who) {
            world.happen(Act::Start(who), broken);
        }
    }
    for _ in 0..EVENTS {
        match world.duties().first() {
            Some(act) => world.happen(*act, broken),
            None if world.is_at_rest() => return,
            None => {
                world.now += Duration::from_secs(1);
                BOTH.into_iter().for_each(|who| world.feed(who, Input::Tick, broken));
            }
        }
    }
}

/// The sender's person asks for the coin, and the program takes that as far as the agents let it.
fn recover(world: &mut World, broken: Broken) {
    for _ in 0..4 {
        if world.may_reclaim() {
            world.happen(Act::Reclaim(Will::Insisted), broken);
        }
        while let (true, Some(act)) = (world.reclaiming.is_some(), world.duties().first()) {
            world.happen(*act, broken);
        }
    }
}
