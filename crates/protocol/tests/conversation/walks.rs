//! Random walks: cuts, crashes, stops, lost agents, job ends that come twice. A failing walk names
//! its seed.

use protocol::machine::{Input, Report};

use crate::money::{Held, Pown};
use crate::random::Random;
use crate::side::{BOTH, Who};
use crate::world::{Event, World};

const SEEDS: u64 = 1_000;

fn disturb(world: &mut World, random: &mut Random) {
    let who = BOTH[random.below(2)];
    match random.below(7) {
        0 | 1 => world.cut(),
        2 | 3 if world.side(who).is_running() => world.crash(who),
        4 => world.feed(who, Input::Progress),
        5 => twice(world, random),
        6 if random.one_in(4) => world.feed(who, Input::StopAsked),
        _ => world.happen(Event::Tick),
    }
}

/// A job's end, or an answer, that comes again or was never asked for.
fn twice(world: &mut World, random: &mut Random) {
    let stale = [
        Report::FoldersCleared,
        Report::CoinsSent,
        Report::FiledInSent,
        Report::ReceiptSent,
        Report::Ready,
        Report::PutBack,
    ];
    let who = BOTH[random.below(2)];
    // The end of a job that such a report would announce for real is left to the job itself.
    let report = stale[random.below(stale.len())].clone();
    if world.side(who).jobs.is_empty() && world.side(who).stream.is_none() {
        world.feed(who, Input::Done(report));
    }
}

fn walk(seed: u64) {
    let mut random = Random::new(seed);
    let mut world = World { first: BOTH[random.below(2)], ..World::new() };
    for _ in 0..random.below(3) {
        world.money.powns.push([Pown::All, Pown::Limbo, Pown::TooFew][random.below(3)]);
    }
    let trouble = 4 + random.below(40);
    for _ in 0..400 {
        if world.is_at_rest() {
            break;
        }
        if random.one_in(trouble) {
            disturb(&mut world, &mut random);
        } else {
            let events = world.events();
            world.happen(events[random.below(events.len())]);
        }
    }
    world.settle();
    world.assert_settled();
}

#[test]
fn a_thousand_random_walks_lose_and_double_nothing() {
    for seed in 0..SEEDS {
        let outcome = std::panic::catch_unwind(|| walk(seed));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

#[test]
fn a_walk_without_trouble_is_done_in_any_order_of_events() {
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        let mut world = World { first: BOTH[random.below(2)], ..World::new() };
        while !world.is_at_rest() {
            let mut events = world.events();
            // Time goes by when nothing else happens.
            if events.len() > 1 {
                events.retain(|event| *event != Event::Tick);
            }
            world.happen(events[random.below(events.len())]);
        }
        assert!(world.money.all(Held::New), "seed {seed}");
        world.assert_done();
        assert_eq!(world.side(Who::Sender).journal.is_some(), true);
    }
}
