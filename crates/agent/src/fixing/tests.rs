//! Random walks of wallets that keep no rule, over 25 agents: whatever they ask of which agents, the
//! coins that so many agents hold with one origin are together worth no more than was minted.

use std::collections::{BTreeSet, HashMap, HashSet};

use coin::{AGENTS, Origin, SerialNumber};
use raida::api::{Cancellation, CoinQuestion, Exchange, KnownCoin, RequestId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use tokio::time::Instant;

use super::QUORUM;
use super::votes::Votes;
use crate::acts::{Fix, Fixed, Fixing, Take};
use crate::committer::Act;
use crate::exchange::catch_up::Heard;
use crate::exchange::{Cancel, Desk, Execute, Memory};
use crate::ledger::sim::{SimDisk, SimLedger};
use crate::ledger::tests::{an, charter, sn};
use crate::ledger::{Draft, Ledger, put};
use crate::limits::WORD_LIFE;
use crate::settings::Shown;
use crate::words::Words;

const ONE: u32 = 1;
const FIVE: u32 = 2_097_153;
const TWENTY_FIVE: u32 = 4_194_305;
const WALKS: u64 = 60;
const DEEDS: usize = 160;

/// What was minted: five coins of 1 and four of 5.
fn minted() -> Vec<u32> {
    (ONE..ONE + 5).chain(FIVE..FIVE + 4).collect()
}

/// The agents, what wallets know, and what came of it all.
struct World {
    /// The honest ones; the others say whatever helps.
    ledgers: Vec<SimLedger>,
    bad: usize,
    requests: Vec<(RequestId, Vec<u32>, Vec<u32>)>,
    heard: Heard,
    done: Done,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    executed: usize,
    taken_back: usize,
    fixed: usize,
    caught_up: usize,
    /// Serial numbers that were held with several origins.
    contested: usize,
}

impl World {
    fn new(bad: usize, rng: &mut StdRng) -> World {
        let ledgers = (0..AGENTS - bad).map(|agent| {
            let ledger = SimDisk::found(charter(agent)).open();
            // Some agents were away when some coins were minted.
            let known = minted().into_iter().filter(|_| rng.random_ratio(19, 20));
            let coins: Vec<KnownCoin> = known.map(|number| (sn(number), an(0))).collect();
            put(&ledger, &coins).unwrap();
            ledger
        });
        let ledgers = ledgers.collect();
        World { ledgers, bad, requests: Vec::new(), heard: Heard::new(), done: Done::default() }
    }

    fn carry_out<A: Act>(&self, agent: usize, act: A) -> A::Outcome {
        let mut draft = Draft::over(&self.ledgers[agent]);
        let outcome = act.decide(&mut draft).unwrap();
        draft.commit().unwrap();
        outcome
    }

    /// Coins with the secrets that an agent holds: these wallets know all of them.
    fn known(&self, agent: usize, numbers: &[u32]) -> Vec<KnownCoin> {
        let held = |number: &u32| self.ledgers[agent].an(sn(*number)).unwrap().unwrap_or(an(0));
        numbers.iter().map(|number| (sn(*number), held(number))).collect()
    }

    fn ask_for_an_exchange(&mut self, agents: &[usize], rng: &mut StdRng) {
        let (inputs, outputs) = sides(rng);
        let id = RequestId::from_bytes(rng.random());
        self.requests.push((id, inputs, outputs));
        self.execute(self.requests.len() - 1, agents, rng);
    }

    fn execute(&mut self, request: usize, agents: &[usize], rng: &mut StdRng) {
        let (id, inputs, outputs) = self.requests[request].clone();
        for &agent in agents {
            let secret = an(rng.random_range(0..3));
            let outputs = outputs.iter().map(|number| (sn(*number), secret.clone())).collect();
            let Ok(exchange) = Exchange::new(self.known(agent, &inputs), outputs) else { return };
            let (memory, content) = (Memory::Named(id), exchange.content());
            let (desk, now) = (Desk::default(), Instant::now());
            let execute = Execute { memory, exchange, content, desk, now };
            if let Ok(done) = self.carry_out(agent, execute) {
                self.done.executed += 1;
                let origin = done.origin.unwrap();
                let lineage = self.ledgers[agent].lineage(origin).unwrap().unwrap();
                self.heard.insert(origin, lineage);
            }
        }
    }

    fn take_back(&mut self, request: usize, agents: &[usize]) {
        let (id, inputs, outputs) = self.requests[request].clone();
        for &agent in agents {
            let (given, made) = (self.known(agent, &inputs), self.known(agent, &outputs));
            let Ok(back) = Exchange::new(given, made) else { return };
            let before = self.ledgers[agent].counts().unwrap().exchanged();
            let (asked, desk) = (Cancellation::TakeBack(back), Desk::default());
            let _ = self.carry_out(agent, Cancel { id, asked, desk, now: Instant::now() });
            let after = self.ledgers[agent].counts().unwrap().exchanged();
            self.done.taken_back += usize::from(after < before);
        }
    }

    fn pown(&self, number: u32, agents: &[usize], rng: &mut StdRng) {
        for &agent in agents {
            let (sn, held) = self.known(agent, &[number]).remove(0);
            let question = CoinQuestion { sn, an: held, pan: an(rng.random_range(0..3)) };
            let (shown, words) = (Shown::All, Words::default());
            self.carry_out(agent, Take { coins: vec![question], shown, words });
        }
    }

    /// Has coins fixed at some agents, on the word of all that hold what the wallet says.
    fn fix(&mut self, wanted: &[(SerialNumber, Origin)], agents: &[usize], rng: &mut StdRng) {
        for &agent in agents {
            let fixing: Vec<Fixing> = wanted
                .iter()
                .filter_map(|(sn, origin)| {
                    let seen = self.ledgers[agent].coin(*sn).unwrap();
                    let mut votes = Votes::of(seen.as_ref(), QUORUM);
                    for giver in (0..self.ledgers.len()).filter(|giver| *giver != agent) {
                        let held = self.ledgers[giver].coin(*sn).unwrap();
                        let held = held.map(|held| held.origin).filter(|held| held == origin);
                        votes.hear(giver, held);
                    }
                    (self.ledgers.len()..AGENTS).for_each(|bad| votes.hear(bad, Some(*origin)));
                    let (origin, _) = votes.won()?;
                    let pan = an(rng.random_range(0..3));
                    Some(Fixing { sn: *sn, seen, origin, pan })
                })
                .collect();
            let missed =
                fixing.iter().filter(|it| it.seen.is_none() && it.origin != Origin::Minted);
            let missed = missed.count();
            let (until, words) = (Instant::now() + WORD_LIFE, Words::default());
            let heard = self.heard.clone();
            let fixed = self.carry_out(agent, Fix { coins: fixing, heard, until, words });
            let passed = fixed.iter().filter(|fixed| **fixed == Fixed::Pass).count();
            self.done.fixed += passed;
            self.done.caught_up += missed.min(passed);
        }
    }

    /// How many honest agents hold each coin.
    fn holders(&self) -> HashMap<(SerialNumber, Origin), usize> {
        let mut holders = HashMap::new();
        for ledger in &self.ledgers {
            ledger
                .scan(&mut |sn, held| *holders.entry((sn, held.origin)).or_default() += 1)
                .unwrap();
        }
        holders
    }

    /// Looks whether anything was printed. With bad agents, which say that they hold everything, a
    /// coin counts from 17 on.
    fn check(&mut self) {
        let minted = value(minted().into_iter().map(sn));
        for ledger in &self.ledgers {
            let counts = ledger.counts().unwrap();
            assert!(counts.value() <= minted, "an honest agent holds {}", counts.value());
            self.check_held(ledger);
        }
        let holders = self.holders();
        let owned_from = QUORUM + self.bad;
        let owned = holders.iter().filter(|(_, honest)| **honest + self.bad >= owned_from);
        let owned: Vec<SerialNumber> = owned.map(|((sn, _), _)| *sn).collect();
        let worth = value(owned.iter().copied());
        assert!(worth <= minted, "{worth} where {minted} was minted: {owned:?}");
        let numbers: BTreeSet<SerialNumber> = holders.keys().map(|(sn, _)| *sn).collect();
        self.done.contested += holders.len() - numbers.len();
    }
}

impl World {
    /// Looks whether exchanges lead from what was minted to what an agent holds: none of them took what
    /// another took, or what is held.
    fn check_held(&self, ledger: &SimLedger) {
        let (mut held, mut open) = (Vec::new(), Vec::new());
        ledger.scan(&mut |sn, holding| held.push((sn, holding.origin))).unwrap();
        open.extend(held.iter().map(|(_, origin)| *origin));
        let (mut before, mut taken) = (HashSet::new(), HashSet::new());
        while let Some(origin) = open.pop() {
            if origin == Origin::Minted || !before.insert(origin) {
                continue;
            }
            for input in self.heard[&origin].inputs() {
                assert!(taken.insert(*input), "{input:?} was given twice");
                open.push(input.1);
            }
        }
        assert!(held.iter().all(|coin| !taken.contains(coin)), "held beside what it was given for");
    }
}

fn value(coins: impl Iterator<Item = SerialNumber>) -> u64 {
    coins.map(|sn| u64::from(sn.denomination().value())).sum()
}

/// Coins of the same value: few numbers, so that many want the same.
fn sides(rng: &mut StdRng) -> (Vec<u32>, Vec<u32>) {
    let ones = |from: u32| (ONE + from..ONE + from + 5).collect::<Vec<_>>();
    let five = vec![FIVE + rng.random_range(0..6)];
    let some_ones = ones(*[0, 3, 5, 7].choose(rng).unwrap());
    let mut sides = match rng.random_range(0..4) {
        0 => ((FIVE..FIVE + 5).collect(), vec![TWENTY_FIVE]),
        1 => ((FIVE..FIVE + 4).chain(ones(0)).collect(), vec![TWENTY_FIVE]),
        _ => (five, some_ones),
    };
    if rng.random_bool(0.4) {
        std::mem::swap(&mut sides.0, &mut sides.1);
    }
    sides
}

fn walk(seed: u64, bad: usize) -> Done {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut world = World::new(bad, &mut rng);
    for _ in 0..DEEDS {
        let honest = world.ledgers.len();
        let share = *[0.1, 0.3, 0.55, 0.7, 1.0].choose(&mut rng).unwrap();
        let agents: Vec<usize> = (0..honest).filter(|_| rng.random_bool(share)).collect();
        let request = rng.random_range(0..world.requests.len().max(1));
        let is_asked = request < world.requests.len();
        match rng.random_range(0..10) {
            0..4 => world.ask_for_an_exchange(&agents, &mut rng),
            4 if is_asked => world.execute(request, &agents, &mut rng),
            5 if is_asked => world.take_back(request, &agents),
            6 => world.pown(*minted().choose(&mut rng).unwrap(), &agents, &mut rng),
            _ => {
                let mut held: Vec<_> = world.holders().into_keys().collect();
                held.sort_unstable();
                let count = rng.random_range(1..4);
                let wanted: Vec<_> = held.sample(&mut rng, count).copied().collect();
                world.fix(&wanted, &agents, &mut rng);
            }
        }
        world.check();
    }
    world.done
}

fn walks(bad: usize) {
    let first = std::env::var("ORIGINS_SEED").ok().and_then(|seed| seed.parse().ok());
    let first: u64 = first.unwrap_or_else(|| rand::rng().next_u64());
    println!("ORIGINS_SEED={first}");
    let mut done = Done::default();
    for seed in (0..WALKS).map(|walk| first.wrapping_add(walk)) {
        println!("walk ORIGINS_SEED={seed}");
        let Done { executed, taken_back, fixed, caught_up, contested } = walk(seed, bad);
        done.executed += executed;
        done.taken_back += taken_back;
        done.fixed += fixed;
        done.caught_up += caught_up;
        done.contested += contested;
    }
    println!("{done:?}");
    let happened = [done.executed, done.taken_back, done.fixed, done.caught_up, done.contested];
    assert!(happened.iter().all(|count| *count > 100), "a walk in which nothing happens: {done:?}");
}

#[test]
fn with_25_honest_agents_nothing_is_printed_that_13_hold() {
    walks(0);
}

#[test]
fn with_4_agents_that_say_whatever_helps_nothing_is_printed_that_17_hold() {
    walks(4);
}
