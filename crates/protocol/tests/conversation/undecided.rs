//! Batches of which not every coin changes hands at once.

use protocol::machine::{Cause, Fault, Input, Job, OldSecrets, Outcome, Report, Totals};
use protocol::message::{DurableStep, Message};

use crate::money::{Pown, VALUES, amount};
use crate::side::Who;
use crate::world::World;

/// The first coin is owned, the second is not.
fn in_limbo() -> Totals {
    Totals { last: amount(VALUES[0]), limbo: amount(VALUES[1]), ..Totals::default() }
}

fn counterfeit() -> Totals {
    Totals { last: amount(VALUES[0]), counterfeit: amount(VALUES[1]), ..Totals::default() }
}

#[test]
fn a_coin_in_limbo_ends_the_conversation_with_19_and_a_newer_receipt_settles_it() {
    let mut world = World::new();
    world.money.powns = vec![Pown::Limbo];
    world.run();
    let undecided = Some(Outcome::InDoubt(Cause::Undecided(in_limbo())));
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
    let totals = counterfeit();
    assert_eq!(world.receiver.outcome, Some(Outcome::Partly(totals)));
    assert_eq!(world.sender.outcome, Some(Outcome::InDoubt(Cause::Undecided(totals))));
    world.settle();
    assert!(!world.sender.closed && !world.receiver.closed);
    assert!(matches!(world.sender.outcome, Some(Outcome::InDoubt(_))));
}

#[test]
fn an_old_secret_alive_in_spite_of_the_receipt_is_said_and_leaves_the_sender_in_doubt() {
    let mut world = World::new();
    while world.sender.jobs.front() != Some(&Job::CheckOldSecrets) {
        world.run_for(1);
    }
    let (dead, alive_or_unknown) = (amount(VALUES[0]), amount(VALUES[1]));
    let checked = Report::Checked(OldSecrets { dead, alive_or_unknown });
    world.feed(Who::Sender, Input::Done(checked));
    assert!(matches!(world.sender.outcome, Some(Outcome::InDoubt(Cause::Undecided(_)))));
    assert!(matches!(world.sender.said.last(), Some(Message::Abort(_))));
    assert_eq!(world.sender.durable(), DurableStep::InFlight);
    assert!(!world.sender.closed);
}

#[test]
fn agents_that_do_not_answer_about_a_receipt_leave_the_sender_in_doubt() {
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
