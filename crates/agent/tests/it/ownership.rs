//! Wallet and 25 agents together: health checks, taking ownership, finding.

use std::io;
use std::sync::Mutex;

use coin::{AGENTS, Answer, Coin, Grade, Letter, Origin, SerialNumber};
use raida::{Authority, Claim, Progress, Stream, TooFewAgents};

use super::town::{NETWORK, TIMING, Town, ans, claims, coins, quiet};

/// An authority of which the first agents refuse every connection.
fn with_agents_down(town: &Town, down: usize) -> Authority {
    let pipes = town.pipes();
    Authority::over(&town.book(), TIMING, move |agent| {
        let stream = (agent >= down).then(|| Stream::new(pipes(agent)));
        std::future::ready(stream.ok_or_else(|| io::ErrorKind::ConnectionRefused.into()))
    })
}

fn counterfeit(sn: u32) -> Coin {
    Coin { sn: SerialNumber::new(sn).unwrap(), ans: ans(77) }
}

#[tokio::test(start_paused = true)]
async fn the_network_is_the_one_that_13_agents_name() {
    let town = Town::new(&[]).await;
    assert_eq!(with_agents_down(&town, 0).network().await.unwrap().as_str(), NETWORK);
    assert!(with_agents_down(&town, 12).network().await.is_ok());
    let too_few = with_agents_down(&town, 13).network().await;
    assert_eq!(too_few, Err(TooFewAgents { answered: 12, agreeing: 12 }));
}

#[tokio::test]
async fn a_health_check_tells_good_fracked_and_counterfeit_coins_apart() {
    let mut coins = coins(900);
    let town = Town::new(&coins).await;
    for agent in [3, 20] {
        town.set(agent, &coins[5], ans(50).get(agent).clone()).await;
    }
    coins.push(counterfeit(2000));
    let detection = town.authority().detect(&coins, &quiet).await;
    assert_eq!((detection.answered, detection.pown.len()), (25, 901));
    for (place, pown) in detection.pown.iter().enumerate() {
        let expected = match place {
            5 => "pppfppppppppppppppppfpppp",
            900 => "fffffffffffffffffffffffff",
            _ => "ppppppppppppppppppppppppp",
        };
        assert_eq!(pown.to_string(), expected, "coin {place}");
    }
    assert_eq!(town.holders(coins[0].sn, &ans(1)).await, AGENTS, "nothing was changed");
}

#[tokio::test]
async fn pown_leads_each_coin_to_its_own_verdict() {
    let mut coins = coins(450);
    let town = Town::new(&coins).await;
    // Coin 5 is fracked at 9 agents: 16 pass. Coin 6 has passed 12 agents only.
    for (place, strangers) in [(5, 9), (6, 13)] {
        for agent in 0..strangers {
            town.set(agent, &coins[place], ans(50).get(agent).clone()).await;
        }
    }
    coins.push(counterfeit(2000));
    let round = town.authority().pown(&claims(&coins, 2), &quiet).await;
    assert_eq!((round.answered, round.coins.len()), (25, 451));
    for (place, coin) in round.coins.iter().enumerate() {
        let expected = match place {
            5 => Grade::Settling,
            6 | 450 => Grade::Counterfeit,
            _ => Grade::Final,
        };
        assert_eq!(coin.grade(), expected, "coin {place}");
    }
    assert_eq!(round.coins[5].pown_string().to_string(), "fffffffffpppppppppppppppp");
    assert_eq!(town.holders(coins[0].sn, &ans(1)).await, 0, "the old secrets are dead");
    assert_eq!(town.holders(coins[0].sn, &ans(2)).await, AGENTS);

    let again = town.authority().pown(&claims(&coins, 2), &quiet).await;
    assert_eq!(again.coins[0].grade(), Grade::Final, "asking again is harmless");
}

#[tokio::test]
async fn of_two_wallets_with_one_coin_each_agent_lets_one_win() {
    let coins = coins(3);
    let town = Town::new(&coins).await;
    let (one, other) = (town.authority(), town.authority());
    let (ours, theirs) = (claims(&coins, 2), claims(&coins, 3));
    let (ours, theirs) = tokio::join!(one.pown(&ours, &quiet), other.pown(&theirs, &quiet));
    for (place, coin) in coins.iter().enumerate() {
        let (mine, his) = (ours.coins[place].pown_string(), theirs.coins[place].pown_string());
        assert_eq!(usize::from(mine.passes() + his.passes()), AGENTS, "{mine} {his}");
        let owners = [&ours.coins[place], &theirs.coins[place]].map(|coin| coin.grade().is_owned());
        assert_ne!(owners[0], owners[1]);
        assert_eq!(town.holders(coin.sn, &ans(2)).await, usize::from(mine.passes()));
        assert_eq!(town.holders(coin.sn, &ans(3)).await, usize::from(his.passes()));
    }
}

#[tokio::test(start_paused = true)]
async fn agents_that_are_down_leave_a_coin_owned_or_in_limbo_never_counterfeit() {
    for (down, grade) in [(8, Grade::Final), (12, Grade::Settling), (13, Grade::Limbo)] {
        let coins = coins(2);
        let town = Town::new(&coins).await;
        let authority = with_agents_down(&town, down);
        let round = authority.pown(&claims(&coins, 2), &quiet).await;
        assert_eq!(usize::from(round.answered), AGENTS - down);
        assert!(round.coins.iter().all(|coin| coin.grade() == grade), "{down} down");
        let letters = round.coins[0].pown_string();
        assert_eq!(usize::from(letters.count(Letter::NoReply)), down);

        let detection = authority.detect(&coins, &quiet).await;
        assert_eq!(usize::from(detection.answered), AGENTS - down);
        assert_eq!(usize::from(detection.pown[0].count(Letter::NoReply)), down);

        let back = with_agents_down(&town, 0).pown(&claims(&coins, 2), &quiet).await;
        assert_eq!(back.coins[0].grade(), Grade::Final, "they come back: the same PANs");
    }
}

#[tokio::test(start_paused = true)]
async fn find_tells_an_pan_and_neither_apart_and_changes_nothing() {
    let coins = coins(2);
    let town = Town::new(&coins).await;
    town.set(4, &coins[1], ans(2).get(4).clone()).await;
    town.set(5, &coins[1], ans(9).get(5).clone()).await;
    let claims = claims(&coins, 2);
    for _ in 0..2 {
        let found = with_agents_down(&town, 2).find(&claims, &quiet).await;
        let (an, pan) = (Answer::HoldsAn(Origin::Minted), Answer::HoldsPan(Origin::Minted));
        assert_eq!(found[0][2..], [an; 23]);
        assert_eq!(found[1][..2], [Answer::Silent; 2]);
        assert_eq!(found[1][2..7].to_vec(), [an, an, pan, Answer::Neither, an]);
    }
}

#[tokio::test(start_paused = true)]
async fn agents_in_another_order_are_silent_and_condemn_no_coin() {
    let coins = coins(1);
    let town = Town::new(&coins).await;
    let pipes = town.pipes();
    let authority = Authority::over(&town.book(), TIMING, move |agent| {
        std::future::ready(Ok(Stream::new(pipes((agent + 1) % AGENTS))))
    });
    let round = authority.pown(&claims(&coins, 2), &quiet).await;
    assert_eq!((round.answered, round.coins[0].grade()), (0, Grade::Limbo));
    assert_eq!(authority.network().await, Err(TooFewAgents { answered: 0, agreeing: 0 }));
}

#[tokio::test(start_paused = true)]
async fn progress_never_falls_and_ends_with_everything() {
    let coins = coins(450);
    let town = Town::new(&coins).await;
    let told: Mutex<Vec<Progress>> = Mutex::default();
    let tell = |progress: Progress| told.lock().unwrap().push(progress);
    with_agents_down(&town, 3).pown(&claims(&coins, 2), &tell).await;
    let told = told.into_inner().unwrap();
    assert!(told.is_sorted_by_key(|progress| progress.settled));
    let all = 450 * AGENTS as u64;
    assert_eq!(told.last(), Some(&Progress { settled: all, of: all }));
}

#[tokio::test]
async fn nothing_is_asked_about_no_coins() {
    let town = Town::new(&[]).await;
    let authority = with_agents_down(&town, AGENTS);
    let none: [Claim; 0] = [];
    assert_eq!(authority.pown(&none, &quiet).await.answered, 25);
    assert_eq!(authority.detect(&[], &quiet).await.answered, 25);
    assert!(authority.find(&none, &quiet).await.is_empty());
}
