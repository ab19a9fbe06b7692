//! The agents die in the middle of a transfer, all at once, and come back at the same addresses.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use protocol::room::Side;
use tests::process::Running;
use tests::programs::Program;
use tests::world::{Agents, Home, World};

use crate::coins::{Witness, owned, sum};
use crate::ear::Ear;
use crate::speaker::Speaker;
use crate::stage::{ALL, COINS, Ground, Payment, quiet, succeeds, world};
use crate::wire::{Said, What};

/// Below the ports that the system gives away: blocks of 100 ports, of which the first 25 are used.
const BLOCKS: std::ops::Range<u16> = 200..320;

/// A client asks silent agents again for longer than this, with growing pauses.
const ASKED_AGAIN_FOR: Duration = Duration::from_secs(2);

/// When the agents die.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// So long after this message has passed.
    After(Said, Duration),
    /// When the receiver has said this.
    AtWords(&'static str),
}

const POWNING: Said = Said { what: What::Message(16), by: Side::R };
const CONFIRMING: Said = Said { what: What::Message(18), by: Side::S };

const DEATHS: [Death; 6] = [
    Death::After(POWNING, Duration::ZERO),
    Death::After(POWNING, Duration::from_millis(15)),
    Death::AtWords("powning: 25 %"),
    Death::AtWords("powning: 50 %"),
    Death::AtWords("powning: 75 %"),
    Death::After(CONFIRMING, Duration::ZERO),
];

/// When they come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Return {
    /// While both programs still ask for them.
    AtOnce,
    /// After both programs have given up.
    AfterTheEnd,
}

#[test]
fn agents_that_die_and_come_back_at_once_stop_nobody() {
    for_each_death(Return::AtOnce);
}

#[test]
fn agents_that_die_for_longer_leave_all_to_resume() {
    for_each_death(Return::AfterTheEnd);
}

#[track_caller]
fn for_each_death(comes_back: Return) {
    let (folder, world) = world();
    let mut template = String::new();
    let mut ground = Ground::in_world(folder, world, DEATHS.len(), COINS, |world| {
        let (agents, at) = start_in_a_free_block(world)?;
        template = at;
        Ok(agents)
    });
    for (round, death) in DEATHS.into_iter().enumerate() {
        println!("{death:?}, {comes_back:?}");
        lose_agents(&mut ground, round, death, comes_back, &template);
    }
}

#[track_caller]
fn lose_agents(ground: &mut Ground, round: usize, death: Death, back: Return, template: &str) {
    let ear = Ear::at(&ground.relay.address);
    let dir = ground.world.dir.join(format!("round-{round}"));
    let (from, to) = ground.homes(&dir, &ground.purses[round]).unwrap();
    let old = owned(&from).unwrap();
    let (conn, relay) = (dir.join("conn.txt"), ear.address());
    let payment = Payment { from, to, conn, relay, amount: ALL };
    let mut sender = Speaker::start("coin-send", payment.send(60));
    payment.wait_for_conn(&mut sender.program).unwrap();
    let mut receiver = Speaker::start("coin-receive", payment.receive(60));
    match death {
        Death::AtWords(words) => receiver.says(words),
        Death::After(message, pause) => {
            assert!(ear.hear(message, &mut receiver.program).unwrap(), "{message} was not said");
            thread::park_timeout(pause);
        }
    }
    ground.agents.process.kill().unwrap();
    let died = Instant::now();
    let programs = [sender, receiver];
    let ended = match back {
        Return::AtOnce => {
            ground.agents = ground.world.start_agents_at(template).unwrap();
            let away = died.elapsed();
            let ended = programs.map(Speaker::ends);
            let waited_for = away < ASKED_AGAIN_FOR;
            println!("  away for {away:.1?}");
            assert!(!waited_for || ended.iter().all(|(status, _)| status.success()), "{ended:?}");
            ended
        }
        Return::AfterTheEnd => {
            let ended = programs.map(Speaker::ends);
            ground.agents = ground.world.start_agents_at(template).unwrap();
            ended
        }
    };
    for (status, said) in ended {
        assert!(matches!(status.code(), Some(0 | 21)), "{status}: {said}");
    }
    let both = [&payment.from, &payment.to].map(resume);
    both.into_iter().for_each(|program| drop(succeeds(program)));
    let (left, new) = (owned(&payment.from).unwrap(), owned(&payment.to).unwrap());
    assert_eq!((payment.from.total().unwrap(), payment.to.total().unwrap()), (0, ALL));
    assert_eq!((sum(&left), sum(&new)), (0, ALL));
    assert!(new.keys().eq(old.keys()), "the same coins");
    let witness = Witness::of(&ground.agents).unwrap();
    witness.owned(&new).unwrap();
    witness.given_away(&old).unwrap();
}

fn resume(home: &Home) -> Running {
    let command = home.command(Program::CoinWallet, &["resume", "--wait", "5"]);
    Running::start("coin-wallet", &mut quiet(command)).unwrap()
}

/// Starts the agents at ports that are the same after a restart, and returns their template.
fn start_in_a_free_block(world: &World) -> Result<(Agents, String)> {
    let first = rand::random_range(BLOCKS);
    let blocks = (first..BLOCKS.end).chain(BLOCKS.start..first);
    let free = blocks.filter(|block| {
        (0..25).all(|agent| TcpListener::bind(("127.0.0.1", block * 100 + agent)).is_ok())
    });
    let templates = free.map(|block| format!("127.0.0.1:{block}{{i:02}}"));
    // Between the look and the start somebody else may take a port: then the next block is taken.
    let mut started = templates.filter_map(|at| Some((world.start_agents_at(&at).ok()?, at)));
    started.next().context("25 ports in a row are free nowhere")
}
