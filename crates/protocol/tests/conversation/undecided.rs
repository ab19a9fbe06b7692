//! Batches of which not every coin changes hands at once.

use protocol::machine::{Cause, Fault, Outcome, Totals};
use protocol::message::{DurableStep, Message};

use crate::money::{Pown, VALUES, amount};
use crate::world::World;

fn first_only(limbo: bool) -> Totals {
    let (owned, other) = (amount(VALUES[0]), amount(VALUES[1]));
    if limbo {
        Totals { last: owned, limbo: other, ..Totals::default() }
    } else {
        Totals { last: owned, counterfeit: other, ..Totals::default() }
    }
}

#[test]
fn a_coin_in_limbo_ends_the_conversation_with_19_and_a_newer_receipt_settles_it() {
    let mut world = World::new();
    world.money.powns = vec![Pown::Limbo];
    world.run();
    let undecided = Some(Outcome::InDoubt(Cause::Undecided(first_only(true))));
    assert_eq!((&world.sender.outcome, &world.receiver.outcome), (&undecided, &undecided));
    assert_eq!(world.sender.said.last(), Some(&Message::CoinsConfirmed));
    assert_eq!(world.sender.durable(), DurableStep::InFlight);
    assert!(world.money.is_banked(), "what is owned is not held back");
    world.settle();
    world.assert_done();
}

#[test]
fn a_counterfeit_coin_stays_in_flight_at_the_sender_and_is_settled_in_part_at_the_receiver() {
    let mut world = World::new();
    world.money.powns = vec![Pown::Counterfeit; 20];
    world.run();
    let totals = first_only(false);
    assert_eq!(world.receiver.outcome, Some(Outcome::Partly(totals)));
    assert_eq!(world.sender.outcome, Some(Outcome::InDoubt(Cause::Undecided(totals))));
    world.settle();
    assert!(!world.sender.closed && !world.receiver.closed);
    assert!(matches!(world.sender.outcome, Some(Outcome::InDoubt(_))));
}

#[test]
fn a_receipt_that_the_agents_do_not_bear_out_leaves_the_sender_in_doubt() {
    let mut world = World::new();
    world.money.agents_down_for_sender = true;
    world.run();
    let fault = Cause::Fault(Fault::TooFewAgents { answered: 3 });
    assert_eq!(world.sender.outcome, Some(Outcome::InDoubt(fault)));
    assert!(matches!(world.receiver.outcome, Some(Outcome::Done(_))));
    assert!(!world.receiver.closed, "the receipt may be asked for again");
    world.money.agents_down_for_sender = false;
    world.settle();
    world.assert_done();
}
