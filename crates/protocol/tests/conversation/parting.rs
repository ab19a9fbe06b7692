//! 23, stops, faults, and messages out of step, at every event and from either side.

use protocol::machine::{Cause, Fault, Input, Job, Outcome, Report};
use protocol::message::{BatchHash, Chunk, DurableStep, Last, Message, Position};

use crate::money::{BATCH, Held, Pown, amount, manifest, whole};
use crate::side::{BOTH, Machine, Who};
use crate::world::{Event, World};

/// Why a batch is refused in these tests.
pub(crate) const BAD_BATCH: &str = "a coin is there twice";

/// Runs a transfer in which a side gets this input at this event.
fn disturbed(at: usize, who: Who, input: Input) -> World {
    let mut world = World::new();
    world.run_for(at);
    world.feed(who, input);
    world.run();
    world
}

#[test]
fn a_stop_at_any_event_ends_the_program_and_a_later_session_settles() {
    for at in 0..World::whole_length() {
        for who in BOTH {
            let mut world = disturbed(at, who, Input::StopAsked);
            world.settle();
            world.assert_settled();
        }
    }
}

#[test]
fn a_second_stop_ends_at_once() {
    for at in 0..World::whole_length() {
        for who in BOTH {
            let mut world = World::new();
            world.run_for(at);
            world.feed(who, Input::StopAsked);
            world.feed(who, Input::StopAsked);
            assert!(!world.side(who).is_running(), "{who:?} at {at}");
        }
    }
}

#[test]
fn an_abort_heard_at_any_event_ends_the_conversation_and_never_the_money() {
    for at in 0..World::whole_length() {
        for who in BOTH {
            let mut world = disturbed(at, who, Input::Heard(Message::Abort("no".into())));
            world.settle();
            if world.money.all(Held::New) {
                assert!(world.sender.closed && world.money.is_banked());
            }
        }
    }
}

/// One of each message, with details that fit nowhere.
pub(crate) fn messages() -> Vec<Message> {
    let odd = Position { step: DurableStep::Received, batch: Some(BatchHash([9; 32])) };
    let chunk = Chunk { index: 7, last: Last::Yes };
    vec![
        Message::Heartbeat(None),
        Message::Heartbeat(Some(odd)),
        Message::EmptyImportExport,
        Message::ImportExportEmpty,
        Message::Money { amount: amount(1), memo: None },
        Message::MakingChange,
        Message::JoiningCoins,
        Message::FindingChange,
        Message::FixingChange,
        Message::MovingCoinsToSender,
        Message::DetectingCoins,
        Message::FixingCoins,
        Message::PuttingCoinsInExport,
        Message::EncryptingCoins(manifest()),
        Message::ReadyToSendCoins,
        Message::ReadyToReceive,
        Message::Coins(chunk),
        Message::Received,
        Message::DecryptingCoins,
        Message::PowningCoins,
        Message::Receipt(chunk),
        Message::ConfirmingChangeOfOwnership,
        Message::CoinsConfirmed,
    ]
}

#[test]
fn any_message_at_any_event_breaks_no_rule_of_money() {
    for at in 0..World::whole_length() {
        for who in BOTH {
            for message in messages() {
                // A receiver that says that it has the coins, and stops, is believed: asking the
                // agents then shows whose they are.
                let mut world = disturbed(at, who, Input::Heard(message));
                world.settle();
                if world.money.all(Held::New) {
                    assert!(world.sender.closed && world.money.is_banked());
                }
            }
        }
    }
}

#[test]
fn a_message_of_the_wrong_speaker_is_out_of_step() {
    let mut world = World::new();
    world.run_for(8);
    world.feed(Who::Sender, Input::Heard(Message::EmptyImportExport));
    world.run();
    let out_of_step = Cause::OutOfStep { heard: 2 };
    assert_eq!(world.sender.outcome, Some(Outcome::Returned(out_of_step)));
    assert!(matches!(world.receiver.outcome, Some(Outcome::Returned(Cause::PeerStopped(_)))));
}

#[test]
fn a_bad_batch_is_refused_for_ever_and_the_sender_learns_it_by_position() {
    for at_check in [false, true] {
        let mut world = World::new();
        let fault = Some(Fault::BadBatch(BAD_BATCH.into()));
        if at_check {
            world.money.check = fault;
        } else {
            world.money.store = fault;
        }
        world.run();
        assert!(matches!(
            world.receiver.outcome,
            Some(Outcome::Returned(Cause::Fault(Fault::BadBatch(_))))
        ));
        assert!(matches!(world.sender.outcome, Some(Outcome::InDoubt(Cause::PeerStopped(_)))));
        assert_eq!(world.receiver.durable(), DurableStep::Refused);
        world.settle();
        assert_eq!(world.sender.outcome, Some(Outcome::InDoubt(Cause::Refused)));
        assert!(world.receiver.closed && !world.sender.closed);
        assert_eq!(world.money.powns_begun(), 0);
    }
}

#[test]
fn a_sender_asks_the_agents_after_a_refusal_and_at_every_start() {
    for lied in [false, true] {
        let mut world = World::new();
        world.money.check = Some(Fault::BadBatch(BAD_BATCH.into()));
        world.settle();
        let asked = world.money.times_asked_alone();
        assert!(asked > 1, "at the refusal, and at each start after it");
        assert_eq!(world.sender.outcome, Some(Outcome::InDoubt(Cause::Refused)));
        if lied {
            world.money.agents = [Held::New; 2];
        }
        world.receiver.stop();
        world.restart(Who::Sender);
        world.run();
        assert_eq!(world.money.times_asked_alone(), asked + 1);
        let outcome = match lied {
            true => Outcome::Unreceipted(whole()),
            false => Outcome::InDoubt(Cause::Refused),
        };
        assert_eq!(world.sender.outcome, Some(outcome));
        assert_eq!(world.sender.closed, lied);
    }
}

#[test]
fn a_batch_of_which_coins_were_taken_back_never_leaves_again() {
    let mut world = World::new();
    while world.sender.durable() != DurableStep::InFlight {
        world.run_for(1);
    }
    world.cut();
    for who in BOTH {
        world.side(who).stop();
    }
    let Some(Machine::Sender(sender)) = world.sender.in_journal() else { unreachable!() };
    world.sender.journal =
        Some(serde_json::to_string(&Machine::Sender(sender.reclaimed())).unwrap());
    for who in BOTH {
        world.restart(who);
    }
    world.sender.said.clear();
    world.run();
    let said = |number| world.sender.said.iter().any(|said| said.number().get() == number);
    assert!(said(23) && !said(2) && !said(24), "{:?}", world.sender.said);
    assert_eq!(world.sender.outcome, Some(Outcome::InDoubt(Cause::Reclaimed)));
    assert!(matches!(world.receiver.outcome, Some(Outcome::Returned(Cause::PeerStopped(_)))));
    assert!(world.receiver.closed, "nothing is on its way to it any more");
}

#[test]
fn a_batch_that_passed_its_check_is_never_refused() {
    let mut world = World::new();
    while world.receiver.jobs.front() != Some(&Job::Pown) {
        world.run_for(1);
    }
    world.money.check = Some(Fault::BadBatch(BAD_BATCH.into()));
    world.crash(Who::Receiver);
    world.settle();
    world.assert_done();
}

#[test]
fn a_stored_batch_of_another_hash_is_refused() {
    let mut world = World::new();
    while world.receiver.jobs.front() != Some(&Job::Store) {
        world.run_for(1);
    }
    let other = Input::Done(Report::Stored(BatchHash([9; 32])));
    world.feed(Who::Receiver, other);
    assert_eq!(world.receiver.durable(), DurableStep::Refused);
}

#[test]
fn a_frame_of_24_or_17_out_of_its_order_is_out_of_step() {
    let chunk = Chunk { index: 1, last: Last::Yes };
    for (who, message, until) in [
        (Who::Receiver, Message::Coins(chunk), Message::ReadyToReceive),
        (Who::Sender, Message::Receipt(chunk), Message::PowningCoins),
    ] {
        let mut world = World::new();
        while world.receiver.said.last() != Some(&until) {
            world.run_for(1);
        }
        while world.events()[0] == Event::Deliver(Who::Sender) {
            world.run_for(1);
        }
        world.feed(who, Input::Heard(message.clone()));
        assert!(!world.receiver.jobs.contains(&Job::Store));
        assert!(!world.sender.jobs.contains(&Job::ReadReceipt));
        world.run();
        let cause = Cause::OutOfStep { heard: message.number().get() };
        let outcome = world.side(who).outcome.clone();
        assert!(
            outcome == Some(Outcome::Returned(cause.clone()))
                || outcome == Some(Outcome::InDoubt(cause)),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_full_disk_is_no_refusal_and_the_same_batch_comes_again() {
    let mut world = World::new();
    world.money.store = Some(Fault::Disk("no space left".into()));
    world.run();
    assert!(matches!(world.receiver.outcome, Some(Outcome::Returned(Cause::Fault(_)))));
    assert!(matches!(world.sender.outcome, Some(Outcome::InDoubt(_))));
    world.settle();
    world.assert_done();
}

#[test]
fn too_few_agents_leave_the_coins_in_doubt_until_a_later_session() {
    let mut world = World::new();
    world.money.powns = vec![Pown::TooFew];
    world.run();
    let fault = Cause::Fault(Fault::TooFewAgents { answered: 12 });
    assert_eq!(world.receiver.outcome, Some(Outcome::InDoubt(fault)));
    assert!(matches!(world.sender.outcome, Some(Outcome::InDoubt(_))));
    world.settle();
    world.assert_done();
}

#[test]
fn a_sender_that_knows_of_no_batch_and_hears_of_one_is_in_doubt_and_puts_nothing_back() {
    for step in [DurableStep::Received, DurableStep::Receipted, DurableStep::Refused] {
        let mut world = World::new();
        // Whose the coins are now, only the agents can tell.
        world.money.agents = [Held::New; 2];
        let position = Position { step, batch: Some(BATCH) };
        world.linked = true;
        world.feed(Who::Sender, Input::Linked);
        world.receiver.stop();
        world.feed(Who::Sender, Input::Heard(Message::Heartbeat(Some(position))));
        world.run();
        assert_eq!(world.sender.outcome, Some(Outcome::InDoubt(Cause::OddPosition(position))));
        assert!(!world.sender.closed, "a later session goes on");
    }
}

#[test]
fn a_position_with_another_batch_ends_in_doubt_and_never_makes_new_coins() {
    let other = Some(BatchHash([9; 32]));
    for step in [DurableStep::Received, DurableStep::Receipted, DurableStep::Refused] {
        let mut world = World::new();
        while world.sender.durable() != DurableStep::InFlight {
            world.run_for(1);
        }
        world.cut();
        world.receiver.stop();
        let said = world.sender.said.len();
        world.linked = true;
        world.feed(Who::Sender, Input::Linked);
        let position = Position { step, batch: other };
        assert_ne!(other, Some(BATCH));
        world.feed(Who::Sender, Input::Heard(Message::Heartbeat(Some(position))));
        world.run();
        assert_eq!(world.sender.outcome, Some(Outcome::InDoubt(Cause::OddPosition(position))));
        let new = world.sender.said[said..].iter();
        assert!(new.clone().all(|message| matches!(message, Message::Heartbeat(_))));
    }
}
