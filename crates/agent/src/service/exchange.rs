//! `exchange`, `reserve` and `cancel`, our own; `show_change`, `change`, `break` and `join`, which
//! are v1's.

use coin::NETWORK_NUMBER;
use raida::api::{
    Cancellation, ChangeGiven, Form, Offer, Reply, Route, Status, read_break, read_cancel,
    read_change, read_exchange, read_join, read_origin, read_reservation, read_wanted,
};

use super::Refusal;
use super::reply::{Answer, Signature};
use crate::agent::Agent;
use crate::exchange::Refused;
use crate::settings::Exchanging;

/// Why an agent carries out no exchange at all, whatever is asked.
#[derive(Debug, thiserror::Error)]
#[error(
    "coins are not exchanged here: nothing makes the agents carry out the same exchange yet; this \
     one trusts whoever asks only when it is started with --exchange"
)]
pub(crate) struct NotExchanging {
    /// What was asked.
    pub(crate) route: Route,
}

/// Lets everything pass that executes no exchange and prepares none; that only if the agent was
/// started for it. It is asked before anything of the request is looked at.
pub(crate) fn allow(agent: &Agent, route: Route) -> Result<(), NotExchanging> {
    match (agent.settings().exchanging, route) {
        (
            Exchanging::Refused,
            Route::Exchange | Route::Reserve | Route::Change | Route::Break | Route::Join,
        ) => Err(NotExchanging { route }),
        _ => Ok(()),
    }
}

/// Answers `exchange`.
pub(crate) async fn exchange<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let (id, exchange) = read_exchange(form)?;
    let decided = agent.exchange(id, exchange).await?.map(drop);
    Ok(say(signature, decided, Status::Exchange, "Exchanged"))
}

/// Answers `reserve`.
pub(crate) async fn reserve<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let (id, reservation) = read_reservation(form)?;
    let decided = agent.reserve(id, reservation).await?;
    Ok(say(signature, decided, Status::Pass, "Reserved for a minute"))
}

/// Answers `cancel`.
pub(crate) async fn cancel<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let (id, what) = read_cancel(form)?;
    let shown = match what {
        Cancellation::Plain(shown) => shown,
        Cancellation::TakeBack(back) => back.inputs().to_vec(),
    };
    let decided = agent.cancel(id, shown).await?;
    Ok(say(signature, decided, Status::Cancelled, "Cancelled"))
}

/// Answers `lineage`.
pub(crate) fn lineage<'s>(
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    read_origin(form)?;
    Ok(Answer::One(Box::new(signature.reply(Status::Fail, "No such exchange is known here"))))
}

/// Answers `show_change`.
pub(crate) async fn show_change<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let offered = agent.offer(read_wanted(form)?).await?;
    let reply = signature.reply(Status::Pass, "Serial numbers of the pool");
    let mut offer = Offer { reply, ..Offer::default() };
    offered.into_iter().for_each(|sn| offer.push(sn));
    Ok(Answer::Offer(Box::new(offer)))
}

/// Answers `change`: the agent chooses the secrets and tells them.
pub(crate) async fn change<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let made = match agent.change(read_change(form)?).await?? {
        Ok(made) => made,
        Err(refused) => return Ok(refuse(signature, &refused, status(&refused))),
    };
    let reply = signature.reply(Status::Pass, "Changed");
    let reply = Reply { nn: Some(u64::from(NETWORK_NUMBER)), ..reply };
    let (sns, ans) = made.into_iter().map(|(sn, an)| (sn.get(), an)).unzip();
    Ok(Answer::Change(Box::new(ChangeGiven { reply, sns, ans })))
}

/// Answers `break`.
pub(crate) async fn broken<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let decided = agent.exchange_hashed(Route::Break, read_break(form)?).await?.map(drop);
    Ok(say(signature, decided, Status::Success, "Broken"))
}

/// Answers `join`, in which every refusal is a `dud`.
pub(crate) async fn join<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    Ok(match agent.exchange_hashed(Route::Join, read_join(form)?).await? {
        Ok(_) => Answer::One(Box::new(signature.reply(Status::Exchange, "Joined"))),
        Err(refused) => refuse(signature, &refused, Status::Dud),
    })
}

fn say<'s>(
    signature: &'s Signature,
    decided: Result<(), Refused>,
    done: Status,
    message: &'static str,
) -> Answer<'s> {
    match decided {
        Ok(()) => Answer::One(Box::new(signature.reply(done, message))),
        Err(refused) => refuse(signature, &refused, status(&refused)),
    }
}

fn refuse<'s>(signature: &'s Signature, refused: &Refused, status: Status) -> Answer<'s> {
    Answer::One(Box::new(signature.reply(status, refused.to_string())))
}

fn status(refused: &Refused) -> Status {
    match refused {
        Refused::Executed => Status::Exchange,
        Refused::Cancelled => Status::Cancelled,
        Refused::TooManyReservations | Refused::TooManyCancellations => Status::Error,
        Refused::OtherContent
        | Refused::NotHeld { .. }
        | Refused::NotInPool { .. }
        | Refused::Vouched { .. }
        | Refused::Reserved { .. }
        | Refused::Shown { .. } => Status::Fail,
    }
}
