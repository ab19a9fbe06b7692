//! Whatever happens to the files of a ledger, it is refused, or it has lost nothing.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{an, charter, scratch, sn};
use crate::ledger::fjall::Bounds;
use crate::ledger::{Damage, FjallLedger, Ledger, OpenError, put};

const COINS: u32 = 40;

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files_of(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_of(&path, found) } else { found.push(path) }
    }
}

/// A closed ledger whose first half is in a table and the rest in the journal.
fn ledger() -> (TempDir, PathBuf) {
    let dir = scratch();
    let place = dir.path().join("whole");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let ledger = FjallLedger::open(&place).unwrap();
    for number in 1..=COINS {
        put(&ledger, &[(sn(number), an(9))]).unwrap();
        if number == COINS / 2 {
            ledger.flush();
        }
    }
    drop(ledger);
    (dir, place)
}

/// A closed ledger whose commits but the last are in a fresh store.
fn renewed_ledger() -> (TempDir, PathBuf) {
    let dir = scratch();
    let place = dir.path().join("whole");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let bounds = Bounds { journal_bytes: 100, ..Bounds::default() };
    let ledger = FjallLedger::open_with(&place, bounds).unwrap();
    let most: Vec<_> = (1..COINS).map(|number| (sn(number), an(9))).collect();
    put(&ledger, &most).unwrap();
    put(&ledger, &[(sn(COINS), an(9))]).unwrap();
    drop(ledger);
    drop(FjallLedger::open(&place).unwrap());
    assert!(place.join("store-2").exists() && !place.join("store-1").exists());
    (dir, place)
}

fn has_lost_nothing(place: &Path) -> bool {
    let Ok(ledger) = FjallLedger::open(place) else { return true };
    (1..=COINS).all(|number| match ledger.an(sn(number)) {
        Ok(held) => held == Some(an(9)),
        Err(_) => true,
    })
}

/// Damages each file of a copy of the ledger in one way and looks at what opens.
fn check(damage: impl Fn(&Path, &[u8])) {
    for (dir, whole) in [ledger(), renewed_ledger()] {
        check_one(&dir, &whole, &damage);
    }
}

fn check_one(dir: &TempDir, whole: &Path, damage: &impl Fn(&Path, &[u8])) {
    let mut files = Vec::new();
    files_of(whole, &mut files);
    assert!(files.len() > 3);
    for (number, file) in files.iter().enumerate() {
        let place = dir.path().join(format!("damaged-{number}"));
        copy(whole, &place);
        let victim = place.join(file.strip_prefix(whole).unwrap());
        damage(&victim, &fs::read(&victim).unwrap());
        assert!(has_lost_nothing(&place), "{}", victim.display());
    }
}

#[test]
fn a_file_that_is_missing() {
    check(|file, _| fs::remove_file(file).unwrap());
}

#[test]
fn a_file_that_is_empty() {
    check(|file, _| fs::write(file, "").unwrap());
}

#[test]
fn a_file_cut_short() {
    for part in [4, 2] {
        check(|file, bytes| fs::write(file, &bytes[..bytes.len() - bytes.len() / part]).unwrap());
    }
}

#[test]
fn a_file_with_other_bytes_in_it() {
    for part in [7, 3, 2] {
        check(|file, bytes| {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / part;
            bytes.iter_mut().skip(middle).take(16).for_each(|byte| *byte ^= 0xa5);
            fs::write(file, bytes).unwrap();
        });
    }
}

#[test]
fn a_directory_that_is_not_the_stores() {
    let (_dir, place) = ledger();
    let odd = place.join("store-1").join("keyspaces").join("odd");
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("current"), "").unwrap();
    let refused = FjallLedger::open(&place).map(drop);
    let Err(OpenError::Damaged { source: Damage::Stray(path), .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(path, odd);
}

#[test]
fn a_journal_that_lost_its_end_is_told_from_a_crash() {
    let (_dir, place) = ledger();
    let journal = place.join("store-1").join("0.jnl");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() - 1]).unwrap();
    let refused = FjallLedger::open(&place).map(drop);
    let Err(OpenError::LostCommits { witnessed, found, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((witnessed, found), (u64::from(COINS), u64::from(COINS) - 1));
}
