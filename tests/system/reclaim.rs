//! Coins that left and are taken back: each test ends with every coin owned once.

mod contested;
mod exports;

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use protocol::conn_file::{ConnFile, FileKey};
use protocol::room::{RoomNumber, Side};
use rustix::process::Signal;
use tests::process::Running;
use tests::programs::Program;
use tests::world::Home;

use crate::ear::Ear;
use crate::stage::{Payment, Stage, WITHIN, quiet, said};
use crate::wire::{Said, What};

/// 14 in six coins.
const FEW_COINS: &str = "2x5,4x1";
/// Seconds for which the connection files of these tests can be used.
const VALID_SECS: u64 = 12;
/// Exit codes, as they are documented.
const DONE: i32 = 0;
const IN_FLIGHT: i32 = 21;
const RETURNED: i32 = 20;

/// Returns the command that takes coins back.
fn reclaim(home: &Home, words: &[&str]) -> Command {
    let words = [&["reclaim"], words].concat();
    quiet(home.command(Program::CoinWallet, &words))
}

fn resume(home: &Home) -> Command {
    quiet(home.command(Program::CoinWallet, &["resume", "--wait", "2"]))
}

fn import(home: &Home, file: &Path) -> Command {
    let mut command = home.command(Program::CoinWallet, &["import"]);
    command.arg(file);
    quiet(command)
}

fn export(home: &Home, amount: u64, out: &Path) -> Command {
    let words = ["export", &amount.to_string(), "--out", out.to_str().unwrap()];
    quiet(home.command(Program::CoinWallet, &words))
}

/// Returns what a home has in flight.
fn flying(home: &Home) -> u64 {
    home.balance().unwrap()["in_flight"].as_u64().unwrap()
}

#[track_caller]
fn ends_with(code: i32, mut command: Command) -> String {
    ended_with(code, Running::start("a program", &mut command).unwrap())
}

#[track_caller]
fn ended_with(code: i32, program: Running) -> String {
    let output = program.output(WITHIN).unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

/// Writes a connection file that can be used for a short time only.
fn short_lived(home: &Home, relay: &str, conn: &Path) {
    let network = fs::read_to_string(home.dir.join("network")).unwrap();
    let now = jiff::Timestamp::now().as_second().cast_unsigned();
    let file = ConnFile {
        relay: relay.to_owned(),
        room: RoomNumber::new(7).unwrap(),
        key: FileKey::from_bytes(rand::random()),
        network: network.trim().parse().unwrap(),
        expires_secs: now + VALID_SECS,
    };
    let mut out =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(conn).unwrap();
    out.write_all(file.to_text().as_bytes()).unwrap();
}

/// A payment whose receiver is killed as it hears the first coin: in flight at the sender. The relay is
/// reached as long as the ear hears.
fn in_flight(stage: &Stage, amount: u64) -> (Payment, Ear) {
    let coins = Said { what: What::Message(24), by: Side::S };
    let ear = Ear::signalling(&stage.ground.relay.address, coins, Signal::KILL);
    let mut payment = stage.payment(amount);
    payment.relay = ear.address();
    short_lived(&stage.sender, &payment.relay, &payment.conn);
    let (sender, mut receiver) = payment.start();
    ear.aim(&receiver);
    receiver.wait(WITHIN).unwrap();
    sender.signal(Signal::TERM).unwrap();
    ended_with(IN_FLIGHT, sender);
    assert_eq!(flying(&stage.sender), amount);
    (payment, ear)
}

/// Repeats a command until it says something else than that it is too early.
fn until_expired(command: impl Fn() -> Command) -> (Option<i32>, String) {
    let until = Instant::now() + WITHIN;
    loop {
        let output = Running::start("reclaim", &mut command()).unwrap().output(WITHIN).unwrap();
        let said = said(&output);
        if !said.contains("too early") {
            return (output.status.code(), said);
        }
        assert!(Instant::now() < until, "it is too early for ever: {said}");
        thread::park_timeout(Duration::from_millis(200));
    }
}

#[test]
fn what_a_receiver_never_took_comes_back_after_the_expiry_and_not_before() {
    let stage = Stage::with_coins(FEW_COINS);
    let (payment, _ear) = in_flight(&stage, 7);
    for words in [&[][..], &["--insist"], &["--dry-run"]] {
        let early = ends_with(
            if words == ["--dry-run"] { DONE } else { IN_FLIGHT },
            reclaim(&stage.sender, words),
        );
        assert!(early.contains("too early"), "{early}");
        assert_eq!(stage.totals(), (7, 0));
    }
    let (code, said) = until_expired(|| reclaim(&stage.sender, &[]));
    assert_eq!(code, Some(DONE), "{said}");
    assert!(said.contains("7 is yours again"), "{said}");
    assert_eq!(stage.totals(), (14, 0));

    // Who comes too late finds nothing, and the same command says how it ended.
    ends_with(RETURNED, payment.send(2));
    let late = ends_with(DONE, resume(&stage.receiver));
    assert_eq!(stage.totals(), (14, 0), "{late}");
    let again = ends_with(DONE, reclaim(&stage.sender, &[]));
    assert!(again.contains("nothing is in flight"), "{again}");
}

#[test]
fn a_home_that_is_told_so_takes_expired_payments_back_at_resume() {
    let stage = Stage::with_coins(FEW_COINS);
    in_flight(&stage, 7);
    let config = stage.sender.dir.join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("reclaim_expired = true\n{text}")).unwrap();
    ends_with(IN_FLIGHT, resume(&stage.sender));
    assert_eq!((stage.totals(), flying(&stage.sender)), ((7, 0), 7));
    until_expired(|| reclaim(&stage.sender, &["--dry-run"]));
    let said = ends_with(DONE, resume(&stage.sender));
    assert!(said.contains("its file has expired and nobody took 7"), "{said}");
    assert_eq!((stage.totals(), flying(&stage.sender)), ((14, 0), 0));
}
