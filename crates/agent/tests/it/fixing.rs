//! Fixing: a coin that an agent does not know, or knows with another secret, is healed on the word
//! of 13 others, and of nobody else.

use std::net::TcpListener;

use agent::limits::FIX_WAIT;
use coin::{AGENTS, AuthenticityNumber, Coin};
use raida::{Repair, Repaired};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::http::{get, post_json};
use super::tickets::{super_fix, tickets, tickets_of};
use super::town::{Town, ans, coins, settings};

pub(crate) fn pan(byte: u8) -> AuthenticityNumber {
    AuthenticityNumber::from_bytes([byte; 16])
}

pub(crate) fn repair(coin: &Coin) -> Repair {
    Repair { coin: coin.clone(), pan: pan(200) }
}

#[tokio::test]
async fn a_round_of_fixing_heals_a_coin_at_12_agents() {
    let mut coins = coins(3);
    let town = Town::new(&coins).await;
    for agent in 0..12 {
        town.set(agent, &coins[0], pan(99)).await;
    }
    let authority = town.authority();
    for agent in 0..12 {
        let repaired = authority.fix(agent, &[repair(&coins[0])]).await;
        assert_eq!(repaired, [Repaired::Yes], "agent {agent}");
        coins[0].ans.set(agent, pan(200));
    }
    assert_eq!(town.holders(coins[0].sn, &coins[0].ans).await, AGENTS);
    for other in &coins[1..] {
        assert_eq!(town.holders(other.sn, &ans(1)).await, AGENTS, "nobody touched it");
    }
}

#[tokio::test]
async fn each_coin_of_a_batch_is_fixed_or_not_by_itself() {
    let mut coins = coins(450);
    let town = Town::new(&coins).await;
    let bad = [0, 7, 449];
    for place in bad {
        town.set(3, &coins[place], pan(99)).await;
    }
    // This one's secrets are right at 12 agents only.
    for agent in 4..17 {
        coins[7].ans.set(agent, pan(98));
    }
    let repairs: Vec<_> = coins
        .iter()
        .enumerate()
        .map(|(place, coin)| Repair { coin: coin.clone(), pan: pan((place % 251) as u8) })
        .collect();
    let repaired = town.authority().fix(3, &repairs).await;
    for (place, repaired) in repaired.into_iter().enumerate() {
        let expected = if place == 7 { Repaired::No } else { Repaired::Yes };
        assert_eq!(repaired, expected, "coin {place}");
    }
    coins[449].ans.set(3, pan((449 % 251) as u8));
    assert_eq!(town.holders(coins[449].sn, &coins[449].ans).await, AGENTS);
}

#[tokio::test]
async fn a_coin_that_the_agent_does_not_know_comes_back() {
    let known = coins(2);
    let knows = |agent| if agent == 24 { &known[..1] } else { &known[..] };
    let town = Town::knowing(AGENTS, knows, settings).await;
    let mut coin = known[1].clone();
    assert_eq!(town.holders(coin.sn, &coin.ans).await, AGENTS - 1);
    assert_eq!(town.authority().fix(24, &[repair(&coin)]).await, [Repaired::Yes]);
    coin.ans.set(24, pan(200));
    assert_eq!(town.holders(coin.sn, &coin.ans).await, AGENTS);
}

#[tokio::test]
async fn the_same_request_again_passes() {
    let coins = coins(1);
    let town = Town::new(&coins).await;
    town.set(5, &coins[0], pan(99)).await;
    let given = tickets(&town, &coins[0], Some(5), 6..AGENTS).await;
    for _ in 0..3 {
        let reply = super_fix(&town, 5, &given, &coins[0], &pan(77)).await;
        assert_eq!(
            (reply["status"].as_str(), reply["message"].as_str()),
            (Some("allpass"), Some("pass"))
        );
    }
    let late = super_fix(&town, 5, &given[..13], &coins[0], &pan(77)).await;
    assert_eq!(late["status"], "allpass");
}

#[tokio::test]
async fn agents_that_never_answer_hold_up_nobody_as_long_as_13_do() {
    let coins = coins(1);
    // The system takes connections for them, and nobody ever reads what comes.
    let deaf: Vec<TcpListener> =
        (1..12).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let town = Town::with(AGENTS, &coins, |addresses| {
        let mut seen = addresses.to_vec();
        for (place, listener) in seen[1..].iter_mut().zip(&deaf) {
            *place = listener.local_addr().unwrap();
        }
        settings(&seen)
    })
    .await;
    town.set(0, &coins[0], pan(99)).await;
    let (authority, repairs) = (town.authority(), [repair(&coins[0])]);
    let fixing = authority.fix(0, &repairs);
    assert_eq!(timeout(FIX_WAIT / 2, fixing).await.unwrap(), [Repaired::Yes]);
}

#[tokio::test]
async fn thirteen_other_agents_are_enough_and_twelve_are_not() {
    for (agents, repaired) in [(14, Repaired::Yes), (13, Repaired::No)] {
        let coins = coins(1);
        let town = Town::of(agents, &coins).await;
        town.set(0, &coins[0], pan(99)).await;
        assert_eq!(town.authority().fix(0, &[repair(&coins[0])]).await, [repaired]);
    }
}

#[tokio::test]
async fn an_agent_that_goes_away_with_its_ticket_is_one_too_few() {
    let coins = coins(1);
    let all = Town::new(&coins).await;
    all.set(0, &coins[0], pan(99)).await;
    let given = tickets(&all, &coins[0], Some(0), 1..14).await;
    let reply = super_fix(&all, 0, &given[..12], &coins[0], &pan(77)).await;
    assert_eq!(reply["status"], "fail");
    let gone = [&given[..12], &[raida::api::Ticket::random(24).to_string()]].concat();
    let reply = super_fix(&all, 0, &gone, &coins[0], &pan(77)).await;
    assert_eq!(
        (reply["status"].as_str(), reply["message"].as_str()),
        (Some("allfail"), Some("fail"))
    );
}

#[tokio::test]
async fn a_fix_without_tickets_of_13_others_says_why() {
    let coins = coins(1);
    let town = Town::new(&coins).await;
    let given = tickets(&town, &coins[0], Some(0), 1..13).await;
    let reply = super_fix(&town, 0, &given, &coins[0], &pan(77)).await;
    assert_eq!(reply["status"], "fail");
    assert_eq!(reply["message"], "tickets of 13 other agents are needed, got 12");
    assert_eq!(town.holders(coins[0].sn, &ans(1)).await, AGENTS);
}

#[tokio::test]
async fn a_coin_that_changes_hands_while_others_are_asked_stays_with_its_new_owner() {
    let coin = coins(1).remove(0);
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    let town = Town::with(AGENTS, std::slice::from_ref(&coin), |addresses| {
        let mut seen = addresses.to_vec();
        seen[13] = slow.local_addr().unwrap();
        settings(&seen)
    })
    .await;
    let given = tickets(&town, &coin, Some(0), 1..14).await;
    slow.set_nonblocking(true).unwrap();
    let slow = tokio::net::TcpListener::from_std(slow).unwrap();
    let new = pan(5);
    let fixing = super_fix(&town, 0, &given, &coin, &new);
    let selling = async {
        let (mut asked, _) = slow.accept().await.unwrap();
        asked.readable().await.unwrap();
        town.set(0, &coin, pan(6)).await;
        asked.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1").await.unwrap();
        asked
    };
    let (reply, _asked) = tokio::join!(fixing, selling);
    assert_eq!(reply["status"], "allfail", "{reply}");
    let held = Coin { ans: ans_with(0, pan(6)), ..coin };
    assert_eq!(town.holders(held.sn, &held.ans).await, AGENTS);
}

fn ans_with(agent: usize, an: AuthenticityNumber) -> coin::AnSet {
    let mut ans = ans(1);
    ans.set(agent, an);
    ans
}

#[tokio::test]
async fn hints_tell_coins_and_ages_in_the_three_forms() {
    let coins = coins(3);
    let town = Town::new(&coins).await;
    let one = tickets_of(&town, &coins[1], None, 4).await;
    let hint = get(town.addresses[4], &format!("hints?rn={one}")).await;
    assert!(hint == "2:0" || hint == "2:1", "{hint}");
    let many =
        post_text_of(&town, 4, &format!("rns[]=xx&rns[]={one}&rns[]={}", "00".repeat(22))).await;
    assert!(many.starts_with("[-3:2147483640,2:") && many.ends_with(",-2:1000000000]"), "{many}");
    let all = coins.iter().map(|coin| {
        let an = coin.ans.get(4).to_hex().to_string();
        format!("&sns[]={}&ans[]={an}&pans[]={an}&denomination[]=1", coin.sn)
    });
    let form = format!("b=t{}", all.collect::<String>());
    let reply = post_json(town.addresses[4], "multi_detect", &form).await;
    let ticket = reply["ticket"].as_str().unwrap();
    assert_eq!(get(town.addresses[4], &format!("hints?master_ticket={ticket}")).await, "1,2,3");
    assert_eq!(get(town.addresses[4], "hints?rn=12").await, "-3:2147483640");
    assert_eq!(get(town.addresses[4], "hints").await, "-3:2147483640");
    assert_eq!(get(town.addresses[5], &format!("hints?rn={one}")).await, "-2:1000000000");
}

async fn post_text_of(town: &Town, agent: usize, form: &str) -> String {
    let request = super::http::post_text("multi_hints", form);
    let answer = super::http::raw(town.addresses[agent], request.as_bytes()).await;
    super::http::body(&answer).to_owned()
}
