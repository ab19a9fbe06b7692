//! Whoever starts first, and whatever the relay does meanwhile: both programs finish by themselves.

use std::io::BufRead;
use std::process::Stdio;

use tests::world::Running;

use crate::stage::{Stage, WITHIN, quiet};
use crate::tap::{Direction, Tap};

#[test]
fn a_receiver_that_starts_first_is_paid() {
    let mut stage = Stage::with_coins("2x5,4x1");
    // Without a relay the sender writes the file and stops: now the receiver can be first.
    stage.relay.process.kill().unwrap();
    let stopped = stage.send(7).output().unwrap();
    assert_eq!(stopped.status.code(), Some(4), "{}", String::from_utf8_lossy(&stopped.stderr));
    let port = stage.relay.address.rsplit(':').next().unwrap().parse().unwrap();
    stage.relay = stage.world.start_relay(port).unwrap();

    let mut receive = stage.receive();
    let mut receiver = Running::start("coin-receive", receive.arg("--json").stdout(Stdio::piped()).stderr(Stdio::null())).unwrap();
    let mut lines = receiver.stdout().unwrap().lines();
    assert!(lines.any(|line| line.unwrap().contains(r#""event":"waiting""#)), "the receiver waits");
    let sender = Running::start("coin-send", &mut quiet(stage.send(7))).unwrap();
    let sent = sender.output(WITHIN).unwrap();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    lines.for_each(drop);
    assert!(receiver.wait(WITHIN).unwrap().success());
    assert_eq!((stage.sender.total().unwrap(), stage.receiver.total().unwrap()), (7, 7));
}

#[test]
fn a_relay_that_is_restarted_in_mid_transfer_stops_nobody() {
    let mut stage = Stage::with_coins("13x250,1x100,3x25,2x5,4x1");
    let port: u16 = stage.relay.address.rsplit(':').next().unwrap().parse().unwrap();
    let (seen, halfway) = std::sync::mpsc::channel();
    let tap = Tap::start(stage.relay.address.clone(), move |line| {
        if line.direction == Direction::ToRelay && line.number() == Some(12) {
            let _ = seen.send(());
        }
    });
    let address = stage.relay.address.clone();
    stage.relay.address = tap.address();
    let sender = Running::start("coin-send", &mut quiet(stage.send(3439))).unwrap();
    stage.wait_for_conn();
    let receiver = Running::start("coin-receive", &mut quiet(stage.receive())).unwrap();
    halfway.recv_timeout(WITHIN).unwrap();
    stage.relay.process.kill().unwrap();
    stage.relay = stage.world.start_relay(port).unwrap();
    assert_eq!(stage.relay.address, address);
    for process in [sender, receiver] {
        let output = process.output(WITHIN).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!((stage.sender.total().unwrap(), stage.receiver.total().unwrap()), (0, 3439));
}
