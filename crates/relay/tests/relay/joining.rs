//! Getting in, and being refused at the door.

use std::time::Duration;

use relay::Settings;

use crate::support::{Relay, at_the_gate};

#[tokio::test]
async fn a_third_member_is_refused_and_the_two_notice_nothing() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    let mut third = relay.connect().await;
    third.say(r#"{"Message Number":20,"Message_Details":7}"#).await;
    third.expect_refusal("room_full").await;
    first.say("still here").await;
    second.expect("still here").await;
}

async fn refuses(line: &[u8]) {
    let relay = Relay::start();
    let mut member = relay.connect().await;
    member.send(line).await;
    member.expect_refusal("bad_join").await;
}

#[tokio::test]
async fn rooms_that_are_none_are_refused() {
    for room in ["0", "-1", "9007199254740993", "1.5", "seven", "null", "\"7\"", "[7]"] {
        let json = format!("{{\"from\":\"#\",\"Message Number\":20,\"Message_Details\":{room}}}\n");
        refuses(json.as_bytes()).await;
        refuses(format!("<# Join_Room {room}>\n").as_bytes()).await;
    }
}

#[tokio::test]
async fn first_lines_that_enter_nothing_are_refused() {
    refuses(b"\n").await;
    refuses(b"hello\n").await;
    refuses(b"<# Heartbeat>\n").await;
    refuses(b"{\"Message Number\":20,\"Message Number\":20,\"Message_Details\":7}\n").await;
    refuses(b"{\"Message Number\":20,\"Message_Details\":7,\"token\":\"short\"}\n").await;
    refuses(b"{\"Message Number\":20,\"Message_Details\":7,\"x\":\"\xff\"}\n").await;
    refuses(b"<# Join_Room 7 side=Q>\n").await;
}

#[tokio::test]
async fn an_endless_or_deep_first_line_is_refused_without_waiting_for_its_end() {
    refuses(&b"{".repeat(1 << 16)).await;
    refuses(&b"<".repeat(1_026)).await;
    let deep = format!("{{\"Message Number\":20,\"Message_Details\":{}", "[".repeat(10_000));
    refuses(deep.as_bytes()).await;
    refuses(&b" ".repeat(1_026)).await;
}

#[tokio::test]
async fn other_protocols_are_told_once_and_at_once() {
    refuses(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n").await;
    refuses(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await; // a TLS hello begins so
    refuses(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    refuses(b"\0\0\0\0").await;
}

#[tokio::test]
async fn who_says_nothing_is_sent_away_in_time() {
    let join_wait = Duration::from_millis(50);
    let relay = Relay::start_with(Settings { join_wait, ..Settings::default() });
    let mut silent = relay.connect().await;
    silent.expect_refusal("join_timeout").await;
    let mut slow = relay.connect().await;
    slow.send(b"<# Join_Roo").await;
    slow.expect_refusal("join_timeout").await;
}

#[tokio::test]
async fn connections_are_bounded_and_a_closed_one_makes_room() {
    let relay = Relay::start_with(at_the_gate(|gate| gate.connections_max = 2));
    let (mut first, second) = relay.pair().await;
    let mut third = relay.connect().await;
    third.expect_refusal("too_many_connections").await;
    drop(second);
    first.expect("<#relay Join_Room 7 you=127.0.0.1 members=1>").await;
    let (_second, answer) = relay.join("<# Join_Room 7>").await;
    assert!(answer.contains("members=2"), "{answer}");
}

#[tokio::test]
async fn rooms_are_bounded_and_nobody_loses_a_place_for_it() {
    let relay = Relay::start_with(Settings { rooms_max: 1, ..Settings::default() });
    let (mut first, _) = relay.join("<# Join_Room 1>").await;
    let mut other = relay.connect().await;
    other.say("<# Join_Room 2>").await;
    other.expect_refusal("too_many_rooms").await;
    let (_second, answer) = relay.join("<# Join_Room 1>").await;
    assert!(answer.contains("members=2"), "{answer}");
    first.expect("<#relay Join_Room 1 you=127.0.0.1 members=2 peer=127.0.0.1>").await;
}

#[tokio::test]
async fn a_first_line_that_drips_is_not_waited_for_longer() {
    let join_wait = Duration::from_millis(200);
    let relay = Relay::start_with(Settings { join_wait, ..Settings::default() });
    let mut member = relay.connect().await;
    let mut drops = b"<# Join_Room 7".iter().cycle();
    // A byte now and then; no pause between two is as long as the wait.
    let mut often = tokio::time::interval(Duration::from_millis(20));
    let dripping = async {
        loop {
            often.tick().await;
            let byte = [*drops.next().unwrap()];
            if tokio::io::AsyncWriteExt::write_all(&mut member.writer, &byte).await.is_err() {
                return;
            }
        }
    };
    let mut line = String::new();
    let heard = tokio::io::AsyncBufReadExt::read_line(&mut member.reader, &mut line);
    tokio::select! {
        () = dripping => panic!("the relay hung up without a word"),
        heard = heard => heard.unwrap(),
    };
    assert!(line.starts_with("<#relay Abort join_timeout: "), "{line}");
}

#[test]
fn no_first_line_is_too_odd_to_be_read() {
    use proptest::prelude::{Just, Strategy, any, prop_oneof};
    let piece = prop_oneof![
        Just(&br##"{"from":"#","Message Number":20,"##[..]).prop_map(<[u8]>::to_vec),
        Just(&br#""Message_Details":7}"#[..]).prop_map(<[u8]>::to_vec),
        Just(&b"<# Join_Room "[..]).prop_map(<[u8]>::to_vec),
        Just(&b" token=AAAAAAAAAAAAAAAAAAAAAA side=S>"[..]).prop_map(<[u8]>::to_vec),
        any::<u64>().prop_map(|number| number.to_string().into_bytes()),
        any::<Vec<u8>>(),
        Just(b"[{\"".to_vec()).prop_map(|deep| deep.repeat(300)),
    ];
    let line = proptest::collection::vec(piece, 0..6);
    proptest::proptest!(|(pieces in line)| {
        let line = pieces.concat();
        // Whatever becomes of it, what is taken is a room that can be said again.
        if let Ok(join) = protocol::room::JoinLine::parse(&line) {
            let again = protocol::room::JoinLine::parse(join.to_json_line().as_bytes()).unwrap();
            proptest::prop_assert_eq!((join.room, join.token, join.side), (again.room, again.token, again.side));
        }
    });
}
