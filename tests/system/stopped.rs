//! A peer that stops in the middle and comes back to life: the other says what it waits for, gives the
//! link up after a while but never the money, and both finish.

use protocol::room::Side;
use rustix::process::Signal;

use crate::ear::Ear;
use crate::speaker::Speaker;
use crate::stage::{ALL, COINS, Stage};
use crate::wire::{Said, What};

#[test]
fn a_receiver_that_stops_at_the_coins_is_waited_for() {
    let coins = Said { what: What::Message(24), by: Side::S };
    stops(Side::R, coins, &["the other side's Received", "the other person"]);
}

#[test]
fn a_sender_that_stops_at_received_is_waited_for() {
    let received = Said { what: What::Message(14), by: Side::R };
    stops(Side::S, received, &["the other side's Coins confirmed.", "the other person"]);
}

/// Pays from home to home; each time a side is stopped as the message passes, and goes on once its
/// peer has said that it waits: for the next message; or, the link given up, for the person.
#[track_caller]
fn stops(stopped: Side, at: Said, waits: &[&str]) {
    let stage = Stage::with_coins(COINS);
    let mut payment = stage.payment(ALL);
    for (round, wait) in waits.iter().enumerate() {
        let ear = Ear::signalling(&stage.ground.relay.address, at, Signal::STOP);
        payment.relay = ear.address();
        payment.conn = stage.ground.world.dir.join(format!("conn-{round}.txt"));
        let mut sender = Speaker::start("coin-send", payment.send(60));
        payment.wait_for_conn(&mut sender.program).unwrap();
        let receiver = Speaker::start("coin-receive", payment.receive(60));
        let (prey, mut other) = match stopped {
            Side::S => (sender, receiver),
            Side::R => (receiver, sender),
        };
        ear.aim(&prey.program);
        other.says("Money to be Sent");
        other.says(&format!("waiting for {wait}"));
        prey.program.signal(Signal::CONT).unwrap();
        prey.succeeds();
        other.succeeds();
        let totals = (payment.from.total().unwrap(), payment.to.total().unwrap());
        assert_eq!(totals, (0, ALL), "round {round}");
        std::mem::swap(&mut payment.from, &mut payment.to);
    }
}
