//! What must always be true, and that each rule is needed for it.

use std::collections::BTreeSet;

use coin::Grade;
use coin::reclaim::Departed;
use protocol::message::DurableStep;
use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::act::Act;
use crate::agents::{Held, rule};
use crate::calm;
use crate::program::Who;
use crate::rules::Broken;
use crate::world::World;

/// States that a short run looks at, for each question.
const STATES: usize = 400_000;

/// Where the checker begins, and what it lets happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// The coin is about to leave; both programs are there.
    Together,
    /// The receiver has stored it, and the two never meet again: each has the agents alone.
    Apart,
    /// The coin is about to leave, and the receiver lies.
    LyingReceiver,
    /// The sender has agreed to send, and lies.
    LyingSender,
}

/// A transfer of one coin, with what the driver leaves out and what the first agent holds.
#[derive(Clone)]
struct Transfer {
    course: Course,
    broken: Broken,
    first: Held,
}

impl Model for Transfer {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        vec![match self.course {
            Course::Together => World::about_to_leave(self.first, self.broken),
            Course::Apart => World::received(self.first, self.broken),
            Course::LyingReceiver => {
                World::about_to_leave(self.first, self.broken).with_liar(Who::Receiver)
            }
            Course::LyingSender => {
                World::about_to_leave(self.first, self.broken).with_liar(Who::Sender)
            }
        }]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        acts.extend(world.duties());
        acts.extend(world.troubles());
        acts.extend(world.lies());
        acts.retain(|act| self.course != Course::Apart || *act != Act::Link);
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        let mut next = world.clone();
        next.happen(act, self.broken);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Transfer>> {
        vec![
            Property::always(DOUBLED, |_, world: &World| {
                let liars = world.liar == Some(Who::Receiver)
                    && world.agents.count(Held::Receivers) >= rule().own;
                world.liar == Some(Who::Sender) || !world.is_senders() || !(world.booked || liars)
            }),
            Property::always(UNOWNED, |_, world: &World| {
                let quorum = |held| world.agents.count(held) >= rule().own;
                (!world.booked || quorum(Held::Receivers))
                    && (world.departed != Departed::Back || quorum(Held::Senders))
            }),
            Property::always(ORPHANED, |_, world: &World| {
                let kept = |who, kept: bool, held| {
                    world.liar == Some(who) || kept || world.agents.count(held) == 0
                };
                kept(Who::Receiver, world.stored, Held::Receivers)
                    && kept(Who::Sender, world.reclaim_kept, Held::Senders)
            }),
            Property::always(WRONGED, |_, world: &World| !world.wronged),
            Property::always(UNPAID, |_, world: &World| {
                let settled = world.sender.journal.step() == DurableStep::Settled;
                let honest = world.liar != Some(Who::Sender);
                !(settled && honest) || world.agents.count(Held::Left) <= rule().agents - rule().own
            }),
            Property::always(UNFINISHED, |model: &Transfer, world: &World| {
                let honest = world.liar.is_none();
                let undisturbed = honest && !world.troubled && model.first == Held::Left;
                !undisturbed || world.verdict.is_none_or(|grade| grade == Grade::Final)
            }),
            Property::always(DEAD_END, |model: &Transfer, world: &World| {
                // A liar may keep what is contested from everybody, and have nothing of it.
                world.liar.is_some()
                    || !world.is_at_rest()
                    || calm::leads_to_an_end(world, model.broken)
            }),
            Property::sometimes(PAID, |_, world: &World| {
                world.booked && world.sender.journal.step() == DurableStep::Settled
            }),
            Property::sometimes(TAKEN_BACK, |_, world: &World| world.departed == Departed::Back),
        ]
    }
}

const DOUBLED: &str = "a coin is never doubled";
const UNOWNED: &str = "what is booked is owned";
const ORPHANED: &str = "no agent holds a secret that nobody has kept";
const WRONGED: &str = "a coin is called counterfeit on the word of a quorum only";
const UNPAID: &str = "what is settled is dead under its old secret";
const UNFINISHED: &str = "a pown that nothing disturbs is final";
const DEAD_END: &str = "there is a way to an end from everywhere";
const PAID: &str = "a coin can be paid";
const TAKEN_BACK: &str = "a coin can be taken back";

fn states() -> usize {
    let wanted = std::env::var("LIVECONNECT_MODEL_STATES").ok();
    wanted.and_then(|states| states.parse().ok()).unwrap_or(STATES)
}

/// Looks at the states and returns what was found against the promises.
fn look(course: Course, broken: Broken, first: Held, until: HasDiscoveries) -> Vec<&'static str> {
    let started = std::time::Instant::now();
    let model = Transfer { course, broken, first };
    let checker = model.checker().finish_when(until).target_state_count(states());
    let checker = checker.spawn_bfs().join();
    println!(
        "{course:?}, {broken:?}, the first agent holds {first:?}: {} states, {} different, {} steps deep, {:.1} s",
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth(),
        started.elapsed().as_secs_f64(),
    );
    let mut found: Vec<&'static str> = checker.discoveries().into_keys().collect();
    found.retain(|name| ![PAID, TAKEN_BACK].contains(name));
    for name in &found {
        if let Some(path) = checker.discovery(name) {
            println!("{name}: {:?}", path.into_actions());
        }
    }
    found.sort_unstable();
    found
}

#[track_caller]
fn holds(course: Course, first: Held) {
    let found = look(course, Broken::Nothing, first, HasDiscoveries::AnyFailures);
    assert_eq!(found, [""; 0]);
}

#[test]
fn every_promise_holds_while_the_two_talk() {
    holds(Course::Together, Held::Left);
}

#[test]
fn every_promise_holds_while_the_two_talk_and_an_agent_is_bad() {
    holds(Course::Together, Held::Foreign);
}

#[test]
fn every_promise_holds_when_the_two_never_meet_again() {
    holds(Course::Apart, Held::Left);
}

#[test]
fn every_promise_holds_when_the_two_never_meet_again_and_an_agent_is_bad() {
    holds(Course::Apart, Held::Foreign);
}

#[test]
fn a_receiver_that_lies_gains_nothing_that_the_sender_still_counts() {
    holds(Course::LyingReceiver, Held::Left);
    holds(Course::LyingReceiver, Held::Foreign);
}

#[test]
fn a_sender_that_lies_takes_nothing_that_the_receiver_has_booked() {
    holds(Course::LyingSender, Held::Left);
    holds(Course::LyingSender, Held::Foreign);
}

/// A driver that leaves a rule out breaks this promise, and the checker shows how.
#[track_caller]
fn needed(course: Course, broken: Broken, first: Held, promise: &'static str) {
    let until = HasDiscoveries::AllOf(BTreeSet::from([promise]));
    let found = look(course, broken, first, until);
    assert!(found.contains(&promise), "{broken:?} was not found: {found:?}");
}

#[test]
fn m1_a_coin_that_leaves_unrecorded_is_doubled() {
    needed(Course::Together, Broken::FlightNotRecorded, Held::Left, DOUBLED);
}

#[test]
fn m2_new_secrets_that_are_not_kept_orphan_the_coin() {
    needed(Course::Together, Broken::NewSecretsNotKept, Held::Left, ORPHANED);
}

#[test]
fn m3_a_coin_that_is_put_back_as_it_left_is_doubled() {
    needed(Course::Apart, Broken::PutBack, Held::Left, DOUBLED);
}

#[test]
fn m3_a_reclaim_whose_secrets_are_not_kept_orphans_the_coin() {
    needed(Course::Apart, Broken::ReclaimNotKept, Held::Left, ORPHANED);
}

#[test]
fn m4_a_silence_that_counts_makes_a_good_coin_counterfeit() {
    needed(Course::Apart, Broken::SilenceCounts, Held::Left, WRONGED);
}

#[test]
fn m5_an_owner_by_one_agent_owns_nothing() {
    needed(Course::Apart, Broken::OneIsEnough, Held::Left, UNOWNED);
}

#[test]
fn m6_a_round_that_is_cancelled_early_is_never_final() {
    needed(Course::Apart, Broken::CancelsEarly, Held::Left, UNFINISHED);
}

#[test]
fn m7_a_batch_that_is_settled_as_a_whole_leaves_a_coin_to_nobody() {
    needed(Course::Together, Broken::SettlesTheWhole, Held::Left, DEAD_END);
}

#[test]
fn m8_a_sender_that_never_yields_leaves_a_coin_to_nobody() {
    needed(Course::Apart, Broken::NeverYields, Held::Foreign, DEAD_END);
}

#[test]
fn m8_a_yield_that_is_forgotten_leaves_a_coin_to_nobody() {
    needed(Course::Apart, Broken::YieldNotKept, Held::Foreign, DEAD_END);
}

#[test]
fn a_sender_that_believes_receipts_is_cheated_by_a_receiver_that_lies() {
    needed(Course::LyingReceiver, Broken::SettlesTheWhole, Held::Left, UNPAID);
}

#[test]
fn a_receiver_that_owns_by_one_agent_is_cheated_by_a_sender_that_lies() {
    needed(Course::LyingSender, Broken::OneIsEnough, Held::Left, UNOWNED);
}
