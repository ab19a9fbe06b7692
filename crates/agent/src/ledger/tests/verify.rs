//! What is wrong with a ledger is found, wherever it is.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{an, charter, damage, scratch, sn};
use crate::ledger::{FjallLedger, VerifyError, put};

const COINS: u32 = 400;

/// A closed ledger with its coins in a table, and one change in the journal.
fn ledger() -> TempDir {
    let dir = scratch();
    let place = dir.path().join("whole");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let ledger = FjallLedger::open(&place).unwrap();
    let coins: Vec<_> = (1..=COINS).map(|number| (sn(number), an(9))).collect();
    put(&ledger, &coins).unwrap();
    ledger.flush();
    put(&ledger, &[(sn(1), an(10))]).unwrap();
    dir
}

/// Tells whether a ledger is opened and found to be good.
fn is_good(place: &Path) -> bool {
    FjallLedger::open(place).is_ok_and(|ledger| ledger.verify().is_ok())
}

#[track_caller]
fn check_tampered(key: &[u8], value: Option<&[u8]>, expected: &str) {
    let dir = ledger();
    let ledger = FjallLedger::open(&dir.path().join("whole")).unwrap();
    ledger.store().tamper(key, value);
    assert_eq!(ledger.verify().unwrap_err().to_string(), expected);
}

#[test]
fn a_whole_ledger_is_good() {
    let dir = ledger();
    let ledger = FjallLedger::open(&dir.path().join("whole")).unwrap();
    let verified = ledger.verify().unwrap();
    assert_eq!((verified.counts.coins(), verified.counts.value()), (400, 400));
    assert_eq!(verified.commits, 2);
}

#[test]
fn coins_that_are_missing_too_many_or_torn_are_found() {
    let (known, other) = (7_u32.to_be_bytes(), 3_000_000_u32.to_be_bytes());
    check_tampered(&known, None, "it has 399 coins of 1 and has counted 400");
    check_tampered(&other, Some(&[1; 16]), "it has 1 coins of 5 and has counted 0");
    check_tampered(&known, Some(&[1; 15]), "its entry with the key 00000007 is torn");
    check_tampered(&0_u32.to_be_bytes(), Some(&[1; 16]), "its entry with the key 00000000 is torn");
    check_tampered(b"colour", Some(b"blue"), "its entry with the key 636f6c6f7572 is torn");
    check_tampered(b"counts", Some(b"blue"), "the ledger's counts are torn");
    let record = [&b"r"[..], &[3; 16]].concat();
    check_tampered(&record, Some(&[2]), "it has 1 records of requests and has counted 0");
    check_tampered(
        &record,
        Some(&[3]),
        &format!("its entry with the key 72{} is torn", "03".repeat(16)),
    );
}

#[test]
fn a_flipped_byte_in_a_table_is_found() {
    let dir = ledger();
    let whole = dir.path().join("whole");
    let tables = whole.join("store-1/keyspaces/1/tables");
    let table = fs::read_dir(&tables).unwrap().next().unwrap().unwrap().file_name();
    let bytes = fs::read(tables.join(&table)).unwrap();
    let an = bytes.windows(16).position(|bytes| bytes == [9; 16]).unwrap();
    for (round, at) in [an, an + 15, bytes.len() / 3].into_iter().enumerate() {
        let image = dir.path().join(format!("image-{round}"));
        damage::copy(&whole, &image);
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        fs::write(image.join("store-1/keyspaces/1/tables").join(&table), flipped).unwrap();
        assert!(!is_good(&image), "at {at} of {}", bytes.len());
    }
    assert!(is_good(&whole));
}

#[test]
fn the_reason_is_damage_and_not_a_count_when_a_table_cannot_be_read() {
    let dir = ledger();
    let tables = dir.path().join("whole/store-1/keyspaces/1/tables");
    let table = fs::read_dir(&tables).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&table).unwrap();
    let an = bytes.windows(16).position(|bytes| bytes == [9; 16]).unwrap();
    bytes[an] ^= 1;
    fs::write(&table, bytes).unwrap();
    let ledger = FjallLedger::open(&dir.path().join("whole")).unwrap();
    assert!(matches!(ledger.verify(), Err(VerifyError::Unreadable(_))));
}
