//! What the acts of an operation do, and what they refuse.

use std::path::Path;

use coin::{CoinName, StoredCoin};
use wallet::{
    Folder, Kind, Loss, Mutation, OperationId, Place, Regrade, SimDisk, Wallet, WalletError,
    WalletName, balance,
};

use crate::scenario::{
    BANK, ID, IMPORT, RECEIVER_BANK, SENDER_BANK, SENDER_EXPORT, SENDER_SENT, coin, coin_file,
    home, in_folders, incoming, reopened, sn,
};

fn syncs(disk: &SimDisk, act: impl FnOnce()) -> usize {
    let before = disk.mutations().len();
    act();
    let is_sync = |act: &&Mutation| {
        matches!(act, Mutation::SyncFile | Mutation::SyncFiles | Mutation::SyncDir)
    };
    disk.mutations()[before..].iter().filter(is_sync).count()
}

/// Counts the syncs of each act on so many coins.
fn syncs_of_acts(coins: u32) -> [usize; 5] {
    let (disk, mut wallet, mut operation) = home();
    let coins: Vec<StoredCoin> = (1..=coins).map(incoming).collect();
    let mut names = Vec::new();
    let kept = syncs(&disk, || operation.keep("coins", &coins).unwrap());
    let placed = syncs(&disk, || {
        names = operation.place(&mut wallet, IMPORT, &coins).unwrap().names;
    });
    let graded = syncs(&disk, || {
        let regrade = |name: &CoinName| Regrade {
            from: IMPORT,
            name: name.clone(),
            now: coin(name.sn.get(), 1),
            to: RECEIVER_BANK,
        };
        let regrades: Vec<Regrade> = names.iter().map(regrade).collect();
        operation.regrade(&mut wallet, &regrades).unwrap();
    });
    let shifted = syncs(&disk, || {
        operation.shift(&mut wallet, RECEIVER_BANK, BANK, &names).unwrap();
    });
    let ended = syncs(&disk, || operation.end(&mut wallet, "done").unwrap());
    [kept, placed, graded, shifted, ended]
}

#[test]
fn the_number_of_syncs_does_not_depend_on_the_number_of_coins() {
    let [kept, placed, graded, shifted, ended] = syncs_of_acts(300);
    assert_eq!(syncs_of_acts(3_439), [kept, placed, graded, shifted, ended]);
    // Journal; journal, contents, directory, done; and so on.
    assert_eq!([kept, placed, graded, shifted, ended], [1, 4, 6, 5, 3]);
}

#[test]
fn a_conflict_keeps_both_files_and_is_reported() {
    let (disk, mut wallet, mut operation) = home();
    let name = CoinName::new(sn(1), operation.tag());
    disk.put(&Path::new("Default/Bank").join(name.to_string()), &coin_file(&coin(1, 7)));
    let acted = operation.place(&mut wallet, BANK, &[coin(1, 0), coin(2, 0)]).unwrap();
    let kept_as = "1.CloudCoin.1.1.73697874-2.stack";
    assert_eq!(acted.names[0].to_string(), kept_as);
    assert_eq!(acted.conflicts.len(), 1);
    assert_eq!(acted.conflicts[0].kept_as, kept_as);
    assert_eq!(wallet.read(BANK, &name).unwrap(), coin(1, 7));
    assert_eq!(wallet.read(BANK, &acted.names[0]).unwrap(), coin(1, 0));
    // The operation knows its own file by its new name.
    assert_eq!(operation.held(BANK), acted.names);
    assert_eq!(balance(&disk).unwrap().total.units(), 2);
}

#[test]
fn a_shift_onto_other_contents_keeps_both() {
    let (disk, mut wallet, mut operation) = home();
    let names = operation.place(&mut wallet, BANK, &[coin(1, 0)]).unwrap().names;
    disk.put(&Path::new(".Sender/Bank").join(names[0].to_string()), &coin_file(&coin(1, 7)));
    let acted = operation.shift(&mut wallet, BANK, SENDER_BANK, &names).unwrap();
    assert_eq!(acted.conflicts.len(), 1);
    assert_eq!(wallet.read(SENDER_BANK, &acted.names[0]).unwrap(), coin(1, 0));
    assert_eq!(wallet.read(SENDER_BANK, &names[0]).unwrap(), coin(1, 7));
    // Said again, as after a crash: the name that it got then.
    let again = operation.shift(&mut wallet, BANK, SENDER_BANK, &names).unwrap();
    assert_eq!(again.names, acted.names);
}

#[test]
fn calls_can_be_repeated() {
    let (disk, mut wallet, mut operation) = home();
    let coins = [incoming(1), incoming(2)];
    let names = operation.place(&mut wallet, IMPORT, &coins).unwrap().names;
    let regrade = Regrade { from: IMPORT, name: names[0].clone(), now: coin(1, 1), to: BANK };
    operation.regrade(&mut wallet, std::slice::from_ref(&regrade)).unwrap();
    operation.shift(&mut wallet, IMPORT, SENDER_BANK, &names[1..]).unwrap();
    let before = in_folders(&disk);
    assert_eq!(operation.place(&mut wallet, IMPORT, &coins).unwrap().names, names);
    operation.regrade(&mut wallet, &[regrade]).unwrap();
    operation.shift(&mut wallet, IMPORT, SENDER_BANK, &names[1..]).unwrap();
    assert_eq!(in_folders(&disk), before);
}

#[test]
fn what_is_not_there_or_not_that_coin_is_refused_before_anything_moves() {
    let (disk, mut wallet, mut operation) = home();
    let good = operation.place(&mut wallet, BANK, &[coin(1, 0)]).unwrap().names.remove(0);
    let lying: CoinName = "1.CloudCoin.1.2.x.stack".parse().unwrap();
    let missing: CoinName = "1.CloudCoin.1.3.x.stack".parse().unwrap();
    disk.put(&Path::new("Default/Bank").join(lying.to_string()), &coin_file(&coin(1, 0)));
    let before = in_folders(&disk);
    let error = operation.shift(&mut wallet, BANK, SENDER_BANK, &[good.clone(), lying]);
    assert!(matches!(error, Err(WalletError::NotThatCoin { .. })), "{error:?}");
    let error = operation.shift(&mut wallet, BANK, SENDER_BANK, &[good.clone(), missing]);
    assert!(matches!(error, Err(WalletError::NotThere { .. })), "{error:?}");
    let regrade = Regrade { from: BANK, name: good, now: coin(2, 0), to: BANK };
    let error = operation.regrade(&mut wallet, &[regrade]);
    assert!(matches!(error, Err(WalletError::OtherCoin { .. })), "{error:?}");
    assert_eq!(in_folders(&disk), before);
}

#[test]
fn long_notes_and_the_last_of_each_label_come_back() {
    let (disk, wallet, mut operation) = home();
    let long = "ü€𝄞\"\\\u{1}".repeat(50_000);
    operation.note("state", "old").unwrap();
    operation.note("state", &long).unwrap();
    operation.note("empty", "").unwrap();
    operation.keep("none", &[]).unwrap();
    drop((wallet, operation));
    let (_, mut wallet) = reopened(&disk);
    let operation = wallet.load(ID).unwrap();
    assert_eq!(operation.last_note("state"), Some(&*long));
    assert_eq!(operation.last_note("empty"), Some(""));
    assert_eq!(operation.last_note("other"), None);
    assert_eq!(operation.kept("none"), Some(Vec::new()));
    assert_eq!((operation.kind(), operation.about()), (Kind::Send, "a test"));
}

#[test]
fn coins_in_flight_stay_booked_and_out_of_the_total() {
    let (disk, mut wallet, mut operation) = home();
    let coins: Vec<StoredCoin> = (1..=3).map(|sn| coin(sn, 0)).collect();
    let names = operation.place(&mut wallet, SENDER_EXPORT, &coins).unwrap().names;
    check_worth(&disk, 3, 0);
    assert_eq!(operation.mark_in_flight().unwrap(), 3);
    assert_eq!(operation.mark_in_flight().unwrap(), 3);
    check_worth(&disk, 0, 3);
    operation.shift(&mut wallet, SENDER_EXPORT, SENDER_SENT, &names).unwrap();
    check_worth(&disk, 0, 3);
    assert!(wallet.booked(sn(1)).unwrap());
    // One belongs to the other now, one comes back with new secrets.
    operation.mark_landed(&[sn(1)]).unwrap();
    check_worth(&disk, 0, 2);
    assert!(!wallet.booked(sn(1)).unwrap());
    let back =
        Regrade { from: SENDER_SENT, name: names[1].clone(), now: coin(2, 9), to: SENDER_BANK };
    operation.regrade(&mut wallet, &[back]).unwrap();
    check_worth(&disk, 1, 1);
    assert_eq!(operation.in_flight().collect::<Vec<_>>(), [sn(3)]);
    operation.end(&mut wallet, "paid in part").unwrap();
    check_worth(&disk, 1, 0);
    assert!(!wallet.booked(sn(3)).unwrap());
}

fn check_worth(disk: &SimDisk, total: u64, in_flight: u64) {
    let balance = balance(disk).unwrap();
    assert_eq!((balance.total.units(), balance.in_flight.units()), (total, in_flight));
}

#[test]
fn bookings_look_at_what_counts_and_at_nothing_else() {
    let disk = SimDisk::new();
    drop(Wallet::open(disk.clone()).unwrap());
    let places: Vec<Place> = Place::all().collect();
    for (n, place) in places.iter().enumerate() {
        disk.put(
            &Path::new(&place.to_string()).join(format!("9.CloudCoin.1.{}.x.stack", n + 1)),
            b"",
        );
    }
    let (wallet, _) = Wallet::open(disk).unwrap();
    let bookings = wallet.bookings().unwrap();
    for (n, place) in places.iter().enumerate() {
        let counts = [Folder::Bank, Folder::Fracked, Folder::Limbo, Folder::Export];
        let number = sn(u32::try_from(n + 1).unwrap());
        assert_eq!(bookings.contains(number), counts.contains(&place.folder), "{place}");
    }
    assert_eq!((bookings.len(), bookings.is_empty()), (12, false));
}

#[test]
fn one_number_is_one_operation_with_one_writer() {
    let (_, mut wallet, operation) = home();
    let again = wallet.begin(ID, Kind::Send, "");
    assert!(matches!(again, Err(WalletError::LoadedAlready { .. })), "{again:?}");
    let again = wallet.load(ID);
    assert!(matches!(again, Err(WalletError::LoadedAlready { .. })), "{again:?}");
    drop(operation);
    let again = wallet.begin(ID, Kind::Send, "");
    assert!(matches!(again, Err(WalletError::BegunBefore { .. })), "{again:?}");
    let operation = wallet.load(ID).unwrap();
    assert_eq!(wallet.open_operations().unwrap(), [(ID, Kind::Send)]);
    operation.end(&mut wallet, "returned").unwrap();
    assert!(wallet.open_operations().unwrap().is_empty());
    assert!(matches!(wallet.begin(ID, Kind::Send, ""), Err(WalletError::BegunBefore { .. })));
    assert!(matches!(wallet.load(ID), Err(WalletError::Ended { .. })));
    let other = OperationId::from_bytes([9; 16]);
    assert!(matches!(wallet.load(other), Err(WalletError::UnknownOperation { .. })));
    let history = wallet.history().unwrap().ended;
    assert_eq!((history[0].id, history[0].end.summary.as_str()), (ID, "returned"));
    assert!(history[0].began_at_secs < history[0].end.at_secs);
}

#[test]
fn a_receipt_is_filed_once_and_a_newer_one_beside_it() {
    let (disk, mut wallet, mut operation) = home();
    let mut file =
        |bytes: &[u8]| operation.receipt(&mut wallet, WalletName::Sender, bytes).unwrap();
    let first = format!("{ID}.json");
    assert_eq!(file(b"{\"n\":1}"), first);
    assert_eq!(file(b"{\"n\":1}"), first);
    assert_eq!(file(b"{\"n\":2}"), format!("{ID}-2.json"));
    assert_eq!(file(b"{\"n\":1}"), first);
    assert_eq!(in_folders(&disk.restart(Loss::Unsynced)).len(), 2);
}

#[test]
fn debug_shows_no_secret() {
    let (_, mut wallet, mut operation) = home();
    operation.keep("coins", &[coin(1, 0xab)]).unwrap();
    let acted = operation.place(&mut wallet, BANK, &[coin(1, 0xab)]).unwrap();
    let shown = format!("{wallet:?} {operation:?} {acted:?} {:?}", operation.kept("coins"));
    assert!(!shown.to_lowercase().contains("abab"), "{shown}");
    assert!(!shown.contains("171, 171"), "{shown}");
}
