//! Import: coin files become coins of one's own. Ownership is taken as in a transfer: new secrets made
//! durable, pown, verdict, Bank.
//!
//! ```text
//!   files ─▶ journal (coins and new secrets) ─▶ Default/Import ─pown─▶ Bank, Fracked, Limbo, Counterfeit
//!                                                     └─ fewer than 13 agents ─▶ Suspect, until `resume`
//! ```

use std::sync::Arc;

use coin::{Amount, Coin};
use protocol::machine::{Fault, Totals};
use raida::NetworkId;
use tokio::sync::Notify;
use wallet::{Folder, Kind, OperationId, Place, WalletName};

use super::batch::with_new_secrets;
use super::{Bench, COINS, pown};
use crate::exit::{Exit, Failure};
use crate::record::{Counts, Summary};
use crate::session::Session;
use crate::words;

const IMPORT: Place = Place { wallet: WalletName::Default, folder: Folder::Import };

/// Takes coins over that are new to this home. The coins are durable before the first agent is asked.
pub(crate) async fn begin(session: &Session, coins: Vec<Coin>) -> Result<Exit, Failure> {
    let id = session.new_operation();
    let amount = Amount::try_sum(coins.iter().map(|coin| coin.denomination().amount()))
        .unwrap_or(Amount::MAX);
    let begun = session
        .desk
        .run(move |work| {
            let about = serde_json::json!({"amount": amount}).to_string();
            let mut operation = work.wallet.begin(id, Kind::Import, &about)?;
            let coins: Vec<_> = coins.into_iter().map(with_new_secrets).collect();
            operation.keep(COINS, &coins)?;
            operation.place(&mut work.wallet, IMPORT, &coins)?;
            work.operations.insert(id, operation);
            Ok(())
        })
        .await;
    session.disk(begun)?;
    take_over(session, id, amount).await
}

/// Carries an import on that was cut short.
pub(crate) async fn carry_on(session: &Session, id: OperationId) -> Result<Exit, Failure> {
    let loaded = session
        .desk
        .run(move |work| {
            let mut operation = work.wallet.load(id)?;
            let coins = operation.kept(COINS).unwrap_or_default();
            // What a full disk or a crash kept from being placed; what was placed before is not again.
            operation.place(&mut work.wallet, IMPORT, &coins)?;
            work.operations.insert(id, operation);
            Ok(coins.iter().map(|stored| stored.coin.denomination().amount()).collect::<Vec<_>>())
        })
        .await;
    let amount = Amount::try_sum(session.disk(loaded)?).unwrap_or(Amount::MAX);
    take_over(session, id, amount).await
}

async fn take_over(session: &Session, id: OperationId, amount: Amount) -> Result<Exit, Failure> {
    let asked = session.network().await;
    let bench = Bench {
        desk: session.desk.clone(),
        id,
        authority: session.authority.clone(),
        screen: session.screen.clone(),
        progress: Arc::new(Notify::new()),
        join_from: None,
        amount,
        network: asked.as_ref().map(NetworkId::print).unwrap_or_default(),
        hidden_wallet: WalletName::Default,
        numbers: session.numbers(),
        home: session.home.clone(),
        relay: String::new(),
        room: 0,
    };
    let taken = match asked {
        Ok(_) => bench.take_ownership(WalletName::Default).await.map_err(|fault| failure(&fault)),
        Err(failure) => Err(Failure {
            what: format!("{failure}: the coins wait in Suspect"),
            advice: format!("{}; then: coin-wallet resume", failure.advice),
            ..failure
        }),
    };
    match taken {
        Ok(verdicts) => close(session, id, amount, pown::totals(&verdicts)).await,
        Err(why) => {
            // Whatever kept the agents away: the coins count for nothing until they have answered.
            bench.set_aside().await.map_err(|error| failure(&error))?;
            Err(why)
        }
    }
}

async fn close(
    session: &Session,
    id: OperationId,
    amount: Amount,
    totals: Totals,
) -> Result<Exit, Failure> {
    let exit = match totals.sum() == Some(amount) && totals.limbo.is_zero() {
        true if totals.all_owned() => Exit::Done,
        true => Exit::Partly,
        false => Exit::InFlight,
    };
    let status = match exit {
        Exit::Done => "done",
        Exit::Partly => "partly",
        _ => "in_doubt",
    };
    let summary = Summary {
        status: status.to_owned(),
        amount,
        owned: totals.owned(),
        exit: exit.code(),
        counts: Counts::new(),
    };
    let advice = match exit {
        Exit::Done => "",
        Exit::Partly => {
            "coin-wallet resume asks the agents again; keep what whoever gave you the coins has said"
        }
        _ => "coin-wallet resume, when the agents are there",
    };
    session.tell_result(id, &summary, &words::imported(&totals), advice);
    if exit == Exit::Done {
        session.end(id, &summary).await?;
    }
    Ok(exit)
}

fn failure(fault: &Fault) -> Failure {
    match fault {
        Fault::TooFewAgents { .. } => Failure::new(
            Exit::Agents,
            format!("{}: the coins wait in Suspect", words::fault(fault)),
            "when the agents are there: coin-wallet resume",
        ),
        Fault::OtherAgents => Failure::new(
            Exit::Differ,
            format!("{}: the coins wait", words::fault(fault)),
            "correct `agents` in config.toml of the home, then run: coin-wallet resume",
        ),
        _ => Failure::new(Exit::File, words::fault(fault), "mend it, then run: coin-wallet resume"),
    }
}
