//! A world of processes: a relay, 25 agents with minted coins, and homes, in one folder.
//!
//! Everything listens on loopback ports that the system picks; every process is ended by its id when its
//! handle goes.

use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub use crate::process::Running;
use crate::programs::Program;

/// How long a program may take to say that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The folder of a world and the binary that is all programs.
#[derive(Clone, Debug)]
pub struct World {
    /// The binary that is all programs.
    pub all: PathBuf,
    /// Where everything lies.
    pub dir: PathBuf,
    /// What the agents log: `info`, unless changed.
    pub agents_log: &'static str,
    /// Further arguments of the agents; none, unless changed.
    pub agents_args: &'static [&'static str],
}

impl World {
    /// Returns a world in an existing folder.
    pub fn new(all: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> World {
        World { all: all.into(), dir: dir.into(), agents_log: "info", agents_args: &[] }
    }

    /// Returns a command that runs a program.
    pub fn command(&self, program: Program) -> Command {
        let mut command = program.command(&self.all);
        command.env_remove("LIVECONNECT_HOME").stdin(Stdio::null());
        command
    }

    /// Returns where the agents' ledgers are.
    pub fn data(&self) -> PathBuf {
        self.dir.join("raida")
    }

    /// Founds the agents if need be and mints coins into a folder of coin files; the agents must be stopped.
    pub fn mint(&self, coins: &str, out: &Path) -> Result<()> {
        let mut command = self.command(Program::Raida);
        command
            .arg("mint")
            .arg("--data")
            .arg(self.data())
            .args(["--coins", coins])
            .arg("--out")
            .arg(out);
        succeed("raida mint", &mut command)
    }

    /// Starts the 25 agents on ports that are free and waits until they are ready.
    pub fn start_agents(&self) -> Result<Agents> {
        self.start_agents_at("127.0.0.1:0")
    }

    /// Starts the 25 agents at the addresses of a template and waits until they are ready.
    pub fn start_agents_at(&self, listen: &str) -> Result<Agents> {
        let mut process = self.spawn_agents_at(listen)?;
        let mut lines = process.stdout()?.lines();
        let until = Instant::now() + READY_WITHIN;
        while Instant::now() < until {
            match lines.next() {
                Some(Ok(line)) if line == "ready" => {
                    // The pipe stays open and is read on: a full pipe would block the agents.
                    std::thread::spawn(move || lines.for_each(drop));
                    return Ok(Agents { process, file: self.data().join("agents.txt") });
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => bail!("raida ended before it was ready"),
            }
        }
        bail!("raida was not ready within {READY_WITHIN:?}")
    }

    /// Starts the 25 agents and waits for nothing; their standard output is a pipe.
    pub fn spawn_agents_at(&self, listen: &str) -> Result<Running> {
        let mut command = self.command(Program::Raida);
        command.args(["--agents", "25", "--listen", listen, "--log", self.agents_log]);
        command.args(self.agents_args);
        command.arg("--data").arg(self.data()).stdout(Stdio::piped()).stderr(self.log("raida")?);
        Running::start("raida", &mut command)
    }

    /// Starts a relay on a port, 0 for one that is free.
    pub fn start_relay(&self, port: u16) -> Result<Relay> {
        let mut command = self.command(Program::Relay);
        command.args(["--port", &port.to_string()]);
        // All programs of a world come from one address, and crowds of them from that of a test.
        command.args(["--joins-per-minute", "1000000", "--failed-joins-per-minute", "1000000"]);
        command.args(["--max-connections-per-address", "4096"]);
        command.stdout(Stdio::piped()).stderr(self.log("relay")?);
        let mut process = Running::start("relay", &mut command)?;
        let mut line = String::new();
        process.stdout()?.read_line(&mut line)?;
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .context("the relay did not say where it listens")?;
        Ok(Relay { address: address.to_owned(), process })
    }

    /// Returns a file for what a program logs, `NAME.log`; a further run of it goes on at its end.
    fn log(&self, name: &str) -> Result<fs::File> {
        let path = self.dir.join(name).with_extension("log");
        Ok(fs::OpenOptions::new().create(true).append(true).open(path)?)
    }

    /// Makes a home that knows these agents.
    pub fn home(&self, name: &str, agents: &Agents) -> Result<Home> {
        let home = Home { world: self.clone(), dir: self.dir.join(name) };
        let mut command = home.command(Program::CoinWallet, &["init"]);
        command.arg("--agents").arg(&agents.file);
        succeed("coin-wallet init", &mut command)?;
        Ok(home)
    }
}

/// The 25 agents in one process.
#[derive(Debug)]
pub struct Agents {
    /// Their process.
    pub process: Running,
    /// The file of their addresses.
    pub file: PathBuf,
}

impl Agents {
    /// Returns the addresses of agent 0 to 24, as HOST:PORT.
    pub fn addresses(&self) -> Result<Vec<String>> {
        Ok(fs::read_to_string(&self.file)?.lines().map(str::to_owned).collect())
    }
}

/// A relay.
#[derive(Debug)]
pub struct Relay {
    /// Its process.
    pub process: Running,
    /// Where it listens, as HOST:PORT.
    pub address: String,
}

/// A home in a world.
#[derive(Clone, Debug)]
pub struct Home {
    /// The world.
    pub world: World,
    /// Where it lies.
    pub dir: PathBuf,
}

impl Home {
    /// Returns a command of a client program at this home: `words` first, then `--home` and `--yes`.
    pub fn command(&self, program: Program, words: &[&str]) -> Command {
        let mut command = self.world.command(program);
        command.args(words).arg("--home").arg(&self.dir).arg("--yes");
        command
    }

    /// Takes coin files in.
    pub fn import(&self, files: &Path) -> Result<()> {
        succeed("coin-wallet import", self.command(Program::CoinWallet, &["import"]).arg(files))
    }

    /// Returns what `coin-wallet balance --json` says.
    pub fn balance(&self) -> Result<serde_json::Value> {
        let output = self.command(Program::CoinWallet, &["balance"]).arg("--json").output()?;
        if !output.status.success() {
            bail!("coin-wallet balance: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Returns the total of the balance.
    pub fn total(&self) -> Result<u64> {
        self.balance()?["total"].as_u64().context("the balance has no total")
    }
}

fn succeed(what: &str, command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| what.to_owned())?;
    if !output.status.success() {
        bail!("{what} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// Returns all files below a folder.
pub fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}
