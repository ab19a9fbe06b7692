//! A transfer of 3,439 one-unit coins between two processes.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tests::programs::Program;
use tests::world::{Agents, Home, Running, World};

use crate::proc::Peak;
use crate::table::row;

/// How long one program may take.
const WITHIN: Duration = Duration::from_secs(300);

/// A transfer of 3,439 one-unit coins between two processes, there and back again.
pub(crate) fn measure(world: &World, rounds: usize) -> Result<()> {
    let (_agents, mut from, mut to) = furnish(world)?;
    let relay = world.start_relay(0)?;
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

/// Mints 3,439 one-unit coins into one of two homes.
pub(crate) fn furnish(world: &World) -> Result<(Agents, Home, Home)> {
    let minted = world.dir.join("minted-units");
    world.mint("3439x1", &minted)?;
    let agents = world.start_agents()?;
    let (one, two) = (world.home("one", &agents)?, world.home("two", &agents)?);
    one.import(&minted)?;
    Ok((agents, one, two))
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
