//! A fresh store takes the place of one with a long journal: no crash and no read can tell.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use super::damage::copy;
use super::{an, charter, scratch, sn};
use crate::data_dir::files::acts::{self, Act};
use crate::ledger::fjall::Bounds;
use crate::ledger::head::Head;
use crate::ledger::store::{self, Store};
use crate::ledger::{FjallLedger, Ledger, OpenError, put};

const COINS: u32 = 20;

fn founded() -> (TempDir, PathBuf) {
    let dir = scratch();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    (dir, place)
}

/// Opens a ledger that goes on with a fresh store at the second commit of all coins, and from then
/// on at every third.
fn open(place: &Path) -> FjallLedger {
    let bounds = Bounds { journal_bytes: 1500, ..Bounds::default() };
    FjallLedger::open_with(place, bounds).unwrap()
}

fn commit(ledger: &FjallLedger, byte: u8) {
    let changes: Vec<_> = (1..=COINS).map(|number| (sn(number), an(byte))).collect();
    put(ledger, &changes).unwrap();
}

fn holds(ledger: &FjallLedger, byte: u8) -> bool {
    (1..=COINS).all(|number| ledger.an(sn(number)).unwrap() == Some(an(byte)))
}

fn stores(place: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with("store-")).collect()
}

fn dirs_of(dir: &Path, found: &mut Vec<PathBuf>) {
    found.push(dir.to_owned());
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            dirs_of(&path, found);
        }
    }
}

#[test]
fn a_long_journal_is_renewed_and_a_start_reads_little() {
    let (_dir, place) = founded();
    let bounds = Bounds { journal_bytes: 10_000, ..Bounds::default() };
    let ledger = FjallLedger::open_with(&place, bounds).unwrap();
    for round in 0..=255 {
        commit(&ledger, round);
    }
    let head = Head::read(&place).unwrap();
    assert!(head.generation > 10, "{head:?}");
    drop(ledger);
    assert_eq!(Head::read(&place).unwrap().commits, 256);
    let ledger = FjallLedger::open(&place).unwrap();
    assert!(store::journal_bytes(&head.store(&place)).unwrap() < 20_000);
    assert!(holds(&ledger, 255));
}

#[test]
fn a_store_is_on_disk_with_all_its_directories_before_a_head_names_it() {
    let (_dir, place) = founded();
    let beside = place.with_extension("new");
    let founding = acts::take();
    let ledger = open(&place);
    commit(&ledger, 1);
    acts::take();
    commit(&ledger, 2);
    let renewal = acts::take();

    let fresh = Head::read(&place).unwrap();
    assert_eq!(fresh.generation, 2);
    for (acts, dir, generation) in [(founding, &beside, 1), (renewal, &place, 2)] {
        let replaced = Act::Replaced(dir.join("head"));
        let named = acts.iter().position(|act| *act == replaced).unwrap();
        let mut needed = Vec::new();
        dirs_of(&place.join(format!("store-{generation}")), &mut needed);
        assert!(needed.len() > 4, "the store, its keyspaces and what is in them: {needed:?}");
        needed.push(place.clone());
        for needed in needed {
            let synced = Act::Synced(dir.join(needed.strip_prefix(&place).unwrap()));
            assert!(acts[..named].contains(&synced), "{synced:?} is not in {acts:?}");
        }
    }
}

#[test]
fn a_crash_before_the_head_is_replaced_leaves_the_old_store() {
    let (dir, place) = founded();
    let ledger = open(&place);
    commit(&ledger, 1);
    let old = Head::read(&place).unwrap();
    commit(&ledger, 2);
    assert_eq!(stores(&place), ["store-1", "store-2"].map(String::from).into());

    let image = dir.path().join("image");
    copy(&place, &image);
    old.write(&image).unwrap();
    let after = FjallLedger::open(&image).unwrap();
    assert!(holds(&after, 2));
    assert_eq!(stores(&image), ["store-1"].map(String::from).into());
    commit(&after, 3);
}

#[test]
fn a_crash_before_the_new_store_is_finished_leaves_the_old_one() {
    let (_dir, place) = founded();
    let ledger = FjallLedger::open(&place).unwrap();
    commit(&ledger, 1);
    drop(ledger);
    let unfinished = place.join("store-2");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("version"), "").unwrap();
    assert!(holds(&FjallLedger::open(&place).unwrap(), 1));
    assert!(!unfinished.exists());
}

#[test]
fn a_crash_after_the_head_is_replaced_leaves_both_stores_and_the_new_one_counts() {
    let (dir, place) = founded();
    let ledger = open(&place);
    commit(&ledger, 1);
    commit(&ledger, 2);
    let image = dir.path().join("image");
    copy(&place, &image);
    assert_eq!(stores(&image), ["store-1", "store-2"].map(String::from).into());
    let after = FjallLedger::open(&image).unwrap();
    assert!(holds(&after, 2));
    assert_eq!(stores(&image), ["store-2"].map(String::from).into());

    // What was committed since is in the new one alone.
    commit(&ledger, 3);
    let image = dir.path().join("later");
    copy(&place, &image);
    assert!(holds(&FjallLedger::open(&image).unwrap(), 3));
}

#[test]
fn no_store_is_taken_away_before_the_one_that_counts_was_opened_and_counted() {
    let (_dir, place) = founded();
    let ledger = open(&place);
    commit(&ledger, 1);
    commit(&ledger, 2);
    drop(ledger);
    let both: BTreeSet<String> = ["store-1", "store-2"].map(String::from).into();
    let head = Head::read(&place).unwrap();

    Head { commits: head.commits + 1, ..head }.write(&place).unwrap();
    let refused = FjallLedger::open(&place).map(drop);
    assert!(matches!(refused, Err(OpenError::LostCommits { .. })), "{refused:?}");
    assert_eq!(stores(&place), both);

    head.write(&place).unwrap();
    fs::remove_file(place.join("store-2").join("version")).unwrap();
    let refused = FjallLedger::open(&place).map(drop);
    assert!(matches!(refused, Err(OpenError::Damaged { .. })), "{refused:?}");
    assert_eq!(stores(&place), both);
    let before = Store::open(&place.join("store-1")).unwrap();
    assert_eq!(before.get(sn(COINS)).unwrap().as_deref(), Some(an(2).expose().as_slice()));
}

#[test]
fn a_read_that_outlasts_renewals_finds_its_store_where_it_was() {
    let (_dir, place) = founded();
    let ledger = open(&place);
    commit(&ledger, 1);
    ledger.flush();
    drop(ledger);
    // Opened anew, the store has read none of its table so far.
    let ledger = open(&place);
    let reading = ledger.store();
    for byte in 2..12 {
        commit(&ledger, byte);
    }
    assert!(stores(&place).len() > 3, "{:?}", stores(&place));
    assert!((1..=COINS).all(|number| reading.get(sn(number)).unwrap().is_some()));
    assert!(holds(&ledger, 11));
}

#[test]
fn reads_while_stores_are_renewed_find_every_coin_and_never_an_older_secret() {
    let (_dir, place) = founded();
    let ledger = open(&place);
    commit(&ledger, 0);
    let secrets: Vec<_> = (0..=60).map(an).collect();
    thread::scope(|scope| {
        for number in [1, COINS] {
            let (ledger, secrets) = (&ledger, &secrets);
            scope.spawn(move || {
                let mut last = 0;
                while last < 60 {
                    let held = ledger.an(sn(number)).unwrap().unwrap();
                    let seen = secrets.iter().position(|secret| *secret == held).unwrap();
                    assert!(seen >= last, "{seen} after {last}");
                    last = seen;
                }
            });
        }
        (1..=60).for_each(|byte| commit(&ledger, byte));
    });
    assert!(Head::read(&place).unwrap().generation > 15);
}

#[test]
fn the_stores_left_behind_are_bounded_and_the_next_start_takes_them_away() {
    let (_dir, place) = founded();
    let bounds = Bounds { journal_bytes: 1500, left_behind_bytes: 5000 };
    let ledger = FjallLedger::open_with(&place, bounds).unwrap();
    for byte in 0..40 {
        commit(&ledger, byte);
    }
    let left = stores(&place).len();
    assert!((3..6).contains(&left), "{left}");
    drop(ledger);

    let ledger = FjallLedger::open_with(&place, bounds).unwrap();
    assert!(holds(&ledger, 39));
    assert_eq!(stores(&place).len(), 1);
    let before = Head::read(&place).unwrap().generation;
    commit(&ledger, 40);
    assert_eq!(Head::read(&place).unwrap().generation, before + 1);
}
