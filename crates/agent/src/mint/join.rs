//! From the shares of an order to coin files.

use std::path::{Path, PathBuf};

use coin::{AGENTS, AnSet, AuthenticityNumber, Coin, Letter, PownString};

use super::coin_files::CoinFiles;
use super::share::Share;
use super::{PlacedOrder, ShareError, directory};
use crate::limits::OWNED_FROM;

/// Which shares are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Those of all 25 agents.
    Whole,
    /// Those of 13 or more; the coins are fracked, and wallets fix them at the agents that lack
    /// them.
    Fracked,
}

/// What became of the shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The coin files.
    pub files: Vec<PathBuf>,
    /// The agents whose shares were missing.
    pub missing: Vec<usize>,
}

/// Joins the shares of an order and writes its coins into `out`, which is made when it is not
/// there. The same again changes nothing.
///
/// # Errors
///
/// The first share that cannot be taken, [`ShareError::Twice`], [`ShareError::TooFew`],
/// [`ShareError::Incomplete`] unless fracked coins are accepted, or what is wrong with `out`.
///
/// # Crash safety
///
/// A coin file is there as a whole or not at all; none is replaced.
pub fn join(
    order: &PlacedOrder,
    shares: &[PathBuf],
    accept: Accept,
    out: &Path,
) -> Result<Joined, ShareError> {
    let shares = read_all(order, shares)?;
    let missing: Vec<usize> = (0..AGENTS).filter(|agent| shares[*agent].is_none()).collect();
    if AGENTS - missing.len() < OWNED_FROM {
        return Err(ShareError::TooFew { missing });
    }
    if !missing.is_empty() && accept == Accept::Whole {
        return Err(ShareError::Incomplete { missing });
    }
    let out = directory(out)?;
    let coins: Vec<Coin> = (0..order.coins().len())
        .map(|place| Coin { sn: order.coins()[place], ans: secrets(&shares, place) })
        .collect();
    let known = |agent: usize| match &shares[agent] {
        Some(_) => Letter::Untried,
        None => Letter::Fail,
    };
    let files = CoinFiles {
        out: &out,
        tag: order.id().tag(),
        expires: order.expires(),
        pown: PownString::from_fn(known),
        coins: &coins,
    };
    for file in 0..files.count() {
        files.write(file)?;
    }
    Ok(Joined { files: files.paths().collect(), missing })
}

/// Reads the shares, each in the place of its agent.
fn read_all(order: &PlacedOrder, paths: &[PathBuf]) -> Result<Vec<Option<Share>>, ShareError> {
    let mut shares: Vec<Option<Share>> = (0..AGENTS).map(|_| None).collect();
    let mut from: Vec<Option<&PathBuf>> = vec![None; AGENTS];
    for path in paths {
        let share = Share::read(path, order)?;
        let agent = share.agent;
        if let Some(first) = from[agent].replace(path) {
            let (first, second) = (first.clone(), path.clone());
            return Err(ShareError::Twice { agent, first, second });
        }
        shares[agent] = Some(share);
    }
    Ok(shares)
}

/// Returns the secrets of a coin. An agent without a share gets one that it does not hold, the
/// same each time: it fails there until the coin is fixed.
fn secrets(shares: &[Option<Share>], place: usize) -> AnSet {
    AnSet::from_fn(|agent| match &shares[agent] {
        Some(share) => share.ans[place].clone(),
        None => AuthenticityNumber::from_bytes([0; 16]),
    })
}
