//! All programs in one binary, so that none of them is ever stale or missing: the binary is the program
//! by whose name it is called.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

/// A program of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The chat relay.
    Relay,
    /// The detection agents.
    Raida,
    /// The sender's program.
    CoinSend,
    /// The receiver's program.
    CoinReceive,
    /// The wallet's program.
    CoinWallet,
}

impl Program {
    /// All of them.
    pub const ALL: [Program; 5] = [
        Program::Relay,
        Program::Raida,
        Program::CoinSend,
        Program::CoinReceive,
        Program::CoinWallet,
    ];

    /// Returns the name by which it is called.
    pub fn name(self) -> &'static str {
        match self {
            Program::Relay => "relay",
            Program::Raida => "raida",
            Program::CoinSend => "coin-send",
            Program::CoinReceive => "coin-receive",
            Program::CoinWallet => "coin-wallet",
        }
    }

    /// Returns a command that runs it out of the binary at `all`.
    pub fn command(self, all: &Path) -> Command {
        let mut command = Command::new(all);
        command.arg0(self.name());
        command
    }
}

/// Runs the program by whose name this process was called; `None` when it was called by another.
pub fn run_as_called() -> Option<ExitCode> {
    let called = std::env::args_os().next()?;
    let name = Path::new(&called).file_name()?;
    let program = Program::ALL.into_iter().find(|program| OsStr::new(program.name()) == name)?;
    Some(match program {
        Program::Relay => relay::main(),
        Program::Raida => agent::main(),
        Program::CoinSend => client::coin_send(),
        Program::CoinReceive => client::coin_receive(),
        Program::CoinWallet => client::coin_wallet(),
    })
}
