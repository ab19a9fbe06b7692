//! What every ledger promises, on disk and in the simulation; and what damage to the files of the
//! one on disk may come to.

mod damage;
mod renewal;

use std::collections::BTreeMap;

use coin::{AuthenticityNumber, SerialNumber};
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof};
use proptest::{prop_assert_eq, proptest};
use tempfile::TempDir;

use super::fjall::Bounds;
use super::sim::{Fault, SimDisk};
use super::{Charter, FjallLedger, Ledger, LedgerError, OpenError};

pub(crate) fn charter(agent: usize) -> Charter {
    Charter { network: "test-network".parse().unwrap(), agent }
}

pub(crate) fn sn(number: u32) -> SerialNumber {
    SerialNumber::new(number).unwrap()
}

pub(crate) fn an(byte: u8) -> AuthenticityNumber {
    AuthenticityNumber::from_bytes([byte; 16])
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
    Commit(Vec<(u32, u8)>),
    Reopen,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let commit = prop::collection::vec((1_u32..12, any::<u8>()), 0..6).prop_map(Act::Commit);
    prop::collection::vec(
        prop_oneof![4 => commit, 1 => proptest::strategy::Just(Act::Reopen)],
        1..24,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_ledger_holds_what_was_last_committed_also_after_it_was_closed(acts in acts()) {
        for place in Place::both() {
            let mut model: BTreeMap<u32, u8> = BTreeMap::new();
            let mut ledger = place.open();
            for act in &acts {
                match act {
                    Act::Commit(changes) => {
                        model.extend(changes.iter().copied());
                        let changes: Vec<_> =
                            changes.iter().map(|(number, byte)| (sn(*number), an(*byte))).collect();
                        ledger.commit(&changes).unwrap();
                    }
                    Act::Reopen => {
                        drop(ledger);
                        ledger = place.open();
                    }
                }
                for number in 1..12 {
                    let held = ledger.an(sn(number)).unwrap();
                    prop_assert_eq!(held, model.get(&number).map(|byte| an(*byte)));
                }
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
        ledger.commit(&[(sn(5), an(1))]).unwrap();
        disk.fail(0, fault);
        assert!(matches!(ledger.commit(&[(sn(5), an(2))]), Err(LedgerError::Store(_))));
        assert!(matches!(ledger.commit(&[(sn(6), an(2))]), Err(LedgerError::Closed)));
        assert_eq!(ledger.an(sn(5)).unwrap(), Some(an(1)));

        let reopened = disk.open();
        assert_eq!(reopened.an(sn(5)).unwrap(), Some(an(after_crash)), "{fault:?}");
        assert!(matches!(ledger.an(sn(5)), Err(LedgerError::Closed)));
        reopened.commit(&[(sn(6), an(3))]).unwrap();
    }
}

#[test]
fn the_directory_as_a_kill_leaves_it_holds_every_commit() {
    let dir = scratch();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let ledger = FjallLedger::open(&place).unwrap();
    for number in 1..50 {
        ledger.commit(&[(sn(number), an(9))]).unwrap();
    }
    let image = dir.path().join("image");
    damage::copy(&place, &image);
    let after = FjallLedger::open(&image).unwrap();
    assert!((1..50).all(|number| after.an(sn(number)).unwrap() == Some(an(9))));
    drop(ledger);
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
