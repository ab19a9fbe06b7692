//! A backup holds what was committed when it began, and nothing but a whole one becomes a ledger.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use raida::api::RequestId;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{an, charter, scratch, sn};
use crate::ledger::fjall::Bounds;
use crate::ledger::{
    BackupError, Draft, FjallLedger, Ledger, OpenError, Record, RestoreError, put, read_head,
    restore,
};

struct Scene {
    dir: TempDir,
    ledger: FjallLedger,
}

impl Scene {
    fn new() -> Scene {
        let dir = scratch();
        let place = dir.path().join("agent-07");
        FjallLedger::found(&place, &charter(7)).unwrap();
        // So short a journal that it goes on in a fresh store all the time.
        let bounds = Bounds { journal_bytes: 4000, ..Bounds::default() };
        let ledger = FjallLedger::open_with(&place, bounds).unwrap();
        Scene { dir, ledger }
    }

    fn with_coins(coins: u32) -> Scene {
        let scene = Scene::new();
        let coins: Vec<_> = (1..=coins).map(|number| (sn(number), an(9))).collect();
        put(&scene.ledger, &coins).unwrap();
        scene
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn back_up(&self, name: &str) -> PathBuf {
        let path = self.at(name);
        self.ledger.back_up(&path, &CancellationToken::new()).unwrap();
        path
    }

    /// What is refused leaves no ledger and nothing of one.
    #[track_caller]
    fn check_refused(&self, bytes: &[u8], what: &str) {
        let (torn, place) = (self.at("torn"), self.at("restored"));
        fs::write(&torn, bytes).unwrap();
        assert!(restore(&torn, &place).is_err(), "{what}");
        assert!(!place.exists() && !self.at("restored.new").exists(), "{what}");
        assert!(matches!(FjallLedger::open(&place), Err(OpenError::NotFounded { .. })));
    }
}

fn open(place: &Path) -> FjallLedger {
    FjallLedger::open(place).unwrap()
}

#[test]
fn a_restored_ledger_holds_coins_records_and_counts() {
    let scene = Scene::with_coins(40);
    let id = RequestId::from_bytes([5; 16]);
    let mut draft = Draft::over(&scene.ledger);
    draft.note(id, Record::Cancelled).unwrap();
    draft.remove(sn(3)).unwrap();
    draft.commit().unwrap();
    let backup = scene.back_up("backup");
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(read_head(&backup).unwrap().agent, 7);
    put(&scene.ledger, &[(sn(1), an(10))]).unwrap();

    let place = scene.at("restored");
    let mark = restore(&backup, &place).unwrap();
    let restored = open(&place);
    assert_eq!(*restored.charter(), charter(7));
    assert_eq!(restored.an(sn(1)).unwrap(), Some(an(9)), "what came after it is forgotten");
    assert_eq!(restored.an(sn(3)).unwrap(), None);
    assert_eq!(restored.record(id).unwrap(), Some(Record::Cancelled));
    assert_eq!(restored.counts().unwrap(), scene.ledger.counts().unwrap());
    assert_eq!(restored.verify().unwrap().commits, 2);
    put(&restored, &[(sn(2), an(11))]).unwrap();
    drop(restored);
    let restored = open(&place);
    assert_eq!(restored.an(sn(2)).unwrap(), Some(an(11)), "it goes on like any other");
    assert_eq!(restored.forgetful().unwrap(), Some(mark), "the mark outlives starts");
    restored.acknowledge().unwrap();
    restored.acknowledge().unwrap();
    drop(restored);
    assert_eq!(open(&place).forgetful().unwrap(), None);
    assert_eq!(scene.ledger.forgetful().unwrap(), None);
}

#[test]
fn everything_acknowledged_before_a_backup_began_is_in_it() {
    let scene = Scene::new();
    let acknowledged = AtomicU32::new(0);
    let rounds = 12;
    let begun: Vec<u32> = thread::scope(|scope| {
        let stop = CancellationToken::new();
        let load = scope.spawn({
            let (stop, ledger, acknowledged) = (stop.clone(), &scene.ledger, &acknowledged);
            move || {
                let mut number = 0;
                while !stop.is_cancelled() {
                    number += 1;
                    put(ledger, &[(sn(number), an(number as u8))]).unwrap();
                    acknowledged.store(number, Ordering::SeqCst);
                }
            }
        });
        let backups = (0..rounds).map(|round: u32| {
            while acknowledged.load(Ordering::SeqCst) < round * 20 {
                thread::yield_now();
            }
            let before = acknowledged.load(Ordering::SeqCst);
            scene.back_up(&format!("backup-{round}"));
            before
        });
        let begun = backups.collect();
        stop.cancel();
        load.join().unwrap();
        begun
    });
    assert!(scene.at("agent-07").join("store-2").exists(), "it was renewed meanwhile");
    for (round, before) in begun.into_iter().enumerate() {
        let place = scene.at(&format!("restored-{round}"));
        let backup = scene.at(&format!("backup-{round}"));
        restore(&backup, &place).unwrap();
        let restored = open(&place);
        let coins = restored.verify().unwrap().counts.coins() as u32;
        assert!(coins >= before, "{coins} of {before}");
        let holds = |number| restored.an(sn(number)).unwrap() == Some(an(number as u8));
        assert!((1..=coins).all(holds), "it is the ledger of one moment");
        assert_eq!(u64::from(coins), read_head(&backup).unwrap().commits);
    }
}

#[test]
fn a_backup_that_is_cut_short_or_changed_becomes_no_ledger() {
    let scene = Scene::with_coins(30);
    let whole = fs::read(scene.back_up("backup")).unwrap();
    for at in 0..whole.len() {
        scene.check_refused(&whole[..at], &format!("cut at {at}"));
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        scene.check_refused(&changed, &format!("changed at {at}"));
    }
    scene.check_refused(&[whole.as_slice(), b"x"].concat(), "more than whole");
}

#[test]
fn a_restore_that_was_killed_is_begun_anew() {
    let scene = Scene::with_coins(30);
    let backup = scene.back_up("backup");
    let (place, beside) = (scene.at("restored"), scene.at("restored.new"));
    restore(&backup, &place).unwrap();
    // As a kill before the rename leaves it; its mark or head may be missing, too.
    for missing in [None, Some("head"), Some("forgetful")] {
        fs::rename(&place, &beside).unwrap();
        if let Some(missing) = missing {
            fs::remove_file(beside.join(missing)).unwrap();
        }
        assert!(matches!(FjallLedger::open(&place), Err(OpenError::NotFounded { .. })));
        restore(&backup, &place).unwrap();
        assert!(open(&place).forgetful().unwrap().is_some());
    }
}

#[test]
fn no_ledger_and_no_backup_is_replaced() {
    let scene = Scene::with_coins(3);
    let backup = scene.back_up("backup");
    let refused = restore(&backup, &scene.at("agent-07")).unwrap_err();
    assert!(matches!(refused, RestoreError::Exists { .. }));
    let written = fs::read(&backup).unwrap();
    let refused = scene.ledger.back_up(&backup, &CancellationToken::new()).unwrap_err();
    assert!(
        matches!(refused, BackupError::Io(error) if error.kind() == std::io::ErrorKind::AlreadyExists)
    );
    assert_eq!(fs::read(&backup).unwrap(), written);
}

#[test]
fn a_backup_that_was_stopped_leaves_no_file() {
    let scene = Scene::with_coins(3);
    let stop = CancellationToken::new();
    stop.cancel();
    let stopped = scene.ledger.back_up(&scene.at("backup"), &stop).unwrap_err();
    assert!(matches!(stopped, BackupError::Stopped));
    let names = fs::read_dir(scene.dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["agent-07"]);
}
