//! What those see who watch the agents: numbers, health, and a log without secrets.

use std::net::SocketAddr;

use coin::{AGENTS, Coin};
use raida::{AddressBook, Authority};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::http::{body, get, raw};
use super::process::Home;
use super::town::{TIMING, Town, ans, claims, coins, quiet, settings};

/// Lets somebody watch the agents of a town.
pub(crate) async fn watch(town: &mut Town) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    town.agents.watch(listener, &settings(&town.addresses));
    address
}

async fn ask(watcher: SocketAddr, path: &str) -> String {
    raw(watcher, format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await
}

/// Returns one number, 0 when it is not shown.
pub(crate) async fn metric(watcher: SocketAddr, name: &str) -> f64 {
    let answer = ask(watcher, "/metrics").await;
    let found = body(&answer).lines().find_map(|line| line.strip_prefix(name));
    found.map_or(0.0, |value| value.trim().parse().unwrap())
}

#[tokio::test]
async fn the_numbers_tell_what_was_asked_said_and_written() {
    let mut town = Town::new(&coins(30)).await;
    let watcher = watch(&mut town).await;
    let mut all = coins(30);
    all.push(Coin { ans: ans(77), ..coins(31)[30].clone() });
    let authority = town.authority();
    authority.pown(&claims(&all, 2), &quiet).await;
    get(town.addresses[3], "echo").await;
    get(town.addresses[3], "nonsense").await;
    for (name, value) in [
        ("raida_requests_total{agent=\"3\",route=\"multi_detect\",status=\"mixed\"}", 1.0),
        ("raida_requests_total{agent=\"3\",route=\"fix_lost\",status=\"neither\"}", 1.0),
        ("raida_requests_total{agent=\"3\",route=\"echo\",status=\"ready\"}", 1.0),
        ("raida_requests_total{agent=\"3\",route=\"other\",status=\"error\"}", 1.0),
        ("raida_coins_total{agent=\"3\",verdict=\"pass\"}", 30.0),
        ("raida_coins_total{agent=\"3\",verdict=\"fail\"}", 1.0),
        ("raida_coins_total{agent=\"3\",verdict=\"neither\"}", 1.0),
        ("raida_commit_seconds_count{agent=\"24\"}", 1.0),
        ("raida_commit_coins_sum{agent=\"24\"}", 30.0),
        ("raida_commit_coins_bucket{agent=\"24\",le=\"10\"}", 0.0),
        ("raida_commit_coins_bucket{agent=\"24\",le=\"100\"}", 1.0),
        ("raida_commit_queue{agent=\"24\"}", 0.0),
        ("raida_connections{agent=\"24\"}", 1.0),
        ("raida_circulation_coins{agent=\"24\",denomination=\"1\"}", 30.0),
        ("raida_reservations{agent=\"24\"}", 0.0),
        ("raida_up{agent=\"24\"}", 1.0),
    ] {
        assert_eq!(metric(watcher, name).await, value, "{name}");
    }
}

/// Each line is a comment of two kinds or a sample with a number, and each family is named once.
#[tokio::test]
async fn the_numbers_are_in_the_text_format_of_prometheus() {
    let mut town = Town::new(&coins(2)).await;
    let watcher = watch(&mut town).await;
    town.authority().pown(&claims(&coins(2), 2), &quiet).await;
    let answer = ask(watcher, "/metrics").await;
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    let (mut family, mut families) = ("", Vec::new());
    for line in body(&answer).lines() {
        if let Some(named) = line.strip_prefix("# TYPE ") {
            family = named.split(' ').next().unwrap();
            assert!(!families.contains(&family), "{family}");
            families.push(family);
        } else if !line.starts_with("# HELP ") {
            assert!(line.starts_with(family), "{line}");
            let (labels, value) = line.strip_prefix(family).unwrap().rsplit_once(' ').unwrap();
            assert!(labels.contains("{agent=\"") && labels.ends_with('}'), "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
    assert!(families.len() > 10);
}

#[tokio::test]
async fn readiness_ends_first_and_requests_under_way_are_answered() {
    let mut town = Town::of(1, &[]).await;
    let watcher = watch(&mut town).await;
    assert!(ask(watcher, "/readyz").await.starts_with("HTTP/1.1 200"));
    let mut under_way = TcpStream::connect(town.addresses[0]).await.unwrap();
    let head = "POST /service/multi_detect HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n";
    under_way.write_all(head.as_bytes()).await.unwrap();
    while metric(watcher, "raida_connections{agent=\"0\"}").await < 1.0 {
        tokio::task::yield_now().await;
    }
    town.stop();
    let ready = ask(watcher, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("are stopping"), "{ready}");
    assert!(ask(watcher, "/healthz").await.starts_with("HTTP/1.1 200"));
    under_way.write_all(b"a").await.unwrap();
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("\"dud\""), "{answer}");
}

#[tokio::test]
async fn whoever_watches_is_told_where_to_look_and_sees_no_faults() {
    let mut town = Town::of(1, &[]).await;
    let watcher = watch(&mut town).await;
    for path in ["/", "/metric", "/faults", "/service/echo"] {
        assert!(ask(watcher, path).await.starts_with("HTTP/1.1 404"), "{path}");
    }
}

/// Every secret that is used in a run, and every ticket, is looked for in the log of that run.
#[tokio::test]
async fn no_secret_of_a_run_is_in_its_log_and_every_request_has_an_id_there() {
    let home = Home::with_coins("3x1");
    let coins = home.coins();
    let raida = home.start(&["--log", "trace", "--fault", "agent=2 kind=lie-fail", "--faults"]);
    let book = AddressBook::parse(&raida.addresses.join("\n")).unwrap();
    let authority = Authority::new(&book, TIMING);
    authority.detect(&coins, &quiet).await;
    authority.pown(&claims(&coins, 2), &quiet).await;
    authority.find(&claims(&coins, 2), &quiet).await;
    let agent: SocketAddr = raida.addresses[4].parse().unwrap();
    let (sn, pan) = (coins[0].sn, ans(2).get(4).to_hex());
    let secret = coins[1].ans.get(4).to_hex();
    let ticket = get(agent, &format!("get_ticket?nn=1&sn={sn}&an={}&dn=1", *pan)).await;
    let ticket: serde_json::Value = serde_json::from_str(&ticket).unwrap();
    assert_eq!(ticket["status"], "ticket");
    // Secrets where none belong: in paths, in names, in a header, in a broken request.
    get(agent, &format!("detect/{}?{}=1", *secret, *secret)).await;
    get(agent, &secret).await;
    raw(
        agent,
        format!("GET /service/echo HTTP/1.1\r\nhost: {0}\r\n{0}\r\n\r\n", *secret).as_bytes(),
    )
    .await;
    raw(agent, format!("{} HTTP/1.1\r\n\r\n", *secret).as_bytes()).await;
    let answer =
        raw(agent, b"GET /service/echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();

    let (_, log) = raida.stop("TERM");
    let log = log.to_lowercase();
    assert!(log.contains(id) && log.contains("multi_detect") && log.contains("coins=3"), "{log}");
    assert!(!log.contains(ticket["message"].as_str().unwrap()));
    for agent in 0..AGENTS {
        let pans = ans(2);
        let used = coins.iter().map(|coin| coin.ans.get(agent)).chain([pans.get(agent)]);
        for secret in used {
            assert!(!log.contains(&secret.to_hex().to_lowercase()), "agent {agent}");
        }
    }
}

#[test]
fn what_may_only_be_on_this_machine_is_refused_elsewhere() {
    let home = Home::with_coins("1x1");
    let (code, said) = home.start_fails(&["--metrics", "0.0.0.0:0"]);
    assert_eq!((code, said.contains("try: --metrics-public")), (Some(3), true), "{said}");
    let (code, said) = home.start_fails(&["--fault", "agent=25 kind=down"]);
    assert_eq!((code, said.contains("is no list of agents")), (Some(2), true), "{said}");
    for fault in [["--fault", "agent=1 kind=down"].as_slice(), &["--faults"]] {
        let tls = ["--tls-cert", "c", "--tls-key", "k"];
        let (code, said) = home.start_fails(&[fault, &tls].concat());
        assert_eq!((code, said.contains("cannot be used with")), (Some(2), true), "{said}");
        let (code, _) = home.start_fails(&[fault, &["--listen", "0.0.0.0:0"]].concat());
        assert_eq!(code, Some(3));
    }
    let (code, said) = home.start_fails(&["--max-coins", "10001"]);
    assert_eq!((code, said.contains("coins = 10001 is not within")), (Some(3), true), "{said}");
    let raida = home.start(&["--fault", "agent=1 kind=down"]);
    let (_, log) = raida.stop("TERM");
    assert!(log.contains("warning: these agents do wrong on purpose"), "{log}");
    assert!(log.contains("agent=1 kind=down"), "{log}");
}
