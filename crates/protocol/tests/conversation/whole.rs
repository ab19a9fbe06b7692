//! A transfer without trouble.

use protocol::machine::{Cause, Consent, Outcome};
use protocol::message::Message;

use crate::money::preparations;
use crate::side::Who;
use crate::world::World;

#[test]
fn a_transfer_without_trouble_is_done_on_both_sides() {
    for first in [Who::Sender, Who::Receiver] {
        let mut world = World { first, ..World::new() };
        world.run();
        world.assert_done();
        assert_eq!(world.links, 1);
        assert_eq!(world.money.powns_begun(), 1);
    }
}

#[test]
fn the_steps_are_said_in_the_order_of_the_seed() {
    let mut world = World::new();
    world.run();
    let numbers = |said: &[Message]| -> Vec<u8> {
        let steps = said.iter().filter(|message| !matches!(message, Message::Heartbeat(_)));
        steps.map(|message| message.number().get()).collect()
    };
    let sender = numbers(&world.sender.said);
    assert_eq!(sender, [2, 4, 5, 6, 7, 21, 8, 9, 10, 11, 12, 22, 24, 24, 18, 19]);
    assert_eq!(numbers(&world.receiver.said), [3, 4, 13, 14, 15, 16, 17, 17]);
    assert_eq!(preparations(), 8);
}

#[test]
fn a_person_who_declines_ends_it_on_both_sides() {
    let mut world = World { consent: Consent::No, ..World::new() };
    world.run();
    assert_eq!(world.receiver.outcome, Some(Outcome::Returned(Cause::Declined)));
    assert!(matches!(world.sender.outcome, Some(Outcome::Returned(Cause::PeerStopped(_)))));
    assert!(world.sender.closed && world.receiver.closed);
}
