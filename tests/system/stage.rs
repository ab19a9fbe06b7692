//! Where whole-system tests happen: a relay, 25 agents, homes with and without coins, and payments.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Result, ensure};
use tempfile::TempDir;
use tests::process::Running;
use tests::programs::Program;
use tests::world::{Agents, Home, Relay, World};

/// The coins of the seed's example, 3439 in all.
pub(crate) const COINS: &str = "13x250,1x100,3x25,2x5,4x1";
/// The same in so many coins that they take two frames of 24.
pub(crate) const MANY_COINS: &str = "12x250,3x100,2x25,5x5,64x1";
/// What either is worth.
pub(crate) const ALL: u64 = 3439;
/// How long one program of a test may take.
pub(crate) const WITHIN: Duration = Duration::from_secs(120);

/// A relay, 25 agents and coins; ends its processes and removes its folder when it goes.
pub(crate) struct Ground {
    pub(crate) relay: Relay,
    pub(crate) agents: Agents,
    pub(crate) world: World,
    /// Folders of new coins, that of each with the same.
    pub(crate) purses: Vec<PathBuf>,
    _folder: TempDir,
}

impl Ground {
    /// Returns a ground with so many purses of these coins, as in `13x250,4x1`.
    pub(crate) fn with_purses(purses: usize, coins: &str) -> Ground {
        let (folder, world) = world();
        Ground::in_world(folder, world, purses, coins, World::start_agents)
    }

    /// The same in a folder and world that exist, with agents that are started so.
    pub(crate) fn in_world(
        folder: TempDir,
        world: World,
        purses: usize,
        coins: &str,
        start_agents: impl FnOnce(&World) -> Result<Agents>,
    ) -> Ground {
        let purses: Vec<PathBuf> =
            (0..purses).map(|purse| world.dir.join(format!("purse-{purse}"))).collect();
        purses.iter().for_each(|purse| world.mint(coins, purse).unwrap());
        let agents = start_agents(&world).unwrap();
        let relay = world.start_relay(0).unwrap();
        Ground { relay, agents, world, purses, _folder: folder }
    }

    /// Returns two new homes in that folder; the first one has taken over the coins of a purse.
    pub(crate) fn homes(&self, dir: &Path, purse: &Path) -> Result<(Home, Home)> {
        fs::create_dir_all(dir)?;
        let world = World { dir: dir.to_owned(), ..self.world.clone() };
        let (one, two) = (world.home("one", &self.agents)?, world.home("two", &self.agents)?);
        one.import(purse)?;
        Ok((one, two))
    }
}

/// A ground with a sender that has coins and a receiver that has none.
pub(crate) struct Stage {
    pub(crate) ground: Ground,
    pub(crate) sender: Home,
    pub(crate) receiver: Home,
}

impl Stage {
    /// Returns a stage whose sender holds these coins, as in `13x250,4x1`.
    pub(crate) fn with_coins(coins: &str) -> Stage {
        Stage::on(Ground::with_purses(1, coins))
    }

    /// Returns a stage whose sender holds the coins of the first purse.
    pub(crate) fn on(ground: Ground) -> Stage {
        let (sender, receiver) = ground.homes(&ground.world.dir, &ground.purses[0]).unwrap();
        Stage { ground, sender, receiver }
    }

    /// Returns the payment of an amount from the sender to the receiver; there is one on a stage.
    pub(crate) fn payment(&self, amount: u64) -> Payment {
        Payment {
            from: self.sender.clone(),
            to: self.receiver.clone(),
            conn: self.ground.world.dir.join("conn.txt"),
            relay: self.ground.relay.address.clone(),
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
