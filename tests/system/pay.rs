//! A transfer of 3439 through real processes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use tests::process::Running;
use tests::programs::Program;
use tests::world::{Home, World, files_below};

use crate::coins::{Coins, Witness, owned, sum};
use crate::stage::{ALL, COINS, Ground, Stage, WITHIN, said, succeeds, world};
use crate::tap::Tap;

#[test]
fn a_transfer_of_3439_changes_hands_and_nothing_else() {
    let (folder, mut world) = world();
    // The most talkative agents: no level may say a secret.
    world.agents_log = "trace";
    let stage = Stage::on(Ground::in_world(folder, world, 1, COINS, World::start_agents));
    let old = owned(&stage.sender).unwrap();
    let wire = Arc::new(Mutex::new(String::new()));
    let (seen, go_on) = mpsc::channel::<()>();
    let tap = Tap::start(stage.ground.relay.address.clone(), {
        let wire = Arc::clone(&wire);
        move |line| {
            if line.number() == Some(2) {
                // Both programs are held here until their command lines were looked at.
                let _ = go_on.recv_timeout(WITHIN);
            }
            let mut wire = wire.lock().unwrap_or_else(PoisonError::into_inner);
            *wire += &String::from_utf8_lossy(line.raw);
        }
    });
    let mut payment = stage.payment(ALL);
    payment.relay = tap.address();
    let (sender, receiver) = payment.start();
    let processes = [&sender, &receiver, &stage.ground.relay.process, &stage.ground.agents.process];
    let command_lines = processes.map(command_line);
    drop(seen);
    let printed = succeeds(sender) + &succeeds(receiver);

    assert_eq!(stage.totals(), (0, ALL));
    let new = owned(&stage.receiver).unwrap();
    assert!(new.keys().eq(old.keys()), "the same coins");
    assert_eq!(sum(&new), ALL);

    let (ours, theirs) = (receipts(&stage.sender), receipts(&stage.receiver));
    assert_eq!((ours.len(), theirs.len()), (1, 1));
    assert_eq!(ours[0].1, theirs[0].1, "both sides keep the same receipt");

    let witness = Witness::of(&stage.ground.agents).unwrap();
    witness.dead(&old).unwrap();
    witness.alive(&new).unwrap();

    let conn = fs::read_to_string(&payment.conn).unwrap();
    let logs = ["relay.log", "raida.log"].map(|name| stage.ground.world.dir.join(name));
    for log in logs {
        let text = fs::read_to_string(&log).unwrap();
        assert!(!text.is_empty(), "{} is empty", log.display());
        no_secret_is_in(&text, &[&old, &new], &conn);
    }
    for command_line in command_lines {
        no_secret_is_in(&command_line, &[&old, &new], &conn);
    }
    no_secret_is_in(&printed, &[&old, &new], &conn);
    let wire = wire.lock().unwrap();
    assert!(wire.contains(r#""Message Number":24"#), "{wire}");
    no_secret_is_in(&wire, &[&old, &new], &conn);
}

/// Returns the command line of a process, as everybody on this machine can see it. Right after its start
/// the system shows none yet.
fn command_line(process: &Running) -> String {
    let until = Instant::now() + WITHIN;
    loop {
        let seen = seen_command_line(process.id());
        if !seen.trim().is_empty() {
            return seen;
        }
        assert!(Instant::now() < until, "the process {} is not seen", process.id());
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

fn seen_command_line(id: u32) -> String {
    // Where there is no /proc there is a ps.
    let seen = fs::read(format!("/proc/{id}/cmdline")).or_else(|_| {
        let ps = Command::new("ps").args(["-o", "args=", "-p", &id.to_string()]).output();
        ps.map(|seen| seen.stdout)
    });
    String::from_utf8_lossy(&seen.unwrap()).into_owned()
}

fn receipts(home: &Home) -> Vec<(PathBuf, Vec<u8>)> {
    let files = files_below(&home.dir).unwrap().into_iter();
    let receipts = files.filter(|path| path.parent().is_some_and(|dir| dir.ends_with("Receipts")));
    receipts.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[track_caller]
fn no_secret_is_in(text: &str, coins: &[&Coins], conn: &str) {
    let text = text.to_ascii_lowercase();
    for coin in coins.iter().flat_map(|coins| coins.values()) {
        let told = coin.coin.ans.iter().any(|an| text.contains(an.to_hex().as_str()));
        assert!(!told, "a secret of coin {} is there to read", coin.coin.sn.get());
    }
    let key = conn.lines().find_map(|line| line.strip_prefix("key     = ")).unwrap();
    assert!(!text.contains(&key.to_ascii_lowercase()), "the key of the file is there to read");
}

#[test]
fn the_same_command_after_the_end_says_how_it_ended_and_pays_nothing() {
    let stage = Stage::with_coins("2x5,4x1");
    let mut payment = stage.payment(7);
    payment.pay();
    let again = payment.send(60).arg("--json").output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(said(&again).contains(r#""status":"done""#), "{}", said(&again));
    let again = payment.receive(60).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert_eq!(stage.totals(), (7, 7));
    payment.amount = 8;
    let other = payment.send(60).output().unwrap();
    assert_eq!(other.status.code(), Some(2), "{}", said(&other));
    assert_eq!(stage.totals(), (7, 7));
}

#[test]
fn history_and_balance_tell_what_happened() {
    let stage = Stage::with_coins("2x5,4x1");
    stage.payment(7).pay();
    let history = stage.sender.command(Program::CoinWallet, &["history"]).output().unwrap();
    let text = String::from_utf8_lossy(&history.stdout);
    assert!(text.contains("sent") && text.contains('7'), "{text}");
    let balance = stage.sender.balance().unwrap();
    assert_eq!(balance["total"], 7);
    assert_eq!(balance["folders"]["Default/Bank"], 7);
}
