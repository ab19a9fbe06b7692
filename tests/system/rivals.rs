//! Exchanges whose serial numbers somebody else takes, and those of coins that some agents refuse.

use std::fs;
use std::path::Path;

use coin::exchange::{Answer, Request};
use coin::{AGENTS, AnSet, Coin, SerialNumber};
use raida::api::{Form, Route, read_reservation};
use raida::{AddressBook, Authority, Timing, Trade, TradeKey};
use tests::world::Agents;
use tokio::runtime::Runtime;

use crate::between::Does;
use crate::coins::{Witness, coins_below, owned, random_an, sum};
use crate::homes::{coin_files_in, ends_with, nothing_is_in};
use crate::mending::damage::Damage;
use crate::tried::{ALWAYS, DONE, IN_FLIGHT, NOT_ENOUGH, Tried, circulates, wallet};

/// Somebody with a coin of 25 who breaks it into the numbers that another one wanted.
struct Rival {
    trade: Trade,
    authority: Authority,
    runtime: Runtime,
}

impl Rival {
    fn of(agents: &Agents, purse: &Path, numbers: &[SerialNumber]) -> Rival {
        let outputs = numbers
            .iter()
            .map(|sn| Coin { sn: *sn, ans: AnSet::from_fn(|_| random_an()) })
            .collect();
        let key = TradeKey::from_bytes(rand::random());
        let trade = Trade::new(key, coins_below(purse).unwrap(), outputs).unwrap();
        let book = AddressBook::parse(&fs::read_to_string(&agents.file).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Rival { trade, authority: Authority::new(&book, Timing::default()), runtime }
    }

    /// Asks all agents; returns at how many it was done, and at how many it never will be.
    fn asks(&self, request: Request) -> (usize, usize) {
        let all: Vec<usize> = (0..AGENTS).collect();
        let said = self.runtime.block_on(self.authority.trade(request, &self.trade, &all));
        let count = |is: fn(&Answer) -> bool| said.iter().filter(|answer| is(answer)).count();
        (
            count(|answer| matches!(answer, Answer::Executed(_))),
            count(|answer| *answer == Answer::Cancelled),
        )
    }
}

/// Breaks a coin of 25 whose numbers so many agents do not keep, and returns a rival for them. Nobody has
/// executed anything when it returns.
fn overtaken(tried: &Tried, forgetful: usize) -> Rival {
    tried.does(Route::Reserve, 0..forgetful, Does::Pretends, ALWAYS);
    tried.also_does(Route::Exchange, 0..AGENTS, Does::LosesRequest);
    ends_with(IN_FLIGHT, wallet(&tried.home, &["change", "7"]));
    let body = tried.between.last_body(Route::Reserve);
    let (_, reservation) = read_reservation(&Form::parse(&body).unwrap()).unwrap();
    Rival::of(&tried.ground.agents, &tried.ground.purses[1], reservation.numbers())
}

#[test]
fn numbers_that_a_rival_takes_at_12_agents_are_exchanged_at_the_others() {
    let tried = Tried::with_purses(2, "1x25");
    let rival = overtaken(&tried, 12);
    assert_eq!(rival.asks(Request::Exchange), (12, 0));
    tried.between.is_good();
    ends_with(DONE, wallet(&tried.home, &["resume"]));
    let coins = owned(&tried.home).unwrap();
    assert_eq!((coins.len(), sum(&coins)), (9, 25));
    Witness::of(&tried.ground.agents).unwrap().taken(&coins).unwrap();
    // The rival's coins are no coins: it takes its own back, and then the 12 agents follow.
    assert_eq!(rival.asks(Request::Cancel), (0, 25));
    ends_with(DONE, wallet(&tried.home, &["resume"]));
    nothing_is_in(&tried.home, &["Default/Fracked", "Default/Limbo", "Default/Counterfeit"]);
    circulates(&tried.ground.agents, 50);
}

#[test]
fn numbers_that_a_rival_takes_at_13_agents_are_given_up() {
    let tried = Tried::with_purses(2, "1x25");
    let rival = overtaken(&tried, 13);
    assert_eq!(rival.asks(Request::Exchange), (13, 0));
    tried.between.is_good();
    let said = ends_with(DONE, wallet(&tried.home, &["resume"]));
    assert!(said.contains("13 agents refuse the exchange of 25"), "{said}");
    assert_eq!(owned(&tried.home).unwrap().len(), 1);
    assert_eq!(rival.asks(Request::Exchange), (25, 0), "its numbers are free everywhere again");
    ends_with(DONE, wallet(&tried.home, &["change", "7"]));
    assert_eq!(owned(&tried.home).unwrap().len(), 9);
    ends_with(DONE, wallet(&tried.home, &["resume"]));
    Witness::of(&tried.ground.agents).unwrap().alive(&owned(&tried.home).unwrap()).unwrap();
    circulates(&tried.ground.agents, 50);
}

#[test]
fn numbers_that_no_agent_keeps_any_more_are_exchanged_all_the_same() {
    let tried = Tried::with_coins("1x25");
    tried.does(Route::Reserve, 0..AGENTS, Does::Pretends, ALWAYS);
    ends_with(DONE, wallet(&tried.home, &["change", "7"]));
    assert_eq!(owned(&tried.home).unwrap().len(), 9);
    tried.between.is_good();
    tried.has(25);
}

#[test]
fn a_pool_without_small_coins_breaks_no_coin() {
    let tried = Tried::with_coins("1x25");
    let before = coin_files_in(&tried.home, "Default");
    tried.does(Route::ShowChange, 0..13, Does::Pretends, ALWAYS);
    let said = ends_with(NOT_ENOUGH, wallet(&tried.home, &["change", "7"]));
    assert!(said.contains("free serial numbers"), "{said}");
    assert_eq!(coin_files_in(&tried.home, "Default"), before);
    tried.does(Route::ShowChange, 0..12, Does::Pretends, ALWAYS);
    ends_with(DONE, wallet(&tried.home, &["change", "7"]));
    assert_eq!(owned(&tried.home).unwrap().len(), 9);
    tried.between.is_good();
    tried.has(25);
}

#[test]
fn a_coin_that_12_agents_refuse_is_broken_where_it_is_held_and_then_fixed() {
    let tried = Tried::with_coins("1x25");
    Damage::to(&tried.ground.agents).pown_away(&owned(&tried.home).unwrap(), 0..12);
    ends_with(DONE, wallet(&tried.home, &["change", "7"]));
    let coins = owned(&tried.home).unwrap();
    assert_eq!((coins.len(), sum(&coins)), (9, 25));
    ends_with(DONE, wallet(&tried.home, &["resume"]));
    ends_with(DONE, wallet(&tried.home, &["fix"]));
    Witness::of(&tried.ground.agents).unwrap().alive(&owned(&tried.home).unwrap()).unwrap();
    tried.has(25);
}

#[test]
fn a_coin_that_is_somebody_elses_is_not_broken_but_another_one() {
    for (coins, code, left) in [("2x25", DONE, 10), ("1x25,1x5", NOT_ENOUGH, 2)] {
        let tried = Tried::with_coins(coins);
        let mut bad = owned(&tried.home).unwrap();
        let first = *bad.keys().next_back().unwrap();
        bad.retain(|sn, _| *sn == first);
        Damage::to(&tried.ground.agents).pown_away(&bad, 0..AGENTS);
        ends_with(code, wallet(&tried.home, &["change", "7"]));
        let after = owned(&tried.home).unwrap();
        assert_eq!(after.len(), left);
        assert!(after.contains_key(&first), "its file is left to detect");
        circulates(&tried.ground.agents, if code == DONE { 50 } else { 30 });
    }
}
