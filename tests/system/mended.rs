//! Promises that were once broken: too few agents, agents of another money, a coin booked twice, a
//! person who stops in the middle, a receiver who never came.

use std::fs;
use std::path::{Path, PathBuf};

use protocol::room::Side;
use rustix::process::Signal;
use tests::process::Running;

use crate::ear::Ear;
use crate::homes::{
    Abroad, SHORT, addresses, ask, coin_files, coin_files_in, copy, ends_with, import,
    nothing_is_in, old_name, resume, said_with, unreachable,
};
use crate::speaker::Speaker;
use crate::stage::{Ground, Stage, WITHIN, succeeds, world};
use crate::wire::{Said, What};

/// 14 in six coins.
const FEW_COINS: &str = "2x5,4x1";
/// Agents without which nobody owns anything: 12 are left.
const TOO_MANY: usize = 13;
/// The agent that was restored from an old backup.
const FORGETFUL: &str = "agent-24";
/// Exit codes, as they are documented.
const DONE: i32 = 0;
const FILE: i32 = 3;
const PEER_AWAY: i32 = 5;
const DIFFER: i32 = 6;
const AGENTS: i32 = 9;
const RETURNED: i32 = 20;
const IN_FLIGHT: i32 = 21;

#[test]
fn coins_of_an_open_import_are_not_imported_a_second_time() {
    let ground = Ground::with_purses(1, FEW_COINS);
    let home = ground.world.home("one", &ground.agents).unwrap();
    let addresses = addresses(&ground.agents);
    ask(&home, &unreachable(&addresses, TOO_MANY));
    ends_with(AGENTS, import(&home, &ground.purses[0]));
    let waiting = coin_files(&home);
    for agents in [unreachable(&addresses, TOO_MANY), addresses] {
        ask(&home, &agents);
        let said = ends_with(FILE, import(&home, &ground.purses[0]));
        assert!(said.contains("import") && said.contains("is open"), "{said}");
        assert_eq!(coin_files(&home), waiting);
        assert_eq!(home.total().unwrap(), 0);
    }

    ends_with(DONE, resume(&home));
    assert_eq!(home.total().unwrap(), 14);
    nothing_is_in(&home, &["Default/Limbo", "Default/Counterfeit", "Default/Suspect"]);
}

#[test]
fn a_batch_with_coins_that_the_receiver_has_booked_is_taken() {
    let stage = Stage::with_coins(FEW_COINS);
    let bank = coin_files_in(&stage.sender, "Default/Bank");
    let folders = ["Default/Limbo", "Default/Bank"];
    let copies: Vec<PathBuf> = bank
        .iter()
        .zip(folders)
        .map(|((file, text), folder)| {
            let copy = Path::new(folder).join(old_name(file));
            fs::write(stage.receiver.dir.join(&copy), text).unwrap();
            copy
        })
        .collect();
    assert_eq!(copies.len(), 2);
    stage.payment(14).pay();
    assert_eq!(stage.totals(), (0, 14));
    let aside = coin_files_in(&stage.receiver, "Default/Suspect");
    for ((_, text), copy) in bank.iter().zip(&copies) {
        assert!(!stage.receiver.dir.join(copy).exists(), "{} is booked", copy.display());
        let kept = Path::new("Default/Suspect").join(copy.file_name().unwrap());
        assert_eq!(aside.get(&kept), Some(text), "{}", kept.display());
    }
    assert_eq!(aside.len(), 2);
    nothing_is_in(&stage.receiver, &["Default/Limbo", "Default/Counterfeit"]);
}

#[test]
fn an_attempt_that_12_agents_miss_and_one_denies_moves_no_coin() {
    let (folder, world) = world();
    let backup = world.dir.join("backup");
    let mut ground = Ground::in_world(folder, world, 1, FEW_COINS, |world| {
        copy(&world.data().join(FORGETFUL), &backup);
        world.start_agents()
    });
    let (from, to) = ground.homes(&ground.world.dir, &ground.purses[0]).unwrap();
    ground.agents.process.kill().unwrap();
    let forgetful = ground.world.data().join(FORGETFUL);
    fs::remove_dir_all(&forgetful).unwrap();
    copy(&backup, &forgetful);
    ground.agents = ground.world.start_agents().unwrap();
    let addresses = addresses(&ground.agents);
    ask(&to, &addresses);
    ask(&from, &unreachable(&addresses, TOO_MANY - 1));

    let stage = Stage { ground, sender: from, receiver: to };
    let before = coin_files(&stage.sender);
    let (sender, receiver) = stage.payment(14).start();
    let refused = said_with(RETURNED, sender);
    said_with(RETURNED, receiver);
    assert!(refused.contains("6 are left out"), "{refused}");
    assert_eq!(coin_files(&stage.sender), before, "{refused}");
    assert_eq!(stage.totals(), (14, 0), "{refused}");

    ask(&stage.sender, &addresses);
    let mut payment = stage.payment(14);
    payment.conn = stage.ground.world.dir.join("again.txt");
    let (sender, receiver) = payment.start();
    let paid = succeeds(sender);
    succeeds(receiver);
    assert!(paid.contains("6 coins worth 14 are fixed"), "{paid}");
    assert_eq!(stage.totals(), (0, 14));
}

#[test]
fn agents_of_another_network_say_nothing_about_the_coins_of_a_home() {
    let ground = Ground::with_purses(3, FEW_COINS);
    let (from, to) = ground.homes(&ground.world.dir, &ground.purses[0]).unwrap();
    let abroad = Abroad::beside(&ground.world);
    let addresses = addresses(&ground.agents);
    ask(&from, &unreachable(&addresses, TOO_MANY));
    ends_with(AGENTS, import(&from, &ground.purses[1]));
    let stage = Stage { ground, sender: from, receiver: to };
    let (home, payment) = (&stage.sender, stage.payment(14));
    let before = coin_files(home);

    ask(home, &abroad.addresses);
    let sent = ends_with(DIFFER, payment.send(SHORT));
    let imported = ends_with(DIFFER, import(home, &stage.ground.purses[2]));
    let resumed = ends_with(IN_FLIGHT, resume(home));
    for said in [sent, imported, resumed] {
        abroad.is_told_from(home, &said);
    }
    assert!(!payment.conn.exists(), "a file was written for a payment that never began");
    assert_eq!(coin_files(home), before);

    ask(home, &addresses);
    ends_with(DONE, resume(home));
    ends_with(DONE, import(home, &stage.ground.purses[2]));
    payment.pay();
    assert_eq!(stage.totals(), (28, 14));
    nothing_is_in(home, &["Default/Limbo", "Default/Counterfeit", "Default/Suspect"]);
}

#[test]
fn coins_in_flight_are_not_lost_to_agents_of_another_network() {
    let stage = Stage::with_coins(FEW_COINS);
    let abroad = Abroad::beside(&stage.ground.world);
    let addresses = addresses(&stage.ground.agents);
    let powning = Said { what: What::Message(16), by: Side::R };
    let ear = Ear::signalling(&stage.ground.relay.address, powning, Signal::KILL);
    let mut payment = stage.payment(14);
    payment.relay = ear.address();
    let (sender, mut receiver) = payment.start();
    ear.aim(&receiver);
    receiver.wait(WITHIN).unwrap();
    sender.signal(Signal::TERM).unwrap();
    said_with(IN_FLIGHT, sender);

    let homes = [&stage.sender, &stage.receiver];
    let before = homes.map(coin_files);
    for home in homes {
        ask(home, &abroad.addresses);
        let said = ends_with(IN_FLIGHT, resume(home));
        abroad.is_told_from(home, &said);
        assert!(said.contains("of another network than the coins"), "{said}");
    }
    assert_eq!(homes.map(coin_files), before);

    homes.iter().for_each(|home| ask(home, &addresses));
    let both = homes.map(|home| Running::start("coin-wallet", &mut resume(home)).unwrap());
    both.into_iter().for_each(|program| drop(succeeds(program)));
    assert_eq!(stage.totals(), (0, 14));
    nothing_is_in(&stage.receiver, &[".Receiver/Limbo", ".Receiver/Counterfeit"]);
}

#[test]
fn a_sender_that_is_interrupted_as_its_coins_move_can_pay_with_all_of_them() {
    let stage = Stage::with_coins(FEW_COINS);
    let before = coin_files(&stage.sender);
    for number in [8, 9] {
        let at = Said { what: What::Message(number), by: Side::S };
        let ear = Ear::signalling(&stage.ground.relay.address, at, Signal::INT);
        let mut payment = stage.payment(14);
        payment.relay = ear.address();
        payment.conn = stage.ground.world.dir.join(format!("{number}.txt"));
        let (sender, receiver) = payment.start();
        ear.aim(&sender);
        said_with(RETURNED, sender);
        said_with(RETURNED, receiver);
        assert_eq!(stage.totals(), (14, 0), "{at}");
        assert_eq!(coin_files(&stage.sender), before, "{at}");
    }
    stage.payment(14).pay();
    assert_eq!(stage.totals(), (0, 14));
}

#[test]
fn a_payment_that_nobody_came_for_is_made_by_the_same_command_only() {
    let stage = Stage::with_coins(FEW_COINS);
    let payment = stage.payment(14);
    ends_with(PEER_AWAY, payment.send(SHORT));
    let mut receiver = Speaker::start("coin-receive", payment.receive(60));
    receiver.says("waiting for the other person");
    let said = ends_with(DONE, resume(&stage.sender));
    assert!(said.contains("only coin-send"), "{said}");
    assert!(receiver.program.ended().unwrap().is_none(), "the receiver waits on");
    assert_eq!(stage.totals(), (14, 0));
    ends_with(DONE, payment.send(60));
    receiver.succeeds();
    assert_eq!(stage.totals(), (0, 14));
}

#[test]
fn a_damaged_coin_file_keeps_no_other_coin_from_being_paid() {
    let stage = Stage::with_coins("1x5,5x1");
    let bank = stage.sender.dir.join("Default/Bank");
    let files = fs::read_dir(&bank).unwrap().map(|file| file.unwrap().path());
    let is_five = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().starts_with("5.");
    let five = files.into_iter().find(is_five).unwrap();
    // The one coin of the fewest that make the amount.
    fs::write(&five, b"{\"cloudcoin\": [").unwrap();
    stage.payment(5).pay();
    assert_eq!(stage.receiver.total().unwrap(), 5);
    assert!(five.exists(), "the damaged file is left for the person");
}
