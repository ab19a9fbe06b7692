//! The benchmarks: `cargo run --release --bin bench`. Prints the tables of BENCHMARKS.md.
//!
//! Everything runs on loopback in a temporary folder, and ends by itself. The machine may be shared and
//! noisy: medians of several rounds are printed, with the smallest and the largest.

use std::fs;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use coin::{AnSet, AuthenticityNumber, Coin, stack};
use raida::{AddressBook, Authority, Claim, Timing};
use tests::programs::{Program, run_as_called};
use tests::world::{Home, Running, World, files_below};

/// Measure transfers, pown and start-up.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Args {
    /// Rounds of each measurement
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Coins in the pown measurement
    #[arg(long, default_value_t = 10_000)]
    coins: usize,
}

/// How long one program may take.
const WITHIN: Duration = Duration::from_secs(300);
/// Starts of each program: they are short.
const STARTS: usize = 21;

fn main() -> ExitCode {
    if let Some(exit) = run_as_called() {
        return exit;
    }
    match measure(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benchmark failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World::new(std::env::current_exe()?, folder.path());
    println!("| what | median | smallest | largest |");
    println!("|---|---|---|---|");
    transfers(&world, args.rounds)?;
    powns(&world, args)?;
    starts(&world)?;
    folder.close()?;
    Ok(())
}

/// A transfer of 3,439 one-unit coins between two processes, there and back again.
fn transfers(world: &World, rounds: usize) -> Result<()> {
    let minted = world.dir.join("minted-units");
    world.mint("3439x1", &minted)?;
    let agents = world.start_agents()?;
    let relay = world.start_relay(0)?;
    let (mut from, mut to) = (world.home("one", &agents)?, world.home("two", &agents)?);
    from.import(&minted)?;
    let (mut wall, mut sending, mut receiving) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let conn = world.dir.join(format!("conn-{round}.txt"));
        let (took, peaks) = transfer(&from, &to, &relay.address, &conn)?;
        wall.push(took.as_secs_f64());
        sending.push(peaks.0 as f64 / 1024.0);
        receiving.push(peaks.1 as f64 / 1024.0);
        ensure!(to.total()? == 3439 && from.total()? == 0, "the coins did not change hands");
        std::mem::swap(&mut from, &mut to);
    }
    row("transfer of 3,439 one-unit coins, wall time", "s", &mut wall);
    row("… peak memory of coin-send", "MiB", &mut sending);
    row("… peak memory of coin-receive", "MiB", &mut receiving);
    Ok(())
}

fn transfer(from: &Home, to: &Home, relay: &str, conn: &Path) -> Result<(Duration, (u64, u64))> {
    let started = Instant::now();
    let mut send = from.command(Program::CoinSend, &["--amount", "3439", "--relay", relay]);
    let send = send.arg("--conn").arg(conn).stdout(Stdio::null()).stderr(Stdio::null());
    let mut paying = Running::start("coin-send", send)?;
    while !conn.exists() {
        ensure!(paying.ended()?.is_none() && started.elapsed() < WITHIN, "coin-send wrote no file");
        std::thread::park_timeout(Duration::from_millis(1));
    }
    let mut receive = to.command(Program::CoinReceive, &[]);
    let receive = receive.arg("--conn").arg(conn).stdout(Stdio::null()).stderr(Stdio::null());
    let mut paid = Running::start("coin-receive", receive)?;
    let peaks = (Peak::watch(paying.id()), Peak::watch(paid.id()));
    let status = (paying.wait(WITHIN)?, paid.wait(WITHIN)?);
    let took = started.elapsed();
    ensure!(status.0.success() && status.1.success(), "a program failed: {status:?}");
    Ok((took, (peaks.0.kib(), peaks.1.kib())))
}

/// Watches the peak memory of a process until it ends.
struct Peak {
    kib: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Peak {
    fn watch(process: u32) -> Peak {
        let (kib, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, stopped) = (Arc::clone(&kib), Arc::clone(&stop));
        std::thread::spawn(move || {
            // The kernel's own high-water mark: the last reading before the end is the peak.
            while let (false, Ok(status)) = (
                stopped.load(Ordering::Relaxed),
                fs::read_to_string(format!("/proc/{process}/status")),
            ) {
                let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                if let Some(peak) =
                    line.and_then(|text| text.split_whitespace().next()?.parse().ok())
                {
                    seen.fetch_max(peak, Ordering::Relaxed);
                }
                std::thread::park_timeout(Duration::from_millis(2));
            }
        });
        Peak { kib, stop }
    }

    fn kib(&self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.kib.load(Ordering::Relaxed)
    }
}

/// Pown of many coins at 25 agents in one process, each commit on disk before its answer.
fn powns(world: &World, args: &Args) -> Result<()> {
    let world = World::new(&world.all, world.dir.join("pown"));
    fs::create_dir(&world.dir)?;
    let minted = world.dir.join("minted");
    world.mint(&format!("{}x1", args.coins), &minted)?;
    let agents = world.start_agents()?;
    let book = AddressBook::parse(&fs::read_to_string(&agents.file)?)?;
    let mut coins: Vec<Coin> = Vec::new();
    for file in files_below(&minted)? {
        coins.extend(stack::read(&fs::read(&file)?)?.into_iter().map(|stored| stored.coin));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut rate, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let claims: Vec<Claim> = coins
            .iter()
            .map(|coin| Claim { sn: coin.sn, ans: coin.ans.clone(), pans: random_secrets() })
            .collect();
        let before = cpu_seconds(agents.process.id())?;
        let started = Instant::now();
        // Connections of an earlier runtime turn would be idle: each round makes its own.
        let round = runtime.block_on(async {
            Authority::new(&book, Timing::default()).pown(&claims, &|_| {}).await
        });
        rate.push(claims.len() as f64 / started.elapsed().as_secs_f64());
        cpu.push(
            (cpu_seconds(agents.process.id())? - before) * 1e6
                / (claims.len() * coin::AGENTS) as f64,
        );
        ensure!(
            round.coins.iter().all(|coin| coin.pown_string().passes() == 25),
            "a coin was not powned"
        );
        coins = claims.into_iter().map(|claim| Coin { sn: claim.sn, ans: claim.pans }).collect();
    }
    row(&format!("pown of {} coins at 25 agents, coins a second", args.coins), "/s", &mut rate);
    row("… CPU time of the agents for one coin at one agent", "µs", &mut cpu);
    Ok(())
}

fn random_secrets() -> AnSet {
    AnSet::from_fn(|_| AuthenticityNumber::from_bytes(rand::random()))
}

/// Returns the CPU time that a process has used, all its threads together.
fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit_once(')').context("not the form of /proc/PID/stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// From the start of a process to its end for the answer to `--version`; and to the moment when a
/// program is of use.
fn starts(world: &World) -> Result<()> {
    for program in Program::ALL {
        let mut took = Vec::new();
        for _ in 0..STARTS {
            let started = Instant::now();
            let output = world.command(program).arg("--version").output()?;
            took.push(started.elapsed().as_secs_f64() * 1e3);
            ensure!(output.status.success(), "{} --version failed", program.name());
        }
        row(&format!("start-up of {}, to the end of --version", program.name()), "ms", &mut took);
    }
    let (mut relay, mut raida, mut balance) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let started = Instant::now();
        let _listening = world.start_relay(0)?;
        relay.push(started.elapsed().as_secs_f64() * 1e3);
        let started = Instant::now();
        let agents = world.start_agents()?;
        raida.push(started.elapsed().as_secs_f64() * 1e3);
        let home = Home { world: world.clone(), dir: world.dir.join("one") };
        let started = Instant::now();
        home.balance()?;
        balance.push(started.elapsed().as_secs_f64() * 1e3);
        drop(agents);
    }
    row("start-up of relay, until it listens", "ms", &mut relay);
    row("start-up of raida, until 25 agents with 3,439 coins are ready", "ms", &mut raida);
    row("coin-wallet balance, from start to end", "ms", &mut balance);
    Ok(())
}

fn row(what: &str, unit: &str, figures: &mut [f64]) {
    figures.sort_by(f64::total_cmp);
    let (first, last) =
        (figures.first().copied().unwrap_or(0.0), figures.last().copied().unwrap_or(0.0));
    let median = figures.get(figures.len() / 2).copied().unwrap_or(0.0);
    println!("| {what} | {} {unit} | {} | {} |", short(median), short(first), short(last));
}

fn short(figure: f64) -> String {
    if figure >= 100.0 { format!("{figure:.0}") } else { format!("{figure:.2}") }
}
