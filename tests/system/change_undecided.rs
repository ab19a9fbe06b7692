//! Exchanges that agents do not decide, do not take back, or take back late: in a payment and alone.

use coin::AGENTS;
use raida::api::Route;

use crate::between::Does;
use crate::coins::{Witness, owned, sum};
use crate::homes::{SHORT, coin_files, ends_with, resume, said_with};
use crate::stage::Payment;
use crate::tried::{
    AGENTS_AWAY, ALWAYS, DONE, IN_FLIGHT, NOT_ENOUGH, Tried, circulates, fault, wallet, with_faults,
};

const RETURNED: i32 = 20;

#[test]
fn a_payment_whose_change_is_not_decided_stops_and_the_same_is_paid_after_resume() {
    let tried = Tried::with_coins("1x25");
    let ground = &tried.ground;
    let mut payment = Payment {
        from: tried.home.clone(),
        to: ground.world.home("receiver", &ground.agents).unwrap(),
        conn: ground.world.dir.join("conn.txt"),
        relay: ground.relay.address.clone(),
        amount: 7,
    };
    for does in [Does::LosesAnswer, Does::LosesRequest] {
        tried.does(Route::Exchange, 0..13, does, ALWAYS);
        let (sender, receiver) = payment.start();
        let said = said_with(IN_FLIGHT, sender);
        for expected in ["12 agents have executed it, 13 are silent", "coin-wallet resume"] {
            assert!(said.contains(expected), "{said}");
        }
        said_with(RETURNED, receiver);
        assert_eq!(tried.home.balance().unwrap()["limbo"], 25);
        assert_eq!((tried.home.total().unwrap(), payment.to.total().unwrap()), (0, 0));
        ends_with(IN_FLIGHT, resume(&tried.home));
        tried.between.is_good();
        ends_with(DONE, resume(&tried.home));
        assert_eq!(sum(&owned(&tried.home).unwrap()), 25);
        payment.conn = ground.world.dir.join(format!("{does:?}.txt"));
        // One coin again, for the next payment that needs change.
        if does == Does::LosesAnswer {
            ends_with(DONE, wallet(&tried.home, &["join", "--all"]));
        }
    }
    payment.pay();
    assert_eq!((tried.home.total().unwrap(), payment.to.total().unwrap()), (18, 7));
    circulates(&ground.agents, 25);
}

#[test]
fn a_payment_that_needs_change_is_made_with_12_agents_dead_and_not_begun_with_13() {
    let stage = with_faults("2x25");
    fault(&stage, "agent=0-12 kind=down");
    let before = coin_files(&stage.sender);
    let payment = stage.payment(7);
    ends_with(AGENTS_AWAY, payment.send(SHORT));
    assert!(!payment.conn.exists(), "a file was written for a payment that never began");
    assert_eq!(coin_files(&stage.sender), before);
    fault(&stage, "agent=12 kind=none");
    payment.pay();
    assert_eq!(stage.totals(), (43, 7));
    fault(&stage, "agent=0-24 kind=none");
    ends_with(DONE, resume(&stage.sender));
    ends_with(DONE, resume(&stage.receiver));
    assert_eq!(stage.totals(), (43, 7));
    circulates(&stage.ground.agents, 50);
}

#[test]
fn an_exchange_that_was_called_back_and_stands_all_the_same_is_taken_over() {
    for silent in [0..0, 13..AGENTS] {
        let tried = Tried::with_coins("1x25");
        tried.does(Route::Exchange, 0..13, Does::Denies, ALWAYS);
        tried.also_does(Route::Cancel, 0..AGENTS, Does::Refuses);
        tried.also_does(Route::MultiDetect, silent, Does::LosesAnswer);
        let old = owned(&tried.home).unwrap();
        let said = ends_with(DONE, wallet(&tried.home, &["change", "7"]));
        assert!(said.contains("13 agents refuse the exchange of 25"), "{said}");
        assert_eq!(owned(&tried.home).unwrap().len(), 9);
        // What is still under way takes nothing back from coins with new secrets.
        tried.between.is_good();
        tried.has(25);
        Witness::of(&tried.ground.agents).unwrap().given_away(&old).unwrap();
    }
}

#[test]
fn an_answer_of_each_agent_to_a_cancellation_may_get_lost() {
    let tried = Tried::with_coins("1x25");
    for agent in 0..AGENTS {
        tried.does(Route::Exchange, (0..13).map(|n| (agent + n) % AGENTS), Does::Refuses, ALWAYS);
        tried.also_does(Route::Cancel, [agent], Does::LosesAnswer);
        ends_with(NOT_ENOUGH, wallet(&tried.home, &["change", "7"]));
        assert_eq!(tried.home.total().unwrap(), 25, "agent {agent}");
        tried.between.is_good();
        ends_with(DONE, wallet(&tried.home, &["resume"]));
    }
    for does in [Does::LosesAnswer, Does::LosesRequest] {
        tried.does(Route::Exchange, 0..13, Does::Refuses, ALWAYS);
        tried.also_does(Route::Cancel, 5..18, does);
        let said = ends_with(IN_FLIGHT, wallet(&tried.home, &["change", "7"]));
        assert!(said.contains("12 have taken it back or never will, 13 are silent"), "{said}");
        assert_eq!(tried.home.total().unwrap(), 0, "neither side counts");
        tried.between.is_good();
        ends_with(DONE, wallet(&tried.home, &["resume"]));
        assert_eq!(tried.home.total().unwrap(), 25);
    }
    assert_eq!(owned(&tried.home).unwrap().len(), 1);
    tried.has(25);
}
