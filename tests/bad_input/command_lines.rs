//! Command lines: unknown and missing flags, help and version of all five programs.

use std::process::Command;

use tests::programs::Program;

use crate::said::{Said, run};
use crate::town::town;

fn command(program: Program, words: &[&str]) -> Command {
    let mut command = town().world.command(program);
    command.args(words);
    command
}

fn say(program: Program, words: &[&str]) -> Said {
    run(&mut command(program, words))
}

#[test]
fn every_program_tells_its_help_and_its_version() {
    for program in Program::ALL {
        let help = say(program, &["--help"]).exits(0);
        assert!(help.out.contains("Usage:") && help.err.is_empty(), "{help:#?}");
        assert!(help.out.contains(program.name()), "{help:#?}");
        let short = say(program, &["-h"]).exits(0);
        assert!(short.out.contains("Usage:"), "{short:#?}");
        let version = say(program, &["--version"]).exits(0);
        let expected = format!("{} {}\n", program.name(), env!("CARGO_PKG_VERSION"));
        assert_eq!((version.out.as_str(), version.err.as_str()), (expected.as_str(), ""));
    }
}

#[test]
fn the_help_of_the_client_programs_names_the_exit_codes() {
    for program in [Program::CoinSend, Program::CoinReceive, Program::CoinWallet] {
        let help = say(program, &["--help"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
        for code in [
            "0 done",
            "2 usage",
            "3 file",
            "4 relay",
            "5 peer",
            "6 files",
            "7 refused",
            "8 not enough",
            "9 fewer",
            "10 home",
            "20 stopped",
            "21 money",
            "22 settled",
        ] {
            assert!(help.contains(code), "{code} is not in the help of {}: {help}", program.name());
        }
    }
}

#[test]
fn the_commands_of_the_wallet_have_their_own_help() {
    for word in ["init", "balance", "import", "history", "resume"] {
        say(Program::CoinWallet, &[word, "--help"]).exits(0).says("--home").says("--json");
    }
    say(Program::Raida, &["mint", "--help"]).exits(0).says("--coins");
}

#[test]
fn unknown_and_missing_flags_are_wrong_usage() {
    let wrong: &[(Program, &[&str], &str)] = &[
        (Program::CoinSend, &[], "--conn"),
        (Program::CoinSend, &["--conn", "c"], "--amount"),
        (Program::CoinSend, &["--amount", "5"], "--conn"),
        (Program::CoinSend, &["--conn", "c", "--amount", "5", "--fast"], "--fast"),
        (Program::CoinSend, &["--conn", "c", "--amount"], "--amount"),
        (Program::CoinSend, &["--conn", "c", "--amount", "5", "--wait", "soon"], "soon"),
        (Program::CoinSend, &["--conn", "c", "--amount", "5", "--wait", "-1"], "-1"),
        (Program::CoinSend, &["--conn", "c", "--amount", "5", "extra"], "extra"),
        (Program::CoinReceive, &[], "--conn"),
        (Program::CoinReceive, &["--conn", "c", "--amount", "5"], "--amount"),
        (Program::CoinWallet, &[], "Usage"),
        (Program::CoinWallet, &["spend"], "spend"),
        (Program::CoinWallet, &["init"], "--agents"),
        (Program::CoinWallet, &["import"], "FILE-OR-FOLDER"),
        (Program::CoinWallet, &["balance", "--all"], "--all"),
        (Program::Relay, &["--port", "70000"], "70000"),
        (Program::Relay, &["--bind", "nowhere"], "nowhere"),
        (Program::Relay, &["--fast"], "--fast"),
        (Program::Raida, &[], "--listen"),
        (Program::Raida, &["--fast"], "--fast"),
        (Program::Raida, &["mint", "--coins", "3x7", "--data", "d", "--out", "o"], "3x7"),
    ];
    for (program, words, named) in wrong {
        let said = say(*program, words).exits(2).says(named);
        assert!(said.out.is_empty() && said.err.contains("--help"), "{words:?}: {said:#?}");
    }
}

#[test]
fn wrong_usage_is_an_object_for_a_program_that_asked_for_objects() {
    for (program, words) in [
        (Program::CoinSend, &["--json", "--conn", "c"][..]),
        (Program::CoinSend, &["--json", "--conn", "c", "--amount", "5", "--fast"]),
        (Program::CoinReceive, &["--json"]),
        (Program::CoinWallet, &["balance", "--json", "--all"]),
    ] {
        let said = say(program, words).exits(2);
        let objects = said.objects();
        assert_eq!(objects.len(), 1, "{said:#?}");
        assert_eq!(objects[0]["event"], "error");
    }
}

#[test]
fn colours_are_for_terminals_alone() {
    // Every output of these tests is looked at for control characters; these switches ask for them.
    let force = [("CLICOLOR_FORCE", "1"), ("FORCE_COLOR", "1"), ("TERM", "xterm-256color")];
    for program in Program::ALL {
        for words in [&["--help"][..], &["--fast"], &["--version"]] {
            for no_color in [None, Some("1")] {
                let mut command = command(program, words);
                if let Some(no_color) = no_color {
                    command.envs(force).env("NO_COLOR", no_color);
                }
                run(&mut command);
            }
        }
    }
}
