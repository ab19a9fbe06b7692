//! A payment of a round: starts its programs and keeps what they say.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Result, ensure};
use protocol::room::Side;
use tests::process::Running;
use tests::programs::Program;

use crate::sides::Pair;
use crate::stage::{Payment, WITHIN};

/// Lines of a program's output that a failure shows.
const LINES_SHOWN: usize = 60;

/// A payment of all that a lane has; what its programs say is kept in files.
pub(crate) struct Scene {
    pub(super) payment: Payment,
    pub(super) logs: Pair<PathBuf>,
}

impl Scene {
    /// Starts both programs, the sender first; each waits so many seconds for its peer.
    pub(crate) fn start_both(&self, wait: u64) -> Result<Pair<Running>> {
        let mut s = self.start(Side::S, wait)?;
        self.payment.wait_for_conn(&mut s)?;
        Ok(Pair { s, r: self.start(Side::R, wait)? })
    }

    /// Starts the program of a side; it waits so many seconds for its peer.
    pub(crate) fn start(&self, side: Side, wait: u64) -> Result<Running> {
        match side {
            Side::S => self.logged("coin-send", side, self.payment.send(wait)),
            Side::R => self.logged("coin-receive", side, self.payment.receive(wait)),
        }
    }

    /// Starts `resume` at the home of a side; it waits so many seconds for its peer.
    pub(crate) fn resume(&self, side: Side, wait: u64) -> Result<Running> {
        let home = match side {
            Side::S => &self.payment.from,
            Side::R => &self.payment.to,
        };
        let words = ["resume", "--wait", &wait.to_string()];
        self.logged("coin-wallet", side, home.command(Program::CoinWallet, &words))
    }

    fn logged(&self, name: &'static str, side: Side, mut command: Command) -> Result<Running> {
        let log = File::options().create(true).append(true).open(self.logs.of(side))?;
        command.stdout(log.try_clone()?).stderr(log);
        Running::start(name, &mut command)
    }

    /// Returns the end of what the programs of both sides said.
    pub(super) fn said(&self) -> String {
        shown("S", &self.logs.s) + &shown("R", &self.logs.r)
    }
}

fn shown(side: &str, log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LINES_SHOWN);
    lines[from..].iter().map(|line| format!("  {side} | {line}\n")).collect()
}

/// Waits until a program ends, and expects that it ends well.
pub(crate) fn ends_well(side: Side, program: &mut Running) -> Result<()> {
    let status: ExitStatus = program.wait(WITHIN)?;
    ensure!(status.success(), "at {} a program ended with {status}", side.as_str());
    Ok(())
}
