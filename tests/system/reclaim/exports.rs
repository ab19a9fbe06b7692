//! Coins in a file: taken by another, taken back, both at once; and exports that are killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use tests::process::Running;
use tests::programs::Program;
use tests::world::Home;

use super::{
    DONE, FEW_COINS, IN_FLIGHT, ended_with, ends_with, export, flying, import, reclaim, resume,
};
use crate::stage::{Ground, Stage, WITHIN, quiet};

/// Settled in part, as it is documented.
const PARTLY: i32 = 22;
/// How often a race is run, and a program killed.
const TRIES: u64 = 6;

#[test]
fn an_exported_coin_is_in_flight_until_somebody_takes_it() {
    let stage = Stage::with_coins(FEW_COINS);
    let out = stage.ground.world.dir.join("gift.stack");
    ends_with(DONE, export(&stage.sender, 7, &out));
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!((stage.totals(), flying(&stage.sender)), ((7, 0), 7));
    let history = ends_with(DONE, quiet(stage.sender.command(Program::CoinWallet, &["history"])));
    assert!(history.contains("exported") && history.contains("in_flight"), "{history}");
    ends_with(IN_FLIGHT, resume(&stage.sender));

    ends_with(DONE, import(&stage.receiver, &out));
    let said = ends_with(DONE, resume(&stage.sender));
    assert!(said.contains("7 is the other's"), "{said}");
    assert_eq!((stage.totals(), flying(&stage.sender)), ((7, 7), 0));
    let again = ends_with(DONE, reclaim(&stage.sender, &[]));
    assert!(again.contains("nothing is in flight"), "{again}");
}

#[test]
fn an_export_that_is_taken_back_leaves_a_worthless_file() {
    let stage = Stage::with_coins(FEW_COINS);
    let out = stage.ground.world.dir.join("gift.stack");
    ends_with(DONE, export(&stage.sender, 7, &out));
    let shown = ends_with(DONE, reclaim(&stage.sender, &["--dry-run"]));
    assert!(shown.contains("7 could be taken back"), "{shown}");
    assert_eq!(flying(&stage.sender), 7);
    ends_with(DONE, reclaim(&stage.sender, &[]));
    assert_eq!((stage.totals(), flying(&stage.sender)), ((14, 0), 0));
    ends_with(PARTLY, import(&stage.receiver, &out));
    assert_eq!(stage.totals(), (14, 0));
    for home in [&stage.sender, &stage.receiver] {
        ends_with(DONE, quiet(home.command(Program::CoinWallet, &["check"])));
    }
    // What came back is as good as any coin.
    stage.payment(14).pay();
    assert_eq!(stage.totals(), (0, 14));
}

#[test]
fn of_one_who_imports_and_one_who_takes_back_at_once_each_coin_has_one_owner() {
    let tries = usize::try_from(TRIES).unwrap();
    let ground = Ground::with_purses(tries, FEW_COINS);
    for round in 0..tries {
        let dir = ground.world.dir.join(format!("round-{round}"));
        let (from, to) = ground.homes(&dir, &ground.purses[round]).unwrap();
        let out = dir.join("gift.stack");
        ends_with(DONE, export(&from, 14, &out));
        let mut taking = Running::start("import", &mut import(&to, &out)).unwrap();
        thread::park_timeout(Duration::from_millis(15 * round as u64));
        let mut back = Running::start("reclaim", &mut reclaim(&from, &["--insist"])).unwrap();
        taking.wait(WITHIN).unwrap();
        back.wait(WITHIN).unwrap();
        settle(&from, &to, 14);
    }
}

#[test]
fn an_export_killed_at_any_moment_can_be_taken_back() {
    let stage = Stage::with_coins(FEW_COINS);
    for round in 0..2 * TRIES {
        let out = stage.ground.world.dir.join(format!("gift-{round}.stack"));
        let mut program = Running::start("export", &mut export(&stage.sender, 7, &out)).unwrap();
        thread::park_timeout(Duration::from_millis(12 * round));
        program.kill().unwrap();
        if round % 2 == 0 {
            ended_with_any(resume(&stage.sender));
            if flying(&stage.sender) > 0 {
                assert!(out.exists(), "a resumed export has its file");
            }
        }
        ended_with_any(reclaim(&stage.sender, &[]));
        ends_with(DONE, resume(&stage.sender));
        assert_eq!((stage.totals(), flying(&stage.sender)), ((14, 0), 0), "{round}");
    }
    stage.payment(14).pay();
    assert_eq!(stage.totals(), (0, 14));
}

#[test]
fn a_reclaim_killed_at_any_moment_is_carried_on() {
    let stage = Stage::with_coins(FEW_COINS);
    for round in 0..2 * TRIES {
        let out = stage.ground.world.dir.join(format!("gift-{round}.stack"));
        ends_with(DONE, export(&stage.sender, 14, &out));
        let mut program = Running::start("reclaim", &mut reclaim(&stage.sender, &[])).unwrap();
        thread::park_timeout(Duration::from_millis(12 * round));
        program.kill().unwrap();
        ended_with_any(resume(&stage.sender));
        if flying(&stage.sender) > 0 {
            ends_with(DONE, reclaim(&stage.sender, &[]));
        }
        assert_eq!((stage.totals(), flying(&stage.sender)), ((14, 0), 0), "{round}");
    }
    stage.payment(14).pay();
    assert_eq!(stage.totals(), (0, 14));
}

fn ended_with_any(mut command: std::process::Command) -> Option<i32> {
    Running::start("a program", &mut command).unwrap().wait(WITHIN).unwrap().code()
}

/// Resumes both until nothing is in flight, and expects that each coin has one owner.
#[track_caller]
pub(super) fn settle(from: &Home, to: &Home, worth: u64) {
    for _ in 0..8 {
        for home in [from, to] {
            ended_with_any(resume(home));
        }
        let owned = from.total().unwrap() + to.total().unwrap();
        assert!(owned <= worth, "{owned} of {worth}");
        if owned == worth && flying(from) == 0 {
            // Once more: what is settled stays settled.
            let before = (from.total().unwrap(), to.total().unwrap());
            for home in [from, to] {
                ended_with_any(resume(home));
            }
            assert_eq!((from.total().unwrap(), to.total().unwrap()), before);
            return;
        }
    }
    let said = ended_with(IN_FLIGHT, Running::start("resume", &mut resume(from)).unwrap());
    panic!(
        "{} and {} of {worth} after eight resumes: {said}",
        from.total().unwrap(),
        to.total().unwrap()
    );
}
