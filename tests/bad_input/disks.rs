//! Disks that are full or cannot be written to, and files that cannot grow: nothing is lost, and when
//! there is room again everything goes on.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::programs::Program;
use tests::world::Home;

use crate::conn_files::{new_file, write};
use crate::listing::{Listing, unchanged};
use crate::said::{Said, Talking, run, start};
use crate::sandbox::Sandbox;
use crate::town::town;

/// A home on a disk of its own.
pub(crate) struct SmallDisk {
    sandbox: Sandbox,
    home: Home,
}

impl SmallDisk {
    /// Makes a disk of so many KiB with a new home on it.
    pub(crate) fn of(kib: u32) -> Option<SmallDisk> {
        let home = Home { world: town().world.clone(), dir: town().path("disk") };
        fs::create_dir(&home.dir).unwrap();
        let mount = format!(r#"mount -t tmpfs -o size={kib}k,mode=700 none "$1""#);
        let disk = SmallDisk { sandbox: Sandbox::mount(&home.dir, &mount)?, home };
        let agents = town().agents.file.to_str().unwrap();
        disk.wallet(&["init", "--agents", agents]).exits(0);
        Some(disk)
    }

    fn wallet(&self, words: &[&str]) -> Said {
        let inner = self.home.command(Program::CoinWallet, words);
        run(&mut self.sandbox.command(Program::CoinWallet, &inner))
    }

    /// Returns a path on this disk, as a program inside sees it.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.home.dir.join(name)
    }

    /// Returns the command as it runs where this disk is mounted.
    pub(crate) fn inside(&self, command: &Command) -> Command {
        self.sandbox.command(Program::CoinWallet, command)
    }

    fn import(&self, file: &Path) -> Said {
        self.wallet(&["import", file.to_str().unwrap()])
    }

    fn total(&self) -> u64 {
        let balance = self.wallet(&["balance", "--json"]).exits(0).out;
        serde_json::from_str::<serde_json::Value>(&balance).unwrap()["total"].as_u64().unwrap()
    }

    fn filler(&self) -> PathBuf {
        self.sandbox.seen(&self.home.dir).join("filler")
    }

    /// Fills the disk but for so many KiB.
    pub(crate) fn fill_but(&self, kib: u64) {
        let mut filler = File::create(self.filler()).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(kib * 1024)).unwrap();
    }

    pub(crate) fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

#[test]
fn an_import_onto_a_full_disk_loses_nothing_wherever_it_stops() {
    let Some(disk) = SmallDisk::of(2048) else { return };
    let (mut total, mut stopped) = (0, 0);
    for kib in (0..=64).step_by(8).chain([128, 512]) {
        let coins = town().coin_file(&[5, 1, 1]);
        disk.fill_but(kib);
        let said = disk.import(&coins);
        if said.code != 0 {
            let said = said.fails(3, &["No space left on device", "try: "]);
            assert_eq!(disk.total(), total, "{kib} KiB: {said:#?}");
            stopped += 1;
        }
        disk.make_room();
        let resumed = disk.wallet(&["resume"]).exits(0);
        if disk.total() == total {
            let again = disk.import(&coins);
            assert_eq!(again.code, 0, "{kib} KiB: {again:#?}, after {resumed:#?}");
        }
        total += 7;
        assert_eq!(disk.total(), total, "{kib} KiB: {resumed:#?}");
    }
    assert!((2..11).contains(&stopped), "{stopped} of 11 imports were stopped");
}

#[test]
fn a_change_onto_a_full_disk_loses_nothing_wherever_it_stops() {
    let Some(disk) = SmallDisk::of(2048) else { return };
    disk.import(&town().coin_file(&[25])).exits(0);
    let mut stopped = 0;
    for kib in (0..=64).step_by(4).chain([128, 512]) {
        disk.fill_but(kib);
        let said = disk.wallet(&["change", "7"]);
        if said.code != 0 {
            assert_eq!(said.code, 3, "{kib} KiB: {said:#?}");
            stopped += 1;
        }
        disk.make_room();
        let resumed = disk.wallet(&["resume"]).exits(0);
        assert_eq!(disk.total(), 25, "{kib} KiB: {said:#?}, then {resumed:#?}");
        disk.wallet(&["join", "--all"]).exits(0);
    }
    assert!((2..19).contains(&stopped), "{stopped} of 19 changes were stopped");
}

#[test]
fn a_receiver_with_too_little_room_says_so_before_the_coins_leave() {
    let Some(disk) = SmallDisk::of(3072) else { return };
    let town = town();
    let sender = town.home_with(&[5, 1, 1]);
    let coins = Listing::of_coins(&sender.dir);
    let conn = write(&new_file().to_text());
    let sending = start(town.send_known(&sender, 7, &conn).args(["--wait", "30"]));
    let inner = town.receive(&disk.home, &conn);
    let received = run(&mut disk.sandbox.command(Program::CoinReceive, &inner));
    received.ends_with(20, &["nothing is at risk", "bytes are free", "are needed"]);
    sending.ends().ends_with(20, &["nothing is at risk", "my disk failed"]);
    assert_eq!(Listing::of_coins(&sender.dir), coins);
    assert_eq!((sender.total().unwrap(), disk.total()), (7, 0));
}

#[test]
fn a_receiver_whose_disk_is_full_does_not_even_come() {
    let Some(disk) = SmallDisk::of(1024) else { return };
    let conn = write(&new_file().to_text());
    disk.fill_but(0);
    let inner = town().receive(&disk.home, &conn);
    let said = run(&mut disk.sandbox.command(Program::CoinReceive, &inner));
    said.fails(3, &["No space left on device"]).never_says("waiting for the other person");
    disk.make_room();
    disk.wallet(&["resume"]).exits(0);
    assert_eq!(disk.total(), 0);
}

#[test]
fn a_home_that_cannot_be_written_to_is_left_as_it_is() {
    let town = town();
    let home = town.home_with(&[5]);
    let mount = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1""#;
    let Some(sandbox) = Sandbox::mount(&home.dir, mount) else { return };
    let (new, known) = (town.path("conn.txt"), write(&new_file().to_text()));
    let coins = town.unread_coin_file();
    let wallet = |words: &[&str]| home.command(Program::CoinWallet, words);
    let writers = [
        (Program::CoinSend, town.send(&home, 5, &new)),
        (Program::CoinReceive, town.receive(&home, &known)),
        (Program::CoinWallet, wallet(&["import", coins.to_str().unwrap()])),
        (Program::CoinWallet, wallet(&["resume"])),
    ];
    unchanged(&home.dir, || {
        for (program, inner) in &writers {
            let said = run(&mut sandbox.command(*program, inner));
            said.fails(3, &["Read-only file system", "writable", home.dir.to_str().unwrap()]);
        }
        run(&mut sandbox.command(Program::CoinWallet, &wallet(&["balance"]))).exits(0).says("5");
        run(&mut sandbox.command(Program::CoinWallet, &wallet(&["history"]))).exits(0);
    });
    assert!(!new.exists());
}

/// Runs a program that can make no file longer than so many blocks; the refusal is an error like that
/// of a full disk.
fn with_short_files(program: Program, inner: &Command, blocks: u32) -> Command {
    let mut command = Command::new("sh");
    let script = format!(r#"trap "" XFSZ; ulimit -f {blocks}; exec "$@""#);
    command.args(["-c", &script, "sh"]).arg(town().program(program)).args(inner.get_args());
    command.env_remove("LIVECONNECT_HOME");
    command
}

#[test]
fn an_import_whose_files_cannot_grow_loses_nothing() {
    let home = town().home();
    let (mut total, mut stopped) = (0, 0);
    for blocks in [0, 1, 2, 4, 8, 16, 32, 64, 1024] {
        let coins = town().coin_file(&[5, 1, 1]);
        let import = home.command(Program::CoinWallet, &["import", coins.to_str().unwrap()]);
        let said = run(&mut with_short_files(Program::CoinWallet, &import, blocks));
        if said.code != 0 {
            said.fails(3, &["File too large"]);
            stopped += 1;
        }
        run(&mut home.command(Program::CoinWallet, &["resume"])).exits(0);
        if home.total().unwrap() == total {
            home.import(&coins).unwrap();
        }
        total += 7;
        assert_eq!(home.total().unwrap(), total, "{blocks} blocks");
    }
    assert!((2..9).contains(&stopped), "{stopped} of 9 imports were stopped");
}

#[test]
fn a_change_whose_files_cannot_grow_loses_nothing() {
    let home = town().home_with(&[25]);
    let wallet = |words: &[&str]| home.command(Program::CoinWallet, words);
    let mut stopped = 0;
    for blocks in [0, 1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 1024] {
        let change = wallet(&["change", "7"]);
        let said = run(&mut with_short_files(Program::CoinWallet, &change, blocks));
        stopped += usize::from(said.code != 0);
        run(&mut wallet(&["resume"])).exits(0);
        assert_eq!(home.total().unwrap(), 25, "{blocks} blocks: {said:#?}");
        run(&mut wallet(&["join", "--all"])).exits(0);
    }
    assert!((2..12).contains(&stopped), "{stopped} of 12 changes were stopped");
}

/// A transfer of 7 in which the files of one side cannot grow beyond so many blocks; then `resume` at
/// both, with files that can. Returns whether somebody was stopped.
fn pay_with_short_files(short: Program, blocks: u32) -> bool {
    let town = town();
    let (sender, receiver) = (town.home_with(&[5, 1, 1]), town.home());
    let conn = write(&new_file().to_text());
    let limited = |program: Program, mut command: Command| {
        command.args(["--wait", "3"]);
        if program == short { with_short_files(program, &command, blocks) } else { command }
    };
    let sending = start(&mut limited(Program::CoinSend, town.send_known(&sender, 7, &conn)));
    let receiving = start(&mut limited(Program::CoinReceive, town.receive(&receiver, &conn)));
    let first = [sending.ends(), receiving.ends()];
    let resume =
        |home: &Home| start(home.command(Program::CoinWallet, &["resume"]).args(["--wait", "3"]));
    let again = [resume(&sender), resume(&receiver)].map(Talking::ends);
    let told = format!("{short:?}, {blocks} blocks: {first:#?}, then {again:#?}");
    assert!(again.iter().all(|said| said.code == 0), "not all is settled: {told}");
    let totals = (sender.total().unwrap(), receiver.total().unwrap());
    assert!([(7, 0), (0, 7)].contains(&totals), "{totals:?}: {told}");
    first.iter().any(|said| said.code != 0)
}

#[test]
fn a_transfer_in_which_a_file_cannot_grow_is_settled_when_it_can_again() {
    let runs = [
        (Program::CoinSend, [8, 12, 16, 24, 32, 48]),
        (Program::CoinReceive, [2, 4, 8, 12, 16, 24]),
    ];
    std::thread::scope(|scope| {
        for (short, blocks) in runs {
            let runs =
                blocks.map(|blocks| scope.spawn(move || pay_with_short_files(short, blocks)));
            scope.spawn(move || {
                let stopped = runs.map(|run| run.join().unwrap());
                assert!(stopped.contains(&true), "{short:?} was never stopped");
            });
        }
    });
}
