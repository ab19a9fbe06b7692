//! `raida order`, `raida mint --order` and `raida join-shares`: a mint across machines.

use std::path::Path;

use raida::NetworkId;

use super::args::{JoinArgs, MintArgs, OrderArgs};
use super::config::Config;
use super::exit::{self, Failure};
use super::run;
use crate::data_dir::DataDir;
use crate::ledger::{FjallLedger, Ledger};
use crate::mint::{self, Accept, PlacedOrder, ShareError, can_mint_share, join, mint_share};

/// Chooses coins, and writes them down for all agents.
pub(crate) fn order(args: &OrderArgs) -> Result<u8, Failure> {
    let (_dir, ledgers) = match &args.data {
        Some(data) => {
            let dir = DataDir::open(data)?;
            let ledgers = dir.open_here()?;
            (Some(dir), ledgers)
        }
        None => (None, Vec::new()),
    };
    let network = network(args, &ledgers)?;
    let is_new = network.is_none();
    let order = PlacedOrder::place(&args.coins, network, |sn| mint::is_free(&ledgers, sn))?;
    order.write(&args.out)?;
    let (total, coins, id) = (order.total(), order.coins().len(), order.id());
    eprintln!("order {id}: {total} in {coins} coins of the network {}", order.network());
    if is_new {
        eprintln!("the network is new: put its id into agents.toml, as `network`");
    } else if ledgers.is_empty() {
        eprintln!("no ledger was asked: agents that know one of these coins will refuse them all");
    }
    eprintln!("send it to all 25 operators; it holds no secrets");
    println!("{}", args.out.display());
    Ok(exit::DONE)
}

/// Enters an order at the one agent of this machine, and writes its share.
pub(crate) fn share(args: &MintArgs, order: &Path, agent: u8) -> Result<u8, Failure> {
    let agent = usize::from(agent);
    let config = Config::of(&args.place)?;
    let data = run::data(&args.place, &config)?;
    let order = PlacedOrder::read(order)?;
    if let Some(expected) = config.network.filter(|network| network != order.network()) {
        let found = order.network().clone();
        return Err(ShareError::OtherNetwork { expected, found }.into());
    }
    let (id, coins, total) = (order.id(), order.coins().len(), order.total());
    let Some(out) = args.out.as_deref().filter(|_| !args.dry_run) else {
        if data.is_dir() {
            can_mint_share(&DataDir::open(&data)?, agent, &order)?;
        }
        eprintln!("agent {agent} can enter the order {id}: {total} in {coins} coins");
        return Ok(exit::DONE);
    };
    let share = mint_share(&DataDir::create(&data)?, agent, &order, out)?;
    eprintln!("agent {agent} has entered the order {id}: {total} in {coins} coins");
    eprintln!("the share is a secret: bring it to whoever makes the coins, by a way you trust");
    println!("{}", share.display());
    Ok(exit::DONE)
}

/// Makes coin files of an order from its shares.
pub(crate) fn join_shares(args: &JoinArgs) -> Result<u8, Failure> {
    let order = PlacedOrder::read(&args.order)?;
    let accept = if args.fracked { Accept::Fracked } else { Accept::Whole };
    let joined = join(&order, &args.shares, accept, &args.out)?;
    let (total, coins) = (order.total(), order.coins().len());
    eprintln!("made {total} in {coins} coins of the network {}", order.network());
    if !joined.missing.is_empty() {
        let missing = joined.missing.len();
        eprintln!("they are fracked at {missing} agents; import them, then fix them");
    }
    eprintln!("import them now: until then 25 operators know a share of each coin each");
    for file in joined.files {
        println!("{}", file.display());
    }
    Ok(exit::DONE)
}

/// Returns the network of the ledgers, or the one that was named; these may not differ.
fn network(args: &OrderArgs, ledgers: &[FjallLedger]) -> Result<Option<NetworkId>, Failure> {
    let found = ledgers.first().map(|ledger| ledger.charter().network.clone());
    match (&args.network, found) {
        (Some(expected), Some(found)) if *expected != found => {
            Err(ShareError::OtherNetwork { expected: expected.clone(), found }.into())
        }
        (named, found) => Ok(found.or_else(|| named.clone())),
    }
}
