//! How the relay itself goes, and comes back.

use std::time::Duration;

use relay::Settings;

use crate::support::Relay;

#[tokio::test]
async fn everybody_is_told_when_the_relay_stops() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    let mut joining = relay.connect().await;
    joining.send(b"<# Join_").await;
    // Whoever was accepted is told; a later connection proves that this one was.
    let (mut alone, _) = relay.join("<# Join_Room 8>").await;
    relay.stop();
    for member in [&mut first, &mut second, &mut joining, &mut alone] {
        member.expect_refusal("draining").await;
    }
    drop((first, second, joining, alone));
    relay.stopped().await;
}

#[tokio::test]
async fn a_relay_that_was_stopped_starts_again_on_its_port() {
    let parting_wait = Duration::from_millis(50);
    let relay = Relay::start_with(Settings { parting_wait, ..Settings::default() });
    let address = relay.address;
    let (mut first, _second) = relay.pair().await;
    relay.stopped().await;
    first.expect_refusal("draining").await;
    let relay = Relay::start_at(address, Settings::default());
    let (mut first, mut second) = relay.pair().await;
    first.say("# is back").await;
    second.expect("127.0.0.1 is back").await;
}

#[tokio::test]
async fn a_member_that_does_not_go_delays_the_end_by_the_parting_wait_only() {
    let parting_wait = Duration::from_millis(50);
    let relay = Relay::start_with(Settings { parting_wait, ..Settings::default() });
    let (_first, _second) = relay.pair().await;
    relay.stopped().await;
}

#[tokio::test]
async fn while_it_drains_pairs_go_on_and_no_new_room_opens() {
    let grace = Duration::from_secs(600);
    let relay = Relay::start_with(Settings { grace, ..Settings::default() });
    let (mut first, mut second) = relay.pair().await;
    let (mut alone, _) = relay.join("<# Join_Room 8>").await;
    assert_eq!(relay.watch("/readyz").await, (200, "ready\n".to_owned()));
    relay.stop();
    while relay.watch("/readyz").await.0 == 200 {}
    assert_eq!(relay.watch("/healthz").await.0, 200);
    let mut late = relay.connect().await;
    late.say("<# Join_Room 9>").await;
    late.expect_refusal("draining").await;
    let (peer, answer) = relay.join("<# Join_Room 8>").await;
    assert!(answer.contains("members=2"), "{answer}");
    assert!(alone.hear().await.contains("members=2"));
    first.say("go on").await;
    second.expect("go on").await;
    // The last one to go ends it, long before the grace does.
    drop((first, second, alone, peer, late));
    relay.stopped().await;
}

#[tokio::test]
async fn who_is_still_there_after_the_grace_is_told() {
    let grace = Duration::from_millis(50);
    let relay = Relay::start_with(Settings { grace, ..Settings::default() });
    let (mut first, mut second) = relay.pair().await;
    relay.stop();
    first.expect_refusal("draining").await;
    second.expect_refusal("draining").await;
}
