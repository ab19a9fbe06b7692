//! Two homes that pay each other the same 3439 in round after round, and a kill in each.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail, ensure};
use protocol::room::Side;
use rustix::process::Signal;
use tests::process::Running;
use tests::programs::Program;
use tests::world::Home;

use crate::coins::{Coins, Witness, owned, sum};
use crate::crash::trap::{Pair, Trap};
use crate::crash::{Round, Then};
use crate::stage::{ALL, Ground, Payment, WITHIN};
use crate::wire::{Said, What};

/// Seconds for which `resume`, and a program that is started again, wait for their peer. Where both are
/// needed they meet in less than one.
const WAIT: u64 = 4;
/// Lines of a program's output that a failure shows.
const LINES_SHOWN: usize = 40;

/// Two homes on a ground that all lanes share.
pub(super) struct Lane<'a> {
    ground: &'a Ground,
    witness: Witness,
    /// Who pays is S.
    homes: Pair<Home>,
    dir: PathBuf,
    rounds: u32,
}

impl<'a> Lane<'a> {
    /// Returns a lane whose payer has taken over the coins of a purse.
    pub(super) fn new(ground: &'a Ground, purse: &Path) -> Result<Lane<'a>> {
        let dir = purse.with_extension("lane");
        let (s, r) = ground.homes(&dir, purse)?;
        let witness = Witness::of(&ground.agents)?;
        Ok(Lane { ground, witness, homes: Pair { s, r }, dir, rounds: 0 })
    }

    /// Plays a round; what its programs said is part of an error.
    pub(super) fn play(&mut self, round: &Round) -> Result<()> {
        self.rounds += 1;
        let dir = self.dir.join(format!("round-{}", self.rounds));
        fs::create_dir(&dir)?;
        let before = owned(&self.homes.s)?;
        let logs = Pair { s: dir.join("S.log"), r: dir.join("R.log") };
        let ended = self.pay_and_kill(round, &dir.join("conn.txt"), &logs);
        let owner = ended.and_then(|()| self.settled(round, &before));
        match owner {
            Ok(Side::S) => {}
            Ok(Side::R) => std::mem::swap(&mut self.homes.s, &mut self.homes.r),
            Err(error) => bail!("{error:#}\n{}{}", shown("S", &logs.s), shown("R", &logs.r)),
        }
        Ok(())
    }

    fn pay_and_kill(&self, round: &Round, conn: &Path, logs: &Pair<PathBuf>) -> Result<()> {
        let trap = Trap::set(round, &self.ground.relay.address);
        let payment = Payment {
            from: self.homes.s.clone(),
            to: self.homes.r.clone(),
            conn: conn.to_owned(),
            relay: trap.address(),
            amount: ALL,
        };
        let start = |side: Side, wait: u64| match side {
            Side::S => start("coin-send", payment.send(wait), &logs.s),
            Side::R => start("coin-receive", payment.receive(wait), &logs.r),
        };
        let mut s = start(Side::S, 60)?;
        payment.wait_for_conn(&mut s)?;
        let mut programs = Pair { s, r: start(Side::R, 60)? };
        trap.aim(programs.of(round.killed));
        let other = peer_of(round.killed);
        let said = trap.hear(round.point, programs.of_mut(other))?;
        ensure!(said, "{} was not said", round.point);
        programs.of_mut(round.killed).wait(WITHIN)?;
        match round.then {
            Then::BothResume { first } => {
                stop(programs.of_mut(other))?;
                self.both_resume(first, &trap, logs)
            }
            Then::Again => {
                *programs.of_mut(round.killed) = start(round.killed, WAIT)?;
                for side in [Side::S, Side::R] {
                    ends_well(side, programs.of_mut(side).wait(WITHIN)?)?;
                }
                Ok(())
            }
        }
    }

    fn both_resume(&self, first: Side, trap: &Trap, logs: &Pair<PathBuf>) -> Result<()> {
        let resume = |side: Side| {
            let words = ["resume", "--wait", &WAIT.to_string()];
            let command = self.homes.of(side).command(Program::CoinWallet, &words);
            start("coin-wallet", command, logs.of(side))
        };
        trap.forget();
        let mut one = resume(first)?;
        // It has entered the room, or has ended because nothing is open.
        trap.hear(Said { what: What::Join, by: first }, &mut one)?;
        let second = peer_of(first);
        let mut two = resume(second)?;
        ends_well(first, one.wait(WITHIN)?)?;
        ends_well(second, two.wait(WITHIN)?)
    }

    /// Returns who owns the coins: all of them with one of the two, by the files and by the agents.
    fn settled(&self, round: &Round, before: &Coins) -> Result<Side> {
        let after = Pair {
            s: owned(&self.homes.s).context("the files of S")?,
            r: owned(&self.homes.r).context("the files of R")?,
        };
        let has = |side: Side| sum(after.of(side));
        let owner = match (has(Side::S), has(Side::R)) {
            (ALL, 0) => Side::S,
            (0, ALL) => Side::R,
            (s, r) => bail!("S has {s} and R has {r}"),
        };
        for side in [Side::S, Side::R] {
            let balance = self.homes.of(side).balance()?;
            let (total, in_flight) = (balance["total"].as_u64(), balance["in_flight"].as_u64());
            let agrees = total == Some(has(side)) && in_flight == Some(0);
            ensure!(agrees, "{} has {}, its balance is {balance}", side.as_str(), has(side));
        }
        ensure!(after.of(owner).keys().eq(before.keys()), "{} has other coins", owner.as_str());
        self.witness.alive(after.of(owner)).context("the owner's coins")?;
        match owner {
            Side::S => {
                let same = after.s.values().zip(before.values()).all(|(a, b)| a.coin == b.coin);
                ensure!(same, "S keeps its coins with other secrets");
            }
            Side::R => self.witness.dead(before).context("the payer's coins")?,
        }
        let right = round.winner().is_none_or(|winner| winner == owner);
        ensure!(right, "all is with {}", owner.as_str());
        Ok(owner)
    }
}

fn peer_of(side: Side) -> Side {
    match side {
        Side::S => Side::R,
        Side::R => Side::S,
    }
}

fn start(name: &'static str, mut command: Command, log: &Path) -> Result<Running> {
    let log = File::options().create(true).append(true).open(log)?;
    command.stdout(log.try_clone()?).stderr(log);
    Running::start(name, &mut command)
}

/// Stops a program in good order, unless it has ended; how it ends is its own business.
fn stop(program: &mut Running) -> Result<()> {
    if program.ended()?.is_none() {
        program.signal(Signal::TERM)?;
        program.wait(WITHIN)?;
    }
    Ok(())
}

fn ends_well(side: Side, status: ExitStatus) -> Result<()> {
    ensure!(status.success(), "at {} a program ended with {status}", side.as_str());
    Ok(())
}

/// Returns the end of what the programs of a side said.
fn shown(side: &str, log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LINES_SHOWN);
    lines[from..].iter().map(|line| format!("  {side} | {line}\n")).collect()
}
