//! `--json`: every line on stdout is an object of version 1, and nothing a person says or a peer sends
//! can be taken for one.

use std::collections::BTreeSet;

use protocol::message::Number;
use serde_json::Value;
use tests::programs::Program;
use tests::world::Home;

use crate::conn_files::wait_for;
use crate::said::{Said, run, start};
use crate::town::town;

/// Every line as an object of version 1.
fn objects(said: &Said) -> Vec<Value> {
    let lines = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let objects: Vec<Value> = lines.collect();
    assert!(objects.iter().all(|object| object.is_object() && object["v"] == 1), "{said:#?}");
    objects
}

fn wallet(home: &Home, words: &[&str]) -> Vec<Value> {
    objects(&run(home.command(Program::CoinWallet, words).arg("--json")).exits(0))
}

#[test]
fn a_transfer_is_told_in_objects_on_both_sides() {
    let town = town();
    let (sender, receiver) = (town.home_with(&[5, 1, 1]), town.home());
    let conn = town.path("conn.txt");
    let sending =
        start(town.send(&sender, 7, &conn).args(["--wait", "30", "--json", "--memo", "{\"v\":1}"]));
    wait_for(&conn);
    let received = run(town.receive(&receiver, &conn).args(["--wait", "30", "--json"])).exits(0);
    let sent = sending.ends().exits(0);
    for said in [&sent, &received] {
        let last = said.objects().pop().unwrap();
        assert_eq!(last["event"], "result", "{last}");
        assert_eq!((&last["status"], &last["exit"]), (&"done".into(), &0.into()), "{last}");
        assert_eq!((&last["amount"], &last["owned"]), (&7.into(), &7.into()), "{last}");
        assert_eq!(last["transfer"].as_str().unwrap().len(), 32, "{last}");
    }
    let numbers = |said: &Said, dir: &str| -> BTreeSet<u64> {
        let messages = said.objects().into_iter().filter(|object| object["event"] == "message");
        messages.filter(|object| object["dir"] == dir).map(|object| named(&object)).collect()
    };
    assert_eq!(numbers(&sent, "out"), numbers(&received, "in"));
    assert_eq!(numbers(&sent, "in"), numbers(&received, "out"));
    assert!(numbers(&sent, "out").contains(&24) && numbers(&sent, "in").contains(&17));
}

/// The number of a message object, which has to bear its name.
fn named(object: &Value) -> u64 {
    let number = object["no"].as_u64().unwrap();
    assert_eq!(object["name"], Number::from_wire(number).unwrap().wire_name());
    number
}

#[test]
fn the_wallet_answers_in_objects() {
    let town = town();
    let home = Home { world: town.world.clone(), dir: town.path("home") };
    let agents = town.agents.file.to_str().unwrap();
    for _ in 0..2 {
        let made = wallet(&home, &["init", "--agents", agents]).pop().unwrap();
        assert_eq!((&made["event"], &made["exit"]), (&"result".into(), &0.into()));
    }
    assert_eq!(wallet(&home, &["history"]), Vec::<Value>::new());
    let coins = town.coin_file(&[5, 1]);
    let imported = wallet(&home, &["import", coins.to_str().unwrap()]).pop().unwrap();
    assert_eq!((&imported["status"], &imported["owned"]), (&"done".into(), &6.into()));
    let [balance] = &wallet(&home, &["balance"])[..] else { panic!("one balance") };
    for (name, amount) in [("total", 6), ("in_flight", 0), ("limbo", 0), ("suspect", 0)] {
        assert_eq!(balance[name], amount, "{balance}");
    }
    assert_eq!(balance["folders"]["Default/Bank"], 6);
    let [history] = &wallet(&home, &["history"])[..] else { panic!("one import") };
    assert_eq!((&history["kind"], &history["owned"]), (&"import".into(), &6.into()));
    let resumed = wallet(&home, &["resume"]).pop().unwrap();
    assert_eq!((&resumed["open"], &resumed["exit"]), (&0.into(), &0.into()));
}

#[test]
fn a_closed_stdout_is_the_readers_choice() {
    let home = town().home_with(&[5]);
    for words in [&["balance"][..], &["history"], &["resume"], &["balance", "--json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = home.command(Program::CoinWallet, words);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
    }
}
