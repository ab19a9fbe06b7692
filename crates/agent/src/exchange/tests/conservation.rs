//! Random acts, and disks that fail at any of them: no value is made or lost, no answer is taken
//! back, nothing is half done.

use std::collections::{BTreeMap, BTreeSet};

use coin::{Lineage, Origin};
use proptest::prelude::{Strategy, any, prop, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use raida::api::CoinQuestion;

use super::*;
use crate::acts::Take;
use crate::ledger::sim::{Fault, SimDisk};
use crate::ledger::tests::charter;
use crate::settings::Shown;

/// Coins of 1 are numbered 1 to 15, coins of 5 from [`FIVE`].
#[derive(Clone, Debug)]
enum Deed {
    Take {
        number: u32,
        from: u8,
        to: u8,
    },
    Fix {
        number: u32,
        to: u8,
    },
    Break {
        id: u8,
        five: u32,
        an: u8,
        first: u32,
        to: u8,
    },
    Join {
        id: u8,
        first: u32,
        an: u8,
        five: u32,
        to: u8,
    },
    Cancel {
        id: u8,
    },
    /// Shows the coins that were made with this secret.
    TakeBack {
        id: u8,
        an: u8,
    },
    /// The next commit but so many fails.
    Fail {
        after: u64,
        fault: u8,
    },
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let number = || prop_oneof![1_u32..=15, FIVE..FIVE + 3];
    let byte = || 0_u8..3;
    let five = || FIVE..FIVE + 3;
    let first = || prop_oneof![proptest::strategy::Just(1_u32), 4_u32..=11];
    let id = || 0_u8..6;
    prop::collection::vec(
        prop_oneof![
            3 => (number(), byte(), byte()).prop_map(|(number, from, to)| Deed::Take { number, from, to }),
            1 => (number(), byte()).prop_map(|(number, to)| Deed::Fix { number, to }),
            6 => (id(), five(), byte(), first(), byte())
                .prop_map(|(id, five, an, first, to)| Deed::Break { id, five, an, first, to }),
            6 => (id(), first(), byte(), five(), byte())
                .prop_map(|(id, first, an, five, to)| Deed::Join { id, first, an, five, to }),
            1 => id().prop_map(|id| Deed::Cancel { id }),
            4 => (id(), byte()).prop_map(|(id, an)| Deed::TakeBack { id, an }),
            1 => (0_u64..4, any::<u8>()).prop_map(|(after, fault)| Deed::Fail { after, fault }),
        ],
        1..60,
    )
}

/// What was answered: a fact from then on.
#[derive(Clone, Default, PartialEq, Debug)]
struct Facts {
    coins: BTreeMap<u32, (u8, Origin)>,
    given_back: BTreeSet<u32>,
    executed: BTreeMap<u8, ([u8; 32], Lineage)>,
    cancelled: Vec<u8>,
}

impl Facts {
    fn begin() -> Facts {
        let coins = (1..=5).chain([FIVE, FIVE + 1]).map(|number| (number, (0, Origin::Minted)));
        let coins = coins.collect();
        Facts { coins, ..Facts::default() }
    }

    fn value(&self) -> u64 {
        self.coins.keys().map(|number| u64::from(sn(*number).denomination().value())).sum()
    }

    fn secret(&self, number: u32) -> Option<u8> {
        self.coins.get(&number).map(|(an, _)| *an)
    }

    /// What is shown to take a request back: any coins where it was never executed.
    fn back(&self, id: u8, an: u8) -> Exchange {
        let fallback = || Exchange::new(known([FIVE], 9), known(1..=5, 9)).unwrap();
        self.executed.get(&id).map_or_else(fallback, |(_, lineage)| {
            let given = lineage.inputs().iter().map(|(sn, _)| sn.get());
            let made = lineage.outputs().iter().map(|sn| sn.get());
            Exchange::new(known(given, 7), known(made, an)).unwrap()
        })
    }

    /// What a deed makes of them, by a rule as simple as it can be written.
    fn after(&self, deed: &Deed) -> Facts {
        let mut next = self.clone();
        match deed {
            Deed::Take { number, from, to } => {
                if let Some((_, origin)) = self.coins.get(number).filter(|(an, _)| an == from) {
                    next.coins.insert(*number, (*to, *origin));
                }
            }
            Deed::Fix { number, to } => {
                let held = self.coins.get(number).map(|(_, origin)| *origin);
                if held.is_some() || !self.given_back.contains(number) {
                    next.coins.insert(*number, (*to, held.unwrap_or_default()));
                }
            }
            Deed::Break { id, .. } | Deed::Join { id, .. } => {
                let (given, an, taken, to) = sides(deed);
                let is_new = !self.executed.contains_key(id) && !self.cancelled.contains(id);
                let held = given.iter().all(|number| self.secret(*number) == Some(an));
                let free = taken.iter().all(|number| !self.coins.contains_key(number));
                if is_new && held && free {
                    let inputs = given.iter().map(|number| (sn(*number), self.coins[number].1));
                    let outputs = taken.iter().map(|number| sn(*number)).collect();
                    let lineage = Lineage::new(inputs.collect(), outputs);
                    let origin = lineage.origin();
                    next.coins.retain(|number, _| !given.contains(number));
                    let minted = |number: &&u32| self.coins[*number].1 == Origin::Minted;
                    next.given_back.extend(given.iter().filter(minted));
                    next.coins.extend(taken.iter().map(|number| (*number, (to, origin))));
                    next.executed.insert(*id, (exchange(deed).content(), lineage));
                }
            }
            Deed::TakeBack { id, an } => match self.executed.get(id) {
                Some((_, lineage)) => {
                    let made = (*an, lineage.origin());
                    let held = |sn: &SerialNumber| self.coins.get(&sn.get()) == Some(&made);
                    let free = |(sn, _): &(SerialNumber, _)| !self.coins.contains_key(&sn.get());
                    if lineage.outputs().iter().all(held) && lineage.inputs().iter().all(free) {
                        next.coins.retain(|number, _| !lineage.outputs().contains(&sn(*number)));
                        let back = lineage.inputs().iter();
                        next.coins.extend(back.map(|(sn, origin)| (sn.get(), (7, *origin))));
                        next.executed.remove(id);
                        next.cancelled.push(*id);
                    }
                }
                None if self.cancelled.contains(id) => {}
                None => next.cancelled.push(*id),
            },
            Deed::Cancel { id } => {
                if !self.executed.contains_key(id) && !self.cancelled.contains(id) {
                    next.cancelled.push(*id);
                }
            }
            Deed::Fail { .. } => {}
        }
        next
    }

    fn are_in(&self, ledger: &dyn Ledger) -> bool {
        let mut coins = BTreeMap::new();
        ledger
            .scan(&mut |sn, held| coins.extend([(sn.get(), (held.an.expose()[0], held.origin))]))
            .unwrap();
        let record = |byte: u8| ledger.record(id(byte)).unwrap();
        let counts = ledger.counts().unwrap();
        coins == self.coins
            && (counts.coins(), counts.value()) == (self.coins.len() as u64, self.value())
            && counts.exchanged() == self.executed.len() as u64
            && counts.cancelled() == self.cancelled.len() as u64
            && self.given_back.iter().all(|number| ledger.was_given_back(sn(*number)).unwrap())
            && (0..6).all(|byte| match record(byte) {
                Some(Record::Exchanged { content, origin: Some(origin) }) => {
                    let executed = self.executed.get(&byte);
                    executed.is_some_and(|(known, lineage)| {
                        *known == content
                            && origin == lineage.origin()
                            && ledger.lineage(origin).unwrap().as_ref() == Some(lineage)
                    })
                }
                Some(Record::Exchanged { origin: None, .. }) => false,
                Some(Record::Cancelled) => self.cancelled.contains(&byte),
                Some(Record::Hashed { .. }) => false,
                None => !self.executed.contains_key(&byte) && !self.cancelled.contains(&byte),
            })
    }
}

/// The numbers that are given with their AN, and those that are taken with theirs.
fn sides(deed: &Deed) -> (Vec<u32>, u8, Vec<u32>, u8) {
    match deed {
        Deed::Break { five, an, first, to, .. } => {
            (vec![*five], *an, (*first..first + 5).collect(), *to)
        }
        Deed::Join { first, an, five, to, .. } => {
            ((*first..first + 5).collect(), *an, vec![*five], *to)
        }
        _ => unreachable!("only exchanges have sides"),
    }
}

fn exchange(deed: &Deed) -> Exchange {
    let (given, an, taken, to) = sides(deed);
    Exchange::new(known(given, an), known(taken, to)).unwrap()
}

/// Does a deed as the committer does, and tells whether its commit was answered.
fn act(ledger: &dyn Ledger, deed: &Deed, facts: &Facts) -> bool {
    let mut draft = Draft::over(ledger);
    let (desk, now) = (Desk::default(), Instant::now());
    match deed.clone() {
        Deed::Take { number, from, to } => {
            let ask = CoinQuestion { sn: sn(number), an: an(from), pan: an(to) };
            let take = Take { coins: vec![ask], shown: Shown::All, words: Words::default() };
            take.decide(&mut draft).unwrap();
        }
        Deed::Fix { number, to } => {
            let seen = draft.coin(sn(number)).unwrap();
            let origin = seen.as_ref().map(|held| held.origin).unwrap_or_default();
            fix_of(vec![Fixing { sn: sn(number), seen, origin, pan: an(to) }])
                .decide(&mut draft)
                .unwrap();
        }
        Deed::Break { id, .. } | Deed::Join { id, .. } => {
            let exchange = exchange(deed);
            let (memory, content) = (Memory::Named(super::id(id)), exchange.content());
            let execute = Execute { memory, exchange, content, desk, now };
            let _ = execute.decide(&mut draft).unwrap();
        }
        Deed::Cancel { id } => {
            let asked = Cancellation::Plain(Vec::new());
            let cancel = Cancel { id: super::id(id), asked, desk, now };
            let _ = cancel.decide(&mut draft).unwrap();
        }
        Deed::TakeBack { id, an } => {
            let asked = Cancellation::TakeBack(facts.back(id, an));
            let cancel = Cancel { id: super::id(id), asked, desk, now };
            let _ = cancel.decide(&mut draft).unwrap();
        }
        Deed::Fail { .. } => {}
    }
    draft.commit().is_ok()
}

proptest! {
    #[test]
    fn whatever_is_asked_and_whenever_the_disk_fails(deeds in deeds()) {
        let disk = SimDisk::found(charter(7));
        let mut ledger = disk.open();
        put(&ledger, &known((1..=5).chain([FIVE, FIVE + 1]), 0)).unwrap();
        let mut facts = Facts::begin();
        for deed in &deeds {
            if let Deed::Fail { after, fault } = deed {
                let faults = [Fault::WriteFails, Fault::SyncFails, Fault::SyncFailsLate];
                disk.fail(*after, faults[usize::from(*fault) % 3]);
                continue;
            }
            let next = facts.after(deed);
            if !matches!(deed, Deed::Fix { .. }) {
                prop_assert_eq!(next.value(), facts.value());
            }
            if act(&ledger, deed, &facts) {
                facts = next;
            } else {
                // Nobody was answered: after the crash it is done wholly or not at all.
                ledger = disk.open();
                facts = if next.are_in(&ledger) { next } else { facts };
            }
            prop_assert!(facts.are_in(&ledger), "after {deed:?}: {facts:?}");
        }
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(16))]

    #[test]
    fn the_ledger_on_disk_does_the_same(deeds in deeds()) {
        let [place, _] = Place::both();
        let disk = SimDisk::found(charter(7));
        let twin = disk.open();
        let mut ledger = place.open();
        for open in [ledger.as_ref(), &twin as &dyn Ledger] {
            put(open, &known((1..=5).chain([FIVE, FIVE + 1]), 0)).unwrap();
        }
        let mut facts = Facts::begin();
        for deed in &deeds {
            if matches!(deed, Deed::Fail { .. }) {
                drop(ledger);
                ledger = place.open();
                continue;
            }
            prop_assert!(act(ledger.as_ref(), deed, &facts) && act(&twin, deed, &facts));
            facts = facts.after(deed);
            prop_assert!(facts.are_in(ledger.as_ref()) && facts.are_in(&twin));
        }
    }
}
