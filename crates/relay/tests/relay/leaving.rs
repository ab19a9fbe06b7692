//! How members go, and what the other one hears of it.

use std::time::Duration;

use relay::Settings;
use tokio::io::AsyncWriteExt;

use crate::support::Relay;

const ALONE: &str = "<#relay Join_Room 7 you=127.0.0.1 members=1>";

#[tokio::test]
async fn a_member_that_closes_is_seen_to_go_after_its_last_line() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    second.say("last words").await;
    second.send(b"half a line").await;
    drop(second);
    first.expect("last words").await;
    first.expect(ALONE).await;
    let (_third, answer) = relay.join("<# Join_Room 7>").await;
    assert!(answer.contains("members=2"), "{answer}");
}

#[tokio::test]
async fn a_member_that_is_reset_is_seen_to_go() {
    let relay = Relay::start();
    let (mut first, second) = relay.pair().await;
    second.reset();
    first.expect(ALONE).await;
}

#[tokio::test]
async fn a_member_that_closes_its_sending_half_leaves() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    second.say("bye").await;
    second.writer.shutdown().await.unwrap();
    first.expect("bye").await;
    first.expect(ALONE).await;
    second.expect_end().await;
}

#[tokio::test]
async fn an_empty_room_is_forgotten() {
    let relay = Relay::start_with(Settings { rooms_max: 1, ..Settings::default() });
    let (mut member, _) = relay.join("<# Join_Room 7>").await;
    member.writer.shutdown().await.unwrap();
    member.expect_end().await;
    // The room closes in the moment after its member's connection.
    loop {
        let (_, answer) = relay.join("<# Join_Room 8>").await;
        if answer == "<#relay Join_Room 8 you=127.0.0.1 members=1>" {
            break;
        }
        assert!(answer.contains("too_many_rooms"), "{answer}");
    }
}

#[tokio::test]
async fn who_is_silent_for_the_idle_wait_goes_and_who_says_a_heartbeat_stays() {
    let idle_wait = Duration::from_secs(1);
    let relay = Relay::start_with(Settings { idle_wait, ..Settings::default() });
    let (mut first, mut second) = relay.pair().await;
    loop {
        first.say("<# Heartbeat>").await;
        let heard = second.hear().await;
        if heard != "<127.0.0.1 Heartbeat>" {
            assert!(heard.starts_with("<#relay Abort idle: "), "{heard}");
            break;
        }
    }
    second.expect_end().await;
    first.expect(ALONE).await;
}

#[tokio::test]
async fn a_heartbeat_keeps_the_place_of_one_who_is_alone() {
    let idle_wait = Duration::from_secs(1);
    let relay = Relay::start_with(Settings { idle_wait, ..Settings::default() });
    let (mut first, _) = relay.join("<# Join_Room 7>").await;
    let (mut silent, _) = relay.join("<# Join_Room 8>").await;
    let gone = tokio::spawn(async move { silent.expect_refusal("idle").await });
    while !gone.is_finished() {
        first.say("<# Heartbeat>").await;
        tokio::task::yield_now().await;
    }
    gone.await.unwrap();
    let (_second, answer) = relay.join("<# Join_Room 7>").await;
    assert!(answer.contains("members=2"), "{answer}");
}
