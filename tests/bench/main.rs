//! The benchmarks: `cargo run --release --bin bench`. Prints the tables of BENCHMARKS.md.
//!
//! Everything runs on loopback in a temporary folder, and ends by itself. The machine may be shared and
//! noisy: medians of several rounds are printed, with the smallest and the largest.

mod bare;
mod choose;
mod pown;
mod pown_client;
mod proc;
mod secrets;
mod starts;
mod table;
mod transfer;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tests::programs::run_as_called;
use tests::world::World;

/// Measure transfers, pown and start-up.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Args {
    /// Rounds of each measurement
    #[arg(long, global = true, default_value_t = 5)]
    rounds: usize,
    /// Coins in the pown measurement
    #[arg(long, global = true, default_value_t = 100_000)]
    coins: usize,
    /// One measurement instead of all
    #[command(subcommand)]
    only: Option<Only>,
}

#[derive(Debug, Subcommand)]
enum Only {
    /// Pay 3,439 one-unit coins there and back again
    Transfer,
    /// Give coins new secrets at 25 agents; beside it the same commits in bare stores
    Pown,
    /// What the stores alone can do
    Bare,
    /// Choose coins out of a wallet of a million
    Choose,
    /// Start each program
    Starts,
    /// One round of pown, in a process of its own
    #[command(hide = true)]
    PownClient(pown_client::Args),
}

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
    if let Some(Only::PownClient(round)) = &args.only {
        return pown_client::run(round);
    }
    let folder = tempfile::tempdir()?;
    let world = World::new(std::env::current_exe()?, folder.path());
    table::head();
    match args.only {
        Some(Only::Transfer) => transfer::measure(&world, args.rounds)?,
        Some(Only::Pown) => pown::measure(&world, args.coins, args.rounds)?,
        Some(Only::Bare) => bare::measure(&world, args.coins, args.rounds)?,
        Some(Only::Choose) => choose::measure(args.rounds)?,
        Some(Only::Starts) => {
            drop(transfer::furnish(&world)?);
            starts::measure(&world)?;
        }
        Some(Only::PownClient(_)) | None => {
            transfer::measure(&world, args.rounds)?;
            pown::measure(&world, args.coins, args.rounds)?;
            starts::measure(&world)?;
            choose::measure(args.rounds)?;
        }
    }
    folder.close()?;
    Ok(())
}
