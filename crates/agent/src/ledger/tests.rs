//! What every ledger promises, on disk and in the simulation; and what damage to the files of the
//! one on disk may come to.

mod damage;

use std::collections::BTreeMap;

use coin::{AuthenticityNumber, SerialNumber};
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof};
use proptest::{prop_assert_eq, proptest};
use tempfile::TempDir;

use super::head::Head;
use super::sim::{Fault, SimDisk};
use super::store::{self, Store};
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

/// A place where a ledger is kept while it is closed.
pub(crate) enum Place {
    Disk(TempDir),
    Simulated(SimDisk),
}

impl Place {
    pub(crate) fn both() -> [Place; 2] {
        let dir = TempDir::new().unwrap();
        FjallLedger::found(&dir.path().join("agent-07"), &charter(7)).unwrap();
        [Place::Disk(dir), Place::Simulated(SimDisk::found(charter(7)))]
    }

    pub(crate) fn open(&self) -> Box<dyn Ledger> {
        match self {
            Place::Disk(dir) => {
                // So short a journal that it is renewed all the time.
                Box::new(FjallLedger::open_with(&dir.path().join("agent-07"), 600).unwrap())
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
    let dir = TempDir::new().unwrap();
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
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("agent-07");
    std::fs::create_dir(place.with_extension("new")).unwrap();
    std::fs::write(place.with_extension("new").join("rest"), "x").unwrap();
    assert!(matches!(FjallLedger::open(&place), Err(OpenError::NotFounded { .. })));
    FjallLedger::found(&place, &charter(7)).unwrap();
    assert_eq!(*FjallLedger::open(&place).unwrap().charter(), charter(7));
}

#[test]
fn the_ledger_of_another_agent_or_network_is_refused() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let elsewhere = Charter { network: "other".parse().unwrap(), agent: 7 };
    for expected in [charter(8), elsewhere] {
        let refused = FjallLedger::open(&place).unwrap().expected_as(&expected);
        assert!(matches!(refused, Err(OpenError::OtherCharter { .. })));
    }
    assert!(FjallLedger::open(&place).unwrap().expected_as(&charter(7)).is_ok());
}

#[test]
fn a_long_journal_is_renewed_and_a_start_reads_little() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let ledger = FjallLedger::open_with(&place, 10_000).unwrap();
    for round in 0..=255 {
        let changes: Vec<_> = (1..20).map(|number| (sn(number), an(round))).collect();
        ledger.commit(&changes).unwrap();
    }
    let head = Head::read(&place).unwrap();
    assert!(head.generation > 10, "{head:?}");
    drop(ledger);
    assert_eq!(Head::read(&place).unwrap().commits, 256);
    let ledger = FjallLedger::open(&place).unwrap();
    assert!(store::journal_bytes(&head.store(&place)).unwrap() < 20_000);
    assert!((1..20).all(|number| ledger.an(sn(number)).unwrap() == Some(an(255))));
}

#[test]
fn a_crash_while_a_store_is_renewed_leaves_the_old_one_or_the_new_one() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let ledger = FjallLedger::open(&place).unwrap();
    ledger.commit(&[(sn(1), an(9))]).unwrap();
    drop(ledger);
    let (old, new) = (Head::read(&place).unwrap(), Head { generation: 2, commits: 1 });

    // The new store is not finished.
    std::fs::create_dir(new.store(&place)).unwrap();
    std::fs::write(new.store(&place).join("version"), "").unwrap();
    assert_eq!(FjallLedger::open(&place).unwrap().an(sn(1)).unwrap(), Some(an(9)));
    assert!(!new.store(&place).exists());

    // The new store is finished, and the head names the old one or the new one.
    for (head, other) in [(old, new), (new, old)] {
        let current = Store::open(&old.store(&place)).unwrap();
        drop(current.copy_to(&new.store(&place)).unwrap());
        drop(current);
        head.write(&place).unwrap();
        assert_eq!(FjallLedger::open(&place).unwrap().an(sn(1)).unwrap(), Some(an(9)));
        assert!(head.store(&place).exists() && !other.store(&place).exists());
    }
}
