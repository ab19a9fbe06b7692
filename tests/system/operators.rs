//! 25 operators, each with one agent on a machine of its own: they mint together, and wallets pay.

use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tests::process::Running;
use tests::programs::Program;
use tests::world::{Home, World};

use crate::stage::{ALL, COINS, Payment, WITHIN, succeeds, world};

/// The machines of 25 operators: a directory and a loopback address each.
struct Machines {
    world: World,
    config: PathBuf,
}

impl Machines {
    fn new(world: &World) -> Machines {
        let config = world.dir.join("agents.toml");
        Machines { world: world.clone(), config }
    }

    /// Writes the configuration that all operators share. A network of addresses of its own keeps
    /// the ports, which the agents must know of one another beforehand, out of others' way.
    fn configure(&self, network: &str) {
        let (a, b) = (rand::random_range(64..128), rand::random_range(0..256));
        let at = format!("127.{a}.{b}.{{i}}:18080");
        let text = format!("network = \"{network}\"\nlisten = \"{at}\"\npeers = \"{at}\"\n");
        fs::write(&self.config, text).unwrap();
        let addresses: String = (0..25).map(|i| format!("127.{a}.{b}.{i}:18080\n")).collect();
        fs::write(self.addresses(), addresses).unwrap();
    }

    fn addresses(&self) -> PathBuf {
        self.world.dir.join("agents.txt")
    }

    fn data(&self, agent: usize) -> PathBuf {
        self.world.dir.join(format!("machine-{agent}"))
    }

    fn raida(&self, words: &[&str]) -> Command {
        let mut command = self.world.command(Program::Raida);
        command.args(words);
        command
    }

    fn mint(&self, agent: usize, order: &Path, shares: &Path) -> Command {
        let mut mint = self.raida(&["mint", "--agent", &agent.to_string()]);
        mint.arg("--config").arg(&self.config).arg("--data").arg(self.data(agent));
        mint.arg("--order").arg(order).arg("--out").arg(shares);
        mint
    }

    fn start(&self, agent: usize) -> Running {
        let mut command = self.raida(&["--agent", &agent.to_string()]);
        command.arg("--config").arg(&self.config).arg("--data").arg(self.data(agent));
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut running = Running::start("raida", &mut command).unwrap();
        let mut lines = running.stdout().unwrap().lines().map(Result::unwrap);
        let listening = lines.next().expect("an agent says where it listens");
        assert!(listening.starts_with(&format!("agent {agent} listening on 127.")), "{listening}");
        assert_eq!(lines.next().as_deref(), Some("ready"));
        running
    }

    fn home(&self, name: &str) -> Home {
        let home = Home { world: self.world.clone(), dir: self.world.dir.join(name) };
        let mut init = home.command(Program::CoinWallet, &["init"]);
        done(init.arg("--agents").arg(self.addresses()));
        home
    }
}

/// Runs a command that must succeed, and returns what it says on stdout.
#[track_caller]
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn operators_mint_together_and_wallets_pay() {
    let (_folder, world) = world();
    let machines = Machines::new(&world);
    let (order, shares) = (world.dir.join("order.json"), world.dir.join("shares"));
    done(machines.raida(&["order", "--coins", COINS, "--out"]).arg(&order));
    let text: serde_json::Value = serde_json::from_slice(&fs::read(&order).unwrap()).unwrap();
    machines.configure(text["network"].as_str().unwrap());

    let shares: Vec<PathBuf> = (0..25)
        .map(|agent| PathBuf::from(done(&mut machines.mint(agent, &order, &shares)).trim_end()))
        .collect();
    let coins = world.dir.join("coins");
    let mut join = machines.raida(&["join-shares"]);
    done(join.arg("--order").arg(&order).arg("--out").arg(&coins).args(&shares));

    let agents: Vec<Running> = (0..25).map(|agent| machines.start(agent)).collect();
    let relay = world.start_relay(0).unwrap();
    let (from, to) = (machines.home("one"), machines.home("two"));
    from.import(&coins).unwrap();
    assert_eq!(from.total().unwrap(), ALL);
    let payment = Payment {
        conn: world.dir.join("conn.txt"),
        relay: relay.address.clone(),
        amount: 1000,
        from,
        to,
    };
    let (sender, receiver) = payment.start();
    succeeds(sender);
    succeeds(receiver);
    let totals = (payment.from.total().unwrap(), payment.to.total().unwrap());
    assert_eq!(totals, (ALL - 1000, 1000));

    for agent in &agents {
        agent.signal(Signal::TERM).unwrap();
    }
    for mut agent in agents {
        assert_eq!(agent.wait(WITHIN).unwrap().code(), Some(20));
    }
}

#[test]
fn a_mint_that_is_killed_at_any_time_is_finished_by_the_same_command() {
    let (_folder, world) = world();
    let machines = Machines::new(&world);
    let (order, shares) = (world.dir.join("order.json"), world.dir.join("shares"));
    done(machines.raida(&["order", "--coins", "3000x1", "--network", "net", "--out"]).arg(&order));
    machines.configure("net");
    for round in 0..20 {
        let mut mint = machines.mint(7, &order, &shares);
        mint.stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Running::start("raida", &mut mint).unwrap();
        let ended = running.wait(Duration::from_millis(3 * round));
        if ended.is_err() {
            running.kill().unwrap();
        }
    }
    let share = done(&mut machines.mint(7, &order, &shares));
    let written = fs::read(share.trim_end()).unwrap();
    assert_eq!(done(&mut machines.mint(7, &order, &shares)), share);
    assert_eq!(fs::read(share.trim_end()).unwrap(), written);
    let mut agent = machines.start(7);
    agent.signal(Signal::TERM).unwrap();
    assert_eq!(agent.wait(WITHIN).unwrap().code(), Some(20));
}
