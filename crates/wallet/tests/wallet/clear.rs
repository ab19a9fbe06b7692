//! "Empty Import and Export".

use std::path::Path;

use wallet::{Kind, Loss, SimDisk, Wallet, WalletName, balance};

use crate::scenario::{ID, IMPORT, coin, in_folders, incoming};

const FOREIGN: [(&str, &str); 4] = [
    (".Receiver/Import", "notes.txt"),
    (".Receiver/Import", "1.CloudCoin.1.7.old.stack"),
    (".Receiver/Export", "notes.txt"),
    (".Receiver/Export", "1.CloudCoin.1.8.old.stack"),
];

const MOVED: [&str; 4] = [
    ".Receiver/Suspect/1.CloudCoin.1.7.old.stack",
    ".Receiver/Suspect/1.CloudCoin.1.8.old.stack",
    ".Receiver/Suspect/notes-2.txt",
    ".Receiver/Suspect/notes.txt",
];

fn littered() -> SimDisk {
    let disk = SimDisk::new();
    drop(Wallet::open(disk.clone()).unwrap());
    for (folder, name) in FOREIGN {
        disk.put(&Path::new(folder).join(name), format!("{folder}/{name}").as_bytes());
    }
    disk
}

fn clear(disk: &SimDisk) -> Result<usize, Box<dyn std::error::Error>> {
    let (mut wallet, _) = Wallet::open(disk.clone())?;
    Ok(wallet.clear(WalletName::Receiver)?.moved.len())
}

#[test]
fn what_belongs_to_no_open_operation_goes_to_suspect() {
    let disk = littered();
    disk.put_link(Path::new(".Receiver/Import/link"));
    let (mut wallet, _) = Wallet::open(disk.clone()).unwrap();
    let mut operation = wallet.begin(ID, Kind::Receive, "").unwrap();
    let ours = operation.place(&mut wallet, IMPORT, &[incoming(1)]).unwrap().names;
    assert_eq!(wallet.clear(WalletName::Receiver).unwrap().moved.len(), 5);
    assert_eq!(wallet.list(IMPORT).unwrap(), ours);
    let files = in_folders(&disk.restart(Loss::Unsynced));
    let in_suspect = files.keys().filter(|path| path.starts_with(".Receiver/Suspect"));
    assert_eq!(in_suspect.collect::<Vec<_>>(), MOVED.map(Path::new));
    assert_eq!(balance(&disk.restart(Loss::Nothing)).unwrap().suspect.units(), 2);
}

#[test]
fn what_an_ended_operation_left_goes_too() {
    let disk = SimDisk::new();
    let (mut wallet, _) = Wallet::open(disk).unwrap();
    let mut operation = wallet.begin(ID, Kind::Receive, "").unwrap();
    operation.place(&mut wallet, IMPORT, &[coin(1, 0)]).unwrap();
    assert!(wallet.clear(WalletName::Receiver).unwrap().moved.is_empty());
    operation.end(&mut wallet, "refused").unwrap();
    assert_eq!(wallet.clear(WalletName::Receiver).unwrap().moved.len(), 1);
    assert!(wallet.list(IMPORT).unwrap().is_empty());
}

#[test]
fn a_crash_at_any_step_leaves_every_file_somewhere() {
    let disk = littered();
    let before = disk.mutations().len();
    clear(&disk).unwrap();
    let steps = disk.mutations().len() - before;
    for n in 1..=steps {
        for loss in [Loss::Unsynced, Loss::Nothing, Loss::Some { seed: n as u64 }] {
            let disk = littered();
            disk.crash_at(n);
            clear(&disk).unwrap_err();
            // Killed, or out of power; then, in the middle of the next run, again.
            let disk = disk.restart(loss);
            for m in 1.. {
                let again = disk.fork();
                again.crash_at(m);
                let done = clear(&again);
                if !again.is_off() {
                    done.unwrap();
                    check_all_there(&again.restart(Loss::Unsynced), n, m);
                    break;
                }
                let again = again.restart(Loss::Unsynced);
                clear(&again).unwrap();
                check_all_there(&again, n, m);
            }
        }
    }
}

/// Every file is there, in Suspect, under its name or a variant of it.
fn check_all_there(disk: &SimDisk, n: usize, m: usize) {
    let files = disk.files();
    for (folder, name) in FOREIGN {
        let text = format!("{folder}/{name}");
        let found = files.iter().find(|(_, bytes)| *bytes == text.as_bytes());
        let (path, _) = found.unwrap_or_else(|| panic!("{text} is lost: crash at {n}, then {m}"));
        assert!(path.starts_with(".Receiver/Suspect"), "{path:?}: crash at {n}, then {m}");
    }
}
