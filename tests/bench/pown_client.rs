//! One round of pown, in a process of its own, so that the time and the memory that it takes are those
//! of a wallet and of nothing else.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use coin::{Holding, Ownership};
use futures_util::StreamExt;
use raida::{AddressBook, Authority, Claim, Settled, Timing};
use serde::{Deserialize, Serialize};

use crate::proc::{cpu_seconds, peak_kib};
use crate::secrets::{numbers, secrets};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file of the agents' addresses
    pub(crate) agents: PathBuf,
    /// The file of serial numbers
    pub(crate) numbers: PathBuf,
    /// Which round: the coins have the secrets of this one and get those of the next
    pub(crate) round: u64,
}

/// What a round took; printed as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Took {
    /// Coins.
    pub(crate) coins: usize,
    /// Seconds from the first question to the last verdict.
    pub(crate) wall: f64,
    /// Seconds of this process's CPU time.
    pub(crate) cpu: f64,
    /// Most memory of this process.
    pub(crate) peak_kib: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let book = AddressBook::parse(&std::fs::read_to_string(&args.agents)?)?;
    let claims = numbers(&args.numbers)?.map(|sn| Claim {
        sn,
        ans: secrets(sn, args.round),
        pans: secrets(sn, args.round + 1),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (before, started) = (cpu_seconds(std::process::id())?, Instant::now());
    let authority = Authority::new(&book, Timing::default());
    let (mut coins, mut whole) = (0, 0);
    runtime.block_on(authority.pown_all(claims).for_each(|Settled { round, .. }| {
        coins += round.coins.len();
        whole += round.coins.iter().filter(|coin| is_whole(coin)).count();
        std::future::ready(())
    }));
    ensure!(whole == coins, "{} of {coins} coins were not powned", coins - whole);
    let took = Took {
        coins,
        wall: started.elapsed().as_secs_f64(),
        cpu: cpu_seconds(std::process::id())? - before,
        peak_kib: peak_kib(std::process::id())?,
    };
    println!("{}", serde_json::to_string(&took)?);
    Ok(())
}

/// Tells whether all agents hold the new secret of a coin.
pub(crate) fn is_whole(coin: &Ownership) -> bool {
    coin.holdings().all(|holding| holding == Holding::HoldsPan)
}
