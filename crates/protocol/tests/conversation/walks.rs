//! Random walks: cuts, crashes, stops, lost agents, job ends that come twice. A failing walk names
//! its seed.

use std::time::Duration;

use protocol::machine::Input;

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
        5 => twice(world, who),
        6 if random.one_in(4) => world.feed(who, Input::StopAsked),
        _ => world.happen(Event::Tick),
    }
}

/// The end of the last job comes again.
fn twice(world: &mut World, who: Who) {
    if let Some(ended) = world.side(who).last_end.clone() {
        world.feed(who, ended);
    }
}

fn walk(seed: u64) {
    let mut random = Random::new(seed);
    let mut world = World { first: BOTH[random.below(2)], ..World::new() };
    for _ in 0..random.below(3) {
        world.money.powns.push([Pown::All, Pown::Limbo, Pown::TooFew][random.below(3)]);
    }
    world.away = Duration::from_secs([0, 0, 10, 200][random.below(4)]);
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
        assert!(world.sender.journal.is_some());
    }
}
