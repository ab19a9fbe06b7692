//! A fix brings no value into circulation that was not there.

use coin::{AGENTS, Coin, SerialNumber};
use raida::{Repair, Repaired};

use super::fixing::{pan, repair};
use super::http::get_json;
use super::town::{Town, ans, coins, settings, v1_exchange};

/// The first serial number of 5.
const FIVE: u32 = 2_097_153;

/// Returns what is in circulation at all agents together.
async fn circulation(town: &Town) -> u64 {
    let mut value = 0;
    for address in &town.addresses {
        value += get_json(*address, "audit").await["value"].as_u64().unwrap();
    }
    value
}

/// Lets one agent break a coin of 5 into the coins 1 to 5 with the secrets of round 2.
async fn break_at(town: &Town, agent: usize) {
    let an = ans(1).get(agent).to_hex().to_string();
    let pan = ans(2).get(agent).to_hex().to_string();
    let ones: String = (1..=5).map(|sn| format!("&csn[]={sn}&cpan[]={pan}")).collect();
    let query = format!("break?nn=1&sn={FIVE}&an={an}&dn=5&change_server=2{ones}");
    assert_eq!(get_json(town.addresses[agent], &query).await["status"], "success");
}

fn five() -> Coin {
    Coin { sn: SerialNumber::new(FIVE).unwrap(), ans: ans(1) }
}

#[tokio::test]
async fn a_coin_that_few_know_comes_into_being_nowhere_else() {
    for (knowing, repaired) in [(12, Repaired::No), (16, Repaired::No), (17, Repaired::Yes)] {
        let coins = coins(1);
        let knows = |agent| if agent < knowing { &coins[..] } else { &[] };
        let town = Town::knowing(AGENTS, knows, settings).await;
        for agent in [knowing, AGENTS - 1] {
            assert_eq!(town.authority().fix(agent, &[repair(&coins[0])]).await, [repaired]);
        }
        let added = if repaired == Repaired::Yes { 2 } else { 0 };
        assert_eq!(circulation(&town).await, knowing as u64 + added);
    }
}

#[tokio::test]
async fn a_coin_that_was_broken_at_some_agents_is_not_fixed_there() {
    let coin = five();
    let town = Town::with(AGENTS, std::slice::from_ref(&coin), v1_exchange).await;
    for agent in 0..8 {
        break_at(&town, agent).await;
    }
    for agent in 0..8 {
        let repairs = [Repair { coin: coin.clone(), pan: pan(200) }];
        assert_eq!(town.authority().fix(agent, &repairs).await, [Repaired::No], "agent {agent}");
    }
    assert_eq!(circulation(&town).await, 5 * AGENTS as u64);
    assert_eq!(town.holders(coin.sn, &coin.ans).await, AGENTS - 8);
}
