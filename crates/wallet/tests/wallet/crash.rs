//! Every act, with a failure and with a crash at every step of the disk, and
//! with a second crash at every step of the recovery.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coin::{AnSet, StoredCoin, stack};
use wallet::{Loss, SimDisk, Wallet, balance, history};

use crate::scenario::{SCENARIOS, Scenario, Witness, in_folders};

/// What a disk may have lost after crash `n`.
fn losses(n: usize) -> [Loss; 5] {
    let seed = |k: u64| Loss::Some { seed: n as u64 * 1_000 + k };
    [Loss::Unsynced, Loss::Nothing, seed(1), seed(2), seed(3)]
}

#[test]
fn a_crash_at_any_step_loses_and_doubles_nothing() {
    for scenario in SCENARIOS {
        let (steps, expected) = reference(scenario);
        let mut seen = Seen::default();
        for n in 1..=steps {
            let (disk, witness) = crashed(scenario, n);
            for loss in losses(n) {
                let context = format!("{}, crash at {n} of {steps}, {loss:?}", scenario.name);
                let disk = disk.fork().restart(loss);
                check_after_crash(scenario, &disk, &witness, &context);
                if seen.is_new(&disk, &witness) {
                    finish(scenario, &disk, &expected, &witness, &context);
                }
            }
        }
    }
}

#[test]
fn a_crash_at_any_step_of_the_recovery_loses_and_doubles_nothing() {
    for scenario in SCENARIOS {
        let (steps, expected) = reference(scenario);
        let (mut first, mut second) = (Seen::default(), Seen::default());
        for n in 1..=steps {
            let (disk, witness) = crashed(scenario, n);
            for loss in losses(n).into_iter().take(3) {
                let disk = disk.fork().restart(loss);
                if !first.is_new(&disk, &witness) {
                    continue;
                }
                for m in 1.. {
                    let again = disk.fork();
                    again.crash_at(m);
                    let recovered = Wallet::open(again.clone());
                    if !again.is_off() {
                        recovered.unwrap();
                        break;
                    }
                    let context = format!("{}, crash at {n}, {loss:?}, then at {m}", scenario.name);
                    let again = again.restart(losses(n + m)[(n + m) % 5]);
                    if second.is_new(&again, &witness) {
                        check_after_crash(scenario, &again, &witness, &context);
                        finish(scenario, &again, &expected, &witness, &context);
                    }
                }
            }
        }
    }
}

#[test]
fn a_failure_at_any_step_loses_and_doubles_nothing() {
    for scenario in SCENARIOS {
        let (steps, expected) = reference(scenario);
        for error in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
            for n in 1..=steps {
                let context = format!("{}, {error:?} at {n} of {steps}", scenario.name);
                let disk = prepared(scenario);
                let mut witness = Witness::default();
                disk.fail_at(n, error);
                assert!((scenario.run)(&disk, &mut witness).is_err(), "{context}");
                // The process ends and is started again; the machine goes on.
                let disk = disk.restart(Loss::Nothing);
                check_after_crash(scenario, &disk, &witness, &context);
                finish(scenario, &disk, &expected, &witness, &context);
                // What has been reported as done holds when the power goes now,
                // even if it was a sync that failed and memory still looked well.
                let disk = disk.restart(Loss::Unsynced);
                assert_eq!(in_folders(&disk), expected, "{context}, then the power");
            }
        }
    }
}

/// States that were tried: what follows depends on nothing else.
#[derive(Default)]
struct Seen(HashSet<u64>);

impl Seen {
    fn is_new(&mut self, disk: &SimDisk, witness: &Witness) -> bool {
        let mut hasher = DefaultHasher::new();
        disk.files().hash(&mut hasher);
        disk.fork().restart(Loss::Unsynced).files().hash(&mut hasher);
        witness.given.len().hash(&mut hasher);
        self.0.insert(hasher.finish())
    }
}

/// Runs a scenario without trouble: its mutating steps, and what it leaves.
fn reference(scenario: Scenario) -> (usize, BTreeMap<PathBuf, u64>) {
    let disk = prepared(scenario);
    let before = disk.mutations().len();
    (scenario.run)(&disk, &mut Witness::default()).unwrap();
    (disk.mutations().len() - before, in_folders(&disk.restart(Loss::Unsynced)))
}

fn prepared(scenario: Scenario) -> SimDisk {
    let disk = SimDisk::new();
    (scenario.before)(&disk);
    disk
}

fn crashed(scenario: Scenario, n: usize) -> (SimDisk, Witness) {
    let disk = prepared(scenario);
    let mut witness = Witness::default();
    disk.crash_at(n);
    assert!((scenario.run)(&disk, &mut witness).is_err());
    (disk, witness)
}

/// Before anything is mended: no secret is lost, nothing is counted twice, and
/// what was there before is still counted.
fn check_after_crash(scenario: Scenario, disk: &SimDisk, witness: &Witness, context: &str) {
    check_secrets(disk, witness, context);
    // Not before the home's folders are durable.
    if let Ok(balance) = balance(disk) {
        let known = balance.total.units() + balance.in_flight.units();
        let (least, most) = match history(disk).unwrap_or_default().ended.as_slice() {
            [] => scenario.worth_open,
            [_, ..] => (scenario.worth_ended, scenario.worth_ended),
        };
        assert!((least..=most).contains(&known), "{context}: {balance:?}");
    }
}

/// Runs the scenario to its end: everything lies where it does without a crash.
fn finish(
    scenario: Scenario,
    disk: &SimDisk,
    expected: &BTreeMap<PathBuf, u64>,
    witness: &Witness,
    context: &str,
) {
    let mut witness = witness.clone();
    let (wallet, report) = Wallet::open(disk.clone()).unwrap_or_else(|e| panic!("{context}: {e}"));
    drop(wallet);
    assert!(report.conflicts.is_empty(), "{context}: {report:?}");
    // The order of syncs alone is enough: the bytes in the journal are for worse.
    assert!(report.restored.is_empty(), "{context}: {report:?}");
    check_secrets(disk, &witness, context);
    check_counted_once(disk, context);
    (scenario.run)(disk, &mut witness).unwrap_or_else(|error| panic!("{context}: {error}"));
    check_secrets(disk, &witness, context);
    check_counted_once(disk, context);
    assert_eq!(&in_folders(disk), expected, "{context}");
    let (wallet, _) = Wallet::open(disk.clone()).unwrap();
    assert!(wallet.open_operations().unwrap().is_empty(), "{context}");
    assert_eq!(wallet.history().unwrap().ended.len(), 1, "{context}");
}

/// Every coin that the wallet was given can be read from a folder or a journal.
fn check_secrets(disk: &SimDisk, witness: &Witness, context: &str) {
    let (mut coins, mut journals) = (Vec::new(), String::new());
    for (path, bytes) in disk.files() {
        if path.starts_with(".journal") {
            journals.push_str(&String::from_utf8_lossy(&bytes));
        }
        coins.extend(stack::read(&bytes).unwrap_or_default());
    }
    for coin in &witness.given {
        let there = coins.contains(coin) || journals.contains(&in_journal(coin));
        assert!(there, "{context}: coin {} is lost", coin.coin.sn);
    }
}

/// The bytes of a coin as a journal has them: written by hand from the format.
fn in_journal(coin: &StoredCoin) -> String {
    let mut bytes = vec![1];
    bytes.extend(coin.coin.sn.get().to_be_bytes());
    for secret in coin.coin.ans.iter().chain(coin.pans.iter().flat_map(AnSet::iter)) {
        bytes.extend(secret.expose());
    }
    format!("{{\"bytes\":\"{}\",\"pown\":\"{}\"", STANDARD.encode(bytes), coin.pown)
}

/// No coin lies in two folders that count, on its way out included.
fn check_counted_once(disk: &SimDisk, context: &str) {
    let mut seen = BTreeMap::new();
    for (path, _) in in_folders(disk) {
        let text = path.to_str().unwrap();
        if ["/Bank/", "/Fracked/", "/Export/"].iter().any(|folder| text.contains(folder)) {
            let sn = text.split('.').rev().nth(2).unwrap().to_owned();
            if let Some(first) = seen.insert(sn, path.clone()) {
                panic!("{context}: one coin at {first:?} and {path:?}");
            }
        }
    }
}
