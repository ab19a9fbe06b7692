//! The programs of the two people: `coin-send`, `coin-receive` and `coin-wallet`.
//!
//! This crate joins the conversation ([`protocol`]), the wallet ([`wallet`]) and the agents ([`raida`]),
//! and talks to the person. It decides nothing about money by itself.

mod cli;
mod commands;
mod config;
mod conn;
mod connection;
mod desk;
mod exit;
mod machine;
mod operations;
mod receive;
mod record;
mod screen;
mod send;
mod session;
mod signals;
mod transfer;
mod words;

use std::future::Future;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{ReceiveArgs, SendArgs, WalletArgs, WalletCommand};
use crate::exit::{Exit, Failure};
use crate::screen::{Format, Questions, Screen};

/// Runs `coin-send` with the arguments of the process.
pub fn coin_send() -> ExitCode {
    let args = SendArgs::parse();
    let screen = screen_of(&args.common);
    run(&screen, send::run(args, &screen))
}

/// Runs `coin-receive` with the arguments of the process.
pub fn coin_receive() -> ExitCode {
    let args = ReceiveArgs::parse();
    let screen = screen_of(&args.common);
    run(&screen, receive::run(args, &screen))
}

/// Runs `coin-wallet` with the arguments of the process.
pub fn coin_wallet() -> ExitCode {
    let args = WalletArgs::parse();
    let (WalletCommand::Init { common, .. }
    | WalletCommand::Balance { common }
    | WalletCommand::Import { common, .. }
    | WalletCommand::History { common }
    | WalletCommand::Resume { common, .. }) = &args.command;
    let screen = screen_of(common);
    run(&screen, commands::run(args.command, &screen))
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
