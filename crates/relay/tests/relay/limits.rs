//! What one address may do, and what one member may say.

use std::time::Duration;

use relay::{LineLimits, Settings};
use tokio::time::Instant;

use crate::support::{Relay, at_the_gate};

#[tokio::test]
async fn one_address_is_bounded_and_another_one_comes_in() {
    let relay = Relay::start_with(at_the_gate(|gate| gate.connections_per_network_max = 2));
    let (mut first, _) = relay.join("<# Join_Room 7>").await;
    let (_second, _) = relay.join("<# Join_Room 8>").await;
    relay.connect().await.expect_refusal("too_many_connections").await;
    let mut other = relay.connect_from([127, 0, 0, 2].into()).await;
    other.say("<# Join_Room 7>").await;
    other.expect("<#relay Join_Room 7 you=127.0.0.2 members=2 peer=127.0.0.1>").await;
    first.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=127.0.0.2>").await;
    relay.until_counted("relay_refusals_total{code=\"too_many_connections\"}", 1).await;
}

#[tokio::test]
async fn joins_are_rated_and_who_is_in_stays() {
    let relay = Relay::start_with(at_the_gate(|gate| gate.joins_per_minute = 2));
    let (mut first, _) = relay.join("<# Join_Room 7>").await;
    let (mut second, _) = relay.join("<# Join_Room 7>").await;
    let mut third = relay.connect().await;
    third.say(r#"{"Message Number":20,"Message_Details":9}"#).await;
    third.expect_refusal("rate_limited").await;
    second.say("still here").await;
    first.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=127.0.0.1>").await;
    first.expect("still here").await;
}

#[tokio::test]
async fn failed_joins_are_rated_and_who_is_in_stays() {
    let relay = Relay::start_with(at_the_gate(|gate| gate.failures_per_minute = 2));
    let (mut first, mut second) = relay.pair().await;
    for _ in 0..2 {
        let mut guessing = relay.connect().await;
        guessing.say("<# Join_Room 0>").await;
        guessing.expect_refusal("bad_join").await;
    }
    relay.connect().await.expect_refusal("rate_limited").await;
    second.say("still here").await;
    first.expect("still here").await;
}

#[tokio::test]
async fn a_rate_slows_a_member_down_and_loses_nothing() {
    let settings = Settings { bytes_per_second: Some(10_000), ..Settings::default() };
    let relay = Relay::start_with(settings);
    let (mut first, mut second) = relay.pair().await;
    let began = Instant::now();
    // 10,000 bytes are the burst, 10,000 more the chunk that breaks it.
    first.send("a line of ten \n".repeat(2_000).as_bytes()).await;
    for _ in 0..2_000 {
        second.expect("a line of ten ").await;
    }
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    second.say("the other direction").await;
    first.expect("the other direction").await;
}

#[tokio::test]
async fn lines_are_as_long_as_the_operator_says() {
    let lines = LineLimits { sent_bytes_max: 300, delivered_bytes_max: 310 };
    let relay = Relay::start_with(Settings { lines, ..Settings::default() });
    for (line, code) in [
        ("x".repeat(301), "line_too_long"),
        ("##".to_owned() + &"x".repeat(298), "too_many_hashes"),
    ] {
        let (mut first, mut second) = relay.pair().await;
        first.say(&"x".repeat(300)).await;
        second.expect(&"x".repeat(300)).await;
        first.say(&line).await;
        first.expect_refusal(code).await;
        drop(second);
        relay.until_counted("relay_rooms", 0).await;
    }
}
