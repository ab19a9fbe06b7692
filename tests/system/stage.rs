//! A stage for whole-system tests: a relay, 25 agents, a sender with coins and a receiver without.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tempfile::TempDir;
use tests::process::Running;
use tests::programs::Program;
use tests::world::{Agents, Home, Relay, World};

/// The coins of the seed's example, 3439 in all.
pub(crate) const COINS: &str = "13x250,1x100,3x25,2x5,4x1";
/// What they are worth.
pub(crate) const ALL: u64 = 3439;
/// How long one program of a test may take.
pub(crate) const WITHIN: Duration = Duration::from_secs(120);

/// Everything that a test needs; ends its processes and removes its folder when it goes.
pub(crate) struct Stage {
    pub(crate) sender: Home,
    pub(crate) receiver: Home,
    pub(crate) relay: Relay,
    pub(crate) agents: Agents,
    pub(crate) world: World,
    _folder: TempDir,
}

impl Stage {
    /// Returns a stage whose sender holds these coins, as in `13x250,4x1`.
    pub(crate) fn with_coins(coins: &str) -> Stage {
        let (folder, world) = world();
        Stage::in_world(folder, world, coins, World::start_agents)
    }

    /// The same in a folder and world that exist, with agents that are started so.
    pub(crate) fn in_world(
        folder: TempDir,
        world: World,
        coins: &str,
        start_agents: impl FnOnce(&World) -> Result<Agents>,
    ) -> Stage {
        let minted = world.dir.join("minted");
        world.mint(coins, &minted).unwrap();
        let agents = start_agents(&world).unwrap();
        let relay = world.start_relay(0).unwrap();
        let sender = world.home("sender", &agents).unwrap();
        let receiver = world.home("receiver", &agents).unwrap();
        sender.import(&minted).unwrap();
        Stage { sender, receiver, relay, agents, world, _folder: folder }
    }

    /// Returns the payment of an amount from the sender to the receiver; there is one on a stage.
    pub(crate) fn payment(&self, amount: u64) -> Payment {
        Payment {
            from: self.sender.clone(),
            to: self.receiver.clone(),
            conn: self.world.dir.join("conn.txt"),
            relay: self.relay.address.clone(),
            amount,
        }
    }

    /// Returns what the sender and the receiver have.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.sender.total().unwrap(), self.receiver.total().unwrap())
    }
}

/// Returns an empty world in a folder of its own.
pub(crate) fn world() -> (TempDir, World) {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(env!("CARGO_BIN_EXE_demo"), folder.path());
    (folder, world)
}

/// A payment: two homes, a connection file, and where the two meet.
#[derive(Clone)]
pub(crate) struct Payment {
    pub(crate) from: Home,
    pub(crate) to: Home,
    pub(crate) conn: PathBuf,
    /// The relay that the connection file shall name.
    pub(crate) relay: String,
    pub(crate) amount: u64,
}

impl Payment {
    /// Returns the sender's command; `wait` is how many seconds it waits for its peer.
    pub(crate) fn send(&self, wait: u64) -> Command {
        let (amount, wait) = (self.amount.to_string(), wait.to_string());
        let words = ["--amount", &amount, "--wait", &wait];
        let mut command = self.from.command(Program::CoinSend, &words);
        if !self.conn.exists() {
            command.args(["--relay", &self.relay]);
        }
        command.arg("--conn").arg(&self.conn);
        quiet(command)
    }

    /// Returns the receiver's command; `wait` is how many seconds it waits for its peer.
    pub(crate) fn receive(&self, wait: u64) -> Command {
        let mut command = self.to.command(Program::CoinReceive, &["--wait", &wait.to_string()]);
        command.arg("--conn").arg(&self.conn);
        quiet(command)
    }

    /// Starts both programs, the sender first: it writes the connection file.
    pub(crate) fn start(&self) -> (Running, Running) {
        let mut sender = Running::start("coin-send", &mut self.send(60)).unwrap();
        self.wait_for_conn(&mut sender).unwrap();
        let receiver = Running::start("coin-receive", &mut self.receive(60)).unwrap();
        (sender, receiver)
    }

    /// Pays, and expects that both programs end well.
    pub(crate) fn pay(&self) {
        let (sender, receiver) = self.start();
        succeeds(sender);
        succeeds(receiver);
    }

    /// Waits until the sender has written the connection file; an error if it ends before.
    pub(crate) fn wait_for_conn(&self, sender: &mut Running) -> Result<()> {
        let until = Instant::now() + WITHIN;
        while !self.conn.exists() {
            ensure!(sender.ended()?.is_none(), "coin-send ended before it wrote the file");
            ensure!(Instant::now() < until, "no connection file within {WITHIN:?}");
            thread::park_timeout(Duration::from_millis(2));
        }
        Ok(())
    }
}

/// Waits until a program whose output is piped ends well, and returns what it printed.
#[track_caller]
pub(crate) fn succeeds(program: Running) -> String {
    let output = program.output(WITHIN).unwrap();
    let said = said(&output);
    assert!(output.status.success(), "{}: {said}", output.status);
    said
}

/// Returns everything that a program printed.
pub(crate) fn said(output: &std::process::Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Returns the command with nothing to read and its output in pipes.
pub(crate) fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
