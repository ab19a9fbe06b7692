//! Load for chat relays: `cargo run --release -p bench`. Prints the relay's tables of BENCHMARKS.md.
//!
//! ```text
//! core 0                                core 1
//! ┌──────────────────────────┐  lines  ┌──────────────────────────────┐
//! │ one subject: our relay,  │ ◀────── │ this program, one thread:    │
//! │ the bare forwarder,      │ ──────▶ │ both members of every room   │
//! │ haproxy, nats, …         │         └──────────────────────────────┘
//! └──────────────────────────┘
//! ```
//!
//! Every subject gets the same lines by the same code. What counts is the processor time that the
//! subject's process spends for a line, as the kernel accounts for it, as a ratio to the bare
//! forwarder of the same run: rounds of all subjects are interleaved, and of each the lower quartile
//! is taken, since neighbours on a shared machine can only add to it.

mod crowd;
mod echo;
mod forwarder;
mod hostile;
mod machine;
mod plot;
mod poll;
mod report;
mod room;
mod scenario;
mod short_lived;
mod stream;
mod subject;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::forwarder::Manner;

/// Measure chat relays on this machine, on loopback alone.
#[derive(Debug, Parser)]
#[command(name = "relay-bench", version)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    measure: Measure,
}

/// What is measured, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Measure {
    /// The program that is measured
    #[arg(long, value_name = "FILE", default_value = "target/release/relay")]
    pub(crate) relay: PathBuf,
    /// Rounds of each measurement
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(3..=1000))]
    pub(crate) rounds: u16,
    /// Milliseconds that a round lasts
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    pub(crate) round: u64,
    /// Only the measurements whose name contains one of these words
    #[arg(long, value_name = "WORD")]
    pub(crate) only: Vec<String>,
    /// Only our relay and the bare forwarder
    #[arg(long)]
    pub(crate) no_peers: bool,
    /// Where plots are written; none without it
    #[arg(long, value_name = "DIR")]
    pub(crate) plots: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Be the bare forwarder that all others are compared with
    Forward {
        /// Say a line whenever the relay has to say one
        #[arg(long)]
        telling: bool,
    },
    /// Let our relay be attacked for a while and watch its memory and an honest pair
    Hostile {
        /// Seconds that the attack lasts
        #[arg(long, value_name = "SECS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=3600))]
        seconds: u64,
        /// The program that is attacked
        #[arg(long, value_name = "FILE", default_value = "target/release/relay")]
        relay: PathBuf,
    },
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.command {
        Some(Command::Forward { telling: false }) => forwarder::run(Manner::Quiet),
        Some(Command::Forward { telling: true }) => forwarder::run(Manner::Telling),
        Some(Command::Hostile { seconds, relay }) => {
            hostile::run(relay, Duration::from_secs(*seconds))
        }
        None => report::measure_all(&args.measure),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relay-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
