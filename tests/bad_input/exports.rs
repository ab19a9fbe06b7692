//! Exports that cannot be, and coins that cannot be taken back: nothing is moved, nothing is overwritten.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tests::programs::Program;
use tests::world::Home;

use crate::disks::SmallDisk;
use crate::listing::{Listing, unchanged};
use crate::said::{refuses, run};
use crate::town::town;

fn export(home: &Home, amount: &str, out: &Path) -> Command {
    let words = ["export", amount, "--out", out.to_str().unwrap()];
    home.command(Program::CoinWallet, &words)
}

fn reclaim(home: &Home, words: &[&str]) -> Command {
    home.command(Program::CoinWallet, &[&["reclaim"], words].concat())
}

#[test]
fn an_amount_that_is_none_or_cannot_be_made_is_not_exported() {
    let home = town().home_with(&[25, 5, 1]);
    let out = town().path("gift.stack");
    for (amount, code, word) in [
        ("0", 2, "the amount is 0"),
        ("-5", 2, "never negative"),
        ("five", 2, "whole number"),
        ("32", 8, "31"),
    ] {
        unchanged(&home.dir, || refuses(|| export(&home, amount, &out), code, &[word]));
    }
    assert!(!out.exists());
    // One that needs change is made of a broken coin.
    run(&mut export(&home, "4", &out)).exits(0).says("exported 4");
    assert_eq!((home.total().unwrap(), &home.balance().unwrap()["in_flight"]), (27, &4.into()));
}

#[test]
fn nothing_is_ever_overwritten_by_an_export() {
    let home = town().home_with(&[5, 1]);
    let out = town().path("gift.stack");
    fs::write(&out, "a file of mine").unwrap();
    let link = town().path("link.stack");
    symlink("/nowhere/at/all", &link).unwrap();
    let folder = town().path("folder");
    fs::create_dir(&folder).unwrap();
    for taken in [&out, &link, &folder] {
        unchanged(&home.dir, || refuses(|| export(&home, "5", taken), 3, &["exists already"]));
    }
    assert_eq!(fs::read_to_string(&out).unwrap(), "a file of mine");
    for nowhere in ["/nowhere/at/all/gift.stack", "/", "/dev/null/gift.stack"] {
        let out = Path::new(nowhere);
        unchanged(&home.dir, || refuses(|| export(&home, "5", out), 3, &["nothing was exported"]));
    }
}

#[test]
fn a_full_disk_stops_an_export_before_anything_leaves() {
    let Some(disk) = SmallDisk::of(2048) else { return };
    let home = town().home_with(&[5, 1]);
    let before = Listing::of_coins(&home.dir);
    disk.fill_but(0);
    let out = disk.place("gift.stack");
    let said = run(&mut disk.inside(&export(&home, "5", &out)));
    said.fails(3, &["No space left on device", "nothing has left"]);
    assert_eq!((home.total().unwrap(), &home.balance().unwrap()["in_flight"]), (6, &0.into()));
    assert_eq!(Listing::of_coins(&home.dir), before);
    disk.make_room();
    run(&mut disk.inside(&export(&home, "5", &out))).exits(0);
    assert_eq!(home.total().unwrap(), 1);
}

#[test]
fn only_what_left_can_be_taken_back() {
    let home = town().home_with(&[5, 1]);
    let history = run(home.command(Program::CoinWallet, &["history"]).arg("--json")).out;
    let import: serde_json::Value = serde_json::from_str(history.lines().next().unwrap()).unwrap();
    unchanged(&home.dir, || {
        for none in ["0123456789abcdef0123456789abcdef", "feed"] {
            refuses(|| reclaim(&home, &[none]), 2, &["knows no transfer", none]);
        }
        for wrong in ["abc", "xyzw", "-", "conn.txt"] {
            refuses(|| reclaim(&home, &[wrong]), 2, &["no number of a transfer"]);
        }
        run(&mut reclaim(&home, &[])).exits(0).says("nothing is in flight");
    });
    let id = import["id"].as_str().unwrap();
    run(&mut reclaim(&home, &[id])).exits(0).says("import has ended");
    let said = run(reclaim(&home, &[]).arg("--json")).exits(0);
    assert_eq!(said.objects()[0]["in_flight"], 0);
}

#[test]
fn an_export_is_named_by_the_first_digits_of_its_number_and_taken_back_once() {
    let home = town().home_with(&[5, 1]);
    let out = town().path("gift.stack");
    let said = run(export(&home, "5", &out).arg("--json")).exits(0);
    let id = said.objects().pop().unwrap()["transfer"].as_str().unwrap().to_owned();
    let file = fs::read(&out).unwrap();
    run(&mut reclaim(&home, &[&id[..6]])).exits(0).says("5 is yours again");
    run(&mut reclaim(&home, &[&id])).exits(20).says("has ended");
    assert_eq!((home.total().unwrap(), fs::read(&out).unwrap()), (6, file));
}
