//! Coins that are broken and joined at the agents: whatever happens on the way, every home has what it had,
//! and the agents have in circulation what was minted.

use std::fs;
use std::io::BufRead;
use std::thread;
use std::time::Duration;

use coin::AGENTS;
use raida::api::Route;
use tests::process::Running;

use crate::between::Does;
use crate::coins::{Witness, owned, sum};
use crate::homes::ends_with;
use crate::stage::{ALL, Stage};
use crate::tried::{
    AGENTS_AWAY, ALWAYS, DONE, IN_FLIGHT, NOT_ENOUGH, Tried, circulates, fault, wallet, with_faults,
};

#[test]
fn fourteen_coins_of_250_pay_3439_and_61_are_left() {
    let stage = Stage::with_coins("14x250");
    stage.payment(ALL).pay();
    assert_eq!(stage.totals(), (61, ALL));
    assert_eq!(
        (sum(&owned(&stage.sender).unwrap()), sum(&owned(&stage.receiver).unwrap())),
        (61, ALL)
    );
    circulates(&stage.ground.agents, 3500);
}

#[test]
fn with_the_policy_of_joining_many_small_coins_are_paid_as_few() {
    let stage = Stage::with_coins("600x1");
    let path = stage.sender.dir.join("config.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("join_from = 100\n{config}")).unwrap();
    stage.payment(539).pay();
    assert_eq!(stage.totals(), (61, 539));
    let paid = owned(&stage.receiver).unwrap();
    assert!(paid.len() < 20, "{} coins", paid.len());
    circulates(&stage.ground.agents, 600);
}

#[test]
fn so_many_small_coins_that_they_are_3439_are_paid_as_few() {
    let stage = Stage::with_coins("3439x1");
    let path = stage.sender.dir.join("config.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("join_from = 100\n{config}")).unwrap();
    stage.payment(ALL).pay();
    assert_eq!(stage.totals(), (0, ALL));
    let paid = owned(&stage.receiver).unwrap();
    assert!(paid.len() < 40, "{} coins", paid.len());
    circulates(&stage.ground.agents, ALL);
}

#[test]
fn what_would_be_done_is_said_without_doing_it() {
    let stage = Stage::with_coins("1x250,6x1");
    let plan = ends_with(DONE, wallet(&stage.sender, &["change", "100", "--dry-run"]));
    assert!(plan.contains("a coin of 250"), "{plan}");
    assert!(plan.contains("1 coins would become"), "{plan}");
    let plan = ends_with(DONE, wallet(&stage.sender, &["join", "--all", "--dry-run"]));
    assert!(plan.contains("5×1 for 5"), "{plan}");
    let plan = ends_with(DONE, wallet(&stage.sender, &["change", "256", "--dry-run"]));
    assert!(plan.contains("nothing has to be exchanged"), "{plan}");
    ends_with(NOT_ENOUGH, wallet(&stage.sender, &["change", "257", "--dry-run"]));
    assert_eq!(owned(&stage.sender).unwrap().len(), 7);
    ends_with(NOT_ENOUGH, wallet(&stage.sender, &["change", "257"]));
    ends_with(DONE, wallet(&stage.sender, &["join", "--all"]));
    let coins = owned(&stage.sender).unwrap();
    assert_eq!((coins.len(), sum(&coins)), (3, 256));
    circulates(&stage.ground.agents, 256);
}

#[test]
fn with_12_agents_dead_change_is_made_and_with_13_nothing_is_begun() {
    let stage = with_faults("2x5");
    fault(&stage, "agent=0-11 kind=down");
    ends_with(DONE, wallet(&stage.sender, &["change", "3"]));
    let coins = owned(&stage.sender).unwrap();
    assert_eq!((coins.len(), sum(&coins)), (6, 10));
    // It goes on being asked for until one that lied among the 13 would not matter.
    let said = ends_with(DONE, wallet(&stage.sender, &["resume"]));
    assert!(said.contains("13 agents say") && said.contains("1 stay open"), "{said}");
    fault(&stage, "agent=0-12 kind=down");
    ends_with(AGENTS_AWAY, wallet(&stage.sender, &["change", "9"]));
    assert_eq!(stage.sender.total().unwrap(), 10);
    fault(&stage, "agent=0-24 kind=none");
    let said = ends_with(DONE, wallet(&stage.sender, &["resume"]));
    assert!(said.contains("nothing is left open"), "{said}");
    assert_eq!(stage.sender.total().unwrap(), 10);
    let payment = stage.payment(8);
    payment.pay();
    assert_eq!(stage.totals(), (2, 8));
}

#[test]
fn answers_that_are_lost_leave_an_exchange_undecided_until_resume_hears_them() {
    for does in [Does::LosesAnswer, Does::LosesRequest] {
        let tried = Tried::with_coins("1x25");
        tried.does(Route::Exchange, 0..13, does, ALWAYS);
        let said = ends_with(IN_FLIGHT, wallet(&tried.home, &["change", "7"]));
        let expected =
            "the exchange of 25 is not decided: 12 agents have executed it, 13 are silent";
        assert!(said.contains(expected), "{said}");
        assert_eq!(tried.home.total().unwrap(), 0, "neither side counts");
        assert_eq!(tried.home.balance().unwrap()["limbo"], 25);
        ends_with(IN_FLIGHT, wallet(&tried.home, &["change", "7"]));
        ends_with(IN_FLIGHT, wallet(&tried.home, &["resume"]));
        tried.between.is_good();
        ends_with(DONE, wallet(&tried.home, &["resume"]));
        assert_eq!(owned(&tried.home).unwrap().len(), 9);
        tried.has(25);
    }
}

#[test]
fn an_answer_of_each_agent_to_each_request_may_get_lost() {
    let tried = Tried::with_coins("1x250");
    let routes = [Route::MultiDetect, Route::ShowChange, Route::Reserve, Route::Exchange];
    for agent in 0..AGENTS {
        for (place, route) in routes.into_iter().enumerate() {
            tried.does(route, [agent], Does::LosesAnswer, 1);
            let command = match place % 2 {
                0 => wallet(&tried.home, &["change", &(100 + agent).to_string()]),
                _ => wallet(&tried.home, &["join", "--all"]),
            };
            ends_with(DONE, command);
            assert!(!tried.between.has_something_left(), "{route:?} never came to agent {agent}");
        }
    }
    tried.has(250);
    for route in routes {
        for does in [Does::LosesAnswer, Does::LosesRequest, Does::Refuses] {
            tried.does(route, 0..12, does, ALWAYS);
            ends_with(DONE, wallet(&tried.home, &["change", "1"]));
            tried.between.is_good();
            ends_with(DONE, wallet(&tried.home, &["resume"]));
            assert_eq!(sum(&owned(&tried.home).unwrap()), 250, "{route:?} {does:?}");
            ends_with(DONE, wallet(&tried.home, &["join", "--all"]));
        }
    }
}

#[test]
fn an_exchange_that_13_agents_refuse_is_taken_back() {
    let tried = Tried::with_coins("1x25");
    tried.does(Route::Exchange, 0..13, Does::Refuses, ALWAYS);
    let said = ends_with(NOT_ENOUGH, wallet(&tried.home, &["change", "7"]));
    assert!(said.contains("13 agents refuse the exchange of 25"), "{said}");
    assert_eq!(owned(&tried.home).unwrap().len(), 1);
    tried.has(25);
    tried.between.is_good();
    ends_with(DONE, wallet(&tried.home, &["change", "7"]));
    tried.has(25);
}

/// Starts to break a coin of 25, and kills the program when the agents have been asked for it.
fn killed_on_the_way(stage: &Stage) {
    fault(stage, "agent=0-24 kind=slow ms=400");
    let mut change =
        Running::start("change", &mut wallet(&stage.sender, &["change", "7"])).unwrap();
    let asked = change.stderr().unwrap().lines().map(Result::unwrap);
    assert!(asked.into_iter().any(|line| line.contains("a coin of 25")));
    change.kill().unwrap();
    fault(stage, "agent=0-24 kind=none");
}

#[test]
fn an_exchange_that_is_open_is_decided_before_the_next_payment() {
    let stage = with_faults("1x25");
    killed_on_the_way(&stage);
    let mut payment = stage.payment(7);
    // Not enough counts now; what is undecided is decided first.
    ends_with(DONE, wallet(&stage.sender, &["change", "7"]));
    payment.amount = 18;
    payment.pay();
    assert_eq!(stage.totals(), (7, 18));
    circulates(&stage.ground.agents, 25);
}

#[test]
fn a_change_that_is_killed_at_any_moment_ends_with_what_there_was() {
    let stage = Stage::with_coins("4x25");
    let mut undecided = 0;
    for (place, millis) in (0..12).map(|n| (n, 20 + 45 * n)) {
        let amount = (2 * place + 1).to_string();
        let mut change =
            Running::start("change", &mut wallet(&stage.sender, &["change", &amount])).unwrap();
        thread::park_timeout(Duration::from_millis(millis));
        change.kill().unwrap();
        undecided += usize::from(stage.sender.total().unwrap() < 100);
        ends_with(DONE, wallet(&stage.sender, &["resume"]));
        let coins = owned(&stage.sender).unwrap();
        assert_eq!(sum(&coins), 100, "after {millis} ms");
        Witness::of(&stage.ground.agents).unwrap().taken(&coins).unwrap();
        circulates(&stage.ground.agents, 100);
    }
    println!("{undecided} kills left an exchange undecided");
    ends_with(DONE, wallet(&stage.sender, &["join", "--all"]));
    ends_with(DONE, wallet(&stage.sender, &["resume"]));
    assert_eq!(sum(&owned(&stage.sender).unwrap()), 100);
}
