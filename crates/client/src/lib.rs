//! The programs of the two people: `coin-send`, `coin-receive` and `coin-wallet`.
//!
//! This crate joins the conversation ([`protocol`]), the wallet ([`wallet`]) and the agents ([`raida`]),
//! and talks to the person. It decides nothing about money by itself.

mod cli;
mod clock;
mod commands;
mod config;
mod conn;
mod connection;
mod desk;
mod exit;
mod ground;
mod hand_out;
mod machine;
mod operations;
mod receive;
mod record;
mod screen;
mod send;
mod session;
mod signals;
mod transfer;
mod troubles;
mod words;

use std::future::Future;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{ReceiveArgs, SendArgs, WalletArgs, WalletCommand};
use crate::exit::{Exit, Failure};
use crate::screen::{Format, Questions, Screen};

pub use clock::Clock;
pub use connection::Dial;
pub use ground::Ground;

/// Runs `coin-send` with the arguments of the process.
pub fn coin_send() -> ExitCode {
    let args: SendArgs = match arguments() {
        Ok(args) => args,
        Err(exit) => return exit,
    };
    let screen = screen_of(&args.common);
    run(&screen, send::run(args, &screen))
}

/// Runs `coin-receive` with the arguments of the process.
pub fn coin_receive() -> ExitCode {
    let args: ReceiveArgs = match arguments() {
        Ok(args) => args,
        Err(exit) => return exit,
    };
    let screen = screen_of(&args.common);
    run(&screen, receive::run(args, &screen))
}

/// Runs `coin-wallet` with the arguments of the process.
pub fn coin_wallet() -> ExitCode {
    let args: WalletArgs = match arguments() {
        Ok(args) => args,
        Err(exit) => return exit,
    };
    let (WalletCommand::Init { common, .. }
    | WalletCommand::Balance { common }
    | WalletCommand::Check { common, .. }
    | WalletCommand::Import { common, .. }
    | WalletCommand::Find { common, .. }
    | WalletCommand::Fix { common, .. }
    | WalletCommand::Detect { common, .. }
    | WalletCommand::Export { common, .. }
    | WalletCommand::Change { common, .. }
    | WalletCommand::Join { common, .. }
    | WalletCommand::History { common }
    | WalletCommand::Reclaim { common, .. }
    | WalletCommand::Resume { common, .. }) = &args.command;
    let screen = screen_of(common);
    run(&screen, commands::run(args.command, &screen))
}

/// Reads the command line. A wrong one is told to a program as an object, too.
fn arguments<A: Parser>() -> Result<A, ExitCode> {
    A::try_parse().map_err(|error| {
        // Help and version are what was asked for; a closed output is the reader's choice.
        let _ = error.print();
        if !error.use_stderr() {
            return ExitCode::SUCCESS;
        }
        if std::env::args_os().any(|arg| arg == "--json") {
            let text = error.to_string();
            let what = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            let failure = Failure::new(Exit::Usage, what, "--help");
            Screen::new(Format::Json, Questions::Ask).event_of(&failure);
        }
        Exit::Usage.into()
    })
}

fn screen_of(common: &cli::Common) -> Screen {
    let format = if common.json { Format::Json } else { Format::Text };
    let questions = if common.yes { Questions::Yes } else { Questions::Ask };
    Screen::new(format, questions)
}

/// Shows the log where somebody asks for it with `RUST_LOG`; nothing in it is a secret.
fn log() {
    if std::env::var_os("RUST_LOG").is_some() {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
}

fn run(screen: &Screen, program: impl Future<Output = Result<Exit, Failure>>) -> ExitCode {
    log();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime
        .map_err(|error| Failure::new(Exit::File, format!("the program cannot start: {error}"), ""))
        .and_then(|runtime| {
            let result = runtime.block_on(program);
            // A question that nobody answers must not keep the process.
            runtime.shutdown_background();
            result
        });
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            screen.fail(&failure);
            failure.exit.into()
        }
    }
}
