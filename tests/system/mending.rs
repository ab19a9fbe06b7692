//! Coins that some agents refuse and coins of which nobody knows whose they are: find, fix and detect, alone,
//! in a payment and in `resume`, while agents are down, forget, and lose answers.

mod cut_off;
pub(crate) mod damage;
mod dropper;
mod lost;

use std::process::Command;

use serde_json::Value;
use tests::programs::Program;
use tests::world::{Home, World};

use self::damage::Damage;
use crate::coins::{Witness, owned};
use crate::homes::{
    addresses, ask, coin_files, coin_files_in, ends_with, nothing_is_in, resume, unreachable,
};
use crate::stage::{Ground, Stage, quiet, succeeds, world};

/// 14 in six coins.
const FEW_COINS: &str = "2x5,4x1";
/// Exit codes, as they are documented.
const DONE: i32 = 0;
const AGENTS: i32 = 9;
const PARTLY: i32 = 22;

/// Returns a command of the wallet's program.
fn wallet(home: &Home, words: &[&str]) -> Command {
    quiet(home.command(Program::CoinWallet, words))
}

/// Returns the object that a command ends with.
#[track_caller]
fn result(code: i32, home: &Home, words: &[&str]) -> Value {
    let mut command = wallet(home, words);
    command.arg("--json");
    let said = ends_with(code, command);
    let last = said.lines().rfind(|line| line.starts_with('{'));
    serde_json::from_str(last.unwrap_or_else(|| panic!("no object: {said}"))).unwrap()
}

/// Returns how many coins have a fate.
fn coins(result: &Value, fate: &str) -> u64 {
    result["fates"][fate]["coins"].as_u64().unwrap_or(0)
}

/// A ground whose agents take faults while they run, and a home with the coins of its first purse.
fn faulty_stage(coins: &str) -> Stage {
    let (folder, mut world) = world();
    world.agents_args = &["--faults"];
    Stage::on(Ground::in_world(folder, world, 1, coins, World::start_agents))
}

#[test]
fn coins_that_agents_forgot_are_seen_filed_and_fixed() {
    let stage = faulty_stage(FEW_COINS);
    let (home, damage) = (&stage.sender, Damage::to(&stage.ground.agents));
    damage.forget(0..12, 6);

    let planned = result(DONE, home, &["detect", "--dry-run"]);
    assert_eq!((planned["coins"].as_u64(), planned["requests"].as_u64()), (Some(6), Some(25)));
    let checked = result(DONE, home, &["detect"]);
    assert_eq!(coins(&checked, "settling"), 6, "{checked}");
    assert_eq!(coin_files_in(home, "Default/Fracked").len(), 6);
    assert_eq!(home.total().unwrap(), 14);

    let before = coin_files(home);
    let planned = result(DONE, home, &["fix", "--dry-run"]);
    assert_eq!(planned["requests"].as_u64(), Some(25 + 12 * 25 + 25));
    assert_eq!(coin_files(home), before, "a dry run changes nothing");

    let fixed = result(DONE, home, &["fix"]);
    assert_eq!(coins(&fixed, "whole"), 6, "{fixed}");
    nothing_is_in(home, &["Default/Fracked", "Default/Limbo", "Default/Counterfeit"]);
    assert_eq!(home.total().unwrap(), 14);
    Witness::of(&stage.ground.agents).unwrap().alive(&owned(home).unwrap()).unwrap();
    assert_eq!(coins(&result(DONE, home, &["fix"]), "whole"), 0, "nothing is left to fix");
}

#[test]
fn with_12_agents_down_what_the_others_refuse_is_fixed_and_the_rest_follows_when_they_are_back() {
    let stage = faulty_stage(FEW_COINS);
    let home = &stage.sender;
    let addresses = addresses(&stage.ground.agents);
    Damage::to(&stage.ground.agents).pown_away(&owned(home).unwrap(), [24]);
    ask(home, &unreachable(&addresses, 11));
    let checked = result(DONE, home, &["detect"]);
    assert_eq!(coins(&checked, "settling"), 6, "{checked}");
    let fixed = result(PARTLY, home, &["fix"]);
    assert_eq!(coins(&fixed, "settling"), 6, "14 agents hold them now: {fixed}");

    ask(home, &unreachable(&addresses, 13));
    let before = coin_files(home);
    ends_with(AGENTS, wallet(home, &["fix"]));
    assert_eq!(coin_files(home), before, "without 13 agents nothing is changed");

    ask(home, &addresses);
    ends_with(DONE, resume(home));
    nothing_is_in(home, &["Default/Fracked", "Default/Limbo", "Default/Counterfeit"]);
    Witness::of(&stage.ground.agents).unwrap().alive(&owned(home).unwrap()).unwrap();
}

#[test]
fn an_import_that_agents_missed_is_healed_by_resume() {
    let ground = Ground::with_purses(1, FEW_COINS);
    let home = ground.world.home("one", &ground.agents).unwrap();
    let addresses = addresses(&ground.agents);
    ask(&home, &unreachable(&addresses, 12));
    home.import(&ground.purses[0]).unwrap();
    assert_eq!(coin_files_in(&home, "Default/Fracked").len(), 6);
    ask(&home, &addresses);
    // The giver knows what 12 agents still hold: they are told the new secrets.
    ends_with(DONE, resume(&home));
    nothing_is_in(&home, &["Default/Fracked", "Default/Limbo", "Default/Counterfeit"]);
    Witness::of(&ground.agents).unwrap().alive(&owned(&home).unwrap()).unwrap();
}

#[test]
fn a_payment_fixes_what_agents_refuse_before_the_coins_leave() {
    let stage = faulty_stage(FEW_COINS);
    let damage = Damage::to(&stage.ground.agents);
    damage.pown_away(&owned(&stage.sender).unwrap(), 3..9);
    let (sender, receiver) = stage.payment(14).start();
    let paid = succeeds(sender);
    succeeds(receiver);
    assert!(paid.contains("6 coins worth 14 are fixed"), "{paid}");
    assert_eq!(stage.totals(), (0, 14));
    nothing_is_in(&stage.receiver, &["Default/Fracked", ".Receiver/Fracked"]);
}

#[test]
fn a_home_from_a_backup_is_unverified_until_the_agents_were_asked() {
    let stage = faulty_stage(FEW_COINS);
    let home = &stage.sender;
    let backup = Home { world: home.world.clone(), dir: home.dir.with_extension("backup") };
    let copied = Command::new("cp").arg("-a").arg(&home.dir).arg(&backup.dir).status().unwrap();
    assert!(copied.success());
    let is_verified = |home: &Home| result(DONE, home, &["balance"])["verified"].clone();
    assert_eq!((is_verified(home), is_verified(&backup)), (true.into(), false.into()));
    let said = ends_with(DONE, wallet(&backup, &["resume"]));
    assert!(said.contains("its coins are unverified") && said.contains("detect"), "{said}");
    // With too few agents nothing is verified.
    let all = addresses(&stage.ground.agents);
    ask(&backup, &unreachable(&all, 13));
    ends_with(AGENTS, wallet(&backup, &["detect"]));
    assert_eq!(is_verified(&backup), false);
    ask(&backup, &all);
    assert_eq!(coins(&result(DONE, &backup, &["detect"]), "whole"), 6);
    assert_eq!(is_verified(&backup), true);
}
