//! Coin files that are none, coins that cannot be, and coins that come twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use coin::Coin;
use tests::programs::Program;
use tests::world::Home;

use crate::coins::{counterfeit, invented, stack};
use crate::listing::{Listing, unchanged};
use crate::said::{refuses, run};
use crate::town::town;

fn import(home: &Home, paths: &[&Path]) -> Command {
    let mut command = home.command(Program::CoinWallet, &["import"]);
    command.args(paths);
    command
}

fn write(text: impl AsRef<[u8]>) -> PathBuf {
    let path = town().path("coins.stack");
    fs::write(&path, text).unwrap();
    path
}

/// The file is refused by name, place and reason; a good file beside it is not taken either.
fn refused(text: impl AsRef<[u8]>, words: &[&str]) {
    let home = town().home();
    let (good, bad) = (town().coin_file(&[1]), write(text));
    let words: Vec<&str> = words.iter().copied().chain([bad.to_str().unwrap()]).collect();
    unchanged(&home.dir, || {
        refuses(|| import(&home, &[&bad]), 3, &words);
        refuses(|| import(&home, &[&good, &bad]), 3, &words);
    });
    import_is_good(&home, &good, 1);
}

fn import_is_good(home: &Home, file: &Path, total: u64) {
    run(&mut import(home, &[file])).ends_with(0, &["imported"]);
    assert_eq!(home.total().unwrap(), total);
}

/// The text of a coin file with two coins, and the coins.
fn two_coins() -> (String, Vec<Coin>) {
    let coins = invented([17, 2_097_153]);
    (stack(&coins), coins)
}

fn first_secret(coin: &Coin) -> String {
    coin.ans.get(0).to_hex().to_string()
}

#[test]
fn a_file_that_is_cut_short_is_refused_wherever_it_was_cut() {
    let (text, _) = two_coins();
    for length in [0, 1, 20, text.len() / 3, text.len() / 2, text.len() - 3] {
        let words = if length == 0 { "cut short" } else { "line " };
        refused(&text[..length], &[words]);
    }
    refused(&text[..text.len() / 2], &["cut short"]);
}

#[test]
fn a_coin_with_24_or_26_secrets_is_refused() {
    let (text, coins) = two_coins();
    let secret = first_secret(&coins[1]);
    let start = text.find(&format!("\"{secret}\"")).unwrap();
    let end = start + text[start..].find(',').unwrap() + 1;
    refused(format!("{}{}", &text[..start], &text[end..]), &["24 secrets instead of 25", "coin 2"]);
    let more = format!("{}\"{secret}\",{}", &text[..start], &text[start..]);
    refused(more, &["26 secrets instead of 25", "coin 2"]);
}

#[test]
fn a_secret_that_is_none_is_refused_and_never_shown() {
    let (text, coins) = two_coins();
    let secret = first_secret(&coins[1]);
    for (wrong, words) in [
        (secret[1..].to_owned(), "31"),
        (format!("{secret}0"), "33"),
        (format!("{}g", &secret[1..]), "hex"),
        (format!("({secret})"), "encrypted"),
        (format!("{}({})", &secret[..16], &secret[16..]), "encrypted"),
        (String::new(), "0"),
    ] {
        let text = text.replace(&secret, &wrong);
        refused(&text, &[words, "coin 2", "line "]);
        let home = town().home();
        let said = run(&mut import(&home, &[&write(&text)]));
        said.exits(3).never_says(&secret[1..15]).never_says(&secret[17..31]);
    }
}

#[test]
fn a_coin_that_cannot_be_is_refused() {
    let (text, _) = two_coins();
    let number = "2097153";
    for (wrong, words) in [
        ("0", "0"),
        ("16777217", "16777217"),
        ("4294967297", "4294967297"),
        ("99999999999999999999999", "line "),
        ("-7", "line "),
        ("1.5", "line "),
        ("seven", "line "),
    ] {
        refused(text.replace(number, wrong), &[words, "coin 2"]);
    }
    for nn in ["\"nn\":\"2\"", "\"nn\":2"] {
        let other = replace_field(&text, "nn", nn);
        refused(other, &["network 2"]);
    }
}

/// Replaces the first field of this name, whatever blanks stand in it.
fn replace_field(text: &str, name: &str, field: &str) -> String {
    let start = text.find(&format!("\"{name}\"")).unwrap();
    let end = start + text[start..].find(',').unwrap();
    format!("{}{field}{}", &text[..start], &text[end..])
}

#[test]
fn what_is_no_coin_file_is_refused() {
    refused(b"\xff\xd8\xff\xe0 a picture", &["not UTF-8"]);
    refused("{}", &["line 1"]);
    refused("[]", &["line 1"]);
    refused("{\"cloudcoin\": []}", &["no coins"]);
    refused("{\"cloudcoin\": 7}", &["expected"]);
    refused("a letter to my bank\n", &["line 1"]);
    refused("[".repeat(100_000), &["line 1"]);
    refused("\u{1b}[2Jgone", &["line 1"]);
}

#[test]
fn a_path_that_leads_to_no_coin_file_is_refused() {
    let home = town().home();
    let empty = town().path("folder");
    fs::create_dir(&empty).unwrap();
    let missing = town().path("missing.stack");
    let odd = town().path("coins.stack");
    std::os::unix::fs::symlink("/dev/zero", &odd).unwrap();
    for (path, words) in
        [(&empty, "no .stack files"), (&missing, "cannot be read"), (&odd, "not a file")]
    {
        let words = [words, path.to_str().unwrap(), "coin files"];
        unchanged(&home.dir, || refuses(|| import(&home, &[path]), 3, &words));
    }
}

#[test]
fn a_file_name_that_a_terminal_would_obey_is_shown_and_not_obeyed() {
    let home = town().home();
    let folder = town().path("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a\u{1b}[2J\nimported 3439\u{202e}.stack"), "x").unwrap();
    let words = [r"a\u{1b}[2J\u{a}imported 3439\u{202e}.stack"];
    unchanged(&home.dir, || {
        run(&mut import(&home, &[&folder])).fails(3, &words).never_says("\u{202e}");
        run(import(&home, &[&folder]).arg("--json")).fails(3, &words).objects();
    });
}

#[test]
fn a_file_that_is_larger_than_any_coin_file_is_not_read() {
    let home = town().home();
    let large = town().path("coins.stack");
    fs::File::create(&large).unwrap().set_len(20 << 30).unwrap();
    unchanged(&home.dir, || refuses(|| import(&home, &[&large]), 3, &["33554432"]));
}

#[test]
fn a_coin_twice_in_one_file_is_refused() {
    let (text, coins) = two_coins();
    let first = coins[0].sn.get().to_string();
    let twice = replace_second_number(&text, &coins);
    refused(twice, &[&first, "already coin 1"]);
}

/// The second coin gets the serial number of the first.
fn replace_second_number(text: &str, coins: &[Coin]) -> String {
    text.replace(&coins[1].sn.get().to_string(), &coins[0].sn.get().to_string())
}

#[test]
fn a_coin_in_two_files_of_one_import_is_refused() {
    let home = town().home();
    let coins = town().purse.take(&[5, 1, 1]);
    let (one, two) = (write(stack(&coins[..2])), write(stack(&coins[1..])));
    let number = coins[1].sn.get().to_string();
    let words =
        [number.as_str(), one.to_str().unwrap(), two.to_str().unwrap(), "nothing was taken"];
    unchanged(&home.dir, || refuses(|| import(&home, &[&one, &two]), 3, &words));
    let folder = town().path("folder");
    fs::create_dir(&folder).unwrap();
    fs::copy(&one, folder.join("a.stack")).unwrap();
    fs::copy(&one, folder.join("b.stack")).unwrap();
    unchanged(&home.dir, || refuses(|| import(&home, &[&folder]), 3, &["a.stack", "b.stack"]));
    import_is_good(
        &home,
        &one,
        6.min(coins[..2].iter().map(|c| u64::from(c.denomination().value())).sum()),
    );
}

#[test]
fn coins_that_are_in_the_wallet_already_are_left_alone() {
    let home = town().home();
    let coins = town().purse.take(&[5, 1, 25]);
    let (known, more) = (write(stack(&coins[..2])), write(stack(&coins)));
    run(&mut import(&home, &[&known])).exits(0);
    unchanged(&home.dir, || {
        refuses(|| import(&home, &[&known]), 3, &["already", "coin-wallet balance"]);
    });
    let before = home.total().unwrap();
    let said = run(&mut import(&home, &[&more])).exits(0);
    said.says("2 of the coins are in this wallet already").says(&coins[0].sn.get().to_string());
    assert_eq!(home.total().unwrap(), before + u64::from(coins[2].denomination().value()));
}

#[test]
fn counterfeit_coins_are_taken_for_nothing_and_called_so() {
    let home = town().home();
    let real = town().purse.take(&[5]);
    let forged = vec![counterfeit(&real[0])];
    let said = run(import(&home, &[&write(stack(&forged))]).arg("--json")).exits(22);
    let last = said.objects().pop().unwrap();
    assert_eq!((&last["owned"], &last["amount"]), (&0.into(), &5.into()), "{last}");
    assert_eq!(home.total().unwrap(), 0);
    let listing = Listing::of_coins(&home.dir);
    assert_eq!(listing.files_in(&home.dir.join("Default/Counterfeit")).len(), 1);
    // The real coin is another one's: nothing has happened to it.
    import_is_good(&town().home(), &write(stack(&real)), 5);
}
