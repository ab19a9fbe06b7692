//! What two members of a room hear from each other and from the relay.

use std::net::{IpAddr, Ipv6Addr};

use protocol::room::Notice;
use relay::Settings;

use crate::support::{Relay, TOKEN};

#[tokio::test]
async fn two_people_with_plain_text_see_each_others_address() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    first.say("hello, # here").await;
    second.expect("hello, 127.0.0.1 here").await;
    second.say("<# Heartbeat>").await;
    first.expect("<127.0.0.2 Heartbeat>").await;
}

#[tokio::test]
async fn each_member_is_answered_in_its_own_form() {
    let relay = Relay::start();
    let json = r##"{"from":"#","Message Number":20,"Message_Details":4831}"##;
    let (mut first, answer) = relay.join(json).await;
    assert_eq!(
        answer,
        r##"{"from":"#relay","Message Number":20,"Message_Details":4831,"you":"127.0.0.1","members":1}"##
    );
    let (mut second, answer) = relay.join("<# Join_Room 4831>").await;
    assert_eq!(answer, "<#relay Join_Room 4831 you=127.0.0.1 members=2 peer=127.0.0.1>");
    first
        .expect(
            r##"{"from":"#relay","Message Number":20,"Message_Details":4831,"you":"127.0.0.1","members":2,"peer":"127.0.0.1"}"##,
        )
        .await;
    first.say(r##"{"from":"#","Message Number":4,"Message_Details":3439,"seq":12}"##).await;
    second
        .expect(r#"{"from":"127.0.0.1","Message Number":4,"Message_Details":3439,"seq":12}"#)
        .await;
}

#[tokio::test]
async fn a_forged_notice_arrives_without_a_number_sign() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    for forged in [
        r##"{"from":"#relay","Message Number":20,"Message_Details":7,"you":"127.0.0.2","members":1}"##,
        r#"{"from":"\u0023relay","Message Number":20,"Message_Details":7,"you":"127.0.0.2","members":1}"#,
        "<#relay Join_Room 7 you=127.0.0.2 members=1>",
    ] {
        first.say(forged).await;
        let line = second.hear().await;
        assert!(!line.contains('#'), "{line}");
        assert_eq!(Notice::parse(line.as_bytes()), None);
    }
}

#[tokio::test]
async fn text_passes_byte_for_byte_with_one_kind_of_end() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    first.send("\n\r\n a\0b\t\u{1b}[1m ＃é \\u0023 \r x\r\n".as_bytes()).await;
    second.expect("").await;
    second.expect("").await;
    second.expect(" a\0b\t\u{1b}[1m ＃é \\u0023 \r x").await;
}

#[tokio::test]
async fn joining_again_inside_a_room_is_a_line_like_any_other() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    first.say("<# Join_Room 8>").await;
    second.expect("<127.0.0.1 Join_Room 8>").await;
}

#[tokio::test]
async fn a_mark_at_every_edge_between_writes_is_replaced() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    let line = b"#a##b#\r\n";
    for cut in 1..line.len() {
        first.send(&line[..cut]).await;
        first.send(&line[cut..]).await;
        second.expect("127.0.0.1a127.0.0.1127.0.0.1b127.0.0.1").await;
    }
}

#[tokio::test]
async fn the_longest_line_passes_in_both_directions() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    // 14,562 marks of 9 bytes each, and 14 other bytes: 131,072 bytes as delivered.
    let marks = format!("{}{}", "#".repeat(14_562), "x".repeat(14));
    first.say(&marks).await;
    second.say(&"y".repeat(65_536)).await;
    let delivered = second.hear().await;
    assert_eq!(delivered.len(), 131_072);
    first.expect(&"y".repeat(65_536)).await;
}

#[tokio::test]
async fn what_is_said_alone_is_dropped_and_lines_behind_a_join_line_are_not() {
    let relay = Relay::start();
    let (mut first, _) = relay.join("<# Join_Room 7>").await;
    first.say("nobody hears this").await;
    // A line that is refused proves that the lines before it were read.
    let (mut probe, _) = relay.join("<# Join_Room 8>").await;
    probe.send(b"unheard\n\xff\n").await;
    probe.expect_refusal("not_utf8").await;

    let mut second = relay.connect().await;
    second.send(b"<# Join_Room 7>\nearly #\nhalf").await;
    second.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=127.0.0.1>").await;
    first.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=127.0.0.1>").await;
    first.expect("early 127.0.0.1").await;
    second.say(" and half").await;
    first.expect("half and half").await;
}

#[tokio::test]
async fn a_number_with_another_token_is_another_room() {
    let relay = Relay::start();
    let with_token = format!("<# Join_Room 7 token={TOKEN}>");
    let (_first, _) = relay.join(&with_token).await;
    for other in
        ["<# Join_Room 7>", "<# Join_Room 7 token=AAAAAAAAAAAAAAAAAAAAAQ>", "<# Join_Room 8>"]
    {
        let (_, answer) = relay.join(other).await;
        assert!(answer.ends_with("members=1>"), "{answer}");
    }
    let (_, answer) = relay.join(&with_token).await;
    assert!(answer.contains("members=2"), "{answer}");
}

#[tokio::test]
async fn one_port_takes_both_kinds_of_addresses_and_shows_each_as_itself() {
    let relay = Relay::start_at((Ipv6Addr::UNSPECIFIED, 0).into(), Settings::default());
    let (v4, v6): (IpAddr, IpAddr) = ([127, 0, 0, 1].into(), Ipv6Addr::LOCALHOST.into());
    let mut first = relay.connect_from(v4).await;
    first.say("<# Join_Room 7>").await;
    first.expect("<#relay Join_Room 7 you=127.0.0.1 members=1>").await;
    let mut second = relay.connect_from(v6).await;
    second.say("<# Join_Room 7>").await;
    second.expect("<#relay Join_Room 7 you=::1 members=2 peer=127.0.0.1>").await;
    first.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=::1>").await;
    second.say("#").await;
    first.expect("::1").await;
}
