//! A peer that talks for ever and never gets on keeps no program: every step has an end, whatever is
//! said in it.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::machine::{Input, Now, Outcome, Report};
use protocol::message::{Chunk, DurableStep, Last, Message, Number, Position};
use protocol::waits::{self, WaitingFor};

use crate::money::{BATCH, Held, manifest, whole};
use crate::parting::messages;
use crate::side::{Machine, Who};
use crate::waits::{states, step_name};
use crate::world::{Event, PEER_WAIT, World};

/// Often enough for a peer that counts as there.
const ROUND: Duration = Duration::from_secs(10);

/// What a peer does in each round, but for its heartbeat.
type Script = Box<dyn Fn(u32) -> Vec<Input>>;

fn heard(message: Message) -> Input {
    Input::Heard(message)
}

fn position(step: DurableStep) -> Input {
    let batch = (step != DurableStep::Open).then_some(BATCH);
    heard(Message::Heartbeat(Some(Position { step, batch })))
}

/// A new link in each round, and on it the whole way to the coins.
fn way_to_the_coins(step: DurableStep) -> Vec<Input> {
    vec![
        Input::Unlinked,
        Input::Linked,
        position(step),
        heard(Message::EmptyImportExport),
        heard(Message::ImportExportEmpty),
        Input::Done(Report::FoldersCleared),
        heard(Message::Money { amount: whole(), memo: None }),
        heard(Message::EncryptingCoins(manifest())),
        heard(Message::ReadyToSendCoins),
        Input::Done(Report::Ready),
    ]
}

/// The first so many of these, in each round: the rest of some way may end it all.
fn beginnings(way: &[Input]) -> impl Iterator<Item = Script> {
    let way = way.to_vec();
    (1..=way.len()).map(move |length| {
        let inputs = way[..length].to_vec();
        Box::new(move |_| inputs.clone()) as Script
    })
}

fn scripts() -> Vec<Script> {
    let mut scripts: Vec<Script> = vec![
        Box::new(|_| vec![Input::Progress]),
        Box::new(|index| vec![heard(Message::Coins(Chunk { index, last: Last::No }))]),
        Box::new(|index| vec![heard(Message::Receipt(Chunk { index, last: Last::No }))]),
    ];
    for message in messages() {
        scripts.push(Box::new(move |_| vec![heard(message.clone())]));
    }
    for step in [
        DurableStep::Open,
        DurableStep::InFlight,
        DurableStep::Received,
        DurableStep::Receipted,
        DurableStep::Settled,
        DurableStep::Refused,
    ] {
        scripts.extend(beginnings(&way_to_the_coins(step)));
    }
    scripts
}

/// How long a program lives with a peer that follows this script.
fn lives(machine: &Machine, script: &Script) -> Duration {
    let mut machine = machine.clone();
    let Some(waiting) = machine.waiting() else { return Duration::ZERO };
    let begin = waiting.until.saturating_sub(ROUND);
    let mut now = Now { monotonic: begin, wall_secs: 0 };
    for round in 0.. {
        let mut inputs = vec![heard(Message::Heartbeat(None))];
        inputs.extend(script(round));
        inputs.push(Input::Tick);
        for input in inputs {
            machine = machine.handle(now, input).0;
        }
        if machine.is_over() || round > 10_000 {
            break;
        }
        now.monotonic += ROUND;
    }
    now.monotonic - begin
}

#[test]
fn a_peer_that_repeats_itself_keeps_no_program() {
    let comings = PEER_WAIT * waits::COMINGS;
    // The longest of all steps, and the work at its end.
    let at_most = waits::WATCHING_TOTAL + comings + waits::LONG_TOTAL + comings;
    let steps: BTreeMap<String, Machine> =
        states().into_iter().map(|state| (step_name(&state), state)).collect();
    let scripts = scripts();
    for (name, state) in &steps {
        for (place, script) in scripts.iter().enumerate() {
            let lived = lives(state, script);
            assert!(lived <= at_most, "{name} lives {lived:?} with script {place}");
        }
    }
}

/// Runs until the sender has said 18, and has not yet asked the agents.
fn at_18() -> World {
    let mut world = World::new();
    while world.sender.said.last() != Some(&Message::ConfirmingChangeOfOwnership) {
        world.run_for(1);
    }
    world
}

/// A program that is none of ours says this to a side every second, for as long as that lives.
fn repeat(world: &mut World, to: Who, message: &Message) -> Duration {
    let began = world.now;
    world.side(to.other()).stop();
    while world.side(to).is_running() {
        if world.events()[0] == Event::Tick {
            world.feed(to, Input::Heard(message.clone()));
        }
        world.run_for(1);
    }
    world.now - began
}

#[test]
fn a_sender_that_says_18_for_ever_keeps_no_coin_from_default() {
    let mut world = at_18();
    world.sender.stop();
    while world.events()[0] != Event::Tick {
        world.run_for(1);
    }
    assert!(world.receiver.is_running() && world.money.is_banked());
    let lasted = repeat(&mut world, Who::Receiver, &Message::ConfirmingChangeOfOwnership);
    assert!(lasted > waits::LONG_TOTAL - ROUND);
    assert!(lasted <= waits::LONG_TOTAL + PEER_WAIT * waits::COMINGS);
    assert!(matches!(world.receiver.outcome, Some(Outcome::Done(_))));
}

#[test]
fn a_receiver_that_says_16_for_ever_makes_the_sender_ask_the_agents() {
    let mut world = World::new();
    while world.receiver.said.last() != Some(&Message::PowningCoins) {
        world.run_for(1);
    }
    world.money.agents = [Held::New; 2];
    let lasted = repeat(&mut world, Who::Sender, &Message::PowningCoins);
    assert!(lasted > waits::LONG_TOTAL - ROUND);
    assert!(lasted <= waits::LONG_TOTAL + PEER_WAIT * waits::COMINGS);
    assert_eq!(world.sender.outcome, Some(Outcome::Unreceipted(whole())));
}

#[test]
fn the_end_that_is_shown_is_the_end_that_holds() {
    let mut world = at_18();
    world.sender.stop();
    while world.events()[0] != Event::Tick {
        world.run_for(1);
    }
    let mut shown = Duration::ZERO;
    while world.receiver.is_running() {
        world.feed(Who::Receiver, Input::Heard(Message::ConfirmingChangeOfOwnership));
        let waiting = world.receiver.machine.as_ref().and_then(Machine::waiting);
        if let Some(waiting) = waiting {
            assert_eq!(waiting.what, WaitingFor::Message(Number::CoinsConfirmed));
            assert!(waiting.until > world.now);
            shown = waiting.until;
        }
        world.happen(Event::Tick);
    }
    assert_eq!(shown, world.now);
}
