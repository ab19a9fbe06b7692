//! The program `raida` from outside: what it says, how it ends, and that what it answered for
//! survives a kill.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use coin::Coin;
use raida::AddressBook;

use super::http::each;
use super::process::{Home, text};
use super::town::ans;

/// A form that takes a coin at an agent from the secrets of one round to another's.
fn pown(coin: &Coin, agent: usize, from: &coin::AnSet, to: &coin::AnSet) -> String {
    let (an, pan) = (from.get(agent).to_hex(), to.get(agent).to_hex());
    let (sn, value) = (coin.sn, coin.denomination());
    format!("nn=1&sns[]={sn}&ans[]={}&pans[]={}&denomination[]={value}", *an, *pan)
}

#[test]
fn what_was_answered_survives_a_kill() {
    let home = Home::with_coins("1x250,2x1");
    let coins = home.coins();
    let mut held = coins[0].ans.clone();
    for round in 2..7 {
        let raida = home.start(&[]);
        let agent = usize::from(round) * 3;
        let form = pown(&coins[0], agent, &held, &ans(round));
        assert_eq!(each(&raida.post(agent, "multi_detect", &form), "status"), ["pass"]);
        raida.kill();
        held.set(agent, ans(round).get(agent).clone());

        let raida = home.start(&[]);
        let form = pown(&coins[0], agent, &coins[0].ans, &ans(round));
        assert_eq!(each(&raida.post(agent, "fix_lost", &form), "status"), ["pan"]);
        let (ended, _) = raida.stop("TERM");
        assert_eq!(ended.code(), Some(20));
    }
}

#[test]
fn agents_say_where_they_are_and_stop_on_a_signal() {
    let home = Home::with_coins("1x1");
    for signal in ["TERM", "INT"] {
        let raida = home.start(&[]);
        let file = fs::read_to_string(home.data().join("agents.txt")).unwrap();
        assert_eq!(file.lines().collect::<Vec<_>>(), raida.addresses);
        assert!(AddressBook::parse(&file).is_ok());
        let (ended, log) = raida.stop(signal);
        assert_eq!(ended.code(), Some(20), "{log}");
        assert!(log.contains("stopped"), "{log}");
    }
}

#[test]
fn what_was_not_founded_does_not_start() {
    let home = Home::new();
    let nowhere = home.start_fails(&[]);
    fs::create_dir(home.data()).unwrap();
    let empty = home.start_fails(&[]);
    for (code, said) in [nowhere, empty] {
        assert_eq!(code, Some(3));
        assert!(
            said.contains("has no founded ledgers") && said.contains("try: raida mint"),
            "{said}"
        );
    }
}

#[test]
fn ledgers_that_are_missing_swapped_or_torn_are_refused() {
    let home = Home::with_coins("1x1");
    let place = |agent: &str| home.data().join(agent);
    let refused = |reason: &str| {
        let (code, said) = home.start_fails(&[]);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains(reason), "{said}");
    };

    fs::rename(place("agent-07"), place("away")).unwrap();
    refused("agent-07 is not a founded ledger");

    fs::rename(place("agent-09"), place("agent-07")).unwrap();
    fs::rename(place("away"), place("agent-09")).unwrap();
    refused("agent-07 holds the ledger of agent 9 of the network");

    fs::rename(place("agent-09"), place("away")).unwrap();
    fs::rename(place("agent-07"), place("agent-09")).unwrap();
    fs::rename(place("away"), place("agent-07")).unwrap();
    let (ended, _) = home.start(&[]).stop("TERM");
    assert_eq!(ended.code(), Some(20), "they are back in their places");

    let odd = place("agent-03").join("store-1").join("keyspaces").join("odd");
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("current"), "").unwrap();
    refused("store-1/keyspaces/odd is none of its files");
    fs::remove_dir_all(odd).unwrap();

    let journal = place("agent-03").join("store-1").join("0.jnl");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() / 2]).unwrap();
    refused("agent-03 is damaged");
}

#[test]
fn one_directory_has_one_raida() {
    let home = Home::with_coins("1x1");
    let raida = home.start(&[]);
    let (code, said) = home.start_fails(&[]);
    assert_eq!(code, Some(10));
    assert!(said.contains("is in use by process"), "{said}");
    let mint = home.mint("1x1");
    assert_eq!(mint.status.code(), Some(10));
    assert!(text(&mint.stderr).contains("is in use by process"));
    assert_eq!(raida.stop("TERM").0.code(), Some(20));
}

#[test]
fn wrong_arguments_are_usage_errors_and_far_addresses_are_refused() {
    let home = Home::new();
    for order in ["", "3", "1x7", "0x1", "1x1,1x1", "1000001x1", "one"] {
        let mint = home.mint(order);
        assert_eq!(mint.status.code(), Some(2), "{order}: {}", text(&mint.stderr));
        assert!(!home.data().exists());
    }
    let home = Home::with_coins("1x1");
    let (code, said) = home.start_fails(&["--listen", "127.0.0.1:{x}"]);
    assert_eq!((code, said.contains("only {i} and {i:02}")), (Some(2), true), "{said}");
    let (code, said) = home.start_fails(&["--listen", "0.0.0.0:0"]);
    assert_eq!((code, said.contains("is not on this machine")), (Some(3), true), "{said}");
}

#[test]
fn what_the_agents_keep_is_for_their_owner_alone() {
    let home = Home::with_coins("1x1");
    home.start(&[]).stop("TERM");
    let mut places = vec![home.data(), home.out()];
    while let Some(place) = places.pop() {
        let mode = fs::metadata(&place).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", place.display());
        if place.is_dir() {
            places.extend(fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

#[test]
fn no_secret_is_in_any_log_at_any_level() {
    let home = Home::with_coins("1x1");
    let coin = &home.coins()[0];
    let raida = home.start(&["--log", "trace"]);
    let form = pown(coin, 4, &coin.ans, &ans(2));
    raida.post(4, "multi_detect", &form);
    raida.post(4, "fix_lost", &form);
    raida.post(4, "detect", &form.replace("s[]", "").replace("[]", ""));
    raida.post(4, "multi_get_ticket", &pown(coin, 4, &ans(2), &ans(2)));
    raida.post(4, &format!("echo?{form}"), "x=1");
    let (_, log) = raida.stop("TERM");
    assert!(log.contains("multi_detect"), "the log is on: {log}");
    for secret in [coin.ans.get(4), ans(2).get(4)] {
        assert!(!log.contains(secret.to_hex().as_str()));
    }
    assert!(!log.contains("ans[") && !log.contains('?'), "{log}");
}

#[test]
fn v1_fix_is_off_by_default_and_warns_when_it_is_on() {
    let home = Home::with_coins("1x1");
    for (arguments, warned) in [
        (&["--listen", "127.0.0.1:0"][..], false),
        (&["--listen", "127.0.0.1:0", "--v1-fix"], true),
    ] {
        let raida = home.start(arguments);
        let reply = raida.post(0, "multi_fix", "fromserver1=19");
        let is_refused = reply[0]["message"].as_str().unwrap().contains("--v1-fix");
        assert_eq!(is_refused, !warned, "{reply}");
        let (_, log) = raida.stop("TERM");
        assert_eq!(log.contains("as few as 6 old secrets"), warned, "{log}");
    }
}
