//! An agent that has missed exchanges catches up on them when a coin is fixed that they made.

use coin::{AGENTS, AuthenticityNumber, Coin, SerialNumber};
use raida::api::{Exchange, KnownCoin, RequestId, write_exchange};
use raida::{Repair, Repaired};
use serde_json::Value;

use super::http::{get_json, post_json};
use super::town::{Town, ans};

/// The first serial number of 5.
const FIVE: u32 = 2_097_153;

fn coin(sn: u32, round: u8) -> Coin {
    Coin { sn: SerialNumber::new(sn).unwrap(), ans: ans(round) }
}

/// A coin with a secret of its own at the agent that shall be fixed.
fn repair(sn: u32, round: u8) -> Repair {
    Repair { coin: coin(sn, round), pan: AuthenticityNumber::from_bytes([sn as u8; 16]) }
}

fn known(agent: usize, numbers: impl IntoIterator<Item = u32>, round: u8) -> Vec<KnownCoin> {
    let coin = |number| (SerialNumber::new(number).unwrap(), ans(round).get(agent).clone());
    numbers.into_iter().map(coin).collect()
}

async fn exchange(
    town: &Town,
    agent: usize,
    id: u8,
    inputs: Vec<KnownCoin>,
    outputs: Vec<KnownCoin>,
) {
    let exchange = Exchange::new(inputs, outputs).unwrap();
    let form = write_exchange(RequestId::from_bytes([id; 16]), &exchange);
    let form = std::str::from_utf8(&form).unwrap();
    let reply = post_json(town.addresses[agent], "exchange", form).await;
    assert_eq!(reply["status"], "exchange", "{reply}");
}

/// Breaks the coin of 5, of round 1, into the coins 1 to 5, of round 2.
async fn break_at(town: &Town, agents: std::ops::Range<usize>) {
    for agent in agents {
        exchange(town, agent, 1, known(agent, [FIVE], 1), known(agent, 1..=5, 2)).await;
    }
}

/// What is in circulation at an agent: coins of 1 and of 5, and their value.
async fn circulation(town: &Town, agent: usize) -> [Value; 3] {
    let audit = get_json(town.addresses[agent], "audit").await;
    ["d1", "d5", "value"].map(|field| audit[field].clone())
}

#[tokio::test]
async fn what_a_coin_was_broken_into_is_fixed_where_that_was_missed() {
    let town = Town::new(&[coin(FIVE, 1)]).await;
    break_at(&town, 0..13).await;
    for agent in 13..AGENTS {
        let repairs = [repair(1, 2), repair(4, 2)];
        assert_eq!(town.authority().fix(agent, &repairs).await, [Repaired::Yes; 2]);
        assert_eq!(circulation(&town, agent).await, [5, 0, 5].map(Value::from));
        // The others came with them; their owner has them fixed like all that are known.
        assert_eq!(town.authority().fix(agent, &[repair(2, 2)]).await, [Repaired::Yes]);
        assert_eq!(town.authority().fix(agent, &[repair(FIVE, 1)]).await, [Repaired::No]);
        assert_eq!(circulation(&town, agent).await, [5, 0, 5].map(Value::from));
    }
}

#[tokio::test]
async fn what_was_made_of_what_was_made_is_fixed_too() {
    let town = Town::new(&[coin(FIVE, 1)]).await;
    break_at(&town, 0..13).await;
    for agent in 0..13 {
        exchange(&town, agent, 2, known(agent, 1..=5, 2), known(agent, [FIVE + 1], 3)).await;
    }
    for agent in [13, 24] {
        let repairs = [repair(FIVE + 1, 3)];
        assert_eq!(town.authority().fix(agent, &repairs).await, [Repaired::Yes]);
        assert_eq!(circulation(&town, agent).await, [0, 1, 5].map(Value::from));
    }
}

#[tokio::test]
async fn what_12_have_executed_is_missed_by_nobody() {
    let town = Town::new(&[coin(FIVE, 1)]).await;
    break_at(&town, 0..12).await;
    assert_eq!(town.authority().fix(20, &[repair(1, 2)]).await, [Repaired::No]);
    assert_eq!(circulation(&town, 20).await, [0, 1, 5].map(Value::from));
}
