//! Homes that are copied.

use std::fs;
use std::path::Path;

use wallet::{Loss, Provenance, RealDisk, SimDisk, Wallet, balance};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn opened(home: &Path) -> (Wallet<RealDisk>, Provenance) {
    let (wallet, report) = Wallet::open(RealDisk::create(home).unwrap()).unwrap();
    let shown = balance(&RealDisk::open(home).unwrap()).unwrap().provenance;
    assert_eq!(shown, report.provenance, "readers and writers see another home");
    (wallet, report.provenance)
}

#[test]
fn a_copied_home_says_so_until_its_coins_are_verified() {
    let folder = tempfile::tempdir().unwrap();
    let [home, copied, moved] = ["home", "copied", "moved"].map(|name| folder.path().join(name));
    for _ in 0..2 {
        assert_eq!(opened(&home).1, Provenance::Original);
    }
    copy(&home, &copied);
    let (mut wallet, provenance) = opened(&copied);
    assert_eq!(provenance, Provenance::Copied);
    wallet.mark_verified().unwrap();
    drop(wallet);
    assert_eq!(opened(&copied).1, Provenance::Original);
    // What moved is no copy, and what was copied from stays what it is.
    fs::rename(&home, &moved).unwrap();
    assert_eq!(opened(&moved).1, Provenance::Original);
}

#[test]
fn a_mark_is_whole_after_a_crash_anywhere() {
    for n in 1.. {
        let disk = SimDisk::new();
        disk.crash_at(n);
        let done = Wallet::open(disk.clone()).is_ok();
        let disk = disk.restart(Loss::Unsynced);
        let (_, report) = Wallet::open(disk).unwrap();
        assert_eq!(report.provenance, Provenance::Original, "crash at {n}");
        if done {
            return;
        }
    }
}
