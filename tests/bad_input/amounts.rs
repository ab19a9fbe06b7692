//! Amounts that are none, that the wallet does not have, or that its coins do not make; and the other
//! values that a new connection file is made of.

use std::path::Path;
use std::process::Command;

use tests::programs::Program;
use tests::world::Home;

use crate::listing::unchanged;
use crate::said::refuses;
use crate::town::town;

/// The sender's command with these words instead of a good amount.
fn send(home: &Home, conn: &Path, words: &[&str]) -> Command {
    let mut command = home.command(Program::CoinSend, words);
    command.arg("--conn").arg(conn).args(["--relay", &town().relay.address]);
    command
}

/// The sender refuses, writes no connection file and touches no coin.
fn refused(home: &Home, words: &[&str], code: i32, says: &[&str]) {
    let conn = town().path("conn.txt");
    unchanged(&home.dir, || refuses(|| send(home, &conn, words), code, says));
    assert!(!conn.exists(), "a connection file for {words:?}");
}

#[test]
fn an_amount_that_is_none_is_wrong_usage() {
    let home = town().home_with(&[5]);
    refused(&home, &["--amount", "0"], 2, &["the amount is 0", "whole number"]);
    refused(&home, &["--amount", "000"], 2, &["the amount is 0"]);
    for words in [&["--amount", "-5"][..], &["--amount=-5"]] {
        refused(&home, words, 2, &["-5", "never negative"]);
    }
    for text in ["five", "", " 5", "5 ", "+5", "3.5", "3,439", "1e3", "0x10", "٣", "5\u{1b}[31m"] {
        let amount = format!("--amount={text}");
        refused(&home, &[&amount], 2, &["whole number"]);
    }
    for text in ["1428160513", "99999999999999999999999"] {
        refused(&home, &["--amount", text], 2, &[text, "1428160512"]);
    }
}

#[test]
fn more_than_the_balance_is_refused_before_there_is_a_connection_file() {
    let home = town().home_with(&[5, 1]);
    refused(&home, &["--amount", "7"], 8, &["6", "coin-wallet import"]);
    refused(&home, &["--amount", "1428160512"], 8, &["6"]);
    refused(&town().home(), &["--amount", "1"], 8, &["0"]);
}

#[test]
fn an_amount_beyond_what_there_is_is_refused_before_there_is_a_connection_file() {
    let home = town().home_with(&[25, 5, 1]);
    for amount in ["32", "250"] {
        refused(&home, &["--amount", amount], 8, &["coin-wallet balance"]);
    }
}

#[test]
fn rooms_and_relays_that_cannot_be_are_wrong_usage() {
    let home = town().home_with(&[5]);
    for room in ["0", "-1", "kitchen", "9007199254740993", ""] {
        let room = format!("--room={room}");
        refused(&home, &["--amount", "5", &room], 2, &["--room"]);
    }
    for relay in ["nowhere", "127.0.0.1:0", "http://127.0.0.1:7000", "127.0.0.1:70000", ""] {
        let conn = town().path("conn.txt");
        let command = || {
            let mut command = home.command(Program::CoinSend, &["--amount", "5", "--relay", relay]);
            command.arg("--conn").arg(&conn);
            command
        };
        unchanged(&home.dir, || refuses(command, 2, &["--relay", "HOST:PORT"]));
        assert!(!conn.exists());
    }
}

#[test]
fn a_memo_that_is_too_long_is_wrong_usage() {
    let home = town().home_with(&[5]);
    let memo = "m".repeat(257);
    refused(&home, &["--amount", "5", "--memo", &memo], 2, &["257", "256"]);
}

#[test]
fn a_place_that_cannot_take_the_connection_file_is_named_and_nothing_is_begun() {
    let home = town().home_with(&[5]);
    for conn in ["/proc/conn.txt", "/no/such/folder/conn.txt"] {
        let command = || send(&home, Path::new(conn), &["--amount", "5"]);
        unchanged(&home.dir, || refuses(command, 3, &[conn, "--conn"]));
    }
}
