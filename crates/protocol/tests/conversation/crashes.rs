//! A crash at every output and at every job end, of either side, of both, and of the recovery.

use std::time::Duration;

use protocol::message::DurableStep;

use crate::money::Held;
use crate::side::{BOTH, Who};
use crate::world::{PEER_WAIT, World};

/// The acts of a side in a transfer without trouble.
fn acts(who: Who) -> usize {
    let mut world = World::new();
    world.run();
    world.side(who).acts
}

fn run(world: &mut World) {
    world.run();
    world.settle();
}

#[test]
fn a_crash_at_any_act_of_either_side_is_made_good_by_a_restart() {
    for who in BOTH {
        for first in BOTH {
            for at in 1..acts(who) {
                let mut world = World { first, ..World::new() };
                world.side(who).crash_at = Some(at);
                run(&mut world);
                world.assert_settled();
                assert!(world.money.all(Held::New), "{who:?} crashed at act {at}");
            }
        }
    }
}

#[test]
fn a_program_that_comes_back_after_the_peers_wait_settles_too() {
    for who in BOTH {
        for at in 1..acts(who) {
            let away = PEER_WAIT + Duration::from_secs(200);
            let mut world = World { away, ..World::new() };
            world.side(who).crash_at = Some(at);
            run(&mut world);
            world.assert_settled();
        }
    }
}

#[test]
fn crashes_of_both_sides_at_any_acts_are_made_good() {
    for one in 1..acts(Who::Sender) {
        for other in 1..acts(Who::Receiver) {
            let mut world = World::new();
            world.sender.crash_at = Some(one);
            world.receiver.crash_at = Some(other);
            run(&mut world);
            world.assert_settled();
        }
    }
}

#[test]
fn a_crash_of_the_recovery_is_made_good() {
    for who in BOTH {
        for at in 1..acts(who) {
            for again in 1..8 {
                let mut world = World::new();
                world.side(who).crash_at = Some(at);
                while world.side(who).restart_at.is_none() && !world.is_at_rest() {
                    let event = world.events()[0];
                    world.happen(event);
                }
                world.side(who).crash_at = Some(at + again);
                run(&mut world);
                world.assert_settled();
            }
        }
    }
}

#[test]
fn the_position_of_a_settled_sender_confirms_where_its_19_was_lost() {
    let mut lost = 0;
    for at in 1..acts(Who::Sender) {
        let mut world = World::new();
        world.sender.crash_at = Some(at);
        while world.sender.restart_at.is_none() {
            world.run_for(1);
        }
        if world.sender.durable() == DurableStep::Settled {
            assert!(!world.receiver.closed);
            lost += 1;
            world.run();
            world.assert_done();
        }
    }
    assert!(lost > 0);
}
