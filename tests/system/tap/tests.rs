//! The tap in front of a real relay.

use std::sync::mpsc;
use std::time::Duration;

use relay::{Listeners, Settings};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::*;

const DEADLINE: Duration = Duration::from_secs(20);

/// A relay in this process; it ends with its runtime.
fn relay() -> (Runtime, String) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let chat = {
        let _inside = runtime.enter();
        relay::listen("127.0.0.1:0".parse().unwrap()).unwrap()
    };
    let address = chat.local_addr().unwrap().to_string();
    let listeners = Listeners { chat, metrics: None };
    runtime.spawn(relay::serve(listeners, Settings::default(), CancellationToken::new()));
    (runtime, address)
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: &str) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Client(BufReader::new(stream))
    }

    fn join(address: &str) -> Client {
        let mut client = Client::connect(address);
        client.say(JOIN);
        client
    }

    fn say(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Returns what comes next up to the end of a line or of the connection.
    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }
}

const JOIN: &str = r##"{"from":"#","Message Number":20,"Message_Details":7}"##;
const HEARTBEAT: &str = r##"{"from":"#","Message Number":1,"Message_Details":null}"##;
const HEARTBEAT_HEARD: &str =
    "{\"from\":\"127.0.0.1\",\"Message Number\":1,\"Message_Details\":null}\n";

#[test]
fn each_line_is_seen_in_both_directions_and_passed_on() {
    let (_runtime, relay) = relay();
    let (sender, seen) = mpsc::channel();
    let tap = Tap::start(relay.as_str(), move |line| {
        let _ = sender.send((line.connection, line.direction, line.number(), line.raw.to_vec()));
    });
    let mut tapped = Client::join(&tap.address());
    assert!(tapped.hear().contains(r#""members":1"#));
    let mut other = Client::join(&relay);
    assert!(other.hear().contains(r#""members":2"#));
    assert!(tapped.hear().contains(r#""members":2"#));
    tapped.say(HEARTBEAT);
    assert_eq!(other.hear(), HEARTBEAT_HEARD);
    other.say("chat");
    assert_eq!(tapped.hear(), "chat\n");

    let next = || seen.recv_timeout(DEADLINE).unwrap();
    assert_eq!(next(), (0, Direction::ToRelay, Some(20), JOIN.as_bytes().to_vec()));
    for _ in 0..2 {
        let (connection, direction, number, _) = next();
        assert_eq!((connection, direction, number), (0, Direction::ToClient, Some(20)));
    }
    assert_eq!(next(), (0, Direction::ToRelay, Some(1), HEARTBEAT.as_bytes().to_vec()));
    assert_eq!(next(), (0, Direction::ToClient, None, b"chat".to_vec()));
}

#[test]
fn what_watches_can_cut_before_the_line_arrives() {
    let (_runtime, relay) = relay();
    let tap =
        Tap::start(
            relay.as_str(),
            |line| {
                if line.number() == Some(1) { Then::Cut } else { Then::PassOn }
            },
        );
    let mut other = Client::join(&relay);
    assert!(other.hear().contains(r#""members":1"#));
    let mut tapped = Client::join(&tap.address());
    assert!(other.hear().contains(r#""members":2"#));
    assert!(tapped.hear().contains(r#""members":2"#));
    tapped.say(HEARTBEAT);
    assert_eq!(tapped.hear(), "");
    assert!(other.hear().contains(r#""members":1"#));
}

#[test]
fn what_watches_afterwards_cuts_behind_the_line() {
    let (_runtime, relay) = relay();
    let tap = Tap::start_with(relay.as_str(), Seen::After, Cut::Never, |line| {
        if line.number() == Some(1) { Then::Cut } else { Then::PassOn }
    });
    let mut other = Client::join(&relay);
    assert!(other.hear().contains(r#""members":1"#));
    let mut tapped = Client::join(&tap.address());
    assert!(other.hear().contains(r#""members":2"#));
    tapped.say(HEARTBEAT);
    assert_eq!(other.hear(), HEARTBEAT_HEARD);
    assert!(other.hear().contains(r#""members":1"#));
}

#[test]
fn a_cut_comes_once_at_its_byte_or_line() {
    let (_runtime, relay) = relay();
    let answer = "{\"from\":\"#relay\",\"Message Number\":20,\"Message_Details\":7,\"you\":\"127.0.0.1\",\"members\":1}\n";
    let join_bytes = JOIN.len() as u64 + 1;
    let check = |cut: Cut, heard: &str| {
        let tap = Tap::start_with(relay.as_str(), Seen::Before, cut, |_| {});
        let mut tapped = Client::connect(&tap.address());
        tapped.say(JOIN);
        assert_eq!(tapped.hear(), heard, "{cut:?}");
        if heard.ends_with('\n') {
            assert_eq!(tapped.hear(), "", "{cut:?}");
        }
        let mut again = Client::join(&tap.address());
        let mut alone = again.hear();
        while !alone.contains(r#""members":1"#) {
            alone = again.hear();
            assert_ne!(alone, "", "{cut:?}");
        }
    };
    check(Cut::AfterByte(1), "");
    check(Cut::AfterByte(join_bytes + 9), "{\"from\":\"");
    check(Cut::AfterByte(join_bytes + answer.len() as u64), answer);
    check(Cut::AfterLine(2), answer);
}

#[test]
fn dropping_it_closes_all_connections_and_the_port() {
    let (_runtime, relay) = relay();
    let tap = Tap::start(relay.as_str(), |_| {});
    let address = tap.address();
    let mut tapped = Client::join(&address);
    assert!(tapped.hear().contains(r#""members":1"#));
    drop(tap);
    assert_eq!(tapped.hear(), "");
    assert!(TcpStream::connect(&address).is_err());
}
