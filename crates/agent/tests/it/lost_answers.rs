//! Answers that get lost: the agent has acted and nobody hears of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use coin::{AGENTS, Grade, Letter};
use raida::{Authority, Stream};
use tokio::io::{AsyncReadExt, DuplexStream, copy, duplex, split};

use super::town::{TIMING, Town, ans, claims, coins, quiet};

/// Passes a connection on to an agent; when the answer begins, the line is cut.
async fn cut_at_the_answer(mut agent: DuplexStream, wallet: DuplexStream) {
    let (mut from_agent, mut to_agent) = split(&mut agent);
    let (mut from_wallet, _to_wallet) = split(wallet);
    let mut first = [0; 1];
    tokio::select! {
        _ = copy(&mut from_wallet, &mut to_agent) => {}
        _ = from_agent.read_exact(&mut first) => {}
    }
}

/// An authority whose first agents lose the answers of their first connections.
fn losing(town: &Town, agents: usize, losses: usize) -> Authority {
    let pipes = town.pipes();
    let lost: Vec<AtomicUsize> = (0..AGENTS).map(|_| AtomicUsize::new(0)).collect();
    Authority::over(&town.book(), TIMING, move |agent| {
        let mut stream = pipes(agent);
        if agent < agents && lost[agent].fetch_add(1, Ordering::Relaxed) < losses {
            let (ours, theirs) = duplex(1 << 16);
            tokio::spawn(cut_at_the_answer(stream, theirs));
            stream = ours;
        }
        std::future::ready(Ok(Stream::new(stream)))
    })
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_pown_is_asked_for_and_found() {
    let coins = coins(450);
    let town = Town::new(&coins).await;
    let round = losing(&town, AGENTS, 1).pown(&claims(&coins, 2), &quiet).await;
    assert_eq!(round.answered, 25);
    for coin in &round.coins {
        assert_eq!((coin.grade(), coin.pown_string().passes()), (Grade::Final, 25));
    }
    assert_eq!(town.holders(coins[449].sn, &ans(2)).await, AGENTS);
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_lost_for_good_leave_limbo_and_the_same_pans_settle_it() {
    let coins = coins(3);
    let town = Town::new(&coins).await;
    let round = losing(&town, 13, usize::MAX).pown(&claims(&coins, 2), &quiet).await;
    assert_eq!(round.coins[0].grade(), Grade::Limbo);
    assert_eq!(round.coins[0].pown_string().count(Letter::NoReply), 13);
    assert_eq!(town.holders(coins[0].sn, &ans(2)).await, AGENTS, "they have acted all the same");

    let later = losing(&town, 0, 0).pown(&claims(&coins, 2), &quiet).await;
    assert!(later.coins.iter().all(|coin| coin.grade() == Grade::Final));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_health_check_is_asked_for_again() {
    let coins = coins(450);
    let town = Town::new(&coins).await;
    let detection = losing(&town, 5, 1).detect(&coins, &quiet).await;
    assert_eq!(detection.answered, 25);
    assert!(detection.pown.iter().all(|pown| pown.passes() == 25));
}
