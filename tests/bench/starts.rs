//! How long programs take to start.

use std::time::Instant;

use anyhow::{Result, ensure};
use tests::programs::Program;
use tests::world::{Home, World};

use crate::table::row;

/// Starts of each program: they are short.
const STARTS: usize = 21;

/// From the start of a process to its end for the answer to `--version`; and to the moment when a
/// program is of use.
pub(crate) fn measure(world: &World) -> Result<()> {
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
