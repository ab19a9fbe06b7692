//! Homes that another program holds, that cannot be written to, or that are none.

use std::fs;
use std::path::Path;
use std::process::Command;

use protocol::conn_file::ConnFile;
use tests::programs::Program;
use tests::world::Home;
use wallet::OperationId;

use crate::conn_files::{new_file, wait_for, wait_until, write};
use crate::listing::{Listing, unchanged};
use crate::said::{refuses, run, start};
use crate::town::town;

/// Every command that writes to a home, with what it would need.
fn writers(home: &Home) -> Vec<Command> {
    let town = town();
    let conn = write(&new_file().to_text());
    let mut import = home.command(Program::CoinWallet, &["import"]);
    import.arg(town.unread_coin_file());
    vec![
        town.send(home, 5, &town.path("conn.txt")),
        town.receive(home, &conn),
        import,
        home.command(Program::CoinWallet, &["resume"]),
    ]
}

fn each_writer_refuses(home: &Home, code: i32, words: &[&str]) {
    for number in 0..writers(home).len() {
        refuses(|| writers(home).swap_remove(number), code, words);
    }
}

#[test]
fn a_second_writer_is_sent_away_and_told_who_is_there() {
    let town = town();
    let home = town.home_with(&[5]);
    let conn = town.path("conn.txt");
    let first = start(town.send(&home, 5, &conn).args(["--wait", "40"]));
    wait_for(&conn);
    let holder = first.process.id().to_string();
    let coins = Listing::of_coins(&home.dir);
    each_writer_refuses(&home, 10, &["in use", &holder, "coin-send", "--home"]);
    // Readers need no lock.
    assert_eq!(home.total().unwrap(), 5);
    run(&mut home.command(Program::CoinWallet, &["history"])).exits(0);
    assert_eq!(Listing::of_coins(&home.dir), coins);
    first.process.signal(rustix::process::Signal::TERM).unwrap();
    first.ends().ends_with(20, &[]);
    run(&mut home.command(Program::CoinWallet, &["resume"])).exits(0);
}

#[test]
fn a_file_where_the_home_should_be_is_left_alone() {
    let file = town().path("home");
    fs::write(&file, "mine").unwrap();
    let home = Home { world: town().world.clone(), dir: file.clone() };
    let agents = town().agents.file.to_str().unwrap();
    let init = || home.command(Program::CoinWallet, &["init", "--agents", agents]);
    refuses(init, 3, &[file.to_str().unwrap(), "--home"]);
    each_writer_refuses(&home, 3, &[file.to_str().unwrap()]);
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[test]
fn a_file_where_a_folder_should_be_is_left_alone() {
    for folder in ["Default/Bank", ".Sender", ".journal", "Default/Suspect"] {
        let home = town().home();
        let place = home.dir.join(folder);
        fs::remove_dir_all(&place).unwrap();
        fs::write(&place, "mine").unwrap();
        unchanged(&home.dir, || each_writer_refuses(&home, 3, &[folder, "--home"]));
    }
}

#[test]
fn a_place_where_no_home_can_be_made_is_refused() {
    let agents = town().agents.file.to_str().unwrap();
    for dir in ["/proc/home", "/dev/null/home"] {
        let home = Home { world: town().world.clone(), dir: Path::new(dir).to_owned() };
        let init = || home.command(Program::CoinWallet, &["init", "--agents", agents]);
        refuses(init, 3, &[dir, "--home"]);
    }
}

#[test]
fn a_folder_with_other_things_in_it_does_not_become_a_home() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home { world: town().world.clone(), dir: town().path("mine") };
    fs::create_dir(&home.dir).unwrap();
    fs::write(home.dir.join(".profile"), "mine").unwrap();
    fs::set_permissions(&home.dir, fs::Permissions::from_mode(0o755)).unwrap();
    let agents = town().agents.file.to_str().unwrap();
    let init = || home.command(Program::CoinWallet, &["init", "--agents", agents]);
    unchanged(&home.dir, || refuses(init, 3, &[".profile", "--home"]));
    assert_eq!(fs::metadata(&home.dir).unwrap().permissions().mode() & 0o777, 0o755);
    fs::remove_file(home.dir.join(".profile")).unwrap();
    run(&mut init()).exits(0);
}

#[test]
fn a_home_that_others_could_read_is_closed_to_them() {
    use std::os::unix::fs::PermissionsExt;

    let home = town().home();
    fs::set_permissions(&home.dir, fs::Permissions::from_mode(0o755)).unwrap();
    run(&mut home.command(Program::CoinWallet, &["resume"])).exits(0).says("open to other users");
    assert_eq!(fs::metadata(&home.dir).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_home_with_a_damaged_journal_says_how_to_go_on_and_a_repair_loses_no_coin() {
    let town = town();
    let home = town.home_with(&[5, 1]);
    let check = |args: &[&str]| home.command(Program::CoinWallet, &[&["check"], args].concat());
    run(&mut check(&[])).exits(0).says("the home is in order").says("6 are owned");
    // An operation is open, and its journal is damaged where no power cut reaches.
    let conn = town.path("conn.txt");
    let sender = start(town.send(&home, 5, &conn).args(["--wait", "40"]));
    wait_for(&conn);
    let id = ConnFile::parse(&fs::read_to_string(&conn).unwrap()).unwrap().transfer_id();
    let id = OperationId::from_bytes(*id.as_bytes());
    let journal = home.dir.join(format!(".journal/{id}.journal"));
    let lines =
        || fs::read(&journal).map_or(0, |text| text.iter().filter(|it| **it == b'\n').count());
    wait_until(|| lines() > 1, "first record");
    sender.process.signal(rustix::process::Signal::KILL).unwrap();
    drop(sender);
    let mut text = fs::read(&journal).unwrap();
    text[5] ^= 1;
    fs::write(&journal, text).unwrap();

    let resume = || home.command(Program::CoinWallet, &["resume"]);
    run(&mut resume()).exits(21).says("coin-wallet check --repair");
    run(&mut check(&[])).exits(3).says("not the first line of a journal").says("check --repair");
    run(&mut check(&["--repair"])).exits(0).says("kept as .journal/damaged");
    assert_eq!(home.total().unwrap(), 6);
    run(&mut resume()).exits(0);

    // A coin whose file vanished comes back as one that the agents have to be asked about.
    let bank = home.dir.join("Default/Bank");
    let lost = fs::read_dir(&bank).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(&lost).unwrap();
    run(&mut check(&[])).exits(3).says("its file is gone").says("1 thing is not as");
    run(&mut check(&["--repair"])).exits(0).says("Default/Suspect");
    assert_eq!(fs::read_dir(home.dir.join("Default/Suspect")).unwrap().count(), 1);
}
