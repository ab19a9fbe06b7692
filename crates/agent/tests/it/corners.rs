//! The fixing routes of v1 that name a corner of neighbours: what they do with `--v1-fix`, and that
//! without it nobody wins back anything with old secrets.

use agent::{Settings, V1Fix};
use coin::{AGENTS, AnSet, AuthenticityNumber, Coin};
use serde_json::Value;

use super::fixing::pan;
use super::http::{each, get_json, post_json};
use super::tickets::{super_fix, tickets, tickets_of};
use super::town::{Town, ans, coins, settings};

/// The neighbours of an agent, in the order of their numbers from its own.
const NEIGHBOURS: [isize; 8] = [-6, -5, -4, -1, 1, 4, 5, 6];

const THREE: [[usize; 3]; 4] = [[0, 1, 3], [1, 2, 4], [3, 5, 6], [4, 6, 7]];
const FOUR: [[usize; 4]; 4] = [[0, 1, 3, 7], [1, 2, 4, 5], [3, 5, 6, 2], [4, 6, 7, 0]];

fn neighbour(agent: usize, place: usize) -> usize {
    (agent as isize + NEIGHBOURS[place]).rem_euclid(AGENTS as isize) as usize
}

async fn town(v1_fix: V1Fix, coins: &[Coin]) -> Town {
    Town::with(AGENTS, coins, |addresses| Settings { v1_fix, ..settings(addresses) }).await
}

async fn fix_by_three(town: &Town, agent: usize, givers: [usize; 3], tickets: &[String]) -> Value {
    let fields = (0..3)
        .map(|i| format!("&fromserver{n}={}&message{n}={}", givers[i], tickets[i], n = i + 1));
    let query = format!("fix?pan={}{}", *pan(33).to_hex(), fields.collect::<String>());
    get_json(town.addresses[agent], &query).await
}

async fn fix_by_four(town: &Town, agent: usize, givers: [usize; 4], tickets: &[String]) -> Value {
    let fields = (0..4).map(|i| {
        format!("&fromserver{n}={}&message{n}%5B0%5D={}", givers[i], tickets[i], n = i + 1)
    });
    let form = format!("nn=1{}&pans%5B0%5D={}", fields.collect::<String>(), *pan(44).to_hex());
    post_json(town.addresses[agent], "multi_fix", &form).await
}

async fn fix_by_five(town: &Town, agent: usize, coin: &Coin, tickets: &[String]) -> Value {
    let fields =
        ["a", "b", "c", "d", "e"].iter().zip(tickets).map(|(field, t)| format!("&{field}={t}"));
    let query = format!(
        "fix?nn=1&regex=p.pp0p..p&sn[]={}&pan={}{}",
        coin.sn,
        *pan(55).to_hex(),
        fields.collect::<String>()
    );
    get_json(town.addresses[agent], &query).await
}

/// The agents of the pattern `p.pp0p..p`.
fn five(agent: usize) -> [usize; 5] {
    [0, 2, 3, 4, 7].map(|place| neighbour(agent, place))
}

async fn tickets_from(town: &Town, coin: &Coin, agents: &[usize]) -> Vec<String> {
    let mut tickets = Vec::new();
    for &agent in agents {
        tickets.push(tickets_of(town, coin, None, agent).await);
    }
    tickets
}

/// The coin as a new owner holds it: other secrets at all agents but those that are stale.
async fn handed_over(town: &Town, coin: &Coin, stale: &[usize]) -> Coin {
    for agent in (0..AGENTS).filter(|agent| !stale.contains(agent)) {
        town.set(agent, coin, ans(2).get(agent).clone()).await;
    }
    let (old, new) = (&coin.ans, ans(2));
    let held = |agent| if stale.contains(&agent) { old } else { &new }.get(agent).clone();
    Coin { sn: coin.sn, ans: AnSet::from_fn(held) }
}

#[tokio::test]
async fn with_v1_fix_a_corner_of_three_four_or_five_heals_a_coin() {
    let coin = coins(1).remove(0);
    let town = town(V1Fix::Allowed, std::slice::from_ref(&coin)).await;
    let spoil = async |held: AuthenticityNumber| {
        let held = Coin { sn: coin.sn, ans: AnSet::from_fn(|_| held.clone()) };
        town.set(7, &held, pan(99)).await;
    };
    let holds = async |byte| {
        let mut secrets = ans(1);
        secrets.set(7, pan(byte));
        assert_eq!(town.holders(coin.sn, &secrets).await, AGENTS);
    };
    spoil(coin.ans.get(7).clone()).await;
    for corner in FOUR {
        let givers = corner.map(|place| neighbour(7, place));
        let tickets = tickets_from(&town, &coin, &givers).await;
        let reply = fix_by_four(&town, 7, givers, &tickets).await;
        assert_eq!((each(&reply, "status"), &reply[0]["sn"]), (vec!["pass"], &Value::from(1)));
        holds(44).await;
        assert_eq!(each(&fix_by_four(&town, 7, givers, &tickets).await, "status"), ["pass"]);
        spoil(pan(44)).await;
    }
    for corner in THREE {
        let givers = corner.map(|place| neighbour(7, place));
        let tickets = tickets_from(&town, &coin, &givers).await;
        assert_eq!(fix_by_three(&town, 7, givers, &tickets).await["status"], "success");
        holds(33).await;
        spoil(pan(33)).await;
    }
    let tickets = tickets_from(&town, &coin, &five(7)).await;
    assert_eq!(fix_by_five(&town, 7, &coin, &tickets).await["status"], "allpass");
    holds(55).await;
}

#[tokio::test]
async fn with_v1_fix_what_is_no_corner_or_no_ticket_of_it_changes_nothing() {
    let coins = coins(2);
    let town = town(V1Fix::Allowed, &coins).await;
    town.set(7, &coins[0], pan(99)).await;
    let givers = FOUR[0].map(|place| neighbour(7, place));
    let good = tickets_from(&town, &coins[0], &givers).await;
    let no_corner = [givers[0], givers[1], givers[2], neighbour(7, 4)];
    assert_eq!(each(&fix_by_four(&town, 7, no_corner, &good).await, "status"), ["dud"]);
    let same = vec![good[0].clone(); 4];
    assert_eq!(each(&fix_by_four(&town, 7, givers, &same).await, "status"), ["dud"]);
    let mut other_coin = good.clone();
    other_coin[3] = tickets_of(&town, &coins[1], None, givers[3]).await;
    assert_eq!(each(&fix_by_four(&town, 7, givers, &other_coin).await, "status"), ["fail"]);
    town.set(givers[3], &coins[0], pan(98)).await;
    assert_eq!(each(&fix_by_four(&town, 7, givers, &good).await, "status"), ["fail"]);
    assert_eq!(town.holders(coins[0].sn, &ans(1)).await, AGENTS - 2);
}

/// Tries every route at every agent, over and over, until no agent is won any more; returns how
/// many agents hold what the thief knows in the end.
async fn attack(town: &Town, coin: &Coin, stale: &[usize]) -> usize {
    let mut known: Vec<Option<AuthenticityNumber>> = (0..AGENTS)
        .map(|agent| stale.contains(&agent).then(|| coin.ans.get(agent).clone()))
        .collect();
    loop {
        let before = known.iter().flatten().count();
        for agent in 0..AGENTS {
            if known[agent].is_none() {
                known[agent] = attack_one(town, coin, &known, agent).await;
            }
        }
        if known.iter().flatten().count() == before {
            return before;
        }
    }
}

async fn attack_one(
    town: &Town,
    coin: &Coin,
    known: &[Option<AuthenticityNumber>],
    agent: usize,
) -> Option<AuthenticityNumber> {
    let held = AnSet::from_fn(|agent| known[agent].clone().unwrap_or_else(|| pan(0)));
    let coin = Coin { sn: coin.sn, ans: held };
    let has_all = |givers: &[usize]| givers.iter().all(|&giver| known[giver].is_some());
    let all: Vec<usize> = (0..AGENTS).filter(|&giver| known[giver].is_some()).collect();
    let given = tickets_from(town, &coin, &all).await;
    if super_fix(town, agent, &given, &coin, &pan(25)).await["status"] == "allpass" {
        return Some(pan(25));
    }
    for corner in FOUR.map(|corner| corner.map(|place| neighbour(agent, place))) {
        if has_all(&corner) {
            let tickets = tickets_from(town, &coin, &corner).await;
            if each(&fix_by_four(town, agent, corner, &tickets).await, "status") == ["pass"] {
                return Some(pan(44));
            }
        }
    }
    for corner in THREE.map(|corner| corner.map(|place| neighbour(agent, place))) {
        if has_all(&corner) {
            let tickets = tickets_from(town, &coin, &corner).await;
            if fix_by_three(town, agent, corner, &tickets).await["status"] == "success" {
                return Some(pan(33));
            }
        }
    }
    if has_all(&five(agent)) {
        let tickets = tickets_from(town, &coin, &five(agent)).await;
        if fix_by_five(town, agent, &coin, &tickets).await["status"] == "allpass" {
            return Some(pan(55));
        }
    }
    None
}

/// Twelve agents in a row, twelve far from one another, and any twelve.
fn twelves() -> [Vec<usize>; 3] {
    let mut all: Vec<usize> = (0..AGENTS).collect();
    (0..12).for_each(|place| all.swap(place, rand::random_range(place..AGENTS)));
    [(0..12).collect(), (0..12).map(|place| 2 * place).collect(), all[..12].to_vec()]
}

#[tokio::test]
async fn without_v1_fix_old_secrets_at_any_12_agents_win_back_nothing() {
    let coin = coins(1).remove(0);
    for stale in twelves() {
        println!("stale: {stale:?}");
        let town = town(V1Fix::Refused, std::slice::from_ref(&coin)).await;
        let owned = handed_over(&town, &coin, &stale).await;
        assert_eq!(attack(&town, &coin, &stale).await, 12);
        assert_eq!(town.holders(coin.sn, &owned.ans).await, AGENTS, "no ledger was changed");
    }
}

#[tokio::test]
async fn with_v1_fix_old_secrets_at_12_agents_win_back_the_coin() {
    let coin = coins(1).remove(0);
    let stale: Vec<usize> = (0..12).collect();
    let town = town(V1Fix::Allowed, std::slice::from_ref(&coin)).await;
    handed_over(&town, &coin, &stale).await;
    assert!(attack(&town, &coin, &stale).await >= 13, "so that the warning is true");
}

#[tokio::test]
async fn with_v1_fix_old_secrets_at_6_agents_can_win_back_the_coin() {
    let coin = coins(1).remove(0);
    let town = town(V1Fix::Allowed, std::slice::from_ref(&coin)).await;
    let stale = [0, 1, 2, 3, 4, 5];
    handed_over(&town, &coin, &stale).await;
    assert!(attack(&town, &coin, &stale).await >= 13, "so that the warning is true");
}

#[tokio::test]
async fn without_v1_fix_a_corner_is_refused_with_the_reason() {
    let coin = coins(1).remove(0);
    let town = town(V1Fix::Refused, std::slice::from_ref(&coin)).await;
    town.set(7, &coin, pan(99)).await;
    let all = tickets(&town, &coin, None, 8..AGENTS).await;
    let three = THREE[3].map(|place| neighbour(7, place));
    let four = FOUR[3].map(|place| neighbour(7, place));
    for reply in [
        fix_by_three(&town, 7, three, &all).await,
        fix_by_four(&town, 7, four, &all).await[0].clone(),
        fix_by_five(&town, 7, &coin, &all).await,
    ] {
        assert_eq!(reply["status"], "error", "{reply}");
        let reason = reply["message"].as_str().unwrap();
        assert!(reason.contains("super_fix") && reason.contains("13 other agents"), "{reason}");
    }
    assert_eq!(town.holders(coin.sn, &ans(1)).await, AGENTS - 1);
}
