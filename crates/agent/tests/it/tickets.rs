//! Tickets that do not count, and the hands that get and show tickets for tests.

use std::ops::Range;

use coin::{AGENTS, AuthenticityNumber, Coin};
use serde_json::Value;

use super::fixing::pan;
use super::http::post_json;
use super::town::{Town, ans, coins};

/// Gets a ticket for a coin from one agent.
pub(crate) async fn tickets_of(
    town: &Town,
    coin: &Coin,
    to: Option<usize>,
    agent: usize,
) -> String {
    let an = coin.ans.get(agent).to_hex().to_string();
    let to = to.map_or_else(String::new, |to| format!("&to={to}"));
    let form = format!("nn=1&sn={}&an={an}&pan={an}&denomination=1{to}", coin.sn);
    let reply = post_json(town.addresses[agent], "get_ticket", &form).await;
    assert_eq!(reply["status"], "ticket", "{reply}");
    reply["message"].as_str().unwrap().to_owned()
}

/// Gets a ticket for a coin from each of some agents.
pub(crate) async fn tickets(
    town: &Town,
    coin: &Coin,
    to: Option<usize>,
    agents: Range<usize>,
) -> Vec<String> {
    let mut tickets = Vec::new();
    for agent in agents {
        tickets.push(tickets_of(town, coin, to, agent).await);
    }
    tickets
}

/// Asks an agent to set a coin on these tickets.
pub(crate) async fn super_fix(
    town: &Town,
    agent: usize,
    tickets: &[String],
    coin: &Coin,
    pan: &AuthenticityNumber,
) -> Value {
    let tickets: String = tickets.iter().map(|ticket| format!("&r[]={ticket}")).collect();
    let form = format!("sn[]={}&pan[]={}{tickets}", coin.sn, *pan.to_hex());
    post_json(town.addresses[agent], "super_fix", &form).await
}

/// Agent 0 shall be fixed on 12 good tickets and one more.
struct Scene {
    town: Town,
    coin: Coin,
    good: Vec<String>,
}

impl Scene {
    async fn new() -> Scene {
        let coin = coins(2).remove(0);
        let town = Town::new(&coins(2)).await;
        town.set(0, &coin, pan(99)).await;
        let good = tickets(&town, &coin, Some(0), 1..13).await;
        Scene { town, coin, good }
    }

    async fn does_not_count(self, further: &[String], why: &str) {
        let all = [self.good.as_slice(), further].concat();
        let reply = super_fix(&self.town, 0, &all, &self.coin, &pan(77)).await;
        assert!(["fail", "allfail"].contains(&reply["status"].as_str().unwrap()), "{why}: {reply}");
        assert_eq!(self.town.holders(self.coin.sn, &ans(1)).await, AGENTS - 1, "{why}");
        // With a good one in its place it works.
        let good = tickets_of(&self.town, &self.coin, Some(0), 24).await;
        let all = [self.good.as_slice(), &[good]].concat();
        let reply = super_fix(&self.town, 0, &all, &self.coin, &pan(77)).await;
        assert_eq!(reply["status"], "allpass", "{why}: {reply}");
    }
}

#[tokio::test]
async fn the_same_ticket_thirteen_times_does_not_count() {
    let scene = Scene::new().await;
    let same = vec![scene.good[11].clone(); 13];
    let town = &scene.town;
    let reply = super_fix(town, 0, &same, &scene.coin, &pan(77)).await;
    assert_eq!(reply["message"], "tickets of 13 other agents are needed, got 1");
    scene.does_not_count(&same, "the same ticket").await;
}

#[tokio::test]
async fn a_second_ticket_of_one_agent_does_not_count() {
    let scene = Scene::new().await;
    let second = tickets_of(&scene.town, &scene.coin, Some(0), 12).await;
    assert!(!scene.good.contains(&second));
    scene.does_not_count(&[second], "a second ticket").await;
}

#[tokio::test]
async fn the_agents_own_ticket_does_not_count() {
    let scene = Scene::new().await;
    let mut held = scene.coin.clone();
    held.ans.set(0, pan(99));
    let own = tickets_of(&scene.town, &held, None, 0).await;
    scene.does_not_count(&[own], "its own ticket").await;
}

#[tokio::test]
async fn a_ticket_named_for_another_agent_does_not_count() {
    let scene = Scene::new().await;
    let named = tickets_of(&scene.town, &scene.coin, Some(7), 13).await;
    scene.does_not_count(&[named], "a ticket for agent 7").await;
}

#[tokio::test]
async fn a_ticket_taken_before_a_pown_does_not_count() {
    let scene = Scene::new().await;
    let before = tickets_of(&scene.town, &scene.coin, Some(0), 13).await;
    scene.town.set(13, &scene.coin, pan(98)).await;
    let all = [scene.good.as_slice(), std::slice::from_ref(&before)].concat();
    let reply = super_fix(&scene.town, 0, &all, &scene.coin, &pan(77)).await;
    assert_eq!(reply["status"], "allfail");
}

#[tokio::test]
async fn a_ticket_of_another_coin_does_not_count() {
    let scene = Scene::new().await;
    let other = tickets_of(&scene.town, &coins(2)[1], Some(0), 13).await;
    scene.does_not_count(&[other], "another coin").await;
}

#[tokio::test]
async fn what_is_no_ticket_does_not_count() {
    for text in
        ["false", "", "00", &"00".repeat(22), &"ff".repeat(22), &format!("{}0d", "00".repeat(21))]
    {
        Scene::new().await.does_not_count(&[text.to_owned()], text).await;
    }
}

#[tokio::test]
async fn a_ticket_without_a_name_counts_for_anybody() {
    let scene = Scene::new().await;
    let unnamed = tickets_of(&scene.town, &scene.coin, None, 13).await;
    let all = [scene.good.as_slice(), &[unnamed]].concat();
    let reply = super_fix(&scene.town, 0, &all, &scene.coin, &pan(77)).await;
    assert_eq!(reply["status"], "allpass");
}
