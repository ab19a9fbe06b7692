//! Greedy clients on real sockets: each of them is bounded, is told so in the words of v1 where it
//! listens, and meanwhile an honest client gets its answer.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use agent::limits::CONNECTIONS_PER_ADDRESS;
use agent::{Limits, Settings};
use raida::limits::{REQUEST_BYTES_MAX, REQUEST_COINS_MAX};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::http::{body, each, post_json, post_text, raw};
use super::town::{Town, coins, settings};
use super::watched::{metric, watch};

const ECHO: &[u8] = b"GET /service/echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// Asks from another address of this machine than the greedy ones; answers at once, as they ask.
async fn honest(agent: SocketAddr) -> Value {
    let asking = async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(agent).await.unwrap();
        stream.write_all(ECHO).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        serde_json::from_str(body(&answer)).unwrap()
    };
    timeout(Duration::from_secs(10), asking).await.expect("an honest client is not held up")
}

async fn limited(limits: Limits) -> Town {
    Town::with(1, &coins(3), |at| Settings { limits, ..settings(at) }).await
}

#[tokio::test]
async fn of_300_connections_from_one_address_only_its_share_is_held() {
    let mut town = limited(Limits::default()).await;
    let (agent, watcher) = (town.addresses[0], watch(&mut town).await);
    let mut hoard = Vec::new();
    for _ in 0..CONNECTIONS_PER_ADDRESS {
        hoard.push(TcpStream::connect(agent).await.unwrap());
    }
    // Whoever comes when the share is used up, and asks, is told so.
    let reply: Value = serde_json::from_str(body(&raw(agent, ECHO).await)).unwrap();
    while hoard.len() < 299 {
        hoard.push(TcpStream::connect(agent).await.unwrap());
    }
    assert_eq!(honest(agent).await["status"], "ready");
    assert_eq!(reply["status"], "error");
    assert_eq!(reply["message"], "this address has 128 connections already");
    // Whoever does not ask is closed without a word.
    for stream in &mut hoard[CONNECTIONS_PER_ADDRESS..] {
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
    }
    let open = metric(watcher, "raida_connections{agent=\"0\"}").await;
    assert_eq!(open, CONNECTIONS_PER_ADDRESS as f64);
    let refused = metric(watcher, "raida_refusals_total{agent=\"0\",cause=\"connections\"}").await;
    assert_eq!(refused, (300 - CONNECTIONS_PER_ADDRESS) as f64);
    // The first ones are served, as before.
    hoard[0].write_all(ECHO).await.unwrap();
    let mut answer = String::new();
    hoard[0].read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("\"ready\""), "{answer}");
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_the_bound_and_no_further() {
    let town = limited(Limits::default()).await;
    let agent = town.addresses[0];
    let mut stream = TcpStream::connect(agent).await.unwrap();
    let head =
        b"POST /service/multi_detect HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b'a'; 0x10000], b"\r\n"].concat();
    let (mut taken, bound) = (0, 32 * REQUEST_BYTES_MAX);
    while taken < bound && stream.write_all(&chunk).await.is_ok() {
        taken += chunk.len();
        if taken % (16 * chunk.len()) == 0 {
            assert_eq!(honest(agent).await["status"], "ready");
        }
    }
    // What the system keeps in its buffers is taken from the client, but read by nobody.
    assert!(taken < bound, "{taken} bytes were taken");
}

#[tokio::test]
async fn a_crowd_with_bodies_of_3_mb_holds_nobody_up() {
    let mut town = limited(Limits::default()).await;
    let (agent, watcher) = (town.addresses[0], watch(&mut town).await);
    let request = post_text("multi_detect", &"a".repeat(3_000_000));
    let crowd = (0..40).map(async |_| {
        let answer = raw(agent, request.as_bytes()).await;
        // A client that goes on sending may lose the answer; one that hears it hears v1's words.
        if !answer.is_empty() {
            let reply: Value = serde_json::from_str(body(&answer)).unwrap();
            assert_eq!(each(&reply, "status"), ["dud"]);
        }
    });
    let (_, honest) = tokio::join!(futures_util::future::join_all(crowd), honest(agent));
    assert_eq!(honest["status"], "ready");
    let refused = metric(watcher, "raida_refusals_total{agent=\"0\",cause=\"body\"}").await;
    assert_eq!(refused, 40.0);
}

#[tokio::test]
async fn requests_of_too_many_coins_or_bytes_are_duds_also_where_the_operator_wants_fewer() {
    let mut town = limited(Limits { coins: 3, body_bytes: 64 * 1024, ..Limits::default() }).await;
    let (agent, watcher) = (town.addresses[0], watch(&mut town).await);
    let form = |coins: usize| "sns[]=1&ans[]=a&pans[]=a&dn[]=1&".repeat(coins);
    let four = post_json(agent, "multi_detect", &form(4)).await;
    assert_eq!(each(&four, "message"), ["more than 3 coins in a request"]);
    let many = post_json(agent, "multi_detect", &"sns[]&".repeat(REQUEST_COINS_MAX + 1)).await;
    assert_eq!(each(&many, "status"), ["dud"]);
    let long = post_json(agent, "multi_detect", &"a".repeat(64 * 1024 + 1)).await;
    assert_eq!(each(&long, "message"), ["the request has more than 65536 bytes"]);
    assert_eq!(each(&post_json(agent, "multi_detect", &form(3)).await, "status").len(), 3);
    let refused = async |cause: &str| {
        metric(watcher, &format!("raida_refusals_total{{agent=\"0\",cause=\"{cause}\"}}")).await
    };
    assert_eq!((refused("batch").await, refused("body").await), (2.0, 1.0));
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_so_and_another_is_served() {
    let requests_per_second = NonZeroU32::new(5);
    let town = limited(Limits { requests_per_second, ..Limits::default() }).await;
    let agent = town.addresses[0];
    let mut said = Vec::new();
    for _ in 0..30 {
        let answer = raw(agent, ECHO).await;
        let reply: Value = serde_json::from_str(body(&answer)).unwrap();
        said.push(reply["message"].as_str().unwrap().to_owned());
    }
    let refused =
        said.iter().filter(|said| *said == "more than 5 requests a second from this address");
    // A slow machine pays back some of it meanwhile.
    assert!((10..=25).contains(&refused.count()), "{said:?}");
    assert_eq!(honest(agent).await["status"], "ready");
}

#[tokio::test]
async fn an_address_that_asks_about_too_many_coins_waits_until_it_has_paid() {
    let coins_per_second = NonZeroU32::new(1);
    let town = limited(Limits { coins_per_second, ..Limits::default() }).await;
    let agent = town.addresses[0];
    let coin = |sn: usize| format!("sns[]={sn}&ans[]=a&pans[]=a&dn[]=1&");
    let form = &(1..=3).map(coin).collect::<String>();
    let coins = post_json(agent, "multi_detect", form).await;
    assert_eq!(each(&coins, "status").len(), 3);
    let next = post_json(agent, "multi_detect", form).await;
    assert_eq!(each(&next, "message"), ["more than 1 coins a second from this address"]);
    assert_eq!(honest(agent).await["status"], "ready");
}

#[tokio::test]
async fn coins_of_an_exchange_count_like_those_of_any_other_request() {
    let id = "00".repeat(16);
    let array = |name: &str, value: &str| format!("&{name}[]={value}").repeat(2);
    let (sns, ans, dn) = (array("sns", "1"), array("ans", "a"), array("denomination", "1"));
    let (csn, cpan) = (array("csn", "9"), array("cpan", "a"));
    let given = format!("id={id}{sns}{ans}{dn}");
    for (route, form) in [
        ("exchange", format!("{given}{csn}{cpan}")),
        ("reserve", format!("{given}{csn}")),
        ("cancel", given),
        ("change", format!("sn=1&an=a&dn=5{sns}")),
        ("break", format!("sn=1&an=a&dn=5{csn}{cpan}")),
        ("join", format!("{}&csn=9&cpan=a&return=5", array("sn", "1"))),
        ("super_fix", array("sn", "1")),
    ] {
        let coins_per_second = NonZeroU32::new(1);
        let town = limited(Limits { coins_per_second, ..Limits::default() }).await;
        post_json(town.addresses[0], route, &form).await;
        let next = post_json(town.addresses[0], "echo", "").await;
        assert_eq!(next["message"], "more than 1 coins a second from this address", "{route}");

        let town = limited(Limits { coins: 1, ..Limits::default() }).await;
        let refused = post_json(town.addresses[0], route, &form).await;
        assert_eq!(refused["status"], "dud", "{route}");
        assert_eq!(refused["message"], "more than 1 coins in a request", "{route}");
    }
}
