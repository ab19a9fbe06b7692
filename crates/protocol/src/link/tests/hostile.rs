//! A hostile relay: whatever it does to a frame, nothing is heard that was not said, what was dropped
//! or changed is noticed at the latest with the next frame, and the peer is never blamed for it.

use coin::Amount;
use proptest::proptest;

use super::{Desk, START, handshake, heard, linked, other_file, relayed, reply};
use crate::link::{LinkBroken, LinkEvent, Memory, SenderMemory};
use crate::message::{Chunk, Last, Message};

/// Messages of every shape: nothing, integer, text, sealed, chunk.
fn shapes() -> Vec<(Message, &'static [u8])> {
    let amount = Amount::new(3439).unwrap();
    vec![
        (Message::MakingChange, b""),
        (Message::Money { amount, memo: None }, b""),
        (Message::Money { amount, memo: Some("rent".to_owned()) }, b""),
        (Message::Abort("no # room".to_owned()), b""),
        (Message::Coins(Chunk { index: 2, last: Last::Yes }), b"coins"),
    ]
}

/// Delivers `line` instead of the one that was said, then the next one as it was said.
///
/// Promises: what is heard was said; and if it was not heard, the next line breaks the link.
fn check(said: &Message, chunk: &[u8], change: impl Fn(&str) -> Vec<u8>) {
    let (mut sender, mut receiver) = linked();
    let line = relayed(&sender.link.say(said, chunk).unwrap());
    let changed = change(&line);
    let shown = String::from_utf8_lossy(&changed).into_owned();
    let events = match receiver.link.heard_line(&changed) {
        Ok(events) => events,
        Err(LinkBroken::WrongTag | LinkBroken::Gap { .. }) => return,
        Err(broken) => panic!("the peer is not to blame: {broken}: {shown}"),
    };
    match heard(&events)[..] {
        [] => {
            let next = receiver.hear(&sender.say(&Message::Heartbeat(None)));
            assert!(matches!(next, Err(LinkBroken::Gap { .. })), "{shown}: {next:?}");
        }
        [message] => {
            assert_eq!(message, said, "{shown}");
            assert!(events.iter().all(|event| match event {
                LinkEvent::Heard(_, bytes) => bytes[..] == *chunk,
                _ => true,
            }));
            receiver.hear(&sender.say(&Message::Heartbeat(None))).unwrap();
        }
        _ => panic!("{shown}"),
    }
}

#[test]
fn no_flipped_bit_is_taken() {
    for (message, chunk) in shapes() {
        let bits = 8 * relayed(&linked().0.link.say(&message, chunk).unwrap()).len();
        for bit in 0..bits {
            check(&message, chunk, |line| {
                let mut line = line.as_bytes().to_vec();
                line[bit / 8] ^= 1 << (bit % 8);
                line
            });
        }
    }
}

#[test]
fn no_cut_line_is_taken() {
    for (message, chunk) in shapes() {
        let bytes = relayed(&linked().0.link.say(&message, chunk).unwrap()).len();
        for kept in 0..bytes {
            check(&message, chunk, |line| line.as_bytes()[..kept].to_vec());
        }
    }
}

#[test]
fn no_other_value_in_a_field_is_taken() {
    let changes = [
        (r#""Message Number":4"#, r#""Message Number":5"#),
        (r#""Message Number":4"#, r#""Message Number":260"#),
        (r#""Message_Details":3439"#, r#""Message_Details":343900"#),
        (r#""Message_Details":3439"#, r#""Message_Details":"3439""#),
        (r#""Message_Details":3439"#, r#""Message_Details":null"#),
        (r#""Message_Details":3439"#, r#""Message_Details":1,"Message Details":3439"#),
        (r#""seq":2"#, r#""seq":3"#),
        (r#""seq":2"#, r#""seq":0"#),
        (r#""seq":2"#, r#""seq":18446744073709551615"#),
        (r#""seq":2"#, r#""seq":2,"seq":2"#),
        (r#""ack":1"#, r#""ack":0"#),
        (r#""ack":1,"#, ""),
        (r#""auth":"#, r#""sealed":"#),
        (r#""auth":"#, r#""sealed":"AAAAAAAAAAAAAAAAAAAAAAAA","auth":"#),
        (r#""auth":"#, r#""auth":"AAAAAAAAAAAAAAAAAAAAAA==","Auth":"#),
        (r#""auth":"#, r#""handshake":"AAAA","auth":"#),
    ];
    let (message, chunk) = &shapes()[1];
    for (from, to) in changes {
        check(message, chunk, |line| {
            assert!(line.contains(from), "{line}");
            line.replacen(from, to, 1).into_bytes()
        });
    }
}

#[test]
fn a_tag_alone_does_not_stand_in_the_field_of_a_sealed_text() {
    let (mut sender, mut receiver) = linked();
    let (message, chunk) = &shapes()[1];
    let line = sender.link.say(message, chunk).unwrap().replace("auth", "sealed");
    assert_eq!(receiver.hear(&line), Err(LinkBroken::WrongTag));
}

#[test]
fn a_place_in_a_run_cannot_be_changed() {
    let (message, chunk) = &shapes()[4];
    for (from, to) in [("true", "false"), (r#""chunk":2"#, r#""chunk":3"#), (r#","last":true"#, "")]
    {
        check(message, chunk, |line| line.replacen(from, to, 1).into_bytes());
    }
}

#[test]
fn what_is_not_authenticated_changes_nothing() {
    let (message, chunk) = &shapes()[1];
    for (from, to) in [
        (r#""from":"127.0.0.1""#, r#""from":"10.0.0.1""#),
        (r#""from":"127.0.0.1""#, r#""from":"\u0023relay""#),
        (r#""from":"127.0.0.1","#, ""),
        (r#""Message Number""#, r#""Message_Number""#),
        (r#""Message_Details""#, r#""Message Details""#),
        (r#""seq":2"#, r#""later":{"chunk":[7]},"chunk":7,"last":true,"seq":2"#),
        (r#""}"#, r#"" , }"#),
    ] {
        let (mut sender, mut receiver) = linked();
        let line = relayed(&sender.link.say(message, chunk).unwrap());
        assert!(line.contains(from), "{line}");
        let events = receiver.link.heard_line(line.replacen(from, to, 1).as_bytes()).unwrap();
        assert_eq!(heard(&events), [message], "{to}");
    }
}

#[test]
fn dropped_repeated_and_swapped_frames_break_the_link() {
    let lines = || {
        let (mut sender, receiver) = linked();
        let lines: [String; 3] = std::array::from_fn(|_| sender.say(&Message::MakingChange));
        (receiver, lines)
    };
    let check = |order: &[usize], expected: LinkBroken| {
        let (mut receiver, lines) = lines();
        let heard = order.iter().try_for_each(|place| receiver.hear(&lines[*place]).map(|_| ()));
        assert_eq!(heard, Err(expected), "{order:?}");
        assert_eq!(receiver.hear(&lines[0]), Ok(vec![]), "nothing more is heard");
        assert!(receiver.link.say(&START, &[]).is_err(), "nothing more is said");
    };
    check(&[1], LinkBroken::Gap { taken: 1, got: 3 });
    check(&[0, 2], LinkBroken::Gap { taken: 2, got: 4 });
    check(&[0, 0], LinkBroken::Gap { taken: 2, got: 2 });
    check(&[0, 1, 0], LinkBroken::Gap { taken: 3, got: 2 });
    check(&[1, 0], LinkBroken::Gap { taken: 1, got: 3 });
}

#[test]
fn a_frame_that_is_sent_back_is_not_taken() {
    let (mut sender, mut receiver) = linked();
    let line = sender.say(&Message::Heartbeat(None));
    assert_eq!(sender.hear(&line), Err(LinkBroken::WrongTag));
    let line = receiver.say(&Message::Heartbeat(None));
    assert_eq!(receiver.hear(&line), Err(LinkBroken::WrongTag));
}

#[test]
fn frames_of_a_session_before_are_dropped_and_later_break_the_link() {
    let (mut sender, mut receiver) = linked();
    let old = sender.say(&Message::MakingChange);
    sender.connect(3);
    receiver.connect(4);
    assert_eq!(receiver.hear(&old), Ok(vec![]));
    handshake(&mut sender, &mut receiver);
    assert_eq!(receiver.hear(&old), Err(LinkBroken::WrongTag));
}

#[test]
fn a_replayed_handshake_leads_nowhere() {
    let (mut sender, mut receiver) = (Desk::sender(), Desk::receiver());
    sender.connect(1);
    receiver.connect(2);
    let first = sender.link.handshake_due().unwrap();
    let answer = reply(&receiver.hear(&first).unwrap());
    sender.hear(&answer).unwrap();
    let frame = sender.say(&START);

    receiver.connect(3);
    assert_ne!(reply(&receiver.hear(&first).unwrap()), answer, "fresh keys");
    assert_eq!(receiver.hear(&frame), Ok(vec![]));
    assert_eq!(sender.hear(&answer), Ok(vec![]), "the answer to a handshake that is over");
}

#[test]
fn another_file_is_told_and_never_heard() {
    let mut stranger = Desk::load(&other_file(), Memory::Sender(SenderMemory::default()));
    let mut receiver = Desk::receiver();
    stranger.connect(1);
    receiver.connect(2);
    let first = stranger.link.handshake_due().unwrap();
    for expected in [vec![], vec![], vec![LinkEvent::FilesDiffer], vec![]] {
        assert_eq!(receiver.hear(&first), Ok(expected));
    }
    let mut sender = Desk::sender();
    sender.connect(3);
    handshake(&mut sender, &mut receiver);
}

#[test]
fn handshakes_that_are_none_are_ignored() {
    let good = {
        let mut sender = Desk::sender();
        sender.connect(1);
        sender.link.handshake_due().unwrap()
    };
    let text = good.split('"').nth_back(1).unwrap().to_owned();
    for handshake in
        ["", "AAAA", "no base64", &text[4..], &format!("{text}AAAA"), &"A".repeat(9000)]
    {
        let line = good.replace(&text, handshake);
        let mut receiver = Desk::receiver();
        receiver.connect(2);
        assert_eq!(receiver.hear(&line), Ok(vec![]), "{handshake}");
        let mut sender = Desk::sender();
        sender.connect(3);
        assert_eq!(sender.hear(&line), Ok(vec![]), "{handshake}");
    }
}

#[test]
fn a_line_that_is_too_long_breaks_the_link() {
    let (_, mut receiver) = linked();
    let line = vec![b'x'; crate::limits::DELIVERED_BYTES_MAX + 1];
    assert!(matches!(receiver.link.heard_line(&line), Err(LinkBroken::LineTooLong { .. })));
}

proptest! {
    #[test]
    fn no_line_makes_a_link_panic(line: Vec<u8>, text in "[ -~]{0,80}", number in 0..30_u64) {
        let (mut sender, mut receiver) = linked();
        let message = format!(
            r#"{{"Message Number":{number},"seq":2,"ack":1,"chunk":0,"last":true,"auth":"{text}"}}"#
        );
        for line in [&line[..], text.as_bytes(), message.as_bytes()] {
            let _ = sender.link.heard_line(line);
            let _ = receiver.link.heard_line(line);
        }
    }
}
