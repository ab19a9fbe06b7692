//! Inputs of all kinds in any order: no panic, nothing after the end, and no act before its record.

use std::time::Duration;

use coin::Amount;
use protocol::machine::{
    Consent, Fault, Input, Job, Now, OldSecrets, Output, Preparation, Report, Totals,
};
use protocol::message::{BatchHash, Chunk, DurableStep, Last, Message, Position};

use crate::money::{BATCH, manifest, whole};
use crate::random::Random;
use crate::side::{BOTH, Machine, Who};
use crate::world::World;

fn one<T: Clone>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len())].clone()
}

fn report(random: &mut Random) -> Report {
    let totals = Totals { last: whole(), ..Totals::default() };
    let limbo = Totals { limbo: whole(), ..Totals::default() };
    let dead = OldSecrets { dead: whole(), alive_or_unknown: Amount::ZERO };
    let alive = OldSecrets { dead: Amount::ZERO, alive_or_unknown: whole() };
    let preparation = one(random, &Preparation::ALL);
    let reports = [
        Report::FoldersCleared,
        Report::Prepared(preparation),
        Report::Encrypted(manifest()),
        Report::CoinsSent,
        Report::FiledInSent,
        Report::ReceiptRead(one(random, &[totals, limbo, Totals::default()])),
        Report::Checked(one(random, &[dead, alive])),
        Report::CheckedAlone(one(random, &[dead, alive])),
        Report::PutBack,
        Report::Ready,
        Report::Stored(one(random, &[BATCH, BatchHash([9; 32])])),
        Report::BatchChecked,
        Report::Powned(one(random, &[totals, limbo])),
        Report::ReceiptSent,
        Report::Banked,
    ];
    one(random, &reports)
}

fn failure(random: &mut Random) -> Input {
    let jobs = [
        Job::ClearFolders,
        Job::Prepare(Preparation::MakeChange),
        Job::Encrypt,
        Job::SendCoins(BATCH),
        Job::ReadReceipt,
        Job::CheckOldSecrets,
        Job::AskAgentsAlone,
        Job::PutBack,
        Job::GetReady,
        Job::Store,
        Job::CheckBatch(manifest()),
        Job::Pown,
        Job::SendReceipt,
        Job::Bank,
    ];
    let faults = [
        Fault::BadBatch("odd".into()),
        Fault::Disk("full".into()),
        Fault::TooFewAgents { answered: 0 },
        Fault::OtherAgents,
    ];
    Input::Failed(one(random, &jobs), one(random, &faults))
}

fn message(random: &mut Random) -> Message {
    let steps = [DurableStep::Open, DurableStep::InFlight, DurableStep::Received];
    let more = [DurableStep::Receipted, DurableStep::Settled, DurableStep::Refused];
    let step = one(random, &[steps, more].concat());
    let batch = one(random, &[None, Some(BATCH)]);
    let chunk = Chunk { index: 0, last: one(random, &[Last::No, Last::Yes]) };
    let mut messages = crate::parting::messages();
    messages.push(Message::Heartbeat(Some(Position { step, batch })));
    messages.push(Message::Money { amount: whole(), memo: None });
    messages.extend([Message::Coins(chunk), Message::Receipt(chunk)]);
    messages.push(Message::Abort("enough".into()));
    one(random, &messages)
}

fn input(random: &mut Random) -> Input {
    match random.below(16) {
        0 => Input::Linked,
        1 => Input::Unlinked,
        2 => Input::Progress,
        3 => Input::Answered(one(random, &[Consent::Yes, Consent::No])),
        4 => Input::Tick,
        5 if random.one_in(8) => Input::StopAsked,
        6 if random.one_in(2) => failure(random),
        7..=11 => Input::Done(report(random)),
        _ => Input::Heard(message(random)),
    }
}

/// Checks the outputs of a machine whose journal says `durable` before them.
fn check(mut durable: DurableStep, machine: &Machine, outputs: &[Output]) -> DurableStep {
    for (place, output) in outputs.iter().enumerate() {
        match output {
            Output::Persist => durable = machine.position().step,
            Output::Start(Job::SendCoins(_)) => assert_eq!(durable, DurableStep::InFlight),
            Output::Start(Job::SendReceipt | Job::Bank) => {
                assert_eq!(durable, DurableStep::Receipted);
            }
            Output::Start(Job::Pown) => {
                assert!(matches!(durable, DurableStep::Received | DurableStep::Receipted));
            }
            Output::Start(Job::PutBack | Job::Prepare(_) | Job::Encrypt) => {
                assert_eq!(durable, DurableStep::Open);
            }
            Output::End(_) => assert_eq!(place + 1, outputs.len()),
            _ => {}
        }
    }
    assert_eq!(durable, machine.position().step, "a change that was not persisted");
    durable
}

fn nonsense(seed: u64, who: Who) -> DurableStep {
    let mut random = Random::new(seed);
    // Half of the machines begin somewhere in a transfer, the others at its start.
    let mut world = World::new();
    world.run_for(random.below(2) * random.below(World::whole_length()));
    let mut durable = world.side(who).durable();
    let Some(mut machine) = world.side(who).machine.take() else { return durable };
    let mut now = Now { monotonic: world.now, wall_secs: 0 };
    for _ in 0..120 {
        now.monotonic += Duration::from_secs(random.below(3) as u64);
        let was_over = machine.is_over();
        let (next, outputs) = machine.handle(now, input(&mut random));
        assert!(!was_over || outputs.is_empty(), "something after the end");
        durable = check(durable, &next, &outputs);
        machine = if random.one_in(50) { next.resumed(now) } else { next };
    }
    durable
}

#[test]
fn inputs_in_any_order_break_no_rule() {
    let mut reached = std::collections::HashSet::new();
    for seed in 0..2_000 {
        for who in BOTH {
            let outcome = std::panic::catch_unwind(|| nonsense(seed, who));
            reached.insert(outcome.unwrap_or_else(|_| panic!("seed {seed}, {who:?}")));
        }
    }
    assert_eq!(reached.len(), 6, "every durable step is reached: {reached:?}");
}
