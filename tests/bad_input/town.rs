//! One relay and 25 agents for all tests of this binary, with coins to give away; each test makes homes
//! of its own.
//!
//! Nothing in it is changed by a test: a relay or an agent that has to fail is started by the test itself.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use protocol::conn_file::NetworkPrint;
use tests::programs::Program;
use tests::world::{Agents, Home, Relay, World};

use crate::coins::Purse;
use crate::said::{Said, run};

/// What is minted for all tests of this binary.
const MINTED: &str = "10x250,10x100,150x25,250x5,500x1";

/// A relay, 25 agents and a folder for homes.
pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) agents: Agents,
    pub(crate) relay: Relay,
    pub(crate) purse: Purse,
    /// What a connection file says of these agents.
    pub(crate) network: NetworkPrint,
    names: AtomicU32,
    _tether: Child,
}

/// Returns the town; the first caller founds it.
pub(crate) fn town() -> &'static Town {
    static TOWN: OnceLock<Town> = OnceLock::new();
    TOWN.get_or_init(Town::found)
}

impl Town {
    fn found() -> Town {
        let dir = tempfile::Builder::new().prefix("liveconnect-").tempdir().unwrap().keep();
        let mut world = World::new(env!("CARGO_BIN_EXE_demo"), dir);
        // What is wrong must be refused because it is wrong.
        world.agents_args = &["--v1-exchange"];
        world.mint(MINTED, &world.dir.join("minted")).unwrap();
        let purse = Purse::open(&world.dir.join("minted"));
        std::fs::create_dir(world.dir.join("bin")).unwrap();
        for program in Program::ALL {
            symlink(&world.all, world.dir.join("bin").join(program.name())).unwrap();
        }
        let agents = world.start_agents().unwrap();
        let relay = world.start_relay(0).unwrap();
        let tether = tether(&world.dir, &[agents.process.id(), relay.process.id()]).unwrap();
        let network = network(&world, &agents);
        Town { world, agents, relay, purse, network, names: AtomicU32::new(0), _tether: tether }
    }

    /// Returns a path that no other test has.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        self.world.dir.join(format!("{number}-{name}"))
    }

    /// Returns a home without coins that knows the agents.
    pub(crate) fn home(&self) -> Home {
        let path = self.path("home");
        self.world.home(path.file_name().unwrap().to_str().unwrap(), &self.agents).unwrap()
    }

    /// Returns a home that holds coins of these values.
    pub(crate) fn home_with(&self, values: &[u32]) -> Home {
        let home = self.home();
        home.import(&self.coin_file(values)).unwrap();
        home
    }

    /// Returns a coin file with coins of these values; nobody else has them.
    pub(crate) fn coin_file(&self, values: &[u32]) -> PathBuf {
        let path = self.path("coins.stack");
        std::fs::write(&path, crate::coins::stack(&self.purse.take(values))).unwrap();
        path
    }

    /// Returns a coin file for commands that must not come to reading it.
    pub(crate) fn unread_coin_file(&self) -> PathBuf {
        let path = self.path("coins.stack");
        std::fs::write(&path, crate::coins::stack(&crate::coins::invented([1]))).unwrap();
        path
    }

    /// Returns the program as a file of its own name.
    pub(crate) fn program(&self, program: Program) -> PathBuf {
        self.world.dir.join("bin").join(program.name())
    }

    /// Returns the sender's command without `--relay`, for a connection file that exists.
    pub(crate) fn send_known(&self, home: &Home, amount: u32, conn: &Path) -> Command {
        let amount = amount.to_string();
        let mut command = home.command(Program::CoinSend, &["--amount", &amount]);
        command.arg("--conn").arg(conn);
        command
    }

    /// Returns the sender's command for a new connection file.
    pub(crate) fn send(&self, home: &Home, amount: u32, conn: &Path) -> Command {
        let mut command = self.send_known(home, amount, conn);
        command.args(["--relay", &self.relay.address]);
        command
    }

    /// Returns the receiver's command.
    pub(crate) fn receive(&self, home: &Home, conn: &Path) -> Command {
        let mut command = home.command(Program::CoinReceive, &[]);
        command.arg("--conn").arg(conn);
        command
    }

    /// Pays an amount and returns what both said.
    pub(crate) fn pay(&self, from: &Home, to: &Home, amount: u32, conn: &Path) -> (Said, Said) {
        let mut send = if conn.exists() {
            self.send_known(from, amount, conn)
        } else {
            self.send(from, amount, conn)
        };
        let sender = crate::said::start(send.args(["--wait", "30"]));
        crate::conn_files::wait_for(conn);
        let receiver = run(self.receive(to, conn).args(["--wait", "30"]));
        (sender.ends(), receiver)
    }
}

/// Returns the print of the network that the agents answer.
fn network(world: &World, agents: &Agents) -> NetworkPrint {
    let home = Home { world: world.clone(), dir: world.dir.join("first") };
    let mut init = home.command(Program::CoinWallet, &["init", "--json"]);
    let said = run(init.arg("--agents").arg(&agents.file)).exits(0);
    said.objects()[0]["network"].as_str().unwrap().parse().unwrap()
}

/// Ends the processes and removes the folder when this process is gone, however it ends: nothing is
/// dropped at the end of a test binary.
fn tether(dir: &Path, processes: &[u32]) -> io::Result<Child> {
    let script = r#"cat >/dev/null; kill -9 "$@"; rm -rf -- "$0""#;
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(dir).args(processes.iter().map(u32::to_string));
    // The other end of its input is open as long as this process lives.
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}
