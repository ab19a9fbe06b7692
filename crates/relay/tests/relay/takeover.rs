//! Who may take a place that somebody holds.

use std::time::Duration;

use relay::Settings;

use crate::support::{Relay, TOKEN};

fn join_as(side: &str) -> String {
    format!("<# Join_Room 7 token={TOKEN} side={side}>")
}

/// Every member counts as silent at once: nothing has to be waited for.
fn silent_at_once() -> Settings {
    Settings { silence: Duration::ZERO, ..Settings::default() }
}

#[tokio::test]
async fn a_silent_member_is_replaced_from_its_own_side_and_the_other_one_is_told() {
    let relay = Relay::start_with(silent_at_once());
    let (mut sender, _) = relay.join(&join_as("S")).await;
    let (mut receiver, _) = relay.join(&join_as("R")).await;
    sender.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=127.0.0.1>").await;

    let (mut again, answer) = relay.join(&join_as("S")).await;
    assert_eq!(answer, "<#relay Join_Room 7 you=127.0.0.1 members=2 peer=127.0.0.1>");
    sender.expect_refusal("idle").await;
    receiver.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=127.0.0.1>").await;
    again.say("back").await;
    receiver.expect("back").await;
}

#[tokio::test]
async fn a_closed_place_is_free_for_its_side_at_once() {
    let relay = Relay::start();
    let (sender, _) = relay.join(&join_as("S")).await;
    let (mut receiver, _) = relay.join(&join_as("R")).await;
    drop(sender);
    receiver.expect("<#relay Join_Room 7 you=127.0.0.1 members=1>").await;
    let (_again, answer) = relay.join(&join_as("S")).await;
    assert!(answer.contains("members=2"), "{answer}");
}

#[tokio::test]
async fn a_live_member_is_never_replaced() {
    let relay = Relay::start();
    let (mut sender, _) = relay.join(&join_as("S")).await;
    let mut other = relay.connect().await;
    other.say(&join_as("S")).await;
    other.expect_refusal("room_full").await;
    let (mut receiver, _) = relay.join(&join_as("R")).await;
    sender.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=127.0.0.1>").await;
    sender.say("still here").await;
    receiver.expect("still here").await;
}

#[tokio::test]
async fn a_stranger_replaces_nobody_however_silent() {
    let relay = Relay::start_with(silent_at_once());
    let (_sender, _) = relay.join(&join_as("S")).await;
    let (_receiver, _) = relay.join(&join_as("R")).await;
    let mut sideless = relay.connect().await;
    sideless.say(&format!("<# Join_Room 7 token={TOKEN}>")).await;
    sideless.expect_refusal("room_full").await;

    let (_first, _) = relay.join("<# Join_Room 7 side=S>").await;
    let (_second, _) = relay.join("<# Join_Room 7 side=R>").await;
    let mut third = relay.connect().await;
    third.say("<# Join_Room 7 side=S>").await;
    third.expect_refusal("room_full").await;
}
