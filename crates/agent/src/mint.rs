//! The mint: new coins, entered in the 25 ledgers and written into coin files. It runs while the
//! agents are stopped, and founds their ledgers when there are none.
//!
//! ```text
//! choose serial numbers ──▶ journal ──▶ ledger 0 … 24 ──▶ files ──▶ journal away
//! and secrets               (synced)    (found, enter)
//! ```
//!
//! # Crash safety
//!
//! The journal holds the coins before any ledger does. A mint that was cut off is finished by the
//! next one: a ledger takes a coin only if it does not know it and never gave it back, a file is
//! written only if it is not there, so that each step may be taken twice, even after the first coins
//! were spent or exchanged.

mod coin_files;
mod join;
mod journal;
mod order;
mod placed;
mod share;
mod share_error;

use std::io;
use std::path::{Path, PathBuf};

use coin::{
    AGENTS, AnSet, AuthenticityNumber, Coin, Denomination, Letter, PownString, SerialNumber,
};
use jiff::{Span, Timestamp, tz::TimeZone};
use raida::NetworkId;

use self::coin_files::CoinFiles;
use crate::data_dir::{self, DataDir, DataDirError};
use crate::ledger::{Charter, Draft, FjallLedger, Holding, Ledger, LedgerError};
use crate::limits::MINT_COMMIT_COINS;

pub use join::{Accept, Joined, join};
pub use journal::JournalError;
pub use order::{Order, OrderError};
pub use placed::{OrderId, PlacedOrder};
pub use share::{can_mint_share, mint_share};
pub use share_error::ShareError;

/// A mint that is under way: what its journal holds.
pub(crate) struct Mint {
    network: NetworkId,
    order: Order,
    out: PathBuf,
    /// Tells the files of this mint from those of others.
    tag: String,
    /// When the coins expire, `month-year`.
    expires: String,
    /// By ascending serial numbers.
    coins: Vec<Coin>,
}

/// What a mint has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minted {
    /// The network of the coins.
    pub network: NetworkId,
    /// What was ordered.
    pub order: Order,
    /// The coin files, each with at most 3,000 coins.
    pub files: Vec<PathBuf>,
    /// Whether it was begun by an earlier run that was cut off.
    pub begun: Begun,
}

/// Which run began a mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// This one.
    Now,
    /// An earlier one, which was cut off.
    Earlier,
}

/// Why nothing was minted, or a mint is not finished; then the next one finishes it.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// A ledger failed.
    #[error("the ledger of agent {agent} failed")]
    Ledger {
        /// The agent.
        agent: usize,
        /// How.
        source: LedgerError,
    },
    /// Every coin of a denomination is in circulation.
    #[error("there is no free serial number of denomination {0}")]
    Exhausted(Denomination),
    /// The journal cannot be read or written.
    #[error("{path} cannot be read or written")]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Why.
        source: JournalError,
    },
    /// A coin file or its directory cannot be written.
    #[error("{path} cannot be written")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is another file where a coin file belongs; it is left alone.
    #[error("{path} is there already and is another file")]
    FileExists {
        /// The file.
        path: PathBuf,
    },
}

/// Mints coins into `out`, which is made when it is not there. Finishes a mint that was cut off
/// first; if that one had the same order, it is the one that was asked for.
///
/// # Errors
///
/// See [`MintError`].
///
/// # Crash safety
///
/// See the head of this file: whatever happens, the next mint finishes this one.
pub fn mint(dir: &DataDir, order: &Order, out: &Path) -> Result<Vec<Minted>, MintError> {
    let out = directory(out)?;
    let mut done = Vec::new();
    if let Some(mut unfinished) = journal::read(dir)? {
        let is_this_one = unfinished.order == *order;
        if is_this_one {
            unfinished.out.clone_from(&out);
        }
        done.push(unfinished.carry_out(dir, Begun::Earlier)?);
        if is_this_one {
            return Ok(done);
        }
    }
    let new = Mint::plan(dir, order, out)?;
    journal::write(dir, &new)?;
    done.push(new.carry_out(dir, Begun::Now)?);
    Ok(done)
}

/// One step of a mint; each may be taken again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Found the ledger of an agent if it is not there, and enter the coins that it lacks.
    Ledger(usize),
    /// Write a coin file if it is not there.
    File(usize),
    /// Take the journal away.
    Finish,
}

impl Mint {
    /// Chooses serial numbers that are free at all 25 agents, and secrets. Changes nothing.
    fn plan(dir: &DataDir, order: &Order, out: PathBuf) -> Result<Mint, MintError> {
        let ledgers = if dir.has_ledgers() { dir.open_ledgers()? } else { Vec::new() };
        let network = ledgers.first().map_or_else(random_network, |l| l.charter().network.clone());
        let coins = order::choose(order, |sn| is_free(&ledgers, sn))?;
        let coins = coins.into_iter().map(|sn| Coin { sn, ans: AnSet::from_fn(|_| random_an()) });
        Ok(Mint {
            network,
            order: order.clone(),
            out,
            tag: hex::encode(rand::random::<[u8; 4]>()),
            expires: in_five_years(),
            coins: coins.collect(),
        })
    }

    fn carry_out(&self, dir: &DataDir, begun: Begun) -> Result<Minted, MintError> {
        data_dir::at_each_agent(|agent| self.take(Step::Ledger(agent), dir))?;
        for step in self.steps().skip(AGENTS) {
            self.take(step, dir)?;
        }
        let files = self.coin_files().paths().collect();
        let (network, order) = (self.network.clone(), self.order.clone());
        Ok(Minted { network, order, files, begun })
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = Step> + use<> {
        let files = (0..self.coin_files().count()).map(Step::File);
        (0..AGENTS).map(Step::Ledger).chain(files).chain([Step::Finish])
    }

    pub(crate) fn take(&self, step: Step, dir: &DataDir) -> Result<(), MintError> {
        match step {
            Step::Ledger(agent) => self.enter(dir, agent),
            Step::File(file) => self.coin_files().write(file),
            Step::Finish => journal::remove(dir),
        }
    }

    fn enter(&self, dir: &DataDir, agent: usize) -> Result<(), MintError> {
        let place = dir.ledger(agent);
        if !place.exists() {
            let charter = Charter { network: self.network.clone(), agent };
            FjallLedger::found(&place, &charter)
                .map_err(|source| DataDirError::Ledger { agent, source })?;
        }
        let ledger = dir.open_ledger(agent, &self.network)?;
        let failed = |source| MintError::Ledger { agent, source };
        for coins in self.coins.chunks(MINT_COMMIT_COINS) {
            let mut draft = Draft::over(&ledger);
            for Coin { sn, ans } in coins {
                if !draft.is_used(*sn).map_err(failed)? {
                    draft.enter(*sn, Holding::minted(ans.get(agent).clone())).map_err(failed)?;
                }
            }
            draft.commit().map_err(failed)?;
        }
        let witnessed = ledger.witness().map_err(data_dir::failed_at(&place));
        Ok(witnessed?)
    }

    fn coin_files(&self) -> CoinFiles<'_> {
        CoinFiles {
            out: &self.out,
            tag: &self.tag,
            expires: &self.expires,
            pown: PownString::all(Letter::Untried),
            coins: &self.coins,
        }
    }
}

/// Tells whether none of these ledgers knows a coin, or has ever given it back.
pub(crate) fn is_free(ledgers: &[FjallLedger], sn: SerialNumber) -> Result<bool, MintError> {
    for (agent, ledger) in ledgers.iter().enumerate() {
        let used = Draft::over(ledger).is_used(sn);
        if used.map_err(|source| MintError::Ledger { agent, source })? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn directory(out: &Path) -> Result<PathBuf, MintError> {
    data_dir::make_private_dir(out)
        .and_then(|()| out.canonicalize())
        .map_err(|source| MintError::File { path: out.to_owned(), source })
}

fn random_network() -> NetworkId {
    let id = hex::encode(rand::random::<[u8; 16]>());
    id.parse().expect("32 hexadecimal digits are a network id")
}

fn random_an() -> AuthenticityNumber {
    AuthenticityNumber::from_bytes(rand::random())
}

/// Coins expire five years after they were last seen to be authentic.
fn in_five_years() -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let then = today.saturating_add(Span::new().years(5));
    format!("{}-{}", then.month(), then.year())
}

#[cfg(test)]
mod tests;
