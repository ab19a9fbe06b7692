//! Answers that get lost, programs that are killed, disks that are full and homes that are busy, in the middle
//! of find, fix and detect.

use std::os::unix::fs::symlink;
use std::process::Command;

use raida::api::Route;
use tests::process::Running;
use tests::programs::Program;
use tests::world::Home;

use super::damage::Damage;
use super::dropper::{Dropper, When};
use super::lost::put_in_limbo;
use super::{DONE, coins, faulty_stage, result, wallet};
use crate::coins::{Coins, Witness, owned, sum};
use crate::homes::{addresses, ask, coin_files, ends_with, nothing_is_in, resume};
use crate::speaker::Speaker;
use crate::stage::{Stage, WITHIN, quiet};

const FILE: i32 = 3;
const BUSY: i32 = 10;

/// A coin for each agent: whoever spoke for one keeps it as it is for some seconds.
const A_COIN_FOR_EACH: &str = "25x1";

/// Returns the n-th coin of a home.
fn nth(home: &Home, n: usize) -> Coins {
    owned(home).unwrap().into_iter().skip(n).take(1).collect()
}

/// Expects that all coins of a home are in Bank and held by all agents.
#[track_caller]
fn all_is_well(stage: &Stage, total: u64) {
    let home = &stage.sender;
    nothing_is_in(home, &["Default/Fracked", "Default/Limbo", "Default/Counterfeit"]);
    let coins = owned(home).unwrap();
    Witness::of(&stage.ground.agents).unwrap().alive(&coins).unwrap();
    assert_eq!((sum(&coins), home.total().unwrap()), (total, total));
}

/// Which answer of an agent gets lost while a coin is fixed.
#[derive(Clone, Copy, Debug)]
struct LostAnswer {
    route: Route,
    /// Which one for that route, from 0.
    nth: usize,
    /// Whether the agent itself refuses the coin, or another one that it speaks to.
    refused_by: Refusal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    ByIt,
    ByAnother,
}

const LOST_ANSWERS: [LostAnswer; 4] = [
    LostAnswer { route: Route::MultiDetect, nth: 0, refused_by: Refusal::ByIt },
    LostAnswer { route: Route::FixLost, nth: 0, refused_by: Refusal::ByIt },
    // A ticket is a health check that asks for one.
    LostAnswer { route: Route::MultiDetect, nth: 1, refused_by: Refusal::ByAnother },
    LostAnswer { route: Route::SuperFix, nth: 0, refused_by: Refusal::ByIt },
];

#[test]
fn an_answer_that_gets_lost_at_any_agent_costs_no_coin_and_no_work_by_hand() {
    let stage = faulty_stage(A_COIN_FOR_EACH);
    let (home, damage) = (&stage.sender, Damage::to(&stage.ground.agents));
    let addresses = addresses(&stage.ground.agents);
    for lost in LOST_ANSWERS {
        for agent in 0..addresses.len() {
            let refusing = if lost.refused_by == Refusal::ByIt { agent } else { (agent + 1) % 25 };
            let coin = owned(home).unwrap().into_iter().skip(agent).take(1).collect();
            damage.pown_away(&coin, [refusing]);
            ends_with(DONE, wallet(home, &["detect"]));
            let dropper = Dropper::before(&addresses[agent], lost.route, lost.nth);
            let mut theirs = addresses.clone();
            theirs[agent] = dropper.address().to_owned();
            ask(home, &theirs);
            let fixed = result(DONE, home, &["fix"]);
            assert!(dropper.has_lost(), "agent {agent}, {lost:?}: {fixed}");
            assert_eq!(coins(&fixed, "whole"), 1, "agent {agent}, {lost:?}: {fixed}");
            ask(home, &addresses);
        }
    }
    all_is_well(&stage, 25);
}

#[test]
fn an_answer_that_gets_lost_while_coins_are_looked_for_costs_none() {
    let stage = faulty_stage(A_COIN_FOR_EACH);
    let home = &stage.sender;
    let addresses = addresses(&stage.ground.agents);
    for route in [Route::FixLost, Route::MultiDetect] {
        for agent in 0..addresses.len() {
            put_in_limbo(home, &nth(home, 0));
            let dropper = Dropper::before(&addresses[agent], route, 0);
            let mut theirs = addresses.clone();
            theirs[agent] = dropper.address().to_owned();
            ask(home, &theirs);
            let found = result(DONE, home, &["find"]);
            assert!(dropper.has_lost(), "agent {agent}, {route:?}: {found}");
            assert_eq!(coins(&found, "whole"), 1, "agent {agent}, {route:?}: {found}");
            ask(home, &addresses);
        }
    }
    all_is_well(&stage, 25);
}

#[test]
fn an_answer_that_gets_lost_while_coins_are_looked_at_files_none_anew() {
    let stage = faulty_stage("2x1");
    let home = &stage.sender;
    let addresses = addresses(&stage.ground.agents);
    let before = coin_files(home);
    for agent in 0..addresses.len() {
        let dropper = Dropper::before(&addresses[agent], Route::MultiDetect, 0);
        let mut theirs = addresses.clone();
        theirs[agent] = dropper.address().to_owned();
        ask(home, &theirs);
        let checked = result(DONE, home, &["detect"]);
        assert!(dropper.has_lost() && coins(&checked, "whole") == 2, "agent {agent}: {checked}");
    }
    assert_eq!(coin_files(home), before);
}

/// Which request of `fix` and of `find` a program does not outlive.
const LAST_REQUESTS: [(&str, Route, usize); 6] = [
    ("fix", Route::MultiDetect, 0),
    ("fix", Route::MultiDetect, 1),
    ("fix", Route::SuperFix, 0),
    ("fix", Route::FixLost, 0),
    ("find", Route::FixLost, 0),
    ("find", Route::MultiDetect, 0),
];

#[test]
fn a_program_that_is_killed_while_it_mends_is_made_good_by_resume() {
    const AGENT: usize = 7;
    let stage = faulty_stage("12x1");
    let (home, damage) = (&stage.sender, Damage::to(&stage.ground.agents));
    let witness = Witness::of(&stage.ground.agents).unwrap();
    let addresses = addresses(&stage.ground.agents);
    let mut next = 0;
    for (word, route, request) in LAST_REQUESTS {
        for when in [When::Unheard, When::Done] {
            println!("{word}, request {request} for {route:?}, {when:?}");
            let coin = nth(home, next);
            next += 1;
            match (word, request) {
                ("find", _) => put_in_limbo(home, &coin),
                (_, 0) => damage.pown_away(&coin, [AGENT]),
                _ => damage.pown_away(&coin, [AGENT + 1]),
            }
            if word == "fix" {
                ends_with(DONE, wallet(home, &["detect"]));
            }
            let dropper = Dropper::killing(&addresses[AGENT], route, request, when);
            let mut theirs = addresses.clone();
            theirs[AGENT] = dropper.address().to_owned();
            ask(home, &theirs);
            let mut killed = Running::start("coin-wallet", &mut wallet(home, &[word])).unwrap();
            dropper.aim(killed.id());
            assert_eq!(killed.wait(WITHIN).unwrap().code(), None, "it was killed");
            if route == Route::SuperFix && when == When::Done {
                // What the agent was told to hold is in the coin's file.
                witness.owned(&owned(home).unwrap()).unwrap();
            }
            ask(home, &addresses);
            ends_with(DONE, resume(home));
            nothing_is_in(home, &["Default/Fracked", "Default/Limbo", "Default/Counterfeit"]);
        }
    }
    all_is_well(&stage, 12);
    let said = ends_with(DONE, resume(home));
    assert!(said.contains("nothing is left open"), "{said}");
}

#[test]
fn a_home_is_mended_by_one_program_at_a_time_and_looked_at_by_any() {
    let stage = faulty_stage("2x5,4x1");
    let home = &stage.sender;
    Damage::to(&stage.ground.agents).pown_away(&owned(home).unwrap(), [3]);
    ends_with(DONE, wallet(home, &["detect"]));
    let mut sender = Speaker::start("coin-send", stage.payment(14).send(60));
    sender.says("waiting for the other person");
    let before = coin_files(home);
    for word in ["find", "fix", "detect"] {
        let said = ends_with(BUSY, wallet(home, &[word]));
        assert!(said.contains("coin-send"), "the holder is named: {said}");
        ends_with(DONE, wallet(home, &[word, "--dry-run"]));
    }
    assert_eq!(coin_files(home), before);
}

#[test]
fn a_disk_that_is_full_before_the_agents_are_asked_stops_a_fix_at_no_risk() {
    let stage = faulty_stage("9x1");
    let (home, damage) = (&stage.sender, Damage::to(&stage.ground.agents));
    let program = stage.ground.world.dir.join(Program::CoinWallet.name());
    symlink(&home.world.all, &program).unwrap();
    let mut stopped = 0;
    for (n, blocks) in [0, 1, 2, 4, 8, 16, 32, 64, 1024].into_iter().enumerate() {
        damage.pown_away(&nth(home, n), [3, 4]);
        ends_with(DONE, wallet(home, &["detect"]));
        let mut command = Command::new("sh");
        let script = format!(r#"trap "" XFSZ; ulimit -f {blocks}; exec "$@""#);
        command.args(["-c", &script, "sh"]).arg(&program);
        command.args(wallet(home, &["fix"]).get_args());
        let output = Running::start("sh", &mut quiet(command)).unwrap().output(WITHIN).unwrap();
        match output.status.code() {
            Some(DONE) => {}
            code => {
                assert_eq!(code, Some(FILE), "{blocks} blocks: {output:?}");
                stopped += 1;
            }
        }
        assert_eq!(home.total().unwrap(), 9, "{blocks} blocks");
        ends_with(DONE, resume(home));
    }
    assert!((2..9).contains(&stopped), "{stopped} of 9 fixes were stopped");
    all_is_well(&stage, 9);
}
