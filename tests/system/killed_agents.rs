//! The agents are killed at random moments under load, also while they start, and started again on the
//! same data: what was acknowledged is there, what was not is there as a whole or not at all.

mod changer;
mod client;
mod owner;

use std::sync::Barrier;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use coin::{Coin, Denomination, SerialNumber};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::http::Talk;
use tests::world::World;

use self::changer::{Changer, Note};
use self::client::{Client, Tally, connect, play};
use self::owner::{Owner, Way};
use crate::coins::coins_below;
use crate::stage::world;

/// Clients with coins of their own, each at any agent, all at the same time.
const OWNERS: usize = 4;
const CHANGERS: usize = 3;
const COINS: &str = "1x250,1x100,4x25,12x5,114x1";
/// Coins of 5 that each changer has.
const NOTES: usize = 4;
const CIRCULATION: u64 = 250 + 100 + 4 * 25 + 12 * 5 + 114;
const KILLS: usize = 50;
/// Requests that are acknowledged before the agents are killed, and how long after the last of them.
const REQUESTS_MAX: usize = 60;
const PAUSE_MAX: Duration = Duration::from_millis(4);
/// How long the agents may be about to start before they are killed.
const START_MAX: Duration = Duration::from_millis(300);
/// Of so many kills one comes while the agents start.
const START_OF: u32 = 4;
/// Requests after the last kill of a client whom all kills came before.
const TRIES_IN_PEACE: usize = 100;
const LISTEN: &str = "127.0.0.1:0";

/// The number of kills in place of [`KILLS`].
const KILLS_ASKED: &str = "LIVECONNECT_KILLS";
/// The choices of an earlier run, to be repeated; its moments are not.
const SEED: &str = "LIVECONNECT_SEED";

/// The long form:
///
/// ```sh
/// LIVECONNECT_KILLS=1000 cargo test -p tests --test system killed_agents -- --nocapture
/// ```
#[test]
fn agents_that_are_killed_lose_nothing_acknowledged_and_do_nothing_by_half() {
    let kills = asked(KILLS_ASKED).map_or(KILLS, |kills| kills as usize);
    let seed = asked(SEED).unwrap_or_else(rand::random);
    println!("{SEED}={seed}");
    let (_folder, mut world) = world();
    world.agents_args = &["--v1-exchange"];
    let purse = world.dir.join("purse");
    world.mint(COINS, &purse).unwrap();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut clients = clients(coins_below(&purse).unwrap(), &mut rng);
    let began = Instant::now();
    for kill in 0..kills {
        let killed = if rng.random_ratio(1, START_OF) {
            kill_while_starting(&world, &mut rng)
        } else {
            kill_at_work(&world, &mut clients, &mut rng)
        };
        killed.unwrap_or_else(|error| panic!("{SEED}={seed}, kill {kill}: {error:#}"));
    }
    let agents = world.start_agents_at(LISTEN).unwrap();
    let mut agents = connect(&agents.addresses().unwrap()).unwrap();
    for client in &mut clients {
        let ended = client
            .check(&mut agents)
            .and_then(|()| comes_to_something(client.as_mut(), &mut agents));
        ended.unwrap_or_else(|error| panic!("{SEED}={seed}, the end: {error:#}"));
    }
    let idle = clients.iter().any(|client| client.tally().acknowledged == 0);
    assert!(!idle, "somebody came to nothing");
    let Tally { acknowledged, done, not_done } = clients.iter().map(|client| client.tally()).sum();
    println!(
        "{kills} kills in {:.0?}: {acknowledged} requests acknowledged; of those without an answer {done} \
         were done, {not_done} not",
        began.elapsed()
    );
    assert!(done + not_done > 0, "nobody was in the middle of anything");
}

/// Lets a client whom every kill came before act in peace.
fn comes_to_something(client: &mut dyn Client, agents: &mut [Talk]) -> Result<()> {
    for _ in 0..TRIES_IN_PEACE {
        if client.tally().acknowledged > 0 {
            return Ok(());
        }
        ensure!(client.act(agents)?.is_continue(), "the agents died although nobody killed them");
    }
    Ok(())
}

/// Gives the coins of 5 to the changers, those of 25 to one who fixes them, and all others to the owners.
fn clients(coins: Vec<Coin>, rng: &mut StdRng) -> Vec<Box<dyn Client>> {
    let (fives, others): (Vec<Coin>, Vec<Coin>) =
        coins.into_iter().partition(|coin| coin.denomination() == Denomination::Five);
    let (quarters, others): (Vec<Coin>, Vec<Coin>) =
        others.into_iter().partition(|coin| coin.denomination() == Denomination::TwentyFive);
    let minted = |sn: &SerialNumber| others.iter().any(|coin| coin.sn == *sn);
    let pool = (1..).map(|number| SerialNumber::new(number).expect("far below 16,777,216"));
    let mut pool = pool.filter(|sn| !minted(sn));
    let mut note = |coin| Note::new(coin, std::array::from_fn(|_| pool.next().expect("no end")));
    let notes: Vec<Vec<Note>> =
        fives.chunks(NOTES).map(|coins| coins.iter().map(&mut note).collect()).collect();
    assert_eq!(notes.len(), CHANGERS);
    let owners = others.chunks(others.len().div_ceil(OWNERS));
    let mut clients: Vec<Box<dyn Client>> =
        vec![Box::new(Owner::new(Way::Fix, quarters, rng.random()))];
    for coins in owners {
        clients.push(Box::new(Owner::new(Way::Pown, coins.to_vec(), rng.random())));
    }
    for notes in notes {
        clients.push(Box::new(Changer::new(notes, CIRCULATION, rng.random())));
    }
    clients
}

fn kill_while_starting(world: &World, rng: &mut StdRng) -> Result<()> {
    let mut process = world.spawn_agents_at(LISTEN)?;
    thread::park_timeout(rng.random_range(Duration::ZERO..START_MAX));
    process.kill()
}

fn kill_at_work(world: &World, clients: &mut [Box<dyn Client>], rng: &mut StdRng) -> Result<()> {
    let mut agents = world.start_agents_at(LISTEN)?;
    let addresses = agents.addresses()?;
    // Nobody connects once the kill may come: the ports of the dead may be somebody else's.
    let all_ready = Barrier::new(clients.len() + 1);
    thread::scope(|scope| {
        let (tell, told) = channel();
        let mut at_work = Vec::new();
        for client in clients {
            let (addresses, all_ready, tell) = (&addresses, &all_ready, tell.clone());
            at_work.push(scope.spawn(move || play(client.as_mut(), addresses, all_ready, &tell)));
        }
        drop(tell);
        all_ready.wait();
        // Some deaths come as an acknowledgement arrives, others in the midst of what follows.
        told.iter().take(rng.random_range(0..REQUESTS_MAX)).for_each(drop);
        if rng.random() {
            thread::park_timeout(rng.random_range(Duration::ZERO..PAUSE_MAX));
        }
        let killed = agents.process.kill();
        let ended = at_work.into_iter().map(|client| client.join().expect("none panics"));
        killed.and(ended.collect())
    })
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}
