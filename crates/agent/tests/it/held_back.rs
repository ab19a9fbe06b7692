//! An agent that holds its word back until the others' words are out of date.

use std::net::SocketAddr;

use coin::AGENTS;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::http::post_json;
use super::tickets::tickets;
use super::town::{Town, ans, coins, settings};

/// Passes connections on to an agent, once that is allowed, and counts them.
async fn hold_back(
    listener: TcpListener,
    agent: SocketAddr,
    came: watch::Sender<usize>,
    allowed: watch::Receiver<bool>,
) {
    while let Ok((mut asker, _)) = listener.accept().await {
        came.send_modify(|came| *came += 1);
        let mut allowed = allowed.clone();
        tokio::spawn(async move {
            allowed.wait_for(|allowed| *allowed).await.unwrap();
            let mut agent = TcpStream::connect(agent).await.unwrap();
            let _ = copy_bidirectional(&mut asker, &mut agent).await;
        });
    }
}

#[tokio::test]
async fn words_of_before_a_pown_count_no_more_when_its_answer_has_been_given() {
    const BAD: usize = AGENTS - 1;
    let (coins, first) = (coins(1), 0..12);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let between = listener.local_addr().unwrap();
    let town = Town::with(AGENTS, &coins, |addresses| {
        let mut seen = addresses.to_vec();
        seen[BAD] = between;
        settings(&seen)
    })
    .await;
    let (came, mut counted) = watch::channel(0);
    let (allow, allowed) = watch::channel(false);
    tokio::spawn(hold_back(listener, town.addresses[BAD], came, allowed));

    // The receiver's pown has reached 12 agents.
    for agent in first.clone() {
        town.set(agent, &coins[0], ans(2).get(agent).clone()).await;
    }
    // The sender has these fixed, on the word of the other 12 and of one that takes its time.
    let mut fixes = Vec::new();
    for agent in first.clone() {
        let given = tickets(&town, &coins[0], Some(agent), 12..AGENTS).await;
        let given: String = given.iter().map(|ticket| format!("&r[]={ticket}")).collect();
        let form = format!("sn[]=1&pan[]={}{given}", *ans(3).get(agent).to_hex());
        let address = town.addresses[agent];
        fixes.push(tokio::spawn(async move { post_json(address, "super_fix", &form).await }));
    }
    counted.wait_for(|came| *came == first.len()).await.unwrap();
    // The receiver's pown reaches the others: all honest agents have said that the coin is his.
    for agent in first.end..BAD {
        town.set(agent, &coins[0], ans(2).get(agent).clone()).await;
    }
    assert_eq!(town.holders(coins[0].sn, &ans(2)).await, BAD);
    allow.send(true).unwrap();
    for fix in fixes {
        fix.await.unwrap();
    }
    let (receiver, sender) =
        (town.holders(coins[0].sn, &ans(2)).await, town.holders(coins[0].sn, &ans(3)).await);
    assert_eq!((receiver, sender), (BAD, 0));
}
