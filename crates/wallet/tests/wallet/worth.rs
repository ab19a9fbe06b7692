//! The balance: what counts, once, also while coins move.

use std::path::Path;

use wallet::{Balance, Folder, Place, SimDisk, Wallet, WalletName, balance};

fn home(files: &[(&str, &str)]) -> SimDisk {
    let disk = SimDisk::new();
    drop(Wallet::open(disk.clone()).unwrap());
    for (folder, name) in files {
        disk.put(&Path::new(folder).join(name), b"not looked at");
    }
    disk
}

fn worth(files: &[(&str, &str)]) -> Balance {
    balance(&home(files)).unwrap()
}

#[test]
fn total_is_bank_and_fracked_of_all_three_wallets() {
    let balance = worth(&[
        ("Default/Bank", "250.CloudCoin.1.16777216.a.stack"),
        ("Default/Fracked", "100.CloudCoin.1.6291457.a.stack"),
        (".Sender/Bank", "25.CloudCoin.1.4194305.a.stack"),
        (".Receiver/Fracked", "5.CloudCoin.1.2097153.a.stack"),
        (".Receiver/Bank", "1.CloudCoin.1.1.a.stack"),
        ("Default/Limbo", "1.CloudCoin.1.2.a.stack"),
        ("Default/Suspect", "1.CloudCoin.1.3.a.stack"),
        ("Default/Sent", "1.CloudCoin.1.4.a.stack"),
        ("Default/Counterfeit", "1.CloudCoin.1.5.a.stack"),
        ("Default/Trash", "1.CloudCoin.1.6.a.stack"),
        ("Default/Imported", "1.CloudCoin.1.7.a.stack"),
        // On its way out by no open operation.
        (".Sender/Export", "1.CloudCoin.1.8.a.stack"),
        (".Receiver/Import", "1.CloudCoin.1.9.a.stack"),
    ]);
    assert_eq!(balance.total.units(), 381);
    assert_eq!((balance.limbo.units(), balance.suspect.units()), (1, 1));
    assert!(balance.in_flight.is_zero());
    let sent: Place = WalletName::Default.place(Folder::Sent);
    assert_eq!(balance.folders[&sent].units(), 1);
}

#[test]
fn a_coin_seen_in_two_folders_counts_once() {
    let balance = worth(&[
        ("Default/Bank", "1.CloudCoin.1.1.a.stack"),
        ("Default/Bank", "1.CloudCoin.1.1.b.stack"),
        (".Sender/Bank", "1.CloudCoin.1.1.a.stack"),
        ("Default/Limbo", "1.CloudCoin.1.1.a.stack"),
    ]);
    assert_eq!((balance.total.units(), balance.limbo.units()), (1, 0));
}

#[test]
fn value_is_that_of_the_serial_number_not_of_the_name() {
    let balance = worth(&[
        ("Default/Bank", "250.CloudCoin.1.1.a.stack"),
        ("Default/Bank", "1.CloudCoin.1.16777216.a.stack"),
        ("Default/Bank", "notes.txt"),
    ]);
    assert_eq!(balance.total.units(), 251);
}

#[test]
fn an_empty_home_is_worth_nothing_and_says_so() {
    let json = serde_json::to_string(&worth(&[])).unwrap();
    let expected =
        r#"{"v":1,"total":0,"in_flight":0,"limbo":0,"suspect":0,"folders":{"Default/Bank":0}}"#;
    assert_eq!(json, expected);
    assert!(balance(&SimDisk::new()).is_err());
}
