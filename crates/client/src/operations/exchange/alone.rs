//! Exchanges without a transfer: `coin-wallet change`, `coin-wallet join`, and what `resume` carries on.

use coin::Amount;
use protocol::machine::Fault;
use raida::NetworkId;
use wallet::{OperationId, WalletName};

use super::Exchanged;
use crate::exit::{Exit, Failure};
use crate::operations::Bench;
use crate::operations::join::Leaving;
use crate::session::Session;
use crate::words;

/// Breaks a coin of the home, if one has to be, so that an amount can be paid exactly.
///
/// # Errors
/// Exit 8 when the coins are not enough or none can be broken, 9 for fewer than 13 agents: no coin is at
/// risk; 21 when the exchange is not decided.
pub(crate) async fn break_for(session: &Session, amount: Amount) -> Result<(), Failure> {
    let bench = bench(session, session.new_operation(), &session.network().await?);
    let open = bench.carry_exchanges_on().await.map_err(|fault| failure(&fault))?;
    match bench.break_for(amount).await {
        Err(Fault::NoExactCoins) if !open.is_zero() => Err(failure(&Fault::ExchangeOpen(open))),
        done => done.map_err(|fault| failure(&fault)),
    }
}

/// Joins the coins in Bank; returns what could not be joined.
///
/// # Errors
/// As [`break_for`].
pub(crate) async fn join_all(session: &Session, leaving: Leaving) -> Result<Amount, Failure> {
    let bench = bench(session, session.new_operation(), &session.network().await?);
    bench.carry_exchanges_on().await.map_err(|fault| failure(&fault))?;
    bench.join_all(leaving).await.map_err(|fault| failure(&fault))
}

/// Carries an exchange on that was cut short.
///
/// # Errors
/// As [`break_for`].
pub(crate) async fn carry_on(session: &Session, id: OperationId) -> Result<Exit, Failure> {
    let bench = bench(session, id, &session.network().await?);
    let loaded = session.desk.run(move |work| {
        // A transfer that is being carried on may have taken it up first, or ended it.
        let is_open = work.wallet.open_operations()?.iter().any(|(open, _)| *open == id);
        if !is_open || work.operations.contains_key(&id) {
            return Ok(false);
        }
        let operation = work.wallet.load(id)?;
        work.operations.insert(id, operation);
        Ok(true)
    });
    if !session.disk(loaded.await)? {
        return Ok(Exit::Done);
    }
    match bench.carry_exchange_on().await.map_err(|fault| failure(&fault))? {
        Exchanged::Stands | Exchanged::NotDone => Ok(Exit::Done),
        Exchanged::Pending(_) => Ok(Exit::InFlight),
    }
}

fn bench(session: &Session, id: OperationId, network: &NetworkId) -> Bench {
    Bench::at_home(session, id, network.print(), WalletName::Default, Amount::ZERO)
}

fn failure(fault: &Fault) -> Failure {
    let (exit, advice) = match fault {
        Fault::TooFewAgents { .. } => {
            (Exit::Agents, "the same command again, when the agents are there")
        }
        Fault::OtherAgents => (Exit::Differ, "correct `agents` in config.toml of the home"),
        Fault::NoExactCoins => (
            Exit::NotEnough,
            "coin-wallet balance shows what there is; coin-wallet detect asks the agents for it",
        ),
        Fault::ExchangeOpen(_) => (Exit::InFlight, "coin-wallet resume, when the agents are there"),
        Fault::BadBatch(_) | Fault::BadReceipt(_) | Fault::Disk(_) => {
            (Exit::File, "mend it, then run: coin-wallet resume")
        }
    };
    Failure::new(exit, words::fault(fault), advice)
}
