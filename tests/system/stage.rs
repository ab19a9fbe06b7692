//! A stage for whole-system tests: a relay, 25 agents, a sender with coins and a receiver without.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tests::programs::Program;
use tests::world::{Agents, Home, Relay, Running, World};

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
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(env!("CARGO_BIN_EXE_demo"), folder.path());
        world.mint(coins, &world.dir.join("minted")).unwrap();
        let agents = world.start_agents().unwrap();
        let relay = world.start_relay(0).unwrap();
        let sender = world.home("sender", &agents).unwrap();
        let receiver = world.home("receiver", &agents).unwrap();
        sender.import(&world.dir.join("minted")).unwrap();
        Stage { sender, receiver, relay, agents, world, _folder: folder }
    }

    /// Returns where the connection file is.
    pub(crate) fn conn(&self) -> PathBuf {
        self.world.dir.join("conn.txt")
    }

    /// Returns the sender's command.
    pub(crate) fn send(&self, amount: u64) -> Command {
        let amount = amount.to_string();
        let mut command = self.sender.command(Program::CoinSend, &["--amount", &amount, "--wait", "60"]);
        if !self.conn().exists() {
            command.args(["--relay", &self.relay.address]);
        }
        command.arg("--conn").arg(self.conn());
        command
    }

    /// Returns the receiver's command.
    pub(crate) fn receive(&self) -> Command {
        let mut command = self.receiver.command(Program::CoinReceive, &["--wait", "60"]);
        command.arg("--conn").arg(self.conn());
        command
    }

    /// Pays an amount through both programs, in good order.
    pub(crate) fn pay(&self, amount: u64) {
        let send = Running::start("coin-send", &mut quiet(self.send(amount))).unwrap();
        self.wait_for_conn();
        let receive = Running::start("coin-receive", &mut quiet(self.receive())).unwrap();
        for process in [send, receive] {
            let output = process.output(WITHIN).unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    /// Waits until the connection file is there, whole.
    pub(crate) fn wait_for_conn(&self) {
        let until = Instant::now() + WITHIN;
        while !fs::read_to_string(self.conn()).is_ok_and(|text| text.contains("\ncheck ")) {
            assert!(Instant::now() < until, "no connection file within {WITHIN:?}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

/// Returns the command with its output in pipes.
pub(crate) fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
