//! The program `raida`: its arguments, its exit codes, and how it starts and stops.

mod args;
mod audit;
mod backup;
mod ceremony;
mod config;
mod control;
mod exit;
mod faults;
mod metrics;
mod run;
mod tls;
mod verify;

use std::io::{IsTerminal, stderr};
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use self::args::{Args, Command};
use self::exit::Failure;

/// Runs `raida` with the arguments of this process.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Nothing can be done when the terminal is gone.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::DONE });
        }
    };
    start_log(&args.log);
    // Ledgers and coin files are for their owner alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let ended = match &args.command {
        Some(Command::Mint(mint)) => run::mint(mint),
        Some(Command::Order(order)) => ceremony::order(order),
        Some(Command::JoinShares(join)) => ceremony::join_shares(join),
        Some(Command::Backup(args)) => backup::backup(args),
        Some(Command::Restore(args)) => backup::restore(args),
        Some(Command::Acknowledge(args)) => backup::acknowledge(args),
        Some(Command::Verify(args)) => verify::verify(args),
        Some(Command::Audit(audit)) => audit::audit(audit),
        None => run::agents(&args.agents),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(failure) => report(&failure),
    }
}

fn start_log(level: &str) {
    // Only what this project says: libraries might show what was asked.
    let filter = EnvFilter::new(format!("off,agent={level},raida={level}"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .init();
}

fn report(failure: &Failure) -> ExitCode {
    eprintln!("raida: {}", failure.sentence());
    eprintln!("try: {}", failure.advice());
    if failure.exit_code() == exit::USAGE {
        eprintln!("\nFor more information, try 'raida --help'.");
    }
    ExitCode::from(failure.exit_code())
}
