//! Whoever starts first, and whatever the relay does meanwhile: both programs finish by themselves.

use std::io::BufRead;

use protocol::room::Side;
use tests::process::Running;

use crate::ear::Ear;
use crate::stage::{ALL, COINS, Stage, said, succeeds};
use crate::wire::{Said, What};

#[test]
fn a_receiver_that_starts_first_is_paid() {
    let mut stage = Stage::with_coins("2x5,4x1");
    let payment = stage.payment(7);
    // Without a relay the sender writes the file and stops: now the receiver can be first.
    let port = port(&stage);
    stage.ground.relay.process.kill().unwrap();
    let stopped = payment.send(60).output().unwrap();
    assert_eq!(stopped.status.code(), Some(4), "{}", said(&stopped));
    stage.ground.relay = stage.ground.world.start_relay(port).unwrap();

    let mut receive = payment.receive(60);
    let mut receiver = Running::start("coin-receive", receive.arg("--json")).unwrap();
    let mut lines = receiver.stdout().unwrap().lines();
    let waits = lines.any(|line| line.unwrap().contains(r#""event":"waiting""#));
    assert!(waits, "the receiver waits");
    succeeds(Running::start("coin-send", &mut payment.send(60)).unwrap());
    lines.for_each(drop);
    succeeds(receiver);
    assert_eq!(stage.totals(), (7, 7));
}

#[test]
fn a_relay_that_is_restarted_in_mid_transfer_stops_nobody() {
    let mut stage = Stage::with_coins(COINS);
    let ear = Ear::at(&stage.ground.relay.address);
    let mut payment = stage.payment(ALL);
    payment.relay = ear.address();
    let (mut sender, receiver) = payment.start();
    let halfway = Said { what: What::Message(12), by: Side::S };
    assert!(ear.hear(halfway, &mut sender).unwrap(), "{halfway} was not said");
    let port = port(&stage);
    stage.ground.relay.process.kill().unwrap();
    stage.ground.relay = stage.ground.world.start_relay(port).unwrap();
    succeeds(sender);
    succeeds(receiver);
    assert_eq!(stage.totals(), (0, ALL));
}

fn port(stage: &Stage) -> u16 {
    stage.ground.relay.address.rsplit(':').next().unwrap().parse().unwrap()
}
