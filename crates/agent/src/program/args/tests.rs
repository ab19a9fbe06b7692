//! What `raida` takes as arguments, and that its documents name nothing else.

use super::*;
use crate::program::config::Config;
use clap::CommandFactory;

#[test]
fn the_arguments_are_consistent() {
    Args::command().debug_assert();
}

#[test]
fn agents_are_the_default_and_mint_needs_none_of_their_arguments() {
    let args = ["raida", "--listen", "127.0.0.1:90{i:02}", "--data", "d"];
    let args = Args::try_parse_from(args).unwrap();
    assert_eq!((args.agents.agents, args.log.as_str()), (25, "info"));
    let mint = ["raida", "mint", "--data", "d", "--coins", "4x1", "--out", "o", "--log", "warn"];
    let args = Args::try_parse_from(mint).unwrap();
    assert!(matches!(args.command, Some(Command::Mint(_))));
}

#[test]
fn wrong_arguments_are_refused() {
    for wrong in [
        vec!["raida", "--agent", "25"],
        vec!["raida", "--agent", "7", "--agents", "25"],
        vec!["raida", "--agents", "24", "--listen", "127.0.0.1:90{i:02}", "--data", "d"],
        vec!["raida", "--listen", "127.0.0.1:{x}", "--data", "d"],
        vec!["raida", "--listen", "127.0.0.1:0", "--data", "d", "--tls-cert", "c"],
        vec!["raida", "--listen", "127.0.0.1:0", "--data", "d", "--tls-key", "k"],
        vec!["raida", "mint", "--data", "d", "--coins", "4x3", "--out", "o"],
        vec!["raida", "mint", "--data", "d", "--coins", "", "--out", "o"],
        vec!["raida", "mint", "--data", "d", "--out", "o"],
        vec!["raida", "mint", "--data", "d", "--order", "f", "--out", "o"],
        vec!["raida", "mint", "--data", "d", "--agent", "7", "--coins", "4x1", "--out", "o"],
        vec!["raida", "mint", "--data", "d", "--coins", "4x1"],
        vec!["raida", "join-shares", "--order", "f", "--out", "o"],
    ] {
        let refused = Args::try_parse_from(&wrong).map(drop);
        assert_eq!(refused.map_err(|error| error.exit_code()), Err(2), "{wrong:?}");
    }
}

/// The page for operators.
const OPERATORS: &str = include_str!("../../../../../docs/operators.md");

/// Returns the lines of all blocks of this kind in a page.
fn blocks(page: &'static str, kind: &str) -> Vec<&'static str> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in page.lines().map(str::trim) {
        match line.strip_prefix("```") {
            Some(opened) => inside = opened == kind,
            None if inside => lines.push(line),
            None => {}
        }
    }
    lines
}

#[test]
fn every_command_of_the_operators_page_is_understood() {
    let services = blocks(OPERATORS, "ini");
    let services =
        services.iter().filter_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/"));
    let shell = blocks(OPERATORS, "sh");
    let commands: Vec<&str> =
        shell.iter().copied().filter(|line| !line.starts_with("mv ")).chain(services).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        let words = command.split_whitespace().map(|word| word.trim_matches('\''));
        Args::try_parse_from(words).unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}

#[test]
fn the_configuration_of_the_operators_page_is_understood() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("agents.toml");
    std::fs::write(&path, blocks(OPERATORS, "toml").join("\n")).unwrap();
    let config = Config::read(&path).unwrap();
    assert!(config.network.is_some() && config.peers.is_some() && config.tls.is_some());
}
