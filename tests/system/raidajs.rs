//! raidajs, a client of the agents that was not written here: what it asks, it is answered as it expects,
//! and the coins that it owns are owned for us.

mod scene;

use std::collections::BTreeMap;
use std::fs;

use coin::{AGENTS, Coin, Letter, PownString, SerialNumber, StoredCoin};
use serde_json::{Value, json};

use self::scene::{Scene, counterfeit, results, verdicts};
use crate::coins::{Coins, Witness, owned};

/// All denominations, and enough coins for every state.
const COINS: &str = "2x250,2x100,2x25,2x5,4x1";

/// Agents that refuse a fracked coin. raidajs calls a coin its own at 14 agents and counterfeit when 12
/// refuse it; our wallet owns it at 13.
const ONE: [usize; 1] = [7];
const CORNERS: [usize; 4] = [0, 4, 20, 24];
const ELEVEN: [usize; 11] = [1, 2, 3, 5, 8, 9, 13, 14, 17, 21, 23];
const TWELVE: [usize; 12] = [0, 1, 2, 3, 6, 8, 9, 13, 15, 17, 21, 24];

#[test]
fn raidajs_finds_all_25_agents_ready() {
    let Some(scene) = Scene::with_coins("1x1") else { return };
    let answer = scene.raidajs("echo", &[]);
    assert_eq!((&answer["onlineServers"], &answer["totalServers"]), (&json!(25), &json!(25)));
}

#[test]
fn coins_that_raidajs_powns_get_their_verdicts_and_are_owned_for_our_wallet() {
    let Some(scene) = Scene::with_coins(COINS) else { return };
    let mut coins = scene.coins.clone();
    let mut expected: BTreeMap<u32, (String, String)> =
        coins.iter().map(|coin| expectation(coin, "authentic", &[])).collect();
    let fracked: [(usize, &str, &[usize]); 4] = [
        (0, "fracked", &ONE),
        (3, "fracked", &CORNERS),
        (6, "fracked", &ELEVEN),
        (9, "counterfeit", &TWELVE),
    ];
    for (coin, verdict, agents) in fracked {
        agents.iter().for_each(|agent| scene.frack(&coins[coin], *agent));
        expected.extend([expectation(&coins[coin], verdict, agents)]);
    }
    let genuine = coins.len();
    // A serial number that is in circulation, with other secrets, and one that is not.
    let known = coins.remove(1);
    let unknown = free_serial_number(&scene);
    let all: Vec<usize> = (0..AGENTS).collect();
    for fake in [counterfeit(known.sn), counterfeit(unknown)] {
        expected.extend([expectation(&fake, "counterfeit", &all)]);
        coins.push(fake);
    }

    let answer = scene.raidajs("pown", &coins);
    assert_eq!(verdicts(&answer), expected);

    let witness = Witness::of(&scene.agents).unwrap();
    witness.alive(&as_stored(&[known])).unwrap();
    let old: Vec<Coin> = coins[..genuine - 1].to_vec();
    witness.dead(&as_stored(&old)).unwrap();

    // The file of a program around raidajs: the coins as it returns them, all that are ours.
    let ours = |sn: &Value| old.iter().any(|coin| *sn == coin.sn.get());
    let kept = |coin: &&Value| ours(&coin["sn"]);
    let kept: Vec<&Value> = results(&answer).into_iter().filter(kept).collect();
    let file = scene.world.dir.join("raidajs.stack");
    fs::write(&file, json!({ "cloudcoin": kept }).to_string()).unwrap();
    let home = scene.world.home("home", &scene.agents).unwrap();
    home.import(&file).unwrap();
    let booked = owned(&home).unwrap();
    assert!(booked.keys().eq(old.iter().map(|coin| &coin.sn)), "{:?}", booked.keys());
    witness.taken(&booked).unwrap();
}

#[test]
fn a_health_check_of_raidajs_changes_nothing() {
    let Some(scene) = Scene::with_coins("1x250,2x1") else { return };
    let coins = &scene.coins;
    scene.frack(&coins[1], 12);
    let expected = BTreeMap::from([
        expectation(&coins[0], "authentic", &[]),
        expectation(&coins[1], "fracked", &[12]),
        expectation(&coins[2], "authentic", &[]),
    ]);
    for _ in 0..2 {
        assert_eq!(verdicts(&scene.raidajs("detect", coins)), expected);
    }
    let whole = [coins[0].clone(), coins[2].clone()];
    Witness::of(&scene.agents).unwrap().alive(&as_stored(&whole)).unwrap();
}

#[test]
fn raidajs_gets_tickets_from_all_agents_that_hold_the_coin() {
    let Some(scene) = Scene::with_coins("1x25") else { return };
    scene.frack(&scene.coins[0], 3);
    let answer = scene.raidajs("tickets", &scene.coins);
    let tickets: Vec<&str> = answer["tickets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ticket| ticket.as_str().unwrap())
        .collect();
    assert_eq!(tickets.len(), 25);
    for (agent, ticket) in tickets.into_iter().enumerate() {
        let is_ticket = ticket.len() == 44 && ticket.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(if agent == 3 { ticket == "error" } else { is_ticket }, "agent {agent}: {ticket}");
    }
}

#[test]
fn raidajs_fixes_coins_with_four_neighbours_where_the_rules_of_v1_are_allowed() {
    mends(&["--v1-fix"], &[&ONE, &CORNERS, &[], &[2, 22]], "fixed");
}

#[test]
fn raidajs_fixes_nothing_with_four_neighbours_elsewhere() {
    mends(&[], &[&ONE, &CORNERS], "fracked");
}

#[test]
fn raidajs_fixes_coins_that_six_agents_in_a_row_refuse_with_all_others() {
    mends(&[], &[&[5, 6, 7, 8, 9, 10], &[0, 1, 2, 3, 4, 5]], "fixed");
}

/// Lets raidajs pown coins that these agents refuse, and then fix them; expects this result of each that
/// was fracked.
#[track_caller]
fn mends(args: &'static [&'static str], refused_by: &[&[usize]], result: &'static str) {
    let Some(scene) = Scene::with_agents(COINS, args) else { return };
    let coins = &scene.coins[..refused_by.len()];
    for (coin, agents) in coins.iter().zip(refused_by) {
        agents.iter().for_each(|agent| scene.frack(coin, *agent));
    }
    let powned = scene.raidajs("pown", coins);
    let fracked: Vec<&Value> =
        results(&powned).into_iter().filter(|coin| coin["result"] == "fracked").collect();
    let fixed = scene.raidajs_with(&json!({ "call": "fix", "coins": fracked }));
    let is_fracked = |(_, agents): &(&Coin, &&[usize])| !agents.is_empty();
    let expected = coins.iter().zip(refused_by).filter(is_fracked).map(|(coin, agents)| {
        let left: &[usize] = if result == "fixed" { &[] } else { agents };
        expectation(coin, result, left)
    });
    assert_eq!(verdicts(&fixed), expected.collect(), "{fixed}");
    // What raidajs says is one thing, what the agents hold another.
    let checked = scene.raidajs_with(&json!({ "call": "detect", "coins": results(&fixed) }));
    let verdict = if result == "fixed" { "authentic" } else { result };
    for coin in results(&checked) {
        assert_eq!(coin["result"], verdict, "{checked}");
    }
}

#[test]
fn raidajs_is_offered_change_that_all_agents_know_and_nobody_has() {
    let Some(scene) = Scene::with_coins(COINS) else { return };
    let offered = scene.raidajs("change", &[]);
    for denomination in [1, 5, 25, 100] {
        // It keeps what 14 agents or more have offered alike.
        let numbers = offered[format!("d{denomination}")].as_object().unwrap();
        assert!(!numbers.is_empty(), "no change of {denomination}: {offered}");
        for sn in numbers.keys().map(|sn| sn.parse::<SerialNumber>().unwrap()) {
            assert_eq!(sn.denomination().value(), denomination, "{sn}");
            assert!(scene.coins.iter().all(|coin| coin.sn != sn), "{sn} belongs to somebody");
        }
    }
}

/// Returns what raidajs shall say of a coin that these agents refuse.
fn expectation(coin: &Coin, verdict: &str, refused_by: &[usize]) -> (u32, (String, String)) {
    let letter = |agent| if refused_by.contains(&agent) { Letter::Fail } else { Letter::Pass };
    (coin.sn.get(), (verdict.to_owned(), PownString::from_fn(letter).to_string()))
}

fn free_serial_number(scene: &Scene) -> SerialNumber {
    let taken = |sn: &SerialNumber| scene.coins.iter().any(|coin| coin.sn == *sn);
    let mut numbers = (1..).map(|number: u32| number.to_string().parse().unwrap());
    numbers.find(|sn| !taken(sn)).unwrap()
}

fn as_stored(coins: &[Coin]) -> Coins {
    let stored =
        |coin: &Coin| (coin.sn, StoredCoin::new(coin.clone(), PownString::all(Letter::Pass)));
    coins.iter().map(stored).collect()
}
