//! What a look at a home finds, and what a repair makes of it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use coin::{CoinName, StoredCoin};
use wallet::{
    Audit, Disk, Finding, Flaw, Folder, Kind, OpenError, OperationId, RealDisk, Repaired, SimDisk,
    Wallet, WalletName,
};

use crate::scenario::{
    BANK, ID, IMPORT, SENDER_BANK, SENDER_SENT, coin, coin_file, home, incoming, sn,
};

const SUSPECT: wallet::Place = WalletName::Default.place(Folder::Suspect);

/// Looks at a home that nobody has open.
fn check(disk: &SimDisk) -> Audit {
    wallet::check(disk).unwrap()
}

fn repair(disk: &SimDisk) -> Repaired {
    wallet::repair(disk.clone()).unwrap()
}

/// A home with coins 1 to 3 in Bank, and the journal of what put them there.
fn with_coins() -> (SimDisk, Vec<CoinName>) {
    let (disk, mut wallet, mut operation) = home();
    let coins: Vec<StoredCoin> = (1..=3).map(|number| coin(number, 0)).collect();
    let names = operation.place(&mut wallet, BANK, &coins).unwrap().names;
    operation.end(&mut wallet, "").unwrap();
    (disk, names)
}

fn path(place: wallet::Place, name: &CoinName) -> PathBuf {
    Path::new(&place.to_string()).join(name.to_string())
}

fn in_suspect(disk: &SimDisk) -> Vec<StoredCoin> {
    let (wallet, _) = Wallet::open(disk.clone()).unwrap();
    let names = wallet.list(SUSPECT).unwrap();
    names.iter().map(|name| wallet.read(SUSPECT, name).unwrap()).collect()
}

#[test]
fn a_home_in_order_has_no_findings_and_says_what_it_is_worth() {
    let (disk, _) = with_coins();
    let audit = check(&disk);
    assert_eq!((audit.journals, audit.coins, audit.worth.units()), (1, 3, 3));
    assert_eq!(audit.findings, []);
    let before = disk.mutations().len();
    check(&disk);
    assert_eq!(disk.mutations().len(), before, "a look changed something");
    assert_eq!(repair(&disk).left, audit);
}

#[test]
fn a_home_that_is_being_written_to_is_not_looked_at() {
    let (disk, wallet, operation) = home();
    assert!(matches!(wallet::check(&disk), Err(OpenError::Busy { .. })));
    assert!(matches!(wallet::repair(disk.clone()), Err(OpenError::Busy { .. })));
    drop((wallet, operation));
    check(&disk);
}

#[test]
fn a_coin_whose_file_is_gone_is_found_and_comes_back_as_a_suspect() {
    let (disk, names) = with_coins();
    disk.lose(&path(BANK, &names[1]));
    assert_eq!(check(&disk).findings, [Finding::Gone { sn: sn(2), id: ID }]);
    let repaired = repair(&disk);
    assert_eq!((repaired.suspects, repaired.left.findings), (vec![sn(2)], vec![]));
    assert_eq!(in_suspect(&disk), [coin(2, 0)]);
}

#[test]
fn a_coin_of_which_only_the_old_file_is_left_is_gone() {
    let (disk, mut wallet, mut operation) = home();
    let name = operation.place(&mut wallet, IMPORT, &[incoming(1)]).unwrap().names.remove(0);
    let regrade = wallet::Regrade { from: IMPORT, name, now: coin(1, 1), to: BANK };
    let names = operation.regrade(&mut wallet, &[regrade]).unwrap().names;
    operation.end(&mut wallet, "").unwrap();
    drop(wallet);
    assert_eq!(check(&disk).findings, []);
    disk.lose(&path(BANK, &names[0]));
    assert_eq!(check(&disk).findings, [Finding::Gone { sn: sn(1), id: ID }]);
    repair(&disk);
    assert!(in_suspect(&disk).contains(&coin(1, 1)));
}

#[test]
fn a_file_that_holds_another_coin_goes_to_trash_once_the_right_one_is_written() {
    let (disk, names) = with_coins();
    disk.lose(&path(BANK, &names[0]));
    disk.put(&path(BANK, &names[0]), &coin_file(&coin(9, 0)));
    let found = Finding::NotThatCoin { place: BANK, name: names[0].clone() };
    assert_eq!(check(&disk).findings, [found, Finding::Gone { sn: sn(1), id: ID }]);
    let repaired = repair(&disk);
    assert_eq!(repaired.trashed, [(BANK, names[0].clone())]);
    assert_eq!(in_suspect(&disk), [coin(1, 0)]);
    assert_eq!(repaired.left.findings, []);
}

#[test]
fn a_broken_file_of_which_nothing_is_known_stays_and_is_said() {
    let (disk, _) = with_coins();
    let name: CoinName = "1.CloudCoin.1.7.theirs.stack".parse().unwrap();
    disk.put(&path(BANK, &name), b"{\"cloudcoin\":[");
    let found = [Finding::NotThatCoin { place: BANK, name }];
    assert_eq!(check(&disk).findings, found);
    assert_eq!(repair(&disk).left.findings, found);
}

#[test]
fn a_coin_that_is_there_twice_is_kept_once_and_with_other_secrets_left_to_the_agents() {
    let (disk, names) = with_coins();
    let fracked = WalletName::Default.place(Folder::Fracked);
    disk.put(&path(fracked, &names[0]), &coin_file(&coin(1, 0)));
    disk.put(&path(fracked, &names[1]), &coin_file(&coin(2, 9)));
    let files = |at: usize| vec![(BANK, names[at].clone()), (fracked, names[at].clone())];
    let other = Finding::Twice { sn: sn(2), files: files(1), same: false };
    let findings = check(&disk).findings;
    assert_eq!(
        findings,
        [Finding::Twice { sn: sn(1), files: files(0), same: true }, other.clone()]
    );
    let repaired = repair(&disk);
    assert_eq!(repaired.trashed, [(fracked, names[0].clone())]);
    assert_eq!(repaired.left.findings, [other]);
    assert_eq!(repaired.left.worth.units(), 3);
}

#[test]
fn a_stranger_in_a_folder_of_coins_is_said_and_left() {
    let (disk, _) = with_coins();
    disk.put(Path::new("Default/Bank/notes.txt"), b"mine");
    disk.put(Path::new("Default/Import/notes.txt"), b"mine");
    let found = [Finding::Stray { place: BANK, name: "notes.txt".into() }];
    assert_eq!(check(&disk).findings, found);
    assert_eq!(repair(&disk).left.findings, found);
}

/// Changes one byte in the middle of a journal.
fn damage(disk: &SimDisk, journal: &Path, at: usize) {
    let mut text = disk.files().into_iter().find(|(path, _)| path == journal).unwrap().1;
    text[at] ^= 1;
    disk.lose(journal);
    disk.put(journal, &text);
}

#[test]
fn a_damaged_journal_is_set_aside_by_a_repair_which_loses_no_secret() {
    let (disk, wallet, mut operation) = home();
    let coins: Vec<StoredCoin> = (1..=3).map(incoming).collect();
    operation.keep("coins", &coins).unwrap();
    operation.note("step", "15").unwrap();
    operation.note("step", "16").unwrap();
    drop((wallet, operation));
    let journal = Path::new(".journal").join(format!("{ID}.journal"));
    let text = disk.files().into_iter().find(|(path, _)| *path == journal).unwrap().1;
    let step = text.windows(4).position(|word| word == b"\"15\"").unwrap();
    damage(&disk, &journal, step + 1);

    let findings = check(&disk).findings;
    assert!(
        matches!(&findings[..], [Finding::BrokenJournal { flaw: Flaw::Changed, .. }]),
        "{findings:?}"
    );

    let repaired = repair(&disk);
    let kept = Path::new(".journal/damaged").join(format!("{ID}.journal"));
    assert_eq!(repaired.journals, std::slice::from_ref(&kept));
    assert_eq!(repaired.left.findings, []);
    assert_eq!(in_suspect(&disk), coins);
    assert!(disk.files().iter().any(|(path, _)| *path == kept));
}

#[test]
fn coins_of_a_damaged_journal_that_lie_in_bank_or_have_left_are_not_written_again() {
    let (disk, mut wallet, mut operation) = home();
    operation.place(&mut wallet, IMPORT, &[incoming(1)]).unwrap();
    operation.place(&mut wallet, BANK, &[coin(2, 1)]).unwrap();
    operation.place(&mut wallet, SENDER_SENT, &[coin(3, 1)]).unwrap();
    operation.note("step", "15").unwrap();
    drop((wallet, operation));
    let journal = Path::new(".journal").join(format!("{ID}.journal"));
    damage(&disk, &journal, 150);
    // Coin 3 has left: without its journal nobody may take it back.
    assert_eq!(repair(&disk).suspects, [sn(1)]);
    assert_eq!(in_suspect(&disk), [incoming(1)]);
}

#[test]
fn a_repair_that_a_crash_cuts_anywhere_is_finished_by_the_next() {
    let (disk, mut wallet, mut operation) = home();
    operation.keep("coins", &[incoming(1), incoming(2)]).unwrap();
    operation.note("step", "15").unwrap();
    let mut ended = wallet.begin(OperationId::from_bytes([2; 16]), Kind::Import, "").unwrap();
    let names = ended.place(&mut wallet, BANK, &[coin(3, 0), coin(4, 0)]).unwrap().names;
    ended.end(&mut wallet, "").unwrap();
    drop((wallet, operation));
    damage(&disk, &Path::new(".journal").join(format!("{ID}.journal")), 150);
    disk.lose(&path(BANK, &names[0]));
    disk.put(&path(WalletName::Default.place(Folder::Fracked), &names[1]), &coin_file(&coin(4, 0)));
    for n in 1.. {
        let disk = disk.fork();
        disk.crash_at(n);
        let done = wallet::repair(disk.clone());
        let disk = disk.restart(wallet::Loss::Unsynced);
        let again = wallet::repair(disk.clone()).unwrap();
        assert_eq!(again.left.findings, [], "crash at {n}");
        assert_eq!(again.left.worth.units(), 1, "crash at {n}");
        let suspects = in_suspect(&disk);
        for wanted in [incoming(1), incoming(2), coin(3, 0)] {
            assert!(suspects.contains(&wanted), "crash at {n}: {} is lost", wanted.coin.sn);
        }
        assert!(Wallet::open(disk.clone()).unwrap().0.open_operations().unwrap().is_empty());
        if done.is_ok() {
            assert!(n > 20, "only {n} acts");
            return;
        }
    }
}

#[test]
fn what_others_may_read_is_found_and_closed() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let disk = || RealDisk::create(&home).unwrap();
    drop(Wallet::open(disk()).unwrap());
    let file = home.join("Default/Bank/1.CloudCoin.1.7.x.stack");
    std::fs::write(&file, &*coin_file(&coin(7, 0))).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::fs::set_permissions(home.join(".Sender"), std::fs::Permissions::from_mode(0o755)).unwrap();
    // The directory of a wallet is closed whenever the home is opened; a file is not.
    let path = PathBuf::from("Default/Bank/1.CloudCoin.1.7.x.stack");
    let found = wallet::check(&disk()).unwrap().findings;
    assert_eq!(found, [Finding::OpenToOthers { path: path.clone() }]);
    let repaired = wallet::repair(disk()).unwrap();
    assert_eq!(repaired.closed_to_others, [PathBuf::from(".Sender"), path]);
    assert_eq!(repaired.left.findings, []);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(disk().access(Path::new("nowhere")).is_err());
}

#[test]
fn owned_coins_that_a_damaged_journal_leaves_in_a_hidden_wallet_come_home() {
    let (disk, mut wallet, mut operation) = home();
    let names = operation.place(&mut wallet, SENDER_BANK, &[coin(1, 0), coin(2, 0)]).unwrap().names;
    operation.note("step", "9").unwrap();
    assert!(wallet.list(SENDER_BANK).unwrap().len() == 2);
    drop((wallet, operation));
    assert_eq!(check(&disk).findings, [], "an open operation looks after them");
    damage(&disk, &Path::new(".journal").join(format!("{ID}.journal")), 150);
    let repaired = repair(&disk);
    assert_eq!((repaired.brought_home, repaired.suspects), (vec![sn(1), sn(2)], vec![]));
    assert_eq!(repaired.left.findings, []);
    let (wallet, _) = Wallet::open(disk).unwrap();
    assert_eq!(wallet.list(BANK).unwrap(), names);
}
