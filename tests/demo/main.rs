//! The demo: on one machine, in a temporary folder, 3439 changes hands between two people.
//!
//! It starts a relay and 25 detection agents on loopback, mints coins, and runs the sender and the
//! receiver as processes of their own, both sides shown step by step. This binary is also every program
//! of the project, by the name it is called with.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use tests::programs::{Program, run_as_called};
use tests::world::{Home, Running, World};

/// Watch 3439 change hands between two people on this machine.
#[derive(Debug, Parser)]
#[command(name = "demo")]
struct Args {
    /// Leave the folder with all wallets and ledgers when it is over
    #[arg(long)]
    keep: bool,
    /// How much changes hands; the sender gets the coins 13x250,1x100,3x25,2x5,4x1
    #[arg(long, default_value_t = 3439)]
    amount: u64,
}

/// The sender's coins: 3439 in the fewest coins.
const COINS: &str = "13x250,1x100,3x25,2x5,4x1";
/// How long the transfer may take.
const WITHIN: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    if let Some(exit) = run_as_called() {
        return exit;
    }
    match show(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn show(args: &Args) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("liveconnect-demo-").tempdir()?;
    let dir = folder.path().to_owned();
    // The folder is given up to the person, or removed when this handle goes, on every way out.
    let folder = if args.keep {
        drop(folder.keep());
        None
    } else {
        Some(folder)
    };
    let world = World::new(std::env::current_exe()?, &dir);
    let mut screen = Screen::default();

    screen.title("The authority: 25 detection agents, and a relay");
    world.mint(COINS, &dir.join("minted"))?;
    let agents = world.start_agents()?;
    let relay = world.start_relay(0)?;
    screen.say(&format!(
        "minted {COINS}; 25 agents are ready; the relay listens on {}",
        relay.address
    ));

    screen.title("Two people, each with a home");
    let sender = world.home("sender", &agents)?;
    let receiver = world.home("receiver", &agents)?;
    sender.import(&dir.join("minted"))?;
    let before = (sender.total()?, receiver.total()?);
    screen.say(&format!("balances before: sender {}, receiver {}", before.0, before.1));

    screen.title(&format!("The transfer of {}", args.amount));
    let started = Instant::now();
    transfer(&world, &sender, &receiver, &relay.address, args.amount, &screen)?;
    let took = started.elapsed();

    let after = (sender.total()?, receiver.total()?);
    screen.title("Done");
    screen.say(&format!("balances after:  sender {}, receiver {}", after.0, after.1));
    screen.say(&format!("it took {:.1} s", took.as_secs_f64()));
    show_files(&screen, &dir, args)?;
    ensure!(
        after == (before.0 - args.amount, before.1 + args.amount),
        "the balances do not add up"
    );
    drop((agents, relay));
    if let Some(folder) = folder {
        folder.close()?;
    }
    Ok(())
}

fn transfer(
    world: &World,
    sender: &Home,
    receiver: &Home,
    relay: &str,
    amount: u64,
    screen: &Screen,
) -> Result<()> {
    let conn = world.dir.join("conn.txt");
    let mut send =
        sender.command(Program::CoinSend, &["--relay", relay, "--amount", &amount.to_string()]);
    let mut paying = shown(screen, "sender  ", send.arg("--conn").arg(&conn))?;
    wait_for(&conn, &mut paying)?;
    let mut receive = receiver.command(Program::CoinReceive, &[]);
    let mut paid = shown(screen, "receiver", receive.arg("--conn").arg(&conn))?;
    for (name, process) in [("coin-send", &mut paying), ("coin-receive", &mut paid)] {
        let status = process.wait(WITHIN)?;
        ensure!(status.success(), "{name} ended with {status}");
    }
    Ok(())
}

/// Starts a program whose lines appear behind the name of the person.
fn shown(screen: &Screen, who: &'static str, command: &mut Command) -> Result<Running> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context(who)?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    follow(screen, who, out);
    follow(screen, who, err);
    Ok(Running::of(child, who))
}

fn follow(screen: &Screen, who: &'static str, from: Option<impl Read + Send + 'static>) {
    let Some(from) = from else { return };
    let screen = screen.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            screen.line(&format!("  {who} | {line}"));
        }
    });
}

/// Waits until the sender has written the connection file.
fn wait_for(conn: &Path, sender: &mut Running) -> Result<()> {
    let until = Instant::now() + WITHIN;
    while !conn.exists() {
        if sender.ended()?.is_some() {
            bail!("coin-send ended before it wrote the connection file");
        }
        ensure!(Instant::now() < until, "no connection file within {WITHIN:?}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    Ok(())
}

fn show_files(screen: &Screen, dir: &Path, args: &Args) -> Result<()> {
    let receipts: Vec<PathBuf> = tests::world::files_below(dir)?
        .into_iter()
        .filter(|path| path.parent().is_some_and(|p| p.ends_with("Receipts")))
        .collect();
    for receipt in &receipts {
        screen.say(&format!("receipt: {}", receipt.display()));
    }
    match args.keep {
        true => screen.say(&format!(
            "everything is in {}: sender/, receiver/, raida/, minted/, conn.txt",
            dir.display()
        )),
        false => screen.say(&format!("{} is removed now; --keep leaves it", dir.display())),
    }
    Ok(())
}

/// One screen for lines of several processes.
#[derive(Clone, Default)]
struct Screen {
    titles: u32,
    out: Arc<Mutex<()>>,
}

impl Screen {
    fn title(&mut self, text: &str) {
        self.titles += 1;
        self.line(&format!("\n{}. {text}", self.titles));
    }

    fn say(&self, text: &str) {
        self.line(&format!("  {text}"));
    }

    fn line(&self, text: &str) {
        let _one_at_a_time = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A closed standard output is the person's choice.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}
