//! The agents are killed at random moments under load, also while they start, and started again on the
//! same data: what was acknowledged is there, what was not is there as a whole or not at all.

mod lane;

use std::sync::Barrier;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::world::World;

use self::lane::{Lane, Tally};
use crate::coins::coins_below;
use crate::stage::world;

/// Clients that change coins of their own, at any agent, at the same time.
const LANES: usize = 6;
const COINS: &str = "1x250,1x100,1x25,1x5,176x1";
const KILLS: usize = 50;
/// Batches that are acknowledged before the agents are killed, and how long after the last of them.
const BATCHES_MAX: usize = 60;
const PAUSE_MAX: Duration = Duration::from_millis(4);
/// How long the agents may be about to start before they are killed.
const START_MAX: Duration = Duration::from_millis(300);
/// Of so many kills one comes while the agents start.
const START_OF: u32 = 4;
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
    let (_folder, world) = world();
    let purse = world.dir.join("purse");
    world.mint(COINS, &purse).unwrap();
    let coins = coins_below(&purse).unwrap();
    let lanes = coins.chunks(coins.len() / LANES).zip(seed..);
    let mut lanes: Vec<Lane> = lanes.map(|(coins, seed)| Lane::new(coins.to_vec(), seed)).collect();
    let mut rng = StdRng::seed_from_u64(seed);
    let began = Instant::now();
    for kill in 0..kills {
        let killed = if rng.random_ratio(1, START_OF) {
            kill_while_starting(&world, &mut rng)
        } else {
            kill_at_work(&world, &mut lanes, &mut rng)
        };
        killed.unwrap_or_else(|error| panic!("{SEED}={seed}, kill {kill}: {error:#}"));
    }
    let agents = world.start_agents_at(LISTEN).unwrap();
    let addresses = agents.addresses().unwrap();
    for lane in &mut lanes {
        lane.check(&addresses).unwrap_or_else(|error| panic!("{SEED}={seed}, the end: {error:#}"));
    }
    let Tally { acknowledged, done, not_done } = lanes.iter().map(|lane| lane.tally).sum();
    println!(
        "{kills} kills in {:.0?}: {acknowledged} batches acknowledged; of those without an answer {done} \
         were done, {not_done} not",
        began.elapsed()
    );
    assert!(acknowledged > 0 && done + not_done > 0, "nothing was tested");
}

fn kill_while_starting(world: &World, rng: &mut StdRng) -> Result<()> {
    let mut process = world.spawn_agents_at(LISTEN)?;
    thread::park_timeout(rng.random_range(Duration::ZERO..START_MAX));
    process.kill()
}

fn kill_at_work(world: &World, lanes: &mut [Lane], rng: &mut StdRng) -> Result<()> {
    let mut agents = world.start_agents_at(LISTEN)?;
    let addresses = agents.addresses()?;
    // Nobody connects once the kill may come: the ports of the dead may be somebody else's.
    let all_ready = Barrier::new(lanes.len() + 1);
    thread::scope(|scope| {
        let (tell, told) = channel();
        let mut at_work = Vec::new();
        for lane in lanes {
            let (addresses, all_ready, tell) = (&addresses, &all_ready, tell.clone());
            at_work.push(scope.spawn(move || lane.play(addresses, all_ready, &tell)));
        }
        drop(tell);
        all_ready.wait();
        // Some deaths come as an acknowledgement arrives, others in the midst of what follows.
        told.iter().take(rng.random_range(0..BATCHES_MAX)).for_each(drop);
        if rng.random() {
            thread::park_timeout(rng.random_range(Duration::ZERO..PAUSE_MAX));
        }
        let killed = agents.process.kill();
        let ended = at_work.into_iter().map(|lane| lane.join().expect("a lane does not panic"));
        killed.and(ended.collect())
    })
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Tally {
        tallies.fold(Tally::default(), |sum, tally| Tally {
            acknowledged: sum.acknowledged + tally.acknowledged,
            done: sum.done + tally.done,
            not_done: sum.not_done + tally.not_done,
        })
    }
}
