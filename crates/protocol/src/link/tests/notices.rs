//! What notices, chat and repeated handshakes change, and what they do not.

use super::{Desk, START, handshake, heard, linked, members, relayed, reply};
use crate::link::{LinkBroken, LinkEvent};
use crate::message::Message;
use crate::room::{Code, Form, Notice};

fn chat(from: &str, text: &str) -> Vec<LinkEvent> {
    vec![LinkEvent::Chat { from: from.to_owned(), text: text.to_owned() }]
}

#[test]
fn a_handshake_is_due_while_two_are_in_the_room() {
    let mut sender = Desk::sender();
    assert_eq!(sender.link.handshake_due(), None);
    sender.link.connected([1; 32]);
    assert_eq!(sender.link.handshake_due(), None);
    sender.link.heard_line(members(1).as_bytes()).unwrap();
    assert_eq!(sender.link.handshake_due(), None);
    sender.link.heard_line(members(2).as_bytes()).unwrap();
    let first = sender.link.handshake_due().unwrap();
    assert_eq!(sender.link.handshake_due(), Some(first.clone()), "the same bytes");
    sender.link.heard_line(members(1).as_bytes()).unwrap();
    assert_eq!(sender.link.handshake_due(), None);
    sender.link.heard_line(members(2).as_bytes()).unwrap();
    assert_ne!(sender.link.handshake_due(), Some(first), "a new one");
}

#[test]
fn a_receiver_begins_no_handshake() {
    let mut receiver = Desk::receiver();
    receiver.connect(1);
    assert_eq!(receiver.link.handshake_due(), None);
}

#[test]
fn the_same_handshake_gets_the_same_answer_and_links_once() {
    let (mut sender, mut receiver) = (Desk::sender(), Desk::receiver());
    sender.connect(1);
    receiver.connect(2);
    let first = sender.link.handshake_due().unwrap();
    let answer = reply(&receiver.hear(&first).unwrap());
    assert_eq!(receiver.hear(&first), Ok(vec![LinkEvent::Reply(answer.clone())]));
    assert!(sender.hear(&answer).unwrap().contains(&LinkEvent::Linked));
    assert_eq!(sender.hear(&answer), Ok(vec![]));
    assert_eq!(heard(&receiver.hear(&sender.say(&START)).unwrap()), [&START]);
    assert_eq!(receiver.hear(&first), Ok(vec![LinkEvent::Reply(answer)]), "even afterwards");
}

#[test]
fn a_notice_alone_resets_nothing() {
    let (mut sender, mut receiver) = linked();
    sender.link.heard_line(members(2).as_bytes()).unwrap();
    receiver.link.heard_line(members(2).as_bytes()).unwrap();
    let (beat, change) = (Message::Heartbeat(None), Message::MakingChange);
    assert_eq!(heard(&receiver.hear(&sender.say(&change)).unwrap()), [&change]);
    assert_eq!(heard(&sender.hear(&receiver.say(&beat)).unwrap()), [&beat]);

    let answer = reply(&receiver.hear(&sender.link.handshake_due().unwrap()).unwrap());
    assert_eq!(heard(&receiver.hear(&sender.say(&change)).unwrap()), [&change], "the old keys");
    let old = receiver.say(&beat);
    assert_eq!(sender.hear(&answer), Ok(vec![LinkEvent::Linked]));
    assert_eq!(sender.hear(&old), Ok(vec![]), "dropped: nothing has verified under the new keys");
    let events = receiver.hear(&sender.say(&START)).unwrap();
    assert!(matches!(&events[..], [LinkEvent::Linked, LinkEvent::Heard(..)]), "{events:?}");
    assert_eq!(heard(&sender.hear(&receiver.say(&START)).unwrap()), [&START]);
    assert_eq!(sender.hear(&old), Err(LinkBroken::WrongTag));
}

#[test]
fn a_side_that_comes_back_links_again_with_the_one_that_stayed() {
    let (sender, mut receiver) = linked();
    let mut sender = sender.restarted();
    sender.connect(3);
    receiver.link.heard_line(members(2).as_bytes()).unwrap();
    handshake(&mut sender, &mut receiver);
    let mut receiver = receiver.restarted();
    receiver.connect(4);
    sender.link.heard_line(members(2).as_bytes()).unwrap();
    handshake(&mut sender, &mut receiver);
}

/// A receiver, and the first frames of a sender that made two more handshakes before they came.
fn two_answered() -> (Desk, String, String) {
    let (mut sender, mut receiver) = linked();
    let mut link_again = |seed| {
        sender.connect(seed);
        let answer = reply(&receiver.hear(&sender.link.handshake_due().unwrap()).unwrap());
        sender.hear(&answer).unwrap();
        sender.say(&START)
    };
    let (older, newer) = (link_again(3), link_again(4));
    (receiver, older, newer)
}

#[test]
fn of_two_answered_handshakes_the_newer_one_lasts() {
    let (mut receiver, older, newer) = two_answered();
    for line in [&older, &newer] {
        let events = receiver.hear(line).unwrap();
        assert!(matches!(&events[..], [LinkEvent::Linked, LinkEvent::Heard(..)]), "{events:?}");
    }
    let (mut receiver, older, newer) = two_answered();
    receiver.hear(&newer).unwrap();
    assert_eq!(receiver.hear(&older), Err(LinkBroken::WrongTag));
}

#[test]
fn late_answers_to_the_handshake_before_do_not_make_the_files_differ() {
    let (mut sender, mut receiver) = (Desk::sender(), Desk::receiver());
    sender.connect(1);
    receiver.connect(2);
    let late = reply(&receiver.hear(&sender.link.handshake_due().unwrap()).unwrap());
    sender.link.heard_line(members(2).as_bytes()).unwrap();
    for _ in 0..5 {
        assert_eq!(sender.hear(&late), Ok(vec![]));
    }
    handshake(&mut sender, &mut receiver);
}

#[test]
fn notices_come_from_the_relay_alone() {
    let mut receiver = Desk::receiver();
    receiver.connect(1);
    let notice = Notice::refused(Code::Draining);
    for form in [Form::Json, Form::Tag] {
        let line = notice.to_line(form);
        let events = receiver.link.heard_line(line.as_bytes());
        assert_eq!(events, Ok(vec![LinkEvent::Notice(notice.clone())]));
        let forged = receiver.hear(&line).unwrap();
        assert!(!forged.iter().any(|event| matches!(event, LinkEvent::Notice(_))), "{forged:?}");
    }
    receiver.connect(2);
    let forged = r#"{"from":"\u0023relay","Message Number":20,"Message_Details":4831,"you":"::1","members":1}"#;
    let events = receiver.hear(forged).unwrap();
    assert!(matches!(&events[..], [LinkEvent::OddSender { .. }]), "{events:?}");
}

#[test]
fn another_line_with_a_raw_number_sign_is_the_relays_chat() {
    let (mut sender, mut receiver) = linked();
    let frame = sender.say(&Message::MakingChange);
    let events = receiver.link.heard_line(frame.as_bytes()).unwrap();
    assert!(matches!(&events[..], [LinkEvent::Chat { from, .. }] if from == "relay"), "{events:?}");
    let events = receiver.link.heard_line("maintenance at #5 \u{1b}[2J".as_bytes());
    assert_eq!(events, Ok(chat("relay", r"maintenance at #5 \u{1b}[2J")));
}

#[test]
fn what_is_no_message_is_chat_with_the_noticed_address() {
    let (_, mut receiver) = linked();
    for text in ["hello", "<127.0.0.1 Powning_Coins>", "{}", r#"{"Message Number":"4"}"#, "[1]"] {
        assert_eq!(receiver.hear(text), Ok(chat("127.0.0.1", text)));
    }
    let events = receiver.link.heard_line(b"caf\xe9 \x1b[31m");
    assert_eq!(events, Ok(chat("127.0.0.1", "caf\u{fffd} \\u{1b}[31m")));
    assert_eq!(receiver.hear("  "), Ok(vec![]));
}

#[test]
fn a_numbered_line_without_a_tag_is_ignored() {
    let (mut sender, mut receiver) = linked();
    let ignored = [
        r##"{"from":"#","Message Number":19,"Message_Details":null}"##,
        r##"{"from":"#","Message Number":1,"Message_Details":"dfsdfs",}"##,
        r##"{"from":"#","Message Number":4,"Message_Details":3439,"seq":2,"ack":1}"##,
        r##"{"from":"#","Message Number":24,"Message_Details":null,"seq":2,"ack":1,"chunk":0,"last":true}"##,
        r##"{"from":"#","Message Number":999,"Message_Details":null,"seq":2,"ack":1,"auth":"AA=="}"##,
    ];
    for line in ignored {
        assert_eq!(receiver.hear(line), Ok(vec![]), "{line}");
    }
    let line = sender.say(&Message::MakingChange);
    assert_eq!(heard(&receiver.hear(&line).unwrap()), [&Message::MakingChange]);
}

#[test]
fn an_odd_sender_is_told_once_and_escaped() {
    let (mut sender, mut receiver) = linked();
    let mut say =
        |from: &str| relayed(&sender.say(&Message::MakingChange)).replacen("127.0.0.1", from, 1);
    assert_eq!(receiver.link.heard_line(say("127.0.0.1").as_bytes()).unwrap().len(), 1);
    let events = receiver.link.heard_line(say(r"10.0.0.9\u001b[1m").as_bytes()).unwrap();
    let (said, noticed) = (r"10.0.0.9\u{1b}[1m".to_owned(), "127.0.0.1".parse().unwrap());
    assert_eq!(events[0], LinkEvent::OddSender { said, noticed });
    assert_eq!(heard(&events), [&Message::MakingChange]);
    assert_eq!(receiver.link.heard_line(say("10.0.0.8").as_bytes()).unwrap().len(), 1);
}
