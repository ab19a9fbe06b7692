//! What an authenticated peer may not say, and where its counts end.

use coin::Amount;

use super::{Frame, Session};
use crate::limits::{CHUNK_BYTES_MAX, LINE_BYTES_MAX, MEMO_BYTES_MAX, REASON_BYTES_MAX};
use crate::line::{Details, NumberedLine, Place};
use crate::link::content::Content;
use crate::link::handshake::SessionKeys;
use crate::link::{LinkBroken, Misbehaviour, NotLinked, TransferId};
use crate::message::{Chunk, DurableStep, Last, Message, Number, Position};
use crate::room::Side;
use zeroize::Zeroizing;

const START: Message = Message::Heartbeat(Some(Position { step: DurableStep::Open, batch: None }));

fn transfer() -> TransferId {
    TransferId::from_bytes([7; 16])
}

/// A sender and a receiver, each after the other's first frame.
fn sessions() -> (Session, Session) {
    let (mut sender, mut receiver) = fresh_sessions();
    let start = sender.say(&START, &[]).unwrap();
    hear(&mut receiver, &start).unwrap();
    let start = receiver.say(&START, &[]).unwrap();
    hear(&mut sender, &start).unwrap();
    (sender, receiver)
}

fn fresh_sessions() -> (Session, Session) {
    let keys =
        SessionKeys { to_receiver: Zeroizing::new([1; 32]), to_sender: Zeroizing::new([2; 32]) };
    (Session::new(transfer(), Side::S, &keys), Session::new(transfer(), Side::R, &keys))
}

fn hear(session: &mut Session, line: &str) -> Result<Option<Message>, LinkBroken> {
    let line = line.replace('#', "::1");
    let line = NumberedLine::parse(line.as_bytes()).unwrap();
    let mut frame = Frame::read(line, transfer(), session.theirs()).unwrap();
    assert!(session.opens(&mut frame));
    Ok(session.take(frame)?.map(|heard| heard.message))
}

fn content(details: Details<'static>, secret: &str) -> Content<'static> {
    let place = if secret.is_empty() { Place::Auth } else { Place::Sealed };
    let secret = Zeroizing::new(secret.as_bytes().to_vec());
    Content { details, chunk: None, place, secret }
}

/// Lets a sender say it as the frame after its first one.
fn check(number: u8, content: &Content<'_>, expected: Result<Option<Message>, Misbehaviour>) {
    let (mut sender, mut receiver) = sessions();
    let line = sender.seal(number, content, &[]).unwrap();
    let expected = expected.map_err(LinkBroken::PeerMisbehaved);
    assert_eq!(hear(&mut receiver, &line), expected, "{line}");
}

#[test]
fn details_that_a_message_does_not_have_are_refused() {
    for number in Number::ALL {
        let integer = content(Details::Integer(5), "");
        let text = content(Details::text("text"), "");
        match number {
            Number::Heartbeat => {
                check(1, &integer, Ok(Some(Message::Heartbeat(None))));
                check(1, &text, Ok(Some(Message::Heartbeat(None))));
            }
            Number::JoinRoom => check(20, &integer, Err(Misbehaviour::JoinRoom)),
            Number::Money => check(4, &text, Err(Misbehaviour::Details { number })),
            Number::Abort => check(23, &integer, Err(Misbehaviour::Details { number })),
            Number::Coins | Number::Receipt => {}
            _ => check(number.get(), &integer, Err(Misbehaviour::Details { number })),
        }
    }
}

#[test]
fn amounts_are_from_one_to_all_coins_there_are() {
    let money = |units: u64| content(Details::Integer(units), "");
    for units in [1, Amount::MAX.units()] {
        let amount = Amount::new(units).unwrap();
        check(4, &money(units), Ok(Some(Message::Money { amount, memo: None })));
    }
    for units in [0, Amount::MAX.units() + 1, u64::MAX] {
        check(4, &money(units), Err(Misbehaviour::Amount { units }));
    }
    check(4, &content(Details::None, ""), Err(Misbehaviour::Details { number: Number::Money }));
}

#[test]
fn texts_are_bounded_where_they_are_heard() {
    let number = Number::Abort;
    let (bytes, max) = (REASON_BYTES_MAX + 1, REASON_BYTES_MAX);
    let reason = content(Details::text("x".repeat(bytes)), "");
    check(23, &reason, Err(Misbehaviour::TooLong { number, bytes, max }));

    let number = Number::Money;
    let (bytes, max) = (MEMO_BYTES_MAX + 1, MEMO_BYTES_MAX);
    let memo = content(Details::Integer(1), &format!("{:?}", "x".repeat(bytes)));
    check(4, &memo, Err(Misbehaviour::TooLong { number, bytes, max }));
}

#[test]
fn texts_are_cut_where_they_are_said() {
    let (mut sender, mut receiver) = sessions();
    let amount = Amount::new(1).unwrap();
    let memo = Some("é".repeat(MEMO_BYTES_MAX));
    let line = sender.say(&Message::Money { amount, memo }, &[]).unwrap();
    let memo = Some("é".repeat(MEMO_BYTES_MAX / 2));
    assert_eq!(hear(&mut receiver, &line), Ok(Some(Message::Money { amount, memo })));
    let line = sender.say(&Message::Abort("€".repeat(REASON_BYTES_MAX)), &[]).unwrap();
    let reason = "€".repeat(REASON_BYTES_MAX / 3);
    assert_eq!(hear(&mut receiver, &line), Ok(Some(Message::Abort(reason))));
}

#[test]
fn a_reason_of_none_says_nothing() {
    let (mut sender, mut receiver) = sessions();
    for reason in ["", "None"] {
        let line = sender.say(&Message::Abort(reason.to_owned()), &[]).unwrap();
        assert_eq!(hear(&mut receiver, &line), Ok(Some(Message::Abort(String::new()))));
    }
}

#[test]
fn a_sealed_text_is_what_it_has_to_be() {
    let sealed = |number: Number, secret: &str| {
        let details = if number == Number::Money { Details::Integer(1) } else { Details::None };
        check(number.get(), &content(details, secret), Err(Misbehaviour::Sealed { number }));
    };
    sealed(Number::Heartbeat, "{}");
    sealed(Number::Heartbeat, r#"{"step":"Nowhere","batch":null}"#);
    sealed(Number::Money, "7");
    sealed(Number::EncryptingCoins, "not json");
    sealed(Number::EncryptingCoins, "");
    let hash = "ab".repeat(32);
    for (amount, counts) in [
        (3, "[[1,2]]"),
        (2, "[[1,1],[1,1]]"),
        (6, "[[1,1],[5,1]]"),
        (2, "[[2,1]]"),
        (1_000_001, "[[1,1000001]]"),
        (0, "[]"),
        (0, "[[1,0]]"),
        (1, "[[1,-1]]"),
    ] {
        let manifest = format!(r#"{{"amount":{amount},"counts":{counts},"batch":"{hash}"}}"#);
        sealed(Number::EncryptingCoins, &manifest);
    }
}

#[test]
fn a_receiver_seals_no_memo() {
    let (mut sender, mut receiver) = sessions();
    let amount = Amount::new(1).unwrap();
    let memo = Some("x".to_owned());
    let line = receiver.say(&Message::Money { amount, memo }, &[]).unwrap();
    let expected = Misbehaviour::Sealed { number: Number::Money };
    assert_eq!(hear(&mut sender, &line), Err(expected.into()));
}

#[test]
fn a_number_beyond_the_table_is_taken_and_means_nothing() {
    let (mut sender, mut receiver) = sessions();
    for number in [0, 25, 255] {
        let line = sender.seal(number, &content(Details::text("later"), ""), &[]).unwrap();
        assert_eq!(hear(&mut receiver, &line), Ok(None));
    }
    let line = sender.say(&Message::MakingChange, &[]).unwrap();
    assert_eq!(hear(&mut receiver, &line), Ok(Some(Message::MakingChange)));
}

#[test]
fn the_first_frame_has_a_position_and_no_other() {
    let position = |seq: u64| Err(LinkBroken::from(Misbehaviour::Position { seq }));
    let (mut sender, mut receiver) = fresh_sessions();
    let line = sender.say(&Message::MakingChange, &[]).unwrap();
    assert_eq!(hear(&mut receiver, &line), position(1));
    let (mut sender, mut receiver) = fresh_sessions();
    let line = sender.say(&Message::Heartbeat(None), &[]).unwrap();
    assert_eq!(hear(&mut receiver, &line), position(1));
    let (mut sender, mut receiver) = sessions();
    let line = sender.say(&START, &[]).unwrap();
    assert_eq!(hear(&mut receiver, &line), position(2));
}

#[test]
fn an_ack_is_of_what_was_said_and_never_falls() {
    let (mut sender, mut receiver) = sessions();
    sender.taken = 2;
    let line = sender.say(&Message::MakingChange, &[]).unwrap();
    assert_eq!(hear(&mut receiver, &line), Err(Misbehaviour::Ack { got: 2, said: 1 }.into()));
    let (mut sender, mut receiver) = sessions();
    hear(&mut receiver, &sender.say(&Message::MakingChange, &[]).unwrap()).unwrap();
    sender.taken = 0;
    let line = sender.say(&Message::MakingChange, &[]).unwrap();
    assert_eq!(hear(&mut receiver, &line), Err(Misbehaviour::Ack { got: 0, said: 1 }.into()));
}

#[test]
fn no_count_is_used_twice() {
    let (mut sender, mut receiver) = sessions();
    (sender.said, receiver.taken) = (u64::MAX - 1, u64::MAX - 1);
    let line = sender.say(&Message::MakingChange, &[]).unwrap();
    assert_eq!(hear(&mut receiver, &line), Ok(Some(Message::MakingChange)));
    for _ in 0..2 {
        assert_eq!(sender.say(&Message::MakingChange, &[]), Err(NotLinked));
    }
}

#[test]
fn a_whole_chunk_fits_a_line_and_a_longer_one_is_refused() {
    let run = Some(Chunk { index: u32::MAX, last: Last::No });
    let coins = |bytes: usize| {
        let (mut sender, mut receiver) = sessions();
        let content = Content {
            details: Details::None,
            chunk: run,
            place: Place::Details,
            secret: Zeroizing::default(),
        };
        let line = sender.seal(24, &content, &vec![b'x'; bytes]).unwrap();
        (line.len(), hear(&mut receiver, &line))
    };
    let (length, heard) = coins(CHUNK_BYTES_MAX);
    assert!(length < LINE_BYTES_MAX * 2 / 3 + 1024, "{length}");
    assert_eq!(heard, Ok(run.map(Message::Coins)));
    let (number, bytes, max) = (Number::Coins, CHUNK_BYTES_MAX + 1, CHUNK_BYTES_MAX);
    assert_eq!(coins(bytes).1, Err(Misbehaviour::TooLong { number, bytes, max }.into()));
}
