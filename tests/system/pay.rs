//! A transfer of 3439 through real processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use coin::{Coin, StoredCoin, stack};
use raida::{AddressBook, Authority, Timing};
use tests::programs::Program;
use tests::world::{Home, Running, files_below};

use crate::stage::{Stage, WITHIN};

/// What a whole transfer left behind.
struct Paid {
    stage: Stage,
    /// The coins as they were in the sender's wallet before the transfer.
    old: Vec<Coin>,
    /// Everything that the four programs printed, and their command lines.
    said: String,
}

fn pay() -> Paid {
    let stage = Stage::with_coins("13x250,1x100,3x25,2x5,4x1");
    let old = coins_in(&stage.sender.dir.join("Default/Bank"));
    let conn = stage.conn();
    let mut send = stage.send(3439);
    let sender = Running::start("coin-send", send.stdout(Stdio::piped()).stderr(Stdio::piped())).unwrap();
    stage.wait_for_conn();
    let mut receive = stage.receive();
    let receiver = Running::start("coin-receive", receive.stdout(Stdio::piped()).stderr(Stdio::piped())).unwrap();
    let mut said = String::new();
    for id in [sender.id(), receiver.id(), stage.relay.process.id(), stage.agents.process.id()] {
        said += &String::from_utf8_lossy(&fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default());
        said.push('\n');
    }
    for process in [sender, receiver] {
        let output = process.output(WITHIN).unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {text}", output.status);
        said += &text;
    }
    assert!(conn.exists());
    Paid { stage, old, said }
}

fn coins_in(folder: &Path) -> Vec<Coin> {
    let files = files_below(folder).unwrap();
    files.iter().flat_map(|path| stack::read(&fs::read(path).unwrap()).unwrap()).map(|StoredCoin { coin, .. }| coin).collect()
}

fn receipts(home: &Home) -> Vec<(PathBuf, Vec<u8>)> {
    let files = files_below(&home.dir).unwrap();
    let receipts = files.into_iter().filter(|path| path.parent().is_some_and(|folder| folder.ends_with("Receipts")));
    receipts.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

#[test]
fn a_transfer_of_3439_changes_hands_and_nothing_else() {
    let paid = pay();
    assert_eq!(paid.stage.sender.total().unwrap(), 0);
    assert_eq!(paid.stage.receiver.total().unwrap(), 3439);

    let numbers = |coins: &[Coin]| coins.iter().map(|coin| coin.sn).collect::<BTreeSet<_>>();
    let new = coins_in(&paid.stage.receiver.dir.join("Default/Bank"));
    assert_eq!(numbers(&new), numbers(&paid.old));

    let (ours, theirs) = (receipts(&paid.stage.sender), receipts(&paid.stage.receiver));
    assert_eq!((ours.len(), theirs.len()), (1, 1));
    assert_eq!(ours[0].1, theirs[0].1, "both sides keep the same receipt");

    the_agents_know_only_the_new_secrets(&paid.stage, &paid.old, &new);
    no_secret_was_said(&paid.said, &paid.old, &new, &fs::read_to_string(paid.stage.conn()).unwrap());
}

fn the_agents_know_only_the_new_secrets(stage: &Stage, old: &[Coin], new: &[Coin]) {
    let book = AddressBook::parse(&fs::read_to_string(&stage.agents.file).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let authority = Authority::new(&book, Timing::default());
        let dead = authority.detect(old, &|_| {}).await;
        assert!(dead.pown.iter().all(|pown| pown.to_string() == "f".repeat(25)), "an old secret lives");
        let alive = authority.detect(new, &|_| {}).await;
        assert!(alive.pown.iter().all(|pown| pown.to_string() == "p".repeat(25)), "a new secret is not known");
    });
}

fn no_secret_was_said(said: &str, old: &[Coin], new: &[Coin], conn: &str) {
    let said = said.to_ascii_lowercase();
    for coin in old.iter().chain(new) {
        for an in coin.ans.iter() {
            assert!(!said.contains(an.to_hex().as_str()), "a secret of coin {} was printed", coin.sn.get());
        }
    }
    let key = conn.lines().find_map(|line| line.strip_prefix("key     = ")).unwrap();
    assert!(!said.contains(&key.to_ascii_lowercase()), "the file's key was printed");
}

#[test]
fn the_same_command_after_the_end_says_how_it_ended_and_pays_nothing() {
    let stage = Stage::with_coins("2x5,4x1");
    stage.pay(7);
    let again = stage.send(7).arg("--json").output().unwrap();
    let text = String::from_utf8_lossy(&again.stdout);
    assert_eq!(again.status.code(), Some(0), "{text}");
    assert!(text.contains(r#""status":"done""#), "{text}");
    let again = stage.receive().output().unwrap();
    assert_eq!(again.status.code(), Some(0));
    assert_eq!((stage.sender.total().unwrap(), stage.receiver.total().unwrap()), (7, 7));
    let other = stage.send(8).output().unwrap();
    assert_eq!(other.status.code(), Some(2), "{}", String::from_utf8_lossy(&other.stderr));
}

#[test]
fn history_and_balance_tell_what_happened() {
    let stage = Stage::with_coins("2x5,4x1");
    stage.pay(7);
    let history = stage.sender.command(Program::CoinWallet, &["history"]).output().unwrap();
    let text = String::from_utf8_lossy(&history.stdout);
    assert!(text.contains("sent") && text.contains('7'), "{text}");
    let balance = stage.sender.balance().unwrap();
    assert_eq!(balance["total"], 7);
    assert_eq!(balance["folders"]["Default/Bank"], 7);
}
