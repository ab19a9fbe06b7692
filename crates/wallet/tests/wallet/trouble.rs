//! Disks that are full, fail a sync, tear a file or lose it.

use std::io;
use std::path::Path;

use coin::{CoinName, StoredCoin};
use wallet::{Disk, DiskFile, Kind, Loss, OperationId, Wallet, WalletError, WalletName};

use crate::scenario::{
    BANK, ID, IMPORT, SENDER_BANK, coin, coin_file, home, incoming, reopened, sn,
};

#[test]
fn a_torn_file_goes_to_trash_and_is_written_whole() {
    let (disk, mut wallet, mut operation) = home();
    let name = CoinName::new(sn(1), operation.tag());
    let torn = &coin_file(&coin(1, 0))[..100];
    disk.put(&Path::new("Default/Bank").join(name.to_string()), torn);
    let acted = operation.place(&mut wallet, BANK, &[coin(1, 0)]).unwrap();
    assert_eq!(acted.names, std::slice::from_ref(&name));
    assert_eq!(wallet.read(BANK, &name).unwrap(), coin(1, 0));
    let trash = Path::new("Default/Trash").join(name.to_string());
    assert!(disk.files().iter().any(|(path, bytes)| *path == trash && bytes == torn));
}

#[test]
fn a_file_that_is_gone_from_both_folders_is_made_again() {
    let (disk, mut wallet, mut operation) = home();
    let names = operation.place(&mut wallet, BANK, &[coin(1, 0)]).unwrap().names;
    // Recorded (reserve, write, sync), and the power goes in the rename.
    disk.crash_at(4);
    operation.shift(&mut wallet, BANK, SENDER_BANK, &names).unwrap_err();
    let disk = disk.restart(Loss::Unsynced);
    // The worst of disks has lost the file altogether.
    disk.lose(&Path::new("Default/Bank").join(names[0].to_string()));
    let (wallet, report) = Wallet::open(disk).unwrap();
    assert_eq!(report.restored.len(), 1, "{report:?}");
    assert_eq!(wallet.read(SENDER_BANK, &names[0]).unwrap(), coin(1, 0));
}

#[test]
fn a_file_that_its_owner_never_synced_is_made_again() {
    let (disk, mut wallet, mut operation) = home();
    let name: CoinName = "1.CloudCoin.1.1.copied.stack".parse().unwrap();
    let path = Path::new("Default/Bank").join(name.to_string());
    disk.create(&path).unwrap().write_at(0, &coin_file(&coin(1, 0))).unwrap();
    disk.sync_dir(Path::new("Default/Bank")).unwrap();
    // Recorded, and the power goes in the rename: the file is there and empty.
    disk.crash_at(4);
    operation.shift(&mut wallet, BANK, SENDER_BANK, std::slice::from_ref(&name)).unwrap_err();
    let (_, wallet) = reopened(&disk);
    assert_eq!(wallet.read(SENDER_BANK, &name).unwrap(), coin(1, 0));
}

#[test]
fn after_a_failed_sync_nothing_is_done_any_more() {
    for n in 1..200 {
        let (disk, mut wallet, mut operation) = home();
        disk.fail_at(n, io::ErrorKind::Other);
        let placed = operation.place(&mut wallet, BANK, &[coin(1, 0)]);
        let acts = disk.mutations();
        match placed {
            Ok(_) => return,
            Err(WalletError::SyncFailed(_)) => {
                let refused = [
                    operation.note("a", "b").unwrap_err(),
                    operation.place(&mut wallet, BANK, &[coin(2, 0)]).unwrap_err(),
                    wallet.begin(OperationId::from_bytes([1; 16]), Kind::Send, "").unwrap_err(),
                    wallet.clear(WalletName::Sender).unwrap_err(),
                    operation.end(&mut wallet, "").unwrap_err(),
                ];
                assert!(refused.iter().all(|error| matches!(error, WalletError::Stopped)));
                assert_eq!(disk.mutations().len(), acts.len(), "something was done");
            }
            Err(_) => {
                let last = acts.last().unwrap();
                assert!(
                    !format!("{last:?}").starts_with("Sync"),
                    "{last:?} was not taken for final"
                );
                // Not final: what was begun is finished by the next act.
                operation.place(&mut wallet, BANK, &[coin(2, 0)]).unwrap();
                assert_eq!(wallet.list(BANK).unwrap().len(), if n == 1 || n == 2 { 1 } else { 2 });
            }
        }
    }
    panic!("the act has no end");
}

#[test]
fn what_memory_shows_after_a_failed_sync_is_not_believed() {
    let (disk, wallet, mut operation) = home();
    operation.note("n", "1").unwrap();
    // The write works, its sync does not, and the process ends.
    disk.fail_at(2, io::ErrorKind::Other);
    assert!(matches!(operation.note("n", "2"), Err(WalletError::SyncFailed(_))));
    drop((wallet, operation));
    let disk = disk.restart(Loss::Nothing);
    let (mut wallet, _) = Wallet::open(disk.clone()).unwrap();
    let mut operation = wallet.load(ID).unwrap();
    let shown = operation.last_note("n").map(str::to_owned);
    operation.note("other", "3").unwrap();
    drop((wallet, operation));
    let (_, mut wallet) = reopened(&disk);
    assert_eq!(wallet.load(ID).unwrap().last_note("n"), shown.as_deref());
}

#[test]
fn an_operation_does_not_end_before_its_acts_are_done() {
    let (disk, mut wallet, mut operation) = home();
    // Recorded (reserve, write, sync); then the file cannot be made.
    disk.fail_at(4, io::ErrorKind::StorageFull);
    operation.place(&mut wallet, BANK, &[coin(1, 0)]).unwrap_err();
    operation.end(&mut wallet, "done").unwrap();
    let (_, wallet) = reopened(&disk);
    assert_eq!(wallet.list(BANK).unwrap().len(), 1);
}

#[test]
fn the_last_records_fit_on_a_full_disk() {
    let (disk, mut wallet, mut operation) = home();
    let coins: Vec<StoredCoin> = (1..=50).map(incoming).collect();
    operation.keep("coins", &coins).unwrap();
    disk.limit_space(0);
    let verdicts = "p".repeat(60_000);
    operation.note("verdicts", &verdicts).unwrap();
    operation.end(&mut wallet, "full").unwrap();
    let (_, wallet) = reopened(&disk);
    assert_eq!(wallet.ended(ID).unwrap().unwrap().summary, "full");
}

#[test]
fn a_full_disk_refuses_coins_before_they_count_and_goes_on_afterwards() {
    let (disk, mut wallet, mut operation) = home();
    let coins: Vec<StoredCoin> = (1..=50).map(incoming).collect();
    disk.limit_space(90_000);
    let error = operation.keep("coins", &coins).unwrap_err();
    assert!(matches!(&error, WalletError::Disk(disk) if disk.is_disk_full()), "{error:?}");
    assert!(operation.kept("coins").is_none());
    operation.note("peer", "refused").unwrap();
    disk.limit_space(u64::MAX);
    operation.keep("coins", &coins).unwrap();
    operation.place(&mut wallet, IMPORT, &coins).unwrap();
    drop((operation, wallet));
    let (_, mut wallet) = reopened(&disk);
    let operation = wallet.load(ID).unwrap();
    assert_eq!(operation.kept("coins").unwrap(), coins);
    assert_eq!(operation.last_note("peer"), Some("refused"));
}
