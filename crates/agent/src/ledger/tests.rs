//! What every ledger promises, on disk and in the simulation; and what damage to the files of the
//! one on disk may come to.

mod backup;
mod damage;
mod origins;
mod renewal;
mod verify;

use std::collections::BTreeMap;

use coin::{AuthenticityNumber, Origin, SerialNumber};
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof};
use proptest::{prop_assert_eq, proptest};
use raida::api::RequestId;
use tempfile::TempDir;

use super::fjall::Bounds;
use super::sim::{Fault, SimDisk};
use super::{Charter, Draft, FjallLedger, Holding, Ledger, LedgerError, OpenError, Record, put};

pub(crate) fn charter(agent: usize) -> Charter {
    Charter { network: "test-network".parse().unwrap(), agent }
}

pub(crate) fn sn(number: u32) -> SerialNumber {
    SerialNumber::new(number).unwrap()
}

pub(crate) fn an(byte: u8) -> AuthenticityNumber {
    AuthenticityNumber::from_bytes([byte; 16])
}

fn id(byte: u8) -> RequestId {
    RequestId::from_bytes([byte; 16])
}

/// A directory in memory where the system has one: what is synced is not looked at from outside,
/// and most of the time of these tests would be waiting for a disk.
pub(crate) fn scratch() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// A place where a ledger is kept while it is closed.
pub(crate) enum Place {
    Disk(TempDir),
    Simulated(SimDisk),
}

impl Place {
    pub(crate) fn both() -> [Place; 2] {
        let dir = scratch();
        FjallLedger::found(&dir.path().join("agent-07"), &charter(7)).unwrap();
        [Place::Disk(dir), Place::Simulated(SimDisk::found(charter(7)))]
    }

    pub(crate) fn open(&self) -> Box<dyn Ledger> {
        match self {
            Place::Disk(dir) => {
                // So short a journal that it is renewed all the time.
                let bounds = Bounds { journal_bytes: 600, ..Bounds::default() };
                Box::new(FjallLedger::open_with(&dir.path().join("agent-07"), bounds).unwrap())
            }
            Place::Simulated(disk) => Box::new(disk.open()),
        }
    }
}

#[derive(Clone, Debug)]
enum Act {
    /// Sets coins, or takes them out.
    Commit(Vec<(u32, Option<u8>)>),
    Note(u8, bool),
    Reopen,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let change = (1_u32..12, prop::option::weighted(0.7, any::<u8>()));
    let commit = prop::collection::vec(change, 0..6).prop_map(Act::Commit);
    let note = (0_u8..5, any::<bool>()).prop_map(|(id, cancelled)| Act::Note(id, cancelled));
    prop::collection::vec(
        prop_oneof![4 => commit, 2 => note, 1 => proptest::strategy::Just(Act::Reopen)],
        1..24,
    )
}

/// What is held of a coin with this secret: some were minted.
fn holding(byte: u8) -> Holding {
    let made = Holding { an: an(byte), origin: Origin::Exchange([byte; 32]) };
    if byte < 128 { Holding::minted(an(byte)) } else { made }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_ledger_holds_what_was_last_committed_also_after_it_was_closed(acts in acts()) {
        for place in Place::both() {
            let mut model: BTreeMap<u32, u8> = BTreeMap::new();
            let mut noted: BTreeMap<u8, Record> = BTreeMap::new();
            let mut ledger = place.open();
            for act in &acts {
                match act {
                    Act::Commit(changes) => {
                        let mut draft = Draft::over(ledger.as_ref());
                        for (number, byte) in changes {
                            match byte {
                                Some(byte) => {
                                    model.insert(*number, *byte);
                                    draft.set(sn(*number), holding(*byte)).unwrap();
                                }
                                None if model.remove(number).is_some() => {
                                    draft.remove(sn(*number)).unwrap();
                                }
                                None => {}
                            }
                        }
                        draft.commit().unwrap();
                    }
                    Act::Note(byte, cancelled) => {
                        let mut draft = Draft::over(ledger.as_ref());
                        let executed = Record::Exchanged { content: [*byte; 32], origin: None };
                        let record = if *cancelled { Record::Cancelled } else { executed };
                        if draft.record(id(*byte)).unwrap().is_none() {
                            noted.insert(*byte, record.clone());
                            draft.note(id(*byte), record).unwrap();
                        }
                        draft.commit().unwrap();
                    }
                    Act::Reopen => {
                        drop(ledger);
                        ledger = place.open();
                    }
                }
                for number in 1..12 {
                    let held = ledger.coin(sn(number)).unwrap();
                    prop_assert_eq!(held, model.get(&number).map(|byte| holding(*byte)));
                }
                for byte in 0..5 {
                    prop_assert_eq!(ledger.record(id(byte)).unwrap(), noted.get(&byte).cloned());
                }
                let mut shown = Vec::new();
                ledger.scan(&mut |sn, held| shown.push((sn, held))).unwrap();
                let coins = model.iter().map(|(number, byte)| (sn(*number), holding(*byte)));
                prop_assert_eq!(shown, coins.collect::<Vec<_>>());
                let counts = ledger.counts().unwrap();
                prop_assert_eq!(counts.coins(), model.len() as u64);
                let cancelled = noted.values().filter(|record| **record == Record::Cancelled);
                let cancelled = cancelled.count() as u64;
                prop_assert_eq!(counts.cancelled(), cancelled);
                prop_assert_eq!(counts.exchanged(), noted.len() as u64 - cancelled);
            }
        }
    }
}

#[test]
fn a_ledger_knows_whose_it_is() {
    for place in Place::both() {
        assert_eq!(*place.open().charter(), charter(7));
    }
}

#[test]
fn a_failed_commit_is_the_last_one_and_a_crash_decides_what_came_of_it() {
    for (fault, after_crash) in
        [(Fault::WriteFails, 1), (Fault::SyncFails, 1), (Fault::SyncFailsLate, 2)]
    {
        let disk = SimDisk::found(charter(7));
        let ledger = disk.open();
        put(&ledger, &[(sn(5), an(1))]).unwrap();
        disk.fail(0, fault);
        assert!(matches!(put(&ledger, &[(sn(5), an(2))]), Err(LedgerError::Store(_))));
        assert!(matches!(put(&ledger, &[(sn(6), an(2))]), Err(LedgerError::Closed)));
        assert_eq!(ledger.an(sn(5)).unwrap(), Some(an(1)));

        let reopened = disk.open();
        assert_eq!(reopened.an(sn(5)).unwrap(), Some(an(after_crash)), "{fault:?}");
        assert!(matches!(ledger.an(sn(5)), Err(LedgerError::Closed)));
        put(&reopened, &[(sn(6), an(3))]).unwrap();
    }
}

#[test]
fn the_directory_as_a_kill_leaves_it_holds_every_commit() {
    let dir = scratch();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let ledger = FjallLedger::open(&place).unwrap();
    for number in 1..50 {
        put(&ledger, &[(sn(number), an(9))]).unwrap();
    }
    let image = dir.path().join("image");
    damage::copy(&place, &image);
    let after = FjallLedger::open(&image).unwrap();
    assert!((1..50).all(|number| after.an(sn(number)).unwrap() == Some(an(9))));
    drop(ledger);
}

#[test]
fn a_ledger_that_knew_coins_only_is_counted_when_it_is_opened() {
    let dir = scratch();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let ledger = FjallLedger::open(&place).unwrap();
    put(&ledger, &[(sn(1), an(1)), (sn(2), an(1)), (sn(16_777_216), an(1))]).unwrap();
    ledger.store().forget_counts();
    drop(ledger);
    for _ in 0..2 {
        let counts = FjallLedger::open(&place).unwrap().counts().unwrap();
        assert_eq!((counts.coins(), counts.value()), (3, 252));
    }
}

#[test]
fn founding_that_was_cut_off_is_begun_anew() {
    let dir = scratch();
    let place = dir.path().join("agent-07");
    std::fs::create_dir(place.with_extension("new")).unwrap();
    std::fs::write(place.with_extension("new").join("rest"), "x").unwrap();
    assert!(matches!(FjallLedger::open(&place), Err(OpenError::NotFounded { .. })));
    FjallLedger::found(&place, &charter(7)).unwrap();
    assert_eq!(*FjallLedger::open(&place).unwrap().charter(), charter(7));
}

#[test]
fn the_ledger_of_another_agent_or_network_is_refused() {
    let dir = scratch();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let elsewhere = Charter { network: "other".parse().unwrap(), agent: 7 };
    for expected in [charter(8), elsewhere] {
        let refused = FjallLedger::open(&place).unwrap().expected_as(&expected);
        assert!(matches!(refused, Err(OpenError::OtherCharter { .. })));
    }
    assert!(FjallLedger::open(&place).unwrap().expected_as(&charter(7)).is_ok());
}
