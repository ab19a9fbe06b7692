//! `raida --agent N`: what an operator writes down, and directories that are not those of the agent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::process::{OneAgent, command, text};

/// The machine of the operator of agent 7.
struct Machine(TempDir);

impl Machine {
    /// A machine with a configuration of a network that is not founded yet.
    fn new() -> Machine {
        let machine = Machine(TempDir::new().unwrap());
        machine.configure(
            "network = \"net-1\"\ndata = \"data\"\nlisten = \"127.0.0.1:0\"\n\
             peers = \"127.0.0.1:90{i:02}\"\n",
        );
        machine
    }

    /// A machine whose agent 7 has entered some coins.
    fn founded() -> Machine {
        let machine = Machine::new();
        let order = command(&["order", "--coins", "2x5", "--network", "net-1", "--out"])
            .arg(machine.at("order.json"))
            .output()
            .unwrap();
        assert!(order.status.success(), "{}", text(&order.stderr));
        let minted = machine.mint("7");
        assert!(minted.status.success(), "{}", text(&minted.stderr));
        machine
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn configure(&self, config: &str) {
        fs::write(self.at("agents.toml"), config).unwrap();
    }

    fn mint(&self, agent: &str) -> Output {
        let mut mint = command(&["mint", "--agent", agent, "--config"]);
        mint.arg(self.at("agents.toml")).arg("--order").arg(self.at("order.json"));
        mint.arg("--out").arg(self.at("shares")).output().unwrap()
    }

    fn agent(&self, words: &[&str]) -> Command {
        let mut agent = command(words);
        agent.arg("--config").arg(self.at("agents.toml"));
        agent
    }

    #[track_caller]
    fn check_refused(&self, agent: &mut Command, code: i32, reasons: &[&str]) {
        let output = agent.output().unwrap();
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(code), String::new()));
        for reason in reasons {
            assert!(said.contains(reason), "{said}");
        }
    }
}

fn rename(from: &Path, to: &Path) {
    fs::rename(from, to).unwrap();
}

#[test]
fn one_agent_runs_by_its_configuration_and_stops_on_a_signal() {
    let machine = Machine::founded();
    for signal in ["TERM", "INT"] {
        let agent = OneAgent::start(&mut machine.agent(&["--agent", "7"]), 7);
        let answer = agent.post("version", "x=1");
        assert_eq!(answer["network"], "net-1");
        assert_eq!(answer["server"], "RAIDA7");
        let (ended, log) = agent.stop(signal);
        assert_eq!(ended.code(), Some(20), "{log}");
    }
    assert!(!machine.at("data/agents.txt").exists(), "it knows one address of 25");
}

#[test]
fn a_flag_wins_over_the_environment_and_both_over_the_file() {
    let machine = Machine::founded();
    machine.configure(
        "data = \"nowhere\"\nlisten = \"192.0.2.1:1\"\npeers = \"127.0.0.1:90{i:02}\"\n",
    );
    let nowhere = &["nowhere has no founded ledgers"][..];
    machine.check_refused(&mut machine.agent(&["--agent", "7"]), 3, nowhere);
    let mut by_environment = machine.agent(&["--agent", "7"]);
    by_environment.env("RAIDA_DATA", machine.at("data")).env("RAIDA_LISTEN", "127.0.0.1:0");
    OneAgent::start(&mut by_environment, 7).stop("TERM");
    let mut by_flags = machine.agent(&["--agent", "7", "--listen", "127.0.0.1:0"]);
    by_flags.env("RAIDA_DATA", "/nowhere").env("RAIDA_LISTEN", "127.0.0.1:{j}");
    OneAgent::start(by_flags.arg("--data").arg(machine.at("data")), 7).stop("TERM");
    // The environment of an agent does no harm to the other commands.
    let mut order = command(&["order", "--coins", "1x1", "--out"]);
    order.arg(machine.at("other.json")).env("RAIDA_DATA", "/nowhere").env("RAIDA_LISTEN", "x:1");
    assert!(order.output().unwrap().status.success());
}

#[test]
fn what_is_left_out_or_misspelled_is_said() {
    let machine = Machine::founded();
    let seven = || machine.agent(&["--agent", "7"]);
    machine.configure("dota = \"data\"\n");
    let near = &["unknown key \"dota\", did you mean \"data\"?", "try: correct that file"][..];
    machine.check_refused(&mut seven(), 3, near);
    machine.configure("listen = \"127.0.0.1:0\"\n");
    machine.check_refused(&mut seven(), 2, &["where the ledgers are", "try: --data DIR"]);
    machine.configure("data = \"data\"\n");
    machine.check_refused(&mut seven(), 2, &["where to listen", "try: --listen"]);
    machine.configure("data = \"data\"\nlisten = \"127.0.0.1:0\"\n");
    machine.check_refused(&mut seven(), 2, &["where the other agents are", "`peers`"]);
    fs::remove_file(machine.at("agents.toml")).unwrap();
    machine.check_refused(&mut seven(), 3, &["agents.toml cannot be read: No such file"]);
    machine.check_refused(&mut command(&["--agent", "25"]), 2, &["25 is not in 0..25"]);
}

#[test]
fn a_directory_that_is_not_that_of_the_agent_is_refused() {
    let machine = Machine::new();
    let seven = || machine.agent(&["--agent", "7"]);
    machine.check_refused(&mut seven(), 3, &["data has no founded ledgers"]);
    fs::create_dir(machine.at("data")).unwrap();
    let founded = &["data has no founded ledger of agent 7", "try: raida mint --agent N"][..];
    machine.check_refused(&mut seven(), 3, founded);

    let machine = Machine::founded();
    let seven = || machine.agent(&["--agent", "7"]);
    let place = |agent: &str| machine.at("data").join(agent);
    let alone = "is not for agent 7 alone: it holds the ledger of agent 9";
    rename(&place("agent-07"), &place("agent-09"));
    machine.check_refused(&mut seven(), 3, &[alone]);
    let nine = &["agent-09 holds the ledger of agent 7 of the network net-1, not that of agent 9"];
    machine.check_refused(&mut machine.agent(&["--agent", "9"]), 3, nine);
    rename(&place("agent-09"), &place("agent-07"));
    fs::create_dir(place("agent-09")).unwrap();
    machine.check_refused(&mut seven(), 3, &[alone]);
    fs::remove_dir(place("agent-09")).unwrap();

    machine.configure(
        "network = \"net-2\"\ndata = \"data\"\nlisten = \"127.0.0.1:0\"\n\
         peers = \"127.0.0.1:90{i:02}\"\n",
    );
    let network = "holds the ledger of agent 7 of the network net-1, not that of agent 7 of the \
                   network net-2";
    machine.check_refused(&mut seven(), 3, &[network]);
    let refused = machine.mint("7");
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("for the network net-1, not for net-2"));
}

#[test]
fn torn_files_and_an_unfinished_mint_are_refused() {
    let machine = Machine::founded();
    let seven = || machine.agent(&["--agent", "7"]);
    let store = machine.at("data/agent-07/store-1");
    let journal = store.join("0.jnl");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() / 2]).unwrap();
    machine.check_refused(&mut seven(), 3, &["agent-07 is damaged"]);
    fs::write(&journal, &bytes).unwrap();
    let order = fs::read_dir(machine.at("data")).unwrap().map(|entry| entry.unwrap().path());
    let minted = order.into_iter().find(|path| path.extension().is_some_and(|e| e == "minted"));
    rename(&minted.unwrap(), &machine.at("data/order.journal"));
    machine.check_refused(&mut seven(), 3, &["has an unfinished mint", "the same raida mint"]);
    assert!(machine.mint("7").status.success());
    OneAgent::start(&mut seven(), 7).stop("TERM");
}
