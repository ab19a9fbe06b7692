//! Rooms that are full, rooms where nobody is, and people who stop waiting.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::world::Home;

use protocol::conn_file::{ConnFile, FileKey};

use crate::conn_files::{new_file, wait_for, write};
use crate::hostile_senders::Waiting;
use crate::listing::{Listing, unchanged};
use crate::peer::Peer;
use crate::said::{run, start};
use crate::town::town;

/// Waits until the relay has let a program into its room, as the other member of the room sees it.
fn until_it_waits(home: &Home) {
    let until = Instant::now() + Duration::from_secs(30);
    let journal = home.dir.join(".journal");
    let is_journal = |entry: std::io::Result<fs::DirEntry>| {
        entry.unwrap().path().extension() == Some("journal".as_ref())
    };
    while !fs::read_dir(&journal).unwrap().any(is_journal) {
        assert!(Instant::now() < until, "no transfer was begun in {}", home.dir.display());
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

#[test]
fn a_third_program_finds_the_room_full() {
    let town = town();
    let file = new_file();
    let conn = write(&file.to_text());
    let (first, third) = (town.home(), town.home());
    let receiving = start(&mut town.receive(&first, &conn));
    let mut sender = Peer::joined_as_sender(&file);
    sender.until_two_are_here();
    let said = run(town.receive(&third, &conn).arg("--json"));
    said.objects();
    said.fails(4, &["room_full", "two members", "try again"]);
    assert_eq!(third.total().unwrap(), 0);
    // The two that were there are not disturbed.
    sender.meet();
    sender.abort("that was all");
    receiving.ends().ends_with(7, &["that was all"]);
}

#[test]
fn a_second_sender_is_told_what_may_be_wrong() {
    let town = town();
    let home = town.home_with(&[5]);
    let file = new_file();
    let mut first = Peer::joined_as_sender(&file);
    first.until_in_the_room();
    let said =
        run(&mut town.send_known(&home, 5, &write(&file.to_text()))).fails(4, &["room_full"]);
    let advice = said.err.lines().find(|line| line.starts_with("try: ")).unwrap();
    assert!(advice.contains("coin-receive"), "{advice}");
    assert_eq!(home.total().unwrap(), 5);
}

#[test]
fn a_peer_that_never_says_where_it_stands_has_not_come() {
    let waiting = Waiting::new();
    let mut peer = Peer::joined_as_sender(&waiting.file);
    peer.shake_hands();
    waiting.ends(5, &["nothing is at risk", "did not come"], 0);
}

#[test]
fn the_wrong_key_leads_to_another_room_and_to_a_hint() {
    let town = town();
    let (sender, receiver) = (town.home_with(&[5, 1, 1]), town.home());
    let coins = Listing::of_coins(&sender.dir);
    let file = new_file();
    let ours = write(&file.to_text());
    let theirs = write(&ConnFile { key: FileKey::from_bytes(rand::random()), ..file }.to_text());
    let sending = start(town.send_known(&sender, 7, &ours).args(["--wait", "17"]));
    let receiving = start(town.receive(&receiver, &theirs).args(["--wait", "17", "--json"]));
    let hint = "nobody here yet: do both use the same relay and the same file?";
    sending.ends().ends_with(5, &["did not come"]).says(hint);
    let received = receiving.ends().exits(5).says(hint);
    assert!(received.objects().iter().any(|object| object["text"] == hint), "{received:#?}");
    assert_eq!(Listing::of_coins(&sender.dir), coins);
    assert_eq!((sender.total().unwrap(), receiver.total().unwrap()), (7, 0));
}

#[test]
fn a_peer_that_never_comes_ends_the_wait_and_nothing_is_at_risk() {
    let town = town();
    let (sender, receiver) = (town.home_with(&[5, 1, 1]), town.home());
    let coins = Listing::of_coins(&sender.dir);
    let began = Instant::now();
    let conn = town.path("conn.txt");
    let sending = start(town.send(&sender, 7, &conn).args(["--wait", "3"]));
    let conn = write(&new_file().to_text());
    let said = run(town.receive(&receiver, &conn).args(["--wait", "3", "--json"])).exits(5);
    let last = said.objects().pop().unwrap();
    assert_eq!((&last["status"], &last["owned"]), (&"returned".into(), &0.into()), "{last}");
    sending.ends().ends_with(
        5,
        &["nothing is at risk", "did not come", "waiting for the other person, until"],
    );
    assert!(began.elapsed() < Duration::from_secs(20), "3 s were to be waited");
    assert_eq!(Listing::of_coins(&sender.dir), coins);
    assert_eq!((sender.total().unwrap(), receiver.total().unwrap()), (7, 0));
}

#[test]
fn a_signal_while_waiting_stops_in_good_order() {
    let town = town();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let (sender, receiver) = (town.home_with(&[5]), town.home());
        let coins = Listing::of_coins(&sender.dir);
        let conn = town.path("conn.txt");
        let sending = start(town.send(&sender, 5, &conn).args(["--wait", "40"]));
        wait_for(&conn);
        until_it_waits(&sender);
        let theirs = write(&new_file().to_text());
        let receiving = start(town.receive(&receiver, &theirs).args(["--wait", "40"]));
        until_it_waits(&receiver);
        for program in [sending, receiving] {
            program.process.signal(signal).unwrap();
            program.ends().ends_with(20, &["nothing is at risk", "you stopped it"]);
        }
        assert_eq!(Listing::of_coins(&sender.dir), coins);
        assert_eq!((sender.total().unwrap(), receiver.total().unwrap()), (5, 0));
    }
}

#[test]
fn the_receiver_without_a_terminal_and_without_yes_is_told_before_anything_happens() {
    let town = town();
    let home = town.home();
    let conn = write(&new_file().to_text());
    let mut receive = town.world.command(tests::programs::Program::CoinReceive);
    receive.arg("--home").arg(&home.dir).arg("--conn").arg(&conn);
    unchanged(&home.dir, || run(&mut receive).fails(2, &["no terminal", "--yes"]));
}
