//! The file of a journal: what a power cut leaves is taken up, damage is not.

use std::path::Path;

use wallet::{
    Kind, Loss, OpenError, OperationId, SimDisk, Wallet, WalletError, WalletName, balance, history,
};

use crate::scenario::{BANK, ID, SENDER_EXPORT, coin, incoming, sn};

const PATH: &str = ".journal/7369787465656e206c65747465727321.journal";

/// A journal of five appends: begin, note, keep (two records), note, note.
fn written() -> (SimDisk, Vec<u8>) {
    let disk = SimDisk::new();
    let (mut wallet, _) = Wallet::open(disk.clone()).unwrap();
    let mut operation = wallet.begin(ID, Kind::Receive, "a test").unwrap();
    operation.note("n", "1").unwrap();
    operation.keep("coins", &[incoming(1)]).unwrap();
    operation.note("n", "2").unwrap();
    operation.note("n", "3").unwrap();
    drop((wallet, operation));
    let files = disk.files();
    let (_, text) = files.into_iter().find(|(path, _)| path == Path::new(PATH)).unwrap();
    (disk.restart(Loss::Nothing), text)
}

/// Opens the home with this text as its journal: the note, and whether the coins are there.
fn opened(disk: &SimDisk, text: &[u8]) -> Result<Option<(String, bool)>, OpenError> {
    let disk = disk.fork();
    disk.put(Path::new(PATH), text);
    let (mut wallet, report) = Wallet::open(disk)?;
    if let Some(damaged) = report.damaged.first() {
        assert_eq!((damaged.id, wallet.damaged_journals().unwrap()), (ID, report.damaged.clone()));
        return Err(wallet.load(ID).unwrap_err().into());
    }
    if report.never_began == [ID] {
        assert!(wallet.open_operations().unwrap().is_empty());
        wallet.begin(ID, Kind::Receive, "again").unwrap();
        return Ok(None);
    }
    let mut operation = wallet.load(ID).unwrap();
    let note = operation.last_note("n").unwrap_or_default().to_owned();
    let kept = operation.kept("coins").is_some();
    // It can go on from there.
    operation.note("more", "x").unwrap();
    drop(operation);
    assert_eq!(wallet.load(ID).unwrap().last_note("more"), Some("x"));
    Ok(Some((note, kept)))
}

#[test]
fn a_journal_cut_at_any_byte_is_the_journal_of_an_earlier_moment() {
    let (disk, text) = written();
    let mut last = None;
    for len in 0..=text.len() {
        let state = opened(&disk, &text[..len]).unwrap_or_else(|error| panic!("at {len}: {error}"));
        assert!(last <= state, "at {len}: {state:?} after {last:?}");
        last = state;
    }
    assert_eq!(last, Some(("3".to_owned(), true)));
}

#[test]
fn coins_that_were_cut_in_the_append_do_not_count_in_part() {
    let (disk, text) = written();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    // The first of the two records that keep the coins is whole, the second is gone.
    let half: Vec<u8> = lines[..4].concat();
    assert!(lines[3].starts_with(b"< "));
    assert_eq!(opened(&disk, &half).unwrap(), Some(("1".to_owned(), false)));
}

#[test]
fn a_changed_byte_is_damage_with_file_and_record_or_a_torn_end() {
    let (disk, text) = written();
    let last = text[..text.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 0x01;
        let record =
            u32::try_from(text[..at].iter().filter(|byte| **byte == b'\n').count()).unwrap();
        match opened(&disk, &changed) {
            Err(OpenError::Wallet(WalletError::JournalDamaged { path, record: found, .. })) => {
                assert_eq!(path, Path::new(PATH));
                assert!(found <= record + 1, "byte {at}: {found}");
            }
            Err(OpenError::Wallet(WalletError::JournalTooNew { version, .. })) => {
                assert!(record == 0 && version > 1);
            }
            Ok(Some((note, _))) => assert!(at >= last && note == "2", "byte {at}: {note}"),
            other => panic!("byte {at}: {other:?}"),
        }
    }
}

#[test]
fn a_record_that_is_missing_twice_or_of_another_journal_is_damage() {
    let (disk, text) = written();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let check = |lines: &[&[u8]]| {
        let error = opened(&disk, &lines.concat()).unwrap_err();
        let damaged = matches!(error, OpenError::Wallet(WalletError::JournalDamaged { .. }));
        assert!(damaged, "{error:?}");
    };
    check(&[&lines[..2], &lines[3..]].concat());
    check(&[&lines[..3], &lines[2..]].concat());
    check(&[&lines[..5], &[lines[6], lines[5]]].concat());
    let header = format!("liveconnect-journal 1 {}\n", OperationId::from_bytes([7; 16]));
    check(&[&[header.as_bytes()], &lines[1..]].concat());
}

#[test]
fn a_later_version_is_refused_by_name() {
    let (disk, text) = written();
    let newer = String::from_utf8(text).unwrap().replacen("journal 1", "journal 2", 1);
    let error = opened(&disk, newer.as_bytes()).unwrap_err().to_string();
    assert_eq!(error, format!("{PATH}: version 2, known are versions up to 1"));
}

#[test]
fn a_journal_from_elsewhere_is_read_as_it_was_written() {
    let disk = SimDisk::new();
    drop(Wallet::open(disk.clone()).unwrap());
    disk.put(Path::new(PATH), include_bytes!("golden/v1.journal"));
    let (mut wallet, report) = Wallet::open(disk).unwrap();
    // Its last act is recorded and not done.
    assert_eq!(report.replayed, [ID]);
    let operation = wallet.load(ID).unwrap();
    assert_eq!((operation.kind(), operation.about()), (Kind::Receive, "golden: #1 \"ü\""));
    assert_eq!(operation.last_note("state"), Some("{\"step\":16}\n"));
    let kept = operation.kept("coins").unwrap();
    assert_eq!(kept, [incoming(1), coin(2, 0)]);
    let names = wallet.list(BANK).unwrap();
    assert_eq!(names[0].to_string(), "1.CloudCoin.1.2.73697874.stack");
    assert_eq!(wallet.read(BANK, &names[0]).unwrap(), coin(2, 0));
    assert_eq!(operation.held(BANK), names);
}

#[test]
fn a_damaged_journal_closes_its_own_operation_and_no_other() {
    let disk = SimDisk::new();
    let other = OperationId::from_bytes([7; 16]);
    let (mut wallet, _) = Wallet::open(disk.clone()).unwrap();
    let mut send = wallet.begin(ID, Kind::Send, "").unwrap();
    let names = send.place(&mut wallet, SENDER_EXPORT, &[coin(1, 0)]).unwrap().names;
    send.mark_in_flight().unwrap();
    send.note("later", "lost").unwrap();
    send.note("last", "kept").unwrap();
    drop(wallet.begin(other, Kind::Import, "").unwrap());
    drop((wallet, send));
    let mut text = disk.files().into_iter().find(|(path, _)| path == Path::new(PATH)).unwrap().1;
    let later = text.windows(4).position(|word| word == b"lost").unwrap();
    text[later] = b'L';
    disk.put(Path::new(PATH), &text);

    let disk = disk.restart(Loss::Nothing);
    let (mut wallet, report) = Wallet::open(disk.clone()).unwrap();
    let [damaged] = report.damaged.as_slice() else { panic!("{report:?}") };
    assert!(damaged.why.starts_with(PATH) && damaged.why.contains("record"), "{}", damaged.why);
    assert_eq!(wallet.open_operations().unwrap(), [(other, Kind::Import)]);
    // What it had in flight stays in flight, is booked, and lies where it lay.
    assert!(wallet.booked(sn(1)).unwrap());
    assert!(wallet.clear(WalletName::Sender).unwrap().moved.is_empty());
    assert_eq!(wallet.list(SENDER_EXPORT).unwrap(), names);
    let mut import = wallet.load(other).unwrap();
    import.place(&mut wallet, BANK, &[coin(2, 0)]).unwrap();
    import.end(&mut wallet, "").unwrap();
    let ended = wallet.begin(ID, Kind::Send, "").unwrap_err();
    assert!(matches!(ended, WalletError::BegunBefore { .. }), "{ended:?}");
    drop(wallet);
    let balance = balance(&disk).unwrap();
    assert_eq!((balance.in_flight.units(), balance.damaged.len()), (1, 1));
    let history = history(&disk).unwrap();
    assert_eq!((history.ended.len(), history.damaged.len()), (1, 1));
    assert_eq!(disk.files().into_iter().find(|(path, _)| path == Path::new(PATH)).unwrap().1, text);
}

#[test]
fn the_page_about_homes_names_every_kind_of_operation() {
    let page = include_str!("../../../../docs/home.md");
    let line = page.lines().find(|line| line.starts_with("Kinds: ")).unwrap();
    let kinds: Vec<String> = Kind::ALL.iter().map(|kind| format!("`{kind}`")).collect();
    assert_eq!(line, format!("Kinds: {}.", kinds.join(", ")));
}
