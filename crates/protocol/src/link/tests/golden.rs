//! The conversation of `testdata/link.txt`, whose bytes were computed by other means.

use coin::{Amount, Denomination};

use super::{Desk, START, reply};
use crate::link::LinkEvent;
use crate::message::{BatchHash, Chunk, DurableStep, Last, Manifest, Message, Position};

const GOLDEN: &str = include_str!("../../../testdata/link.txt");
const BATCH: BatchHash = BatchHash([0xab; 32]);

fn golden_lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = GOLDEN.lines().filter(|line| !line.starts_with(';'));
    lines.map(|line| line.split_once(' ').unwrap())
}

/// What is said between the handshakes, with its chunk.
fn conversation() -> Vec<(Message, &'static [u8])> {
    let amount = Amount::new(3439).unwrap();
    let memo = Some("for lunch #1".to_owned());
    let [first, last] = [(0, Last::No), (1, Last::Yes)].map(|(index, last)| Chunk { index, last });
    vec![
        (START, b""),
        (START, b""),
        (Message::Heartbeat(None), b""),
        (Message::Money { amount, memo }, b""),
        (Message::Money { amount, memo: None }, b""),
        (Message::EncryptingCoins(manifest(amount)), b""),
        (Message::Coins(first), b"first chunk"),
        (Message::Coins(last), b"and the last"),
        (Message::Receipt(Chunk { index: 0, last: Last::Yes }), b"{\"receipt\":1}"),
        (Message::Abort("no room #7: \"full\", grüße".to_owned()), b""),
        (Message::CoinsConfirmed, b""),
    ]
}

fn manifest(amount: Amount) -> Manifest {
    use Denomination::{Five, Hundred, One, TwentyFive, TwoHundredFifty};
    let counts = vec![(TwoHundredFifty, 13), (Hundred, 1), (TwentyFive, 3), (Five, 2), (One, 4)];
    Manifest { amount, counts, batch: BATCH }
}

/// Checks that it is said as written, and that the other side hears just that.
fn check(desks: (&mut Desk, &mut Desk), golden: (&str, &str), message: &Message, chunk: &[u8]) {
    let (sender, receiver) = desks;
    let (from, to) = if golden.0 == "S" { (sender, receiver) } else { (receiver, sender) };
    let line = from.link.say(message, chunk).unwrap();
    assert_eq!(line, golden.1);
    match to.hear(&line).unwrap().last() {
        Some(LinkEvent::Heard(heard, bytes)) => assert_eq!((heard, &bytes[..]), (message, chunk)),
        other => panic!("{other:?}"),
    }
}

/// Connects both sides and checks the handshake.
fn check_handshake(sender: &mut Desk, receiver: &mut Desk, seeds: [u8; 2], golden: [&str; 2]) {
    sender.connect(seeds[0]);
    receiver.connect(seeds[1]);
    let first = sender.link.handshake_due().unwrap();
    assert_eq!(first, golden[0]);
    let answer = reply(&receiver.hear(&first).unwrap());
    assert_eq!(answer, golden[1]);
    assert_eq!(sender.hear(&answer).unwrap().last(), Some(&LinkEvent::Linked));
}

#[test]
fn a_conversation_is_as_computed_by_other_means() {
    let (mut sender, mut receiver) = (Desk::sender(), Desk::receiver());
    let mut golden = golden_lines();
    let mut next = || golden.next().unwrap();
    assert_eq!(sender.link.join_line(), next().1);
    assert_eq!(receiver.link.join_line(), next().1);
    check_handshake(&mut sender, &mut receiver, [0x11, 0x22], [next().1, next().1]);
    for (message, chunk) in conversation() {
        check((&mut sender, &mut receiver), next(), &message, chunk);
    }
    check_handshake(&mut sender, &mut receiver, [0x44, 0x55], [next().1, next().1]);
    for step in [DurableStep::InFlight, DurableStep::Received] {
        let position = Message::Heartbeat(Some(Position { step, batch: Some(BATCH) }));
        check((&mut sender, &mut receiver), next(), &position, b"");
    }
    assert_eq!(golden.next(), None);
}

#[test]
fn the_resume_secret_on_disk_is_the_one_that_was_handed_out() {
    let (sender, receiver) = super::linked();
    let secret = "948bdbe55ff01599779ecfc0bb9dbc33f96f78f3a6c83bb64045282801302a1b";
    assert_eq!(
        serde_json::to_string(&sender.disk).unwrap(),
        format!(r#"{{"Sender":{{"secret":"{secret}"}}}}"#)
    );
    assert_eq!(
        serde_json::to_string(&receiver.disk).unwrap(),
        format!(r#"{{"Receiver":{{"handed_out":[],"bound":"{secret}"}}}}"#)
    );
}
