//! Requests to the agents that no honest client sends, over sockets of our own: each is refused as v1 does,
//! no coin changes, no agent breaks, and no memory is held.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use coin::Coin;
use raida::api::{AboutCoin, Route};
use raida::limits::{REQUEST_BYTES_MAX, REQUEST_COINS_MAX};
use serde_json::Value;
use tests::http::Talk;

use crate::town::{Town, town};

/// Services that change coins, or say whether a coin is good.
const SERVICES: [&str; 15] = [
    "detect",
    "multi_detect",
    "get_ticket",
    "multi_get_ticket",
    "multi_ticket",
    "fix_lost",
    "fix",
    "multi_fix",
    "super_fix",
    "change",
    "break",
    "join",
    "cancel",
    "exchange",
    "reserve",
];

/// Where the requests go.
const AGENT: usize = 11;
/// A secret that would be the coin's if one of them was taken.
const PAN: &str = "00112233445566778899aabbccddeeff";
/// How long an agent may take for an answer.
const WITHIN: Duration = Duration::from_secs(30);
/// Requests of the largest kind at the same time.
const GREEDY: usize = 24;
/// What all of them together may cost: the bound of the agents, and as much again for what the allocator
/// keeps.
const MEMORY_KIB_MAX: u64 = 2 * agent::limits::MEMORY_KIB_MAX as u64;

#[test]
fn requests_that_are_wrong_in_one_place_change_nothing_whatever_the_service() {
    let town = town();
    let coins = town.purse.take(&[1, 5, 25]);
    for (wrong, form) in wrong_forms(&coins) {
        // A ticket is about the secret that the coin has.
        let understood = |service: &&str| !(wrong == "pan" && service.contains("ticket"));
        for service in SERVICES.into_iter().filter(understood) {
            let path = format!("/service/{service}");
            let mut talk = Talk::with(&address(town)).unwrap();
            refused(&talk.post(&path, form.as_bytes()).unwrap(), &path, &form);
            if form.len() < 4096 {
                let got = spoken(town, &format!("GET {path}?{form} HTTP/1.1"), b"");
                let (head, body) = got.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{got}"));
                assert!(head.starts_with("HTTP/1.1 200 "), "{path}?{form}: {got}");
                // The brief form of `detect` is a bare word.
                if let Ok(reply) = serde_json::from_str(body) {
                    refused(&reply, &path, &form);
                }
            }
        }
    }
    all_is_as_it_was(town, &coins);
}

#[test]
fn what_is_not_http_harms_nobody() {
    let town = town();
    let coins = town.purse.take(&[1]);
    let form = form(&coins[0], of_many, "", "");
    let length = form.len();
    let post = "POST /service/multi_detect HTTP/1.1";
    for (head, body) in [
        (format!("{post}\r\ncontent-length: -1"), form.as_bytes()),
        (format!("{post}\r\ncontent-length: 18446744073709551616"), form.as_bytes()),
        (format!("{post}\r\ncontent-length: {length}\r\ncontent-length: 3"), form.as_bytes()),
        (format!("{post}\r\ntransfer-encoding: chunked"), b"ffffffffffffffff1\r\nx\r\n0\r\n\r\n"),
        (format!("{post}\r\ntransfer-encoding: chunked"), form.as_bytes()),
        (format!("{post}\r\nx: {}", "a".repeat(1 << 20)), b""),
        (format!("{post}{}", "\r\na: b".repeat(10_000)), b""),
        (format!("GET /service/detect?{} HTTP/1.1", "a".repeat(1 << 20)), b""),
        ("GET /service/detect?\u{0}\u{1b} HTTP/1.1".to_owned(), b""),
        ("POST http://[::1/service/multi_detect HTTP/1.1".to_owned(), form.as_bytes()),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}".to_owned(), b"\x00\xff\xfe"),
        ("PRI * HTTP/2.0".to_owned(), b"SM\r\n\r\n"),
    ] {
        let got = spoken(town, &head, body);
        assert!(!got.contains("\"pass\""), "{got}");
    }
    all_is_as_it_was(town, &coins);
}

#[test]
fn bodies_that_never_end_and_lists_that_are_too_long_hold_no_memory() {
    let town = town();
    let before = memory_kib(town);
    thread::scope(|scope| {
        for number in 0..GREEDY {
            let too_many = "sns[]=1&".repeat(REQUEST_COINS_MAX + 1);
            scope.spawn(move || match number % 2 {
                0 => {
                    let reply = Talk::with(&address(town)).unwrap();
                    let reply =
                        { reply }.post("/service/multi_detect", too_many.as_bytes()).unwrap();
                    refused(&reply, "multi_detect", "10,001 coins");
                }
                _ => {
                    let got = endless(town);
                    assert!(got.contains("\"dud\"") && got.contains("connection: close"), "{got}");
                }
            });
        }
    });
    let grown = memory_kib(town).saturating_sub(before);
    assert!(grown < MEMORY_KIB_MAX, "{grown} KiB for {GREEDY} requests");
    all_is_as_it_was(town, &[]);
}

/// Forms with one thing wrong, and which; taken as they stand they would change a coin.
fn wrong_forms(coins: &[Coin]) -> Vec<(&'static str, String)> {
    let coin = &coins[0];
    let mut forms = vec![("all", String::new()), ("all", "&=&[]&%".to_owned())];
    for (field, wrong) in [
        ("sn", "0"),
        ("sn", "16777217"),
        ("sn", "-1"),
        ("sn", "1e3"),
        ("sn", "99999999999999999999"),
        ("nn", "2"),
        ("an", &PAN[1..]),
        ("an", "00112233445566778899aabbccddeeff0"),
        ("an", "g0112233445566778899aabbccddeeff"),
        ("pan", &PAN[1..]),
        ("pan", "00112233445566778899aabbccddeeff0"),
        ("pan", ""),
        ("denomination", "250"),
        ("denomination", "0"),
        ("denomination", ""),
    ] {
        for name in [one, of_many] {
            forms.push((field, form(coin, name, field, wrong)));
        }
    }
    let [single, list] = [one, of_many].map(|name| form(coin, name, "", ""));
    let lists = [&list, &form(&coins[1], of_many, "", "")].map(String::as_str).join("&");
    let fields: String = (0..100).map(|field| format!("&f{field}=1")).collect();
    forms.extend([
        ("twice", format!("{single}&sn=3")),
        ("fields", format!("{single}{fields}")),
        ("fields", format!("{list}{fields}")),
        ("length", format!("{list}&sns[]=3")),
        ("length", format!("{list}&ans[]={PAN}")),
        ("length", format!("{list}&denomination[]=1")),
        ("twice", lists),
        ("index", list.replace("sns[]", "sns[1]")),
        ("index", list.replace("ans[]", "ans[18446744073709551616]")),
    ]);
    forms
}

/// Returns a form that says all of a coin, with another value in one field.
fn form(coin: &Coin, name: fn(&str) -> String, field: &str, wrong: &str) -> String {
    let (sn, an) = (coin.sn.to_string(), coin.ans.get(AGENT).to_hex());
    let denomination = coin.denomination().to_string();
    let right =
        [("nn", "1"), ("sn", &sn), ("an", &an), ("pan", PAN), ("denomination", &denomination)];
    let said = right.map(|(known, value)| {
        let value = if known == field { wrong } else { value };
        format!("{}={value}", name(known))
    });
    said.join("&")
}

/// The name of a field in a form about one coin.
fn one(field: &str) -> String {
    field.to_owned()
}

/// The name of a field in a form about many coins.
fn of_many(field: &str) -> String {
    match field {
        "nn" => field.to_owned(),
        "denomination" => format!("{field}[]"),
        _ => format!("{field}s[]"),
    }
}

/// Expects that an answer agrees to nothing.
#[track_caller]
fn refused(answer: &Value, path: &str, form: &str) {
    let replies = answer.as_array().cloned().unwrap_or_else(|| vec![answer.clone()]);
    assert!(!replies.is_empty(), "{path} {form}: no answer");
    for reply in replies {
        let word = reply["status"].as_str().unwrap_or_default();
        let is_no = ["dud", "fail", "error", "neither"].contains(&word);
        assert!(is_no && !reply["message"].is_null(), "{path} {form}: {answer}");
    }
}

/// Sends a head and a body and returns all that comes back.
fn spoken(town: &Town, head: &str, body: &[u8]) -> String {
    let mut stream = connect(town);
    // An agent that has heard enough may close before it has read all.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(b"\r\nhost: a\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(body);
    all_that_comes(stream)
}

/// Sends a body until the agent will have no more of it, and returns what it said.
fn endless(town: &Town) -> String {
    let mut stream = connect(town);
    let head =
        "POST /service/multi_detect HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    // One more chunk than it takes: if it still listened it would go on for ever.
    for _ in 0..=REQUEST_BYTES_MAX / 0x10000 {
        if stream.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    all_that_comes(stream)
}

fn connect(town: &Town) -> TcpStream {
    let stream = TcpStream::connect(address(town)).unwrap();
    stream.set_read_timeout(Some(WITHIN)).unwrap();
    stream.set_write_timeout(Some(WITHIN)).unwrap();
    stream
}

fn all_that_comes(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // What came before a reset counts.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn address(town: &Town) -> String {
    town.agents.addresses().unwrap().swap_remove(AGENT)
}

/// Expects that the agent takes these coins, lives, and never broke off.
#[track_caller]
fn all_is_as_it_was(town: &Town, coins: &[Coin]) {
    let an = |coin: &Coin| coin.ans.get(AGENT).clone();
    let ans: Vec<_> = coins.iter().map(an).collect();
    let about = coins.iter().zip(&ans).map(|(coin, an)| AboutCoin { sn: coin.sn, an, pan: an });
    let mut talk = Talk::with(&address(town)).unwrap();
    if !coins.is_empty() {
        let words = talk.ask(Route::MultiDetect, about).unwrap();
        assert!(words.iter().all(|word| word == "pass"), "{words:?}");
    }
    assert_eq!(talk.post("/service/echo", b"").unwrap()["status"], "ready");
    let log = fs::read_to_string(town.world.dir.join("raida.log")).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

/// Returns the most memory that the agents' process has had.
fn memory_kib(town: &Town) -> u64 {
    let status = format!("/proc/{}/status", town.agents.process.id());
    let status = fs::read_to_string(status).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
