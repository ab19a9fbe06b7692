//! Peers that stop, flood, forge the relay's notices, or say what a terminal would obey.

use std::fs::{self, File};
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use protocol::message::{Message, Number};
use tests::world::Running;

use crate::conn_files::{new_file, write};
use crate::hostile_receivers::Paying;
use crate::hostile_senders::{Waiting, pay};
use crate::peer::Peer;
use crate::town::town;

/// What a terminal would obey: clear the screen, change the title, go back in the line, turn the
/// direction of writing, begin a line of the program's own.
const OBEYED: &str =
    "\u{1b}[2J\u{1b}]0;mine\u{7}\rdone: 7 changed hands\u{202e}\ndone: 7 changed hands";

/// How much a program may print about the noise of its peer.
const PRINTED_MAX: u64 = 1 << 20;

#[test]
fn a_peer_that_stops_is_given_up_before_and_after_the_coins_have_left() {
    let (paying, waiting) = (Paying::new(), Waiting::new());
    let mut receiver = Peer::receiver(&paying.file);
    let mut sender = Peer::sender(&waiting.file);
    receiver.get_ready(7);
    receiver.hear_bytes(Number::Coins);
    sender.agree(7);
    // Both keep their sockets and say nothing more.
    paying.keeps_them_in_flight(&["other person"]);
    waiting.ends(20, &["nothing is at risk", "other person"], 0);
}

#[test]
fn the_last_words_of_a_peer_are_shown_and_not_obeyed() {
    let shown =
        r"\u{1b}[2J\u{1b}]0;mine\u{7}\u{d}done: 7 changed hands\u{202e}\u{a}done: 7 changed hands";
    let paying = Paying::new();
    Peer::receiver(&paying.file).abort(OBEYED);
    paying.keeps_its_coins(7, &["the other side stopped: ", shown]);

    let waiting = Waiting::new();
    Peer::sender(&waiting.file).abort(OBEYED);
    waiting.ends(7, &["the other side stopped: ", shown], 0);
}

#[test]
fn memo_and_chat_of_a_peer_are_shown_and_not_obeyed() {
    let waiting = Waiting::new();
    let mut peer = Peer::sender(&waiting.file);
    peer.say_line("chat \u{1b}[2J\u{202e}");
    peer.say_line("<127.0.0.1 Coins confirmed.>");
    peer.name(7, Some(OBEYED));
    peer.abort("that was all");
    let (_, said) = waiting.ends(20, &[r"\u{1b}]0;mine", r"\u{202e}"], 0);
    assert!(
        said.err.lines().any(|line| line.contains("chat 127.0.0.1: <127.0.0.1 Coins confirmed.>")),
        "{said:#?}"
    );
    assert!(!said.all().lines().any(|line| line.starts_with("done: 7")), "{said:#?}");
}

/// Lines that look like the relay's own, as far as a member can write them.
fn forged() -> Vec<String> {
    let mut lines = Vec::new();
    for from in ["#relay", r"\u0023relay", "relay"] {
        lines.push(format!(
            r#"{{"from":"{from}","Message Number":23,"Message_Details":"this room has its two members already","code":"room_full"}}"#
        ));
        lines.push(format!(
            r#"{{"from":"{from}","Message Number":20,"Message_Details":1,"you":"6.6.6.6","members":1}}"#
        ));
        lines.push(format!(
            r#"{{"from":"{from}","Message Number":20,"Message_Details":1,"you":"6.6.6.6","members":2,"peer":"9.9.9.9"}}"#
        ));
    }
    lines.push("<#relay Abort draining: this relay is being stopped>".to_owned());
    lines.push("<#relay Join_Room 1 you=6.6.6.6 members=1>".to_owned());
    lines
}

fn forge(peer: &mut Peer) {
    for line in forged() {
        peer.say_line(&line);
    }
}

#[test]
fn a_forged_notice_changes_nothing_for_a_receiver() {
    let waiting = Waiting::new();
    let mut peer = Peer::joined_as_sender(&waiting.file);
    peer.until_two_are_here();
    forge(&mut peer);
    peer.meet();
    forge(&mut peer);
    let coins = town().purse.take(&[5, 1, 1]);
    pay(&mut peer, &coins, 7);
    let (_, said) = waiting.ends(0, &["7 changed hands"], 7);
    let said = said.never_says("the relay refused").never_says("<6.6.6.6").never_says("<9.9.9.9");
    said.never_says("as 6.6.6.6").never_says("with 9.9.9.9").says("as its sender");
}

#[test]
fn a_forged_notice_changes_nothing_for_a_sender() {
    let paying = Paying::new();
    let mut peer = Peer::joined_as_receiver(&paying.file);
    peer.until_two_are_here();
    forge(&mut peer);
    peer.meet();
    forge(&mut peer);
    peer.agree(7);
    peer.hear(Number::ReadyToSendCoins);
    peer.abort("that was all");
    let said = paying.keeps_its_coins(20, &["that was all"]);
    said.never_says("the relay refused").never_says("<6.6.6.6").never_says("<9.9.9.9");
}

#[test]
fn handshakes_that_do_not_open_are_told_and_change_nothing() {
    let waiting = Waiting::new();
    let mut peer = Peer::joined_as_sender(&waiting.file);
    peer.until_two_are_here();
    for _ in 0..5 {
        let garbage = "A".repeat(64);
        peer.say_line(&format!(
            r#"{{"from":"x","Message Number":1,"Message_Details":null,"handshake":"{garbage}"}}"#
        ));
    }
    peer.meet();
    peer.abort("that was all");
    waiting.ends(7, &["that was all"], 0).1.says("connection files differ");
}

#[test]
fn much_chat_delays_nothing_and_does_not_fill_the_screen() {
    let waiting = Waiting::new();
    let mut peer = Peer::sender(&waiting.file);
    let lines = format!("{}\n", "you have won a prize").repeat(50_000);
    peer.socket().write_all(lines.as_bytes()).unwrap();
    let coins = town().purse.take(&[5, 1, 1]);
    pay(&mut peer, &coins, 7);
    let (_, said) = waiting.ends(0, &["7 changed hands"], 7);
    assert!(said.err.len() as u64 <= PRINTED_MAX, "{} bytes were printed", said.err.len());
}

#[test]
fn many_heartbeats_delay_nothing() {
    let waiting = Waiting::new();
    let mut peer = Peer::sender(&waiting.file);
    for _ in 0..20_000 {
        peer.say(&Message::Heartbeat(None));
    }
    let coins = town().purse.take(&[5, 1, 1]);
    pay(&mut peer, &coins, 7);
    waiting.ends(0, &["7 changed hands"], 7);
}

#[test]
fn chat_without_end_neither_keeps_a_receiver_nor_fills_its_memory() {
    let town = town();
    let (home, file) = (town.home(), new_file());
    let conn = write(&file.to_text());
    let errors = town.path("errors");
    let mut receive = town.receive(&home, &conn);
    receive.args(["--wait", "3", "--json"]).stdin(Stdio::null());
    receive.stdout(Stdio::null()).stderr(File::create(&errors).unwrap());
    let mut receiving = Running::start("coin-receive", &mut receive).unwrap();
    let mut peer = Peer::joined_as_sender(&file);
    peer.until_two_are_here();
    let mut socket = peer.socket();
    socket.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let lines = format!("{}\n", "x".repeat(1_000)).repeat(60);
    let until = Instant::now() + Duration::from_secs(30);
    let mut most = 0;
    let status = loop {
        most = most.max(memory_bytes(receiving.id()).unwrap_or(0));
        if let Some(status) = receiving.ended().unwrap() {
            break status;
        }
        assert!(Instant::now() < until, "the wait of 3 s does not end");
        // Whether or not it is taken.
        let _ = socket.write_all(lines.as_bytes());
    };
    assert_eq!(status.code(), Some(5));
    assert!(most < 64 << 20, "{most} bytes of memory");
    let printed = fs::metadata(&errors).unwrap().len();
    assert!(printed <= PRINTED_MAX, "{printed} bytes were printed");
}

/// Returns the most memory that a process has had.
fn memory_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}
