//! The disk of this machine.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use coin::{CoinName, StoredCoin};
use tempfile::TempDir;
use wallet::{
    Disk, EntryKind, Folder, Kind, OpenError, Part, RealDisk, Wallet, WalletError, WalletName,
    balance, history,
};

use crate::scenario::{BANK, ID, IMPORT, SENDER_BANK, coin, incoming};

/// Set in a process of this test that only holds the lock.
const HOLD: &str = "WALLET_TEST_HOLD_HOME";

fn open(home: &TempDir) -> Wallet<RealDisk> {
    try_open(home).unwrap()
}

fn try_open(home: &TempDir) -> Result<Wallet<RealDisk>, OpenError> {
    Wallet::open(RealDisk::open(home.path()).unwrap()).map(|(wallet, _)| wallet)
}

#[test]
fn coins_go_through_a_real_home() {
    let home = tempfile::tempdir().unwrap();
    let mut wallet = open(&home);
    let mut operation = wallet.begin(ID, Kind::Receive, "real").unwrap();
    let coins: Vec<StoredCoin> = (1..=100).map(incoming).collect();
    operation.keep("coins", &coins).unwrap();
    let names = operation.place(&mut wallet, IMPORT, &coins).unwrap().names;
    operation.shift(&mut wallet, IMPORT, SENDER_BANK, &names).unwrap();
    operation.shift(&mut wallet, SENDER_BANK, BANK, &names[..3]).unwrap();
    drop((operation, wallet));
    let mut wallet = open(&home);
    let operation = wallet.load(ID).unwrap();
    assert_eq!(operation.kept("coins").unwrap(), coins);
    operation.end(&mut wallet, "done").unwrap();
    assert_eq!(wallet.read(BANK, &names[0]).unwrap(), coins[0]);
    let disk = RealDisk::open(home.path()).unwrap();
    assert_eq!(balance(&disk).unwrap().total.units(), 100);
    assert_eq!(history(&disk).unwrap().ended[0].about, "real");
    for entry in walk(home.path()) {
        let mode = fs::symlink_metadata(&entry).unwrap().mode() & 0o777;
        let expected = if entry.is_dir() { 0o700 } else { 0o600 };
        assert!(mode == expected || entry == home.path(), "{entry:?}: {mode:o}");
    }
}

#[test]
fn a_second_writer_is_told_who_holds_the_home() {
    let home = tempfile::tempdir().unwrap();
    let wallet = open(&home);
    let Err(OpenError::Busy { holder }) = try_open(&home) else { panic!("two writers") };
    assert_eq!(holder.pid, Some(std::process::id()));
    assert!(holder.command.unwrap().starts_with("wallet"));
    // Who only reads needs no lock.
    assert!(balance(&RealDisk::open(home.path()).unwrap()).unwrap().total.is_zero());
    drop(wallet);
    assert!(try_open(&home).is_ok());
}

#[test]
fn a_writer_in_another_process_is_named_and_its_death_frees_the_home() {
    let home = tempfile::tempdir().unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "real_disk::holds_the_home_it_is_told_to", "--nocapture"])
        .env(HOLD, home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut out = other.stdout.take().unwrap();
    while !said.contains("held") {
        let mut byte = [0];
        assert_eq!(out.read(&mut byte).unwrap(), 1, "the other process ended: {said}");
        said.push(char::from(byte[0]));
    }
    let error = try_open(&home).unwrap_err();
    assert!(error.to_string().starts_with(&format!("in use by process {} (wallet", other.id())));
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(try_open(&home).is_ok());
}

/// Not a promise by itself: the other process of the test above.
#[test]
fn holds_the_home_it_is_told_to() {
    let Some(home) = std::env::var_os(HOLD) else { return };
    let _wallet = Wallet::open(RealDisk::open(Path::new(&home)).unwrap()).unwrap();
    println!("held");
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn what_is_open_to_others_is_closed_and_reported() {
    let home = tempfile::tempdir().unwrap();
    drop(open(&home));
    let bank = home.path().join("Default/Bank");
    fs::set_permissions(&bank, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(home.path(), Permissions::from_mode(0o750)).unwrap();
    let (_, report) = Wallet::open(RealDisk::open(home.path()).unwrap()).unwrap();
    assert_eq!(report.closed_to_others, [Path::new(""), Path::new("Default/Bank")]);
    assert_eq!(bank.metadata().unwrap().mode() & 0o777, 0o700);
    assert_eq!(home.path().metadata().unwrap().mode() & 0o777, 0o700);
}

#[test]
fn files_that_are_cleared_are_closed_to_others() {
    let home = tempfile::tempdir().unwrap();
    let mut wallet = open(&home);
    let stray = home.path().join(".Sender/Import/stray.stack");
    OpenOptions::new().create(true).write(true).truncate(true).mode(0o644).open(stray).unwrap();
    symlink("/etc/passwd", home.path().join(".Sender/Import/link")).unwrap();
    fs::create_dir(home.path().join(".Sender/Export/folder")).unwrap();
    assert_eq!(wallet.clear(WalletName::Sender).unwrap().moved.len(), 3);
    let suspect = home.path().join(".Sender/Suspect");
    assert_eq!(suspect.join("stray.stack").metadata().unwrap().mode() & 0o777, 0o600);
    assert!(suspect.join("link").is_symlink() && suspect.join("folder").is_dir());
}

#[test]
fn a_symbolic_link_in_the_place_of_a_folder_is_refused() {
    for folder in ["Default", ".Sender/Export", ".journal", ".journal/done"] {
        let home = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        drop(open(&home));
        let path = home.path().join(folder);
        fs::rename(&path, elsewhere.path().join("x")).unwrap();
        symlink(elsewhere.path().join("x"), &path).unwrap();
        match try_open(&home) {
            Err(OpenError::NoDirectory { path, kind: EntryKind::SymbolicLink }) => {
                assert_eq!(path, Path::new(folder));
            }
            other => panic!("{folder}: {other:?}"),
        }
    }
}

#[test]
fn a_symbolic_link_is_never_read_or_written_through() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("target");
    fs::write(&target, "secret of another").unwrap();
    drop(open(&home));
    let name: CoinName = "1.CloudCoin.1.1.73697874.stack".parse().unwrap();
    symlink(&target, home.path().join("Default/Bank").join(name.to_string())).unwrap();
    let disk = RealDisk::open(home.path()).unwrap();
    let path = Path::new("Default/Bank").join(name.to_string());
    assert!(disk.read(&path, Part::Whole { max: 100 }).is_err());
    assert!(disk.open(&path).is_err());
    assert!(disk.create(&path).is_err());
    let (mut wallet, _) = Wallet::open(disk).unwrap();
    assert!(wallet.read(BANK, &name).is_err());
    let mut operation = wallet.begin(ID, Kind::Import, "").unwrap();
    let acted = operation.place(&mut wallet, BANK, &[coin(1, 0)]).unwrap();
    assert_eq!(acted.conflicts.len(), 1);
    assert_eq!(fs::read_to_string(&target).unwrap(), "secret of another");
}

#[test]
fn a_path_cannot_lead_out_of_the_home() {
    let home = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(home.path()).unwrap();
    for path in ["../x", "/etc/passwd", "Default/../../x", ".", ""] {
        assert!(disk.read(Path::new(path), Part::Head(1)).is_err(), "{path}");
        assert!(disk.create(Path::new(path)).is_err(), "{path}");
    }
}

#[test]
fn a_rename_never_replaces() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("a"), "a").unwrap();
    fs::write(home.path().join("b"), "b").unwrap();
    let disk = RealDisk::open(home.path()).unwrap();
    let error = disk.rename(Path::new("a"), Path::new("b")).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(home.path().join("b")).unwrap(), b"b");
    let error = disk.rename(Path::new("c"), Path::new("d")).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_home_that_cannot_be_written_is_refused_with_its_path() {
    // The file system of processes takes no new directories, from nobody.
    let Ok(disk) = RealDisk::open(Path::new("/proc/self")) else { return };
    match Wallet::open(disk) {
        Err(OpenError::Wallet(WalletError::Disk(error))) => {
            assert_eq!((error.act, error.path.as_path()), ("lock", Path::new(".lock")));
        }
        other => panic!("{other:?}"),
    }
    assert!(RealDisk::open(Path::new("/nowhere/at/all")).is_err());
}

#[test]
fn a_home_is_made_with_what_is_above_it() {
    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("a/b/home");
    let disk = RealDisk::create(&path).unwrap();
    let (wallet, _) = Wallet::open(disk).unwrap();
    assert!(wallet.list(WalletName::Default.place(Folder::Bank)).unwrap().is_empty());
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
    assert_eq!(above.path().join("a").metadata().unwrap().mode() & 0o777, 0o700);
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![dir.to_owned()];
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}
