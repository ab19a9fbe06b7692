//! Homes without agents, with agents that are not on this machine, and with too few that answer.

use std::fs;
use std::process::Command;

use tests::programs::Program;
use tests::world::Home;

use crate::listing::{Listing, unchanged};
use crate::said::{refuses, run};
use crate::town::town;

/// Every command of the client programs that works at a home.
fn all_commands(home: &Home) -> Vec<Command> {
    let town = town();
    let conn = crate::conn_files::write(&crate::conn_files::new_file().to_text());
    let coins = town.unread_coin_file();
    let mut import = home.command(Program::CoinWallet, &["import"]);
    import.arg(coins);
    let wallet = |word| home.command(Program::CoinWallet, &[word]);
    vec![
        town.send(home, 7, &town.path("conn.txt")),
        town.send_known(home, 7, &conn),
        town.receive(home, &conn),
        import,
        wallet("balance"),
        wallet("history"),
        wallet("resume"),
    ]
}

#[test]
fn a_home_without_agents_is_told_how_to_name_them() {
    let home = Home { world: town().world.clone(), dir: town().path("none") };
    for number in 0..all_commands(&home).len() {
        refuses(
            || all_commands(&home).swap_remove(number),
            3,
            &["no agents are configured", "coin-wallet init --home", "--agents"],
        );
        assert!(!home.dir.exists(), "a home was made for {:?}", all_commands(&home)[number]);
    }
}

#[test]
fn agents_in_the_clear_that_are_not_on_this_machine_are_refused() {
    let elsewhere = [
        "http://192.0.2.7:90{i:02}",
        "http://10.0.0.{i}:9000",
        "http://agents.example.com:90{i:02}",
        "http://198.51.100.{i}:80",
        "http://[2001:db8::1]:90{i:02}",
        "http://0.0.0.0:90{i:02}",
    ];
    for agents in elsewhere {
        let home = Home { world: town().world.clone(), dir: town().path("none") };
        let init = || home.command(Program::CoinWallet, &["init", "--agents", agents]);
        refuses(init, 3, &["needs tls", "https://", "127.0.0.1:90{i:02}"]);
        assert!(!home.dir.exists(), "a home was made for {agents}");
    }
    let home = town().home();
    let config = home.dir.join("config.toml");
    fs::write(&config, "agents = 'http://192.0.2.7:90{i:02}'\n").unwrap();
    unchanged(&home.dir, || {
        for number in (0..all_commands(&home).len()).filter(|number| ![4, 5].contains(number)) {
            let command = || all_commands(&home).swap_remove(number);
            refuses(command, 3, &["192.0.2.7", "127.0.0.1"]);
        }
    });
}

#[test]
fn addresses_that_are_not_25_are_refused() {
    let lines = |count: usize| {
        let path = town().path("agents.txt");
        let lines: String = (0..count).map(|i| format!("127.0.0.1:{}\n", 9000 + i)).collect();
        fs::write(&path, lines).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let wrong = [
        lines(24),
        lines(26),
        lines(0),
        "127.0.0.1:9000".to_owned(),
        "{i}{i".to_owned(),
        String::new(),
    ];
    for agents in wrong {
        let home = Home { world: town().world.clone(), dir: town().path("none") };
        let init = || home.command(Program::CoinWallet, &["init", "--agents", &agents]);
        refuses(init, 3, &["25"]);
        assert!(!home.dir.exists(), "a home was made for {agents}");
    }
}

#[test]
fn a_configuration_that_is_none_is_refused_with_its_line() {
    let home = town().home();
    let config = home.dir.join("config.toml");
    for (text, words) in [
        ("agents = \n", "line 1"),
        ("\nrelay = 5\nagents = 'a{i}'\n", "line 2"),
        ("agents = '127.0.0.1:90{i:02}'\nagent = 5\n", "line 2"),
        ("relay = '127.0.0.1:7000'\n", "agents"),
    ] {
        fs::write(&config, text).unwrap();
        unchanged(&home.dir, || {
            let balance = || home.command(Program::CoinWallet, &["balance"]);
            refuses(balance, 3, &["config.toml", words]);
        });
    }
}

/// A home whose config names 12 agents that answer and 13 that do not.
fn with_twelve_agents(home: &Home) {
    let agents = fs::read_to_string(&town().agents.file).unwrap();
    let live = agents.lines().filter(|line| !line.trim().is_empty()).take(12).map(str::to_owned);
    let dead = (2..15).map(|host| format!("127.0.0.{host}:1"));
    let all: Vec<String> = live.chain(dead).collect();
    fs::write(home.dir.join("config.toml"), format!("agents = {all:?}\n")).unwrap();
}

#[test]
fn with_twelve_agents_nobody_pays_and_nobody_is_paid() {
    let town = town();
    let home = town.home_with(&[5]);
    with_twelve_agents(&home);
    let new = town.path("conn.txt");
    let known = crate::conn_files::write(&crate::conn_files::new_file().to_text());
    unchanged(&home.dir, || {
        let words = ["12", "13", "agents"];
        refuses(|| town.send(&home, 5, &new), 9, &words);
        refuses(|| town.send_known(&home, 5, &known), 9, &words);
        refuses(|| town.receive(&home, &known), 9, &words);
    });
    assert!(!new.exists());
}

#[test]
fn with_twelve_agents_imported_coins_wait_and_are_taken_over_later() {
    let home = town().home();
    let config = fs::read(home.dir.join("config.toml")).unwrap();
    let coins = town().coin_file(&[5, 1, 1]);
    with_twelve_agents(&home);
    let said = run(home.command(Program::CoinWallet, &["import"]).arg(&coins).arg("--json"));
    said.fails(9, &["12", "Suspect", "coin-wallet resume"]).objects();
    assert_eq!(home.total().unwrap(), 0);
    assert_eq!(home.balance().unwrap()["suspect"], 7);
    assert_eq!(Listing::of_coins(&home.dir).files_in(&home.dir.join("Default/Suspect")).len(), 3);
    let resume =
        || run(home.command(Program::CoinWallet, &["resume"]).args(["--wait", "3", "--json"]));
    resume().exits(21).objects();

    fs::write(home.dir.join("config.toml"), config).unwrap();
    resume().exits(0).objects();
    assert_eq!(home.total().unwrap(), 7);
}
