//! Members that do not keep to the rules.

use std::time::Duration;

use relay::Settings;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::support::{Relay, at_the_gate};

const ALONE: &str = "<#relay Join_Room 7 you=127.0.0.1 members=1>";

/// The lines before the bad one arrive, its author is told why it is sent away, and the other one
/// that it is alone.
async fn sends_away(bytes: &[u8], code: &str) {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    second.say("good").await;
    second.send(bytes).await;
    first.expect("good").await;
    first.expect(ALONE).await;
    second.expect_refusal(code).await;
}

#[tokio::test]
async fn an_endless_line_ends_the_connection() {
    sends_away(&b"x".repeat(65_537), "line_too_long").await;
    sends_away(&b"\0".repeat(200_000), "line_too_long").await;
    let bounded = [&b"x".repeat(65_537)[..], b"\n"].concat();
    sends_away(&bounded, "line_too_long").await;
}

#[tokio::test]
async fn a_line_of_nothing_but_marks_ends_the_connection() {
    let marks = [&b"#".repeat(65_536)[..], b"\n"].concat();
    sends_away(&marks, "too_many_hashes").await;
}

#[tokio::test]
async fn a_line_that_is_not_utf8_ends_the_connection() {
    sends_away(b"\xff\n", "not_utf8").await;
    sends_away(b"split \xe2\x82\n\xac\n", "not_utf8").await;
    sends_away(b"\xed\xa0\x80\n", "not_utf8").await;
}

#[tokio::test]
async fn a_character_that_arrives_in_two_pieces_is_whole() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    let line = "€🦀\n".as_bytes();
    for cut in 1..line.len() {
        second.send(&line[..cut]).await;
        second.send(&line[cut..]).await;
        first.expect("€🦀").await;
    }
}

/// Writes lines until the relay takes no more; returns how many were taken whole.
async fn fill(writer: &mut (impl AsyncWriteExt + Unpin), line: &[u8]) -> usize {
    let mut lines = 0;
    let stuck = Duration::from_millis(300);
    while let Ok(written) = timeout(stuck, writer.write_all(line)).await {
        written.unwrap();
        lines += 1;
        assert!(lines * line.len() < 64 << 20, "the relay takes everything");
    }
    lines
}

#[tokio::test]
async fn who_floods_a_slow_reader_has_to_wait_and_no_line_is_lost() {
    let stall_wait = Duration::from_secs(60);
    let relay = Relay::start_with(Settings { stall_wait, ..Settings::default() });
    let (mut first, mut second) = relay.pair().await;
    let line = [&b"z".repeat(9_999)[..], b"\n"].concat();
    let lines = fill(&mut first.writer, &line).await;
    for _ in 0..lines {
        assert_eq!(second.hear_bytes().await, line);
    }
    // The direction back was open all the time.
    second.say("got them").await;
    first.expect("got them").await;
}

#[tokio::test]
async fn a_member_that_never_reads_is_sent_away() {
    let settings = Settings {
        stall_wait: Duration::from_millis(100),
        parting_wait: Duration::from_millis(100),
        ..Settings::default()
    };
    let relay = Relay::start_with(settings);
    let (first, _never_reads) = relay.pair().await;
    let (mut reader, mut writer) = (first.reader, first.writer);
    let flood = tokio::spawn(async move {
        let line = [&b"z".repeat(9_999)[..], b"\n"].concat();
        for _ in 0..6_400 {
            writer.write_all(&line).await.unwrap();
        }
        writer
    });
    let mut heard = Vec::new();
    let wait = Duration::from_secs(20);
    let line = tokio::io::AsyncBufReadExt::read_until(&mut reader, b'\n', &mut heard);
    timeout(wait, line).await.expect("told in time").unwrap();
    assert_eq!(String::from_utf8_lossy(&heard), format!("{ALONE}\n"));
    timeout(wait, flood).await.expect("it is read again").unwrap();
}

#[tokio::test]
async fn marks_in_short_lines_are_delivered_whatever_they_grow_to() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    let lines = 100_000;
    let mut writer = first.writer;
    let flood = tokio::spawn(async move {
        writer.write_all(&b"#\n".repeat(lines)).await.unwrap();
        writer
    });
    for _ in 0..lines {
        assert_eq!(second.hear_bytes().await, b"127.0.0.1\n");
    }
    first.writer = flood.await.unwrap();
    second.say("enough").await;
    first.expect("enough").await;
}

#[tokio::test]
async fn a_crowd_at_a_full_room_disturbs_nobody() {
    let relay = Relay::start_with(at_the_gate(|gate| gate.joins_per_minute = 1_000));
    let (mut first, mut second) = relay.pair().await;
    let crowd = (0..200).map(|_| async {
        let mut member = relay.connect().await;
        member.say("<# Join_Room 7>").await;
        member.expect_refusal("room_full").await;
    });
    for stranger in crowd {
        stranger.await;
    }
    first.say("#").await;
    second.expect("127.0.0.1").await;
}

#[tokio::test]
async fn marks_from_an_ipv6_address_are_bounded_too() {
    let relay = Relay::start_at((std::net::Ipv6Addr::UNSPECIFIED, 0).into(), Settings::default());
    let v6 = std::net::Ipv6Addr::LOCALHOST.into();
    let (mut first, _) = relay.join("<# Join_Room 7>").await;
    let mut second = relay.connect_from(v6).await;
    second.say("<# Join_Room 7>").await;
    second.expect("<#relay Join_Room 7 you=::1 members=2 peer=127.0.0.1>").await;
    first.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=::1>").await;
    // Three bytes each: 43,690 of them are 131,070 bytes.
    second.say(&"#".repeat(43_690)).await;
    first.expect(&"::1".repeat(43_690)).await;
    second.say(&"#".repeat(65_536)).await;
    second.expect_refusal("too_many_hashes").await;
    first.expect(ALONE).await;
}

#[tokio::test]
async fn empty_lines_nul_bytes_and_single_bytes_are_lines_like_any_other() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    let mut writer = first.writer;
    let flood = tokio::spawn(async move {
        writer.write_all(&b"\n\0\r\n\r\n".repeat(50_000)).await.unwrap();
        writer
    });
    for _ in 0..50_000 {
        for expected in [&b"\n"[..], b"\0\n", b"\n"] {
            assert_eq!(second.hear_bytes().await, expected);
        }
    }
    first.writer = flood.await.unwrap();
    for byte in "byte by byte\n".bytes() {
        first.send(&[byte]).await;
    }
    second.expect("byte by byte").await;
}
