//! Connection files that are none, are no secret any more, were mistyped, are too old, or are for another
//! network of agents.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use protocol::conn_file::{ConnFile, FileKey};
use protocol::room::RoomNumber;
use tests::world::{Home, World};

use crate::listing::unchanged;
use crate::said::{refuses, run};
use crate::town::town;

/// Waits until a connection file is there, whole.
pub(crate) fn wait_for(conn: &Path) {
    wait_until(|| conn.exists(), &conn.display().to_string());
}

/// Waits until something is there, at most 30 s.
pub(crate) fn wait_until(is_there: impl Fn() -> bool, what: &str) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_there() {
        assert!(Instant::now() < until, "no {what} came");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Returns a connection file for the town's relay and agents that nobody has used.
pub(crate) fn new_file() -> ConnFile {
    ConnFile {
        relay: town().relay.address.clone(),
        room: RoomNumber::new(rand::random_range(1..1 << 53)).unwrap(),
        key: FileKey::from_bytes(rand::random()),
        network: town().network,
        expires_secs: 4_000_000_000,
    }
}

/// Writes a connection file where nobody else may read it.
pub(crate) fn write(text: &str) -> PathBuf {
    let path = town().path("conn.txt");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// Both programs refuse the file, and nothing is begun in either home.
fn refused(conn: &Path, code: i32, words: &[&str]) {
    let town = town();
    let (sender, receiver) = (town.home(), town.home());
    refused_by(|| town.send_known(&sender, 7, conn), &sender, conn, code, words);
    refused_by(|| town.receive(&receiver, conn), &receiver, conn, code, words);
}

fn refused_by(command: impl Fn() -> Command, home: &Home, conn: &Path, code: i32, words: &[&str]) {
    unchanged(&home.dir, || {
        let before = fs::read(conn).ok();
        refuses(command, code, words);
        assert_eq!(fs::read(conn).ok(), before, "the file was changed");
    });
}

#[test]
fn a_receiver_without_the_file_is_told_who_has_it() {
    let home = town().home();
    let missing = town().path("conn.txt");
    unchanged(&home.dir, || {
        refuses(|| town().receive(&home, &missing), 3, &["does not exist", "sender"]);
    });
    assert!(!missing.exists());
}

#[test]
fn what_is_no_connection_file_is_refused_by_name() {
    for text in
        ["", "hello\n", "relay = 127.0.0.1:7000\n", "{\"relay\": 1}\n", "-----BEGIN KEY-----\n"]
    {
        let conn = write(text);
        refused(&conn, 3, &[conn.to_str().unwrap()]);
    }
    refused(&write(&"# longer than any\n".repeat(400)), 3, &["not a connection file"]);
    let folder = town().path("folder");
    fs::create_dir(&folder).unwrap();
    refused(&folder, 3, &["not a connection file", folder.to_str().unwrap()]);
    let binary = town().path("conn.txt");
    fs::write(&binary, [0xff, 0xfe, 0, 1]).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o600)).unwrap();
    refused(&binary, 3, &[binary.to_str().unwrap()]);
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let conn = write(&new_file().to_text());
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(&conn, fs::Permissions::from_mode(mode)).unwrap();
        refused(&conn, 3, &["others", &format!("try: chmod 600 {}", conn.display())]);
    }
}

#[test]
fn a_mistyped_file_is_refused_with_its_line_and_without_its_key() {
    let text = new_file().to_text().to_string();
    let key = text.lines().find(|line| line.starts_with("key")).unwrap();
    let turned: String = key.chars().rev().collect();
    let other = if key.contains('A') { key.replacen('A', "B", 1) } else { format!("{key}A") };
    let cases = [
        (text.replace(key, &other), "line 7"),
        (text.replace(key, &turned), "line 4"),
        (text.replace("room", "r00m"), "line 3"),
        (text.replace("room", "relay"), "line 3"),
        (
            text.lines()
                .filter(|line| !line.starts_with("room"))
                .map(|l| format!("{l}\n"))
                .collect(),
            "`room`",
        ),
        (text.lines().take(6).map(|line| format!("{line}\n")).collect(), "`check`"),
        (format!("{text}room = 5\n"), "line 8"),
    ];
    for (mistyped, words) in cases {
        let conn = write(&mistyped);
        let secret = key.split_whitespace().last().unwrap();
        let home = town().home();
        let said = run(&mut town().receive(&home, &conn));
        said.fails(3, &[words, conn.to_str().unwrap()]).never_says(secret);
        refused(&conn, 3, &[words]);
    }
}

#[test]
fn values_that_cannot_be_are_refused_although_the_check_fits() {
    let relays =
        ["nowhere", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "a b:7000", "\u{1b}[2J:7000"];
    for relay in relays {
        let file = ConnFile { relay: relay.to_owned(), ..new_file() };
        refused(&write(&file.to_text()), 3, &["line 2", "`relay`"]);
    }
}

#[test]
fn an_expired_file_is_refused_by_both() {
    let file = ConnFile { expires_secs: 1_000_000_000, ..new_file() };
    refused(&write(&file.to_text()), 3, &["expired", "new --conn"]);
}

#[test]
fn a_file_of_another_network_of_agents_is_refused_by_both() {
    let town = town();
    let other = World::new(&town.world.all, town.path("other"));
    fs::create_dir(&other.dir).unwrap();
    other.mint("1x1", &other.dir.join("minted")).unwrap();
    let agents = other.start_agents().unwrap();
    let stranger = other.home("home", &agents).unwrap();
    let file = new_file();
    let conn = write(&file.to_text());
    let print = file.network.to_string();
    let words = [print.as_str(), "network", "same 25 agents"];
    refused_by(|| town.receive(&stranger, &conn), &stranger, &conn, 6, &words);
    stranger.import(&other.dir.join("minted")).unwrap();
    refused_by(|| town.send_known(&stranger, 1, &conn), &stranger, &conn, 6, &words);
    assert_eq!(stranger.total().unwrap(), 1);
}

#[test]
fn the_one_line_form_is_taken_from_a_file_and_refused_on_a_command_line() {
    let file = new_file();
    let line = file.to_line();
    let home = town().home();
    let words = ["command lines", "--conn -"];
    unchanged(&home.dir, || {
        refuses(|| town().receive(&home, Path::new(line.as_str())), 2, &words);
        refuses(|| town().send_known(&home, 7, Path::new(line.as_str())), 2, &words);
        refuses(|| town().send(&home, 7, Path::new("-")), 2, &["coin-receive"]);
        // Nothing, and something else, on the standard input.
        refuses(|| town().receive(&home, Path::new("-")), 3, &["standard input", "paste"]);
    });
    let mut receive = town().receive(&home, &write(&line));
    run(receive.args(["--wait", "1"])).exits(5);
}

#[test]
fn a_pipe_is_no_connection_file() {
    let pipe = town().path("conn.txt");
    let made = Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap();
    assert!(made.success());
    let home = town().home();
    unchanged(&home.dir, || {
        let words = ["not a connection file"];
        refuses(|| town().receive(&home, &pipe), 3, &words);
        refuses(|| town().send_known(&home, 7, &pipe), 3, &words);
    });
}

#[test]
fn the_name_of_a_file_is_shown_and_not_obeyed() {
    let home = town().home();
    let name = town().path("conn\u{1b}[2J\rdone\n\u{202e}.txt");
    let said = run(&mut town().receive(&home, &name)).fails(3, &[r"\u{1b}[2J", r"\u{202e}"]);
    said.never_says("\u{202e}");
}
