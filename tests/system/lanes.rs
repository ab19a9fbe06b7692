//! Many rounds on one ground: pairs of homes that pay each other the same 3439, while something goes
//! wrong in each round. After each all of it is with one of the two.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use protocol::room::Side;
use tests::world::{Home, files_below};

use crate::coins::{Coins, Witness, owned, sum};
use crate::sides::Pair;
use crate::stage::{ALL, Ground, Payment};

pub(crate) use scene::{Scene, ends_well};

mod scene;

/// Purses for homes in place of those that a failed round has left in disorder.
const SPARE_PURSES: usize = 2;
/// Plays all rounds, in so many lanes at the same time: most of a round is waiting.
#[track_caller]
pub(crate) fn play_all<R: Display + Send>(
    coins: &str,
    lanes: usize,
    rounds: Vec<R>,
    play: impl Fn(&mut Lane<'_>, &R) -> Result<()> + Sync,
) {
    let ground = Ground::with_purses(lanes + SPARE_PURSES, coins);
    let purses = Mutex::new(ground.purses.iter());
    let rounds = Mutex::new(rounds.into_iter());
    let failures = Mutex::new(Vec::new());
    // A failed round costs the homes that it was played with.
    let play_lane = || {
        while let Some(purse) = next(&purses) {
            let mut lane = Lane::new(&ground, purse).unwrap();
            loop {
                let Some(round) = next(&rounds) else { return };
                let began = Instant::now();
                let played = play(&mut lane, &round);
                println!("{round}: {:.1} s", began.elapsed().as_secs_f64());
                if let Err(error) = played {
                    failures.lock().unwrap().push(format!("{round}: {error:#}"));
                    break;
                }
            }
        }
    };
    thread::scope(|scope| (0..lanes).for_each(|_| drop(scope.spawn(play_lane))));
    let failures = failures.into_inner().unwrap();
    let left = rounds.into_inner().unwrap().count();
    let all = failures.join("\n\n");
    assert!(failures.is_empty(), "{all}\n\n{} rounds failed, {left} not played", failures.len());
}

fn next<T>(from: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    from.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// Two homes on a ground that all lanes share.
pub(crate) struct Lane<'a> {
    pub(crate) ground: &'a Ground,
    witness: Witness,
    /// Who pays next is S.
    homes: Pair<Home>,
    dir: PathBuf,
    rounds: u32,
}

impl<'a> Lane<'a> {
    fn new(ground: &'a Ground, purse: &Path) -> Result<Lane<'a>> {
        let dir = purse.with_extension("lane");
        let (s, r) = ground.homes(&dir, purse)?;
        let witness = Witness::of(&ground.agents)?;
        Ok(Lane { ground, witness, homes: Pair { s, r }, dir, rounds: 0 })
    }

    /// Plays a round by way of a relay, or a tap before it, and expects all coins with one side: with
    /// `winner`, if there must be a certain one. Whoever has them pays in the next round.
    ///
    /// # Errors
    /// Tell also what the programs of the round said.
    pub(crate) fn play(
        &mut self,
        relay: String,
        winner: Option<Side>,
        act: impl FnOnce(&Scene) -> Result<()>,
    ) -> Result<()> {
        self.rounds += 1;
        let dir = self.dir.join(format!("round-{}", self.rounds));
        fs::create_dir(&dir)?;
        let before = owned(&self.homes.s)?;
        let Pair { s: from, r: to } = self.homes.clone();
        let payment = Payment { from, to, conn: dir.join("conn.txt"), relay, amount: ALL };
        let scene = Scene { payment, logs: Pair { s: dir.join("S.log"), r: dir.join("R.log") } };
        let owner = act(&scene).and_then(|()| self.owner(&before));
        match owner {
            Ok(owner) if winner.is_some_and(|winner| winner != owner) => {
                bail!("all is with {}\n{}", owner.as_str(), scene.said())
            }
            Ok(Side::S) => {}
            Ok(Side::R) => std::mem::swap(&mut self.homes.s, &mut self.homes.r),
            Err(error) => bail!("{error:#}\n{}", scene.said()),
        }
        Ok(())
    }

    /// Returns who owns the coins: all of them with one of the two, by the files and by the agents.
    fn owner(&self, before: &Coins) -> Result<Side> {
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
        self.receipts_agree()?;
        Ok(owner)
    }

    /// Where both sides have a receipt of a transfer it is the same.
    fn receipts_agree(&self) -> Result<()> {
        let receipts = |home: &Home, wallet| files_below(&home.dir.join(wallet).join("Receipts"));
        for (payer, payee) in [(&self.homes.s, &self.homes.r), (&self.homes.r, &self.homes.s)] {
            for receipt in receipts(payer, ".Sender")? {
                let name = receipt.file_name().context("a receipt without a name")?;
                let theirs = payee.dir.join(".Receiver/Receipts").join(name);
                let same = fs::read(&receipt)? == fs::read(&theirs).context("no such receipt")?;
                ensure!(same, "{} and {} differ", receipt.display(), theirs.display());
            }
        }
        Ok(())
    }
}
