//! Origins and lineages are kept like coins; ledgers and backups of before know none and stay readable.

use std::fs;
use std::path::Path;

use coin::{Lineage, Origin};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::{Place, an, charter, id, scratch, sn};
use crate::ledger::{
    Draft, FORMAT, FjallLedger, Holding, Ledger, Record, RestoreError, VerifyError, put, restore,
};

/// An exchange of so many coins of 1, all but the last of them with origins of their own, for as many.
fn lineage(coins: u32) -> Lineage {
    let origin = |number| match number {
        1 => Origin::Minted,
        _ => Origin::Exchange([number as u8; 32]),
    };
    let inputs = (1..=coins).map(|number| (sn(number), origin(number))).collect();
    Lineage::new(inputs, (100_001..=100_000 + coins).map(sn).collect())
}

fn made(byte: u8, lineage: &Lineage) -> Holding {
    Holding { an: an(byte), origin: lineage.origin() }
}

/// Commits that an exchange was carried out, and returns its origin.
fn trace(ledger: &dyn Ledger, lineage: &Lineage) -> Origin {
    let (mut draft, origin) = (Draft::over(ledger), lineage.origin());
    draft.trace(origin, lineage.clone());
    for out in lineage.outputs() {
        draft.enter(*out, made(7, lineage)).unwrap();
    }
    let record = Record::Exchanged { content: [1; 32], origin: Some(origin) };
    draft.note(id(1), record).unwrap();
    assert_eq!(draft.lineage(origin).unwrap().as_ref(), Some(lineage));
    draft.commit().unwrap();
    origin
}

#[test]
fn what_an_exchange_was_stays_known_and_what_it_made_keeps_its_origin() {
    for place in Place::both() {
        let exchange = lineage(300);
        let origin = trace(place.open().as_ref(), &exchange);
        for _ in 0..2 {
            let ledger = place.open();
            assert_eq!(ledger.lineage(origin).unwrap().as_ref(), Some(&exchange));
            assert_eq!(ledger.lineage(Origin::Minted).unwrap(), None);
            assert_eq!(ledger.lineage(Origin::Exchange([0; 32])).unwrap(), None);
            assert_eq!(ledger.coin(sn(100_300)).unwrap(), Some(made(7, &exchange)));
            let record = ledger.record(id(1)).unwrap();
            assert_eq!(record, Some(Record::Exchanged { content: [1; 32], origin: Some(origin) }));
            // So many commits that the ledger goes on in a fresh store.
            (1..40).for_each(|byte| put(ledger.as_ref(), &[(sn(9), an(byte))]).unwrap());
        }
    }
}

#[test]
fn a_record_takes_the_place_and_the_count_of_the_one_before() {
    for place in Place::both() {
        let ledger = place.open();
        trace(ledger.as_ref(), &lineage(3));
        let mut draft = Draft::over(ledger.as_ref());
        draft.note(id(1), Record::Cancelled).unwrap();
        draft.commit().unwrap();
        let counts = ledger.counts().unwrap();
        assert_eq!((counts.exchanged(), counts.cancelled()), (0, 1));
    }
}

#[test]
fn a_ledger_without_origins_becomes_one_with_them_when_it_is_opened() {
    let dir = scratch();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let ledger = FjallLedger::open(&place).unwrap();
    put(&ledger, &[(sn(1), an(1))]).unwrap();
    let mut draft = Draft::over(&ledger);
    draft.note(id(1), Record::Exchanged { content: [9; 32], origin: None }).unwrap();
    draft.commit().unwrap();
    // The record as it stood there in format 2.
    let (key, value) = ([&b"r"[..], &[1; 16]].concat(), [&[1_u8][..], &[9; 32]].concat());
    assert_eq!(ledger.store().get_record(id(1)).unwrap().unwrap(), value.as_slice());
    ledger.store().tamper(&key, Some(&value));
    ledger.store().tamper(b"format", Some(b"2"));
    drop(ledger);
    for _ in 0..2 {
        let ledger = FjallLedger::open(&place).unwrap();
        assert_eq!(ledger.store().format().unwrap(), FORMAT.to_string());
        assert_eq!(ledger.coin(sn(1)).unwrap(), Some(Holding::minted(an(1))));
        let record = ledger.record(id(1)).unwrap();
        assert_eq!(record, Some(Record::Exchanged { content: [9; 32], origin: None }));
        ledger.verify().unwrap();
    }
}

#[test]
fn a_backup_holds_lineages_also_those_of_the_largest_exchanges() {
    let dir = scratch();
    let place = dir.path().join("agent-07");
    FjallLedger::found(&place, &charter(7)).unwrap();
    let ledger = FjallLedger::open(&place).unwrap();
    let exchange = lineage(5000);
    let origin = trace(&ledger, &exchange);
    ledger.verify().unwrap();
    let backup = dir.path().join("backup");
    ledger.back_up(&backup, &CancellationToken::new()).unwrap();
    let restored = dir.path().join("restored");
    restore(&backup, &restored).unwrap();
    let restored = FjallLedger::open(&restored).unwrap();
    assert_eq!(restored.lineage(origin).unwrap(), Some(exchange.clone()));
    assert_eq!(restored.coin(sn(105_000)).unwrap(), Some(made(7, &exchange)));
    restored.verify().unwrap();
}

/// A backup as it was written when values were short, of a ledger of this format.
fn backup_of_before(path: &Path, format: &str) {
    let head = r#"{"network":"test-network","agent":7,"commits":1,"made":"2031-11-22T18:00:00Z"}"#;
    let counts: Vec<u8> =
        [0_u64, 0, 0, 0, 1, 0, 0].iter().flat_map(|it| it.to_be_bytes()).collect();
    let commits = 1_u64.to_be_bytes();
    let entries: [(&[u8], &[u8]); 6] = [
        (&[0, 0, 0, 1], &[7; 16]),
        (b"agent", b"7"),
        (b"commits", &commits),
        (b"counts", &counts),
        (b"format", format.as_bytes()),
        (b"network", b"test-network"),
    ];
    let mut bytes = format!("raida backup 1\n{head}\n").into_bytes();
    for (key, value) in entries {
        bytes.push(key.len() as u8);
        bytes.extend((value.len() as u16).to_be_bytes());
        bytes.extend(key);
        bytes.extend(value);
    }
    bytes.push(0);
    bytes.extend((entries.len() as u64).to_be_bytes());
    let hash = Sha256::digest(&bytes);
    bytes.extend(hash);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_backup_of_before_becomes_a_ledger_of_now() {
    let dir = scratch();
    let (backup, place) = (dir.path().join("backup"), dir.path().join("agent-07"));
    backup_of_before(&backup, "2");
    restore(&backup, &place).unwrap();
    let ledger = FjallLedger::open(&place).unwrap();
    assert_eq!(ledger.coin(sn(1)).unwrap(), Some(Holding::minted(an(7))));
    assert_eq!(ledger.store().format().unwrap(), FORMAT.to_string());
    ledger.verify().unwrap();

    backup_of_before(&backup, "4");
    let later = restore(&backup, &dir.path().join("later"));
    assert!(matches!(later, Err(RestoreError::OtherFormat { found }) if found == "4"));
}

#[test]
fn a_lineage_that_is_torn_or_missing_is_found() {
    let exchange = lineage(3);
    let Origin::Exchange(of) = exchange.origin() else { unreachable!() };
    let key = [&b"o"[..], &of].concat();
    for (value, expected) in [(None, "no lineage of it"), (Some(&[0, 0, 0, 0][..]), "is torn")] {
        let dir = scratch();
        let place = dir.path().join("agent-07");
        FjallLedger::found(&place, &charter(7)).unwrap();
        let ledger = FjallLedger::open(&place).unwrap();
        trace(&ledger, &exchange);
        ledger.store().tamper(&key, value);
        let found: VerifyError = ledger.verify().unwrap_err();
        assert!(found.to_string().contains(expected), "{found}");
    }
}
