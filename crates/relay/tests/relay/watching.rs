//! What those who watch a relay are told.

use crate::support::Relay;

#[tokio::test]
async fn everything_that_happens_is_counted() {
    let relay = Relay::start();
    let (mut first, mut second) = relay.pair().await;
    relay.until_counted("relay_rooms", 1).await;
    relay.until_counted("relay_members", 2).await;
    relay.until_counted("relay_connections", 2).await;
    first.say("one").await;
    first.say("two").await;
    second.expect("one").await;
    second.expect("two").await;
    assert_eq!(relay.count("relay_lines_total").await, 2);
    assert_eq!(relay.count("relay_bytes_total").await, 8);

    let mut third = relay.connect().await;
    third.say("<# Join_Room 7>").await;
    third.expect_refusal("room_full").await;
    relay.until_counted("relay_refusals_total{code=\"room_full\"}", 1).await;
    relay.until_counted("relay_endings_total{kind=\"refused\"}", 1).await;

    drop(first);
    relay.until_counted("relay_endings_total{kind=\"happy\"}", 1).await;
    second.send(b"\xff\n").await;
    relay.until_counted("relay_endings_total{kind=\"broken\"}", 1).await;
    relay.until_counted("relay_refusals_total{code=\"not_utf8\"}", 1).await;
    let (alone, _) = relay.join("<# Join_Room 8>").await;
    drop(alone);
    relay.until_counted("relay_endings_total{kind=\"lonely\"}", 1).await;
    relay.until_counted("relay_members", 0).await;
    relay.until_counted("relay_rooms", 0).await;
    assert_eq!(relay.count("relay_stalls_total").await, 0);
}

#[tokio::test]
async fn health_and_readiness_are_told_and_other_paths_are_not_there() {
    let relay = Relay::start();
    assert_eq!(relay.watch("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(relay.watch("/readyz").await, (200, "ready\n".to_owned()));
    assert_eq!(relay.watch("/").await.0, 404);
    let (_, page) = relay.watch("/metrics").await;
    assert!(page.ends_with("# EOF\n"), "{page}");
}
