//! The program `raida` as a process of its own, and a home for it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};

use coin::{AGENTS, Coin, stack};
use serde_json::Value;
use tempfile::TempDir;

use super::http::{body, post_text};

/// A place with a data directory and a directory for coin files.
pub(crate) struct Home {
    dir: TempDir,
}

/// Running agents; killed when dropped.
pub(crate) struct Raida {
    child: Child,
    stderr: Option<ChildStderr>,
    /// The addresses as they stand on stdout.
    pub(crate) addresses: Vec<String>,
}

impl Home {
    pub(crate) fn new() -> Home {
        Home { dir: TempDir::new().unwrap() }
    }

    /// A home with the ledgers founded and these coins in `out`.
    pub(crate) fn with_coins(order: &str) -> Home {
        let home = Home::new();
        let minted = home.mint(order);
        assert!(minted.status.success(), "{}", text(&minted.stderr));
        home
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    pub(crate) fn mint(&self, order: &str) -> Output {
        let mut mint = command(&["mint", "--coins", order]);
        mint.arg("--data").arg(self.data()).arg("--out").arg(self.out()).output().unwrap()
    }

    /// Starts agents that must come up.
    pub(crate) fn start(&self, arguments: &[&str]) -> Raida {
        Raida::start(&self.data(), arguments)
    }

    /// Starts agents that must not come up.
    pub(crate) fn start_fails(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = agents(&self.data(), arguments).output().unwrap();
        assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
        (output.status.code(), text(&output.stderr))
    }

    pub(crate) fn coins(&self) -> Vec<Coin> {
        let files = fs::read_dir(self.out()).unwrap().map(|file| fs::read(file.unwrap().path()));
        let coins = files.flat_map(|bytes| stack::read(&bytes.unwrap()).unwrap());
        coins.map(|stored| stored.coin).collect()
    }
}

impl Raida {
    fn start(data: &Path, arguments: &[&str]) -> Raida {
        Raida::spawn(&mut agents(data, arguments), 0..AGENTS)
    }

    fn spawn(command: &mut Command, agents: Range<usize>) -> Raida {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let addresses: Vec<String> = agents
            .map(|agent| {
                let line = lines.next().expect("a line for each agent").unwrap();
                line.strip_prefix(&format!("agent {agent} listening on ")).unwrap().to_owned()
            })
            .collect();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        Raida { child, stderr, addresses }
    }

    /// Posts a form to an agent and returns the answer.
    pub(crate) fn post(&self, agent: usize, route: &str, form: &str) -> Value {
        let mut stream = TcpStream::connect(&self.addresses[agent]).unwrap();
        stream.write_all(post_text(route, form).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(body(&answer)).unwrap()
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
    }

    /// Sends a signal and returns how the program ended and what it wrote on stderr.
    pub(crate) fn stop(mut self, signal: &str) -> (ExitStatus, String) {
        self.signal(signal);
        let mut log = String::new();
        self.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for Raida {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The one running agent of a machine; killed when dropped.
pub(crate) struct OneAgent(Raida);

impl OneAgent {
    /// Starts an agent that must come up.
    pub(crate) fn start(command: &mut Command, number: usize) -> OneAgent {
        OneAgent(Raida::spawn(command, number..number + 1))
    }

    /// Posts a form and returns the answer.
    pub(crate) fn post(&self, route: &str, form: &str) -> Value {
        self.0.post(0, route, form)
    }

    /// Sends a signal and returns how the program ended and what it wrote on stderr.
    pub(crate) fn stop(self, signal: &str) -> (ExitStatus, String) {
        self.0.stop(signal)
    }
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_raida"));
    for name in ["RAIDA_LOG", "RAIDA_CONFIG", "RAIDA_DATA", "RAIDA_LISTEN"] {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

fn agents(data: &Path, arguments: &[&str]) -> Command {
    let mut agents = command(arguments);
    if !arguments.contains(&"--listen") {
        agents.args(["--listen", "127.0.0.1:0"]);
    }
    agents.args(["--agents", "25", "--data"]).arg(data);
    agents
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
