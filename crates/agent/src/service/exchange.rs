//! `exchange`, `reserve` and `cancel`, our own; `show_change`, `change`, `break` and `join`, which
//! are v1's.

use coin::NETWORK_NUMBER;
use raida::api::{
    Ancestry, ChangeGiven, Form, Offer, Reply, Route, Status, read_break, read_cancel, read_change,
    read_exchange, read_join, read_origin, read_reservation, read_wanted,
};

use super::Refusal;
use super::reply::{Answer, Signature};
use crate::agent::Agent;
use crate::exchange::{Kept, Refused};
use crate::settings::V1Exchange;

/// Why an agent does not answer v1's routes of exchange, whatever is asked.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} is not done here: coins that an exchange made have an origin, of which those who ask this \
     way know nothing; this agent trusts them only when it is started with --v1-exchange, and others \
     ask for exchange",
    self.route.name()
)]
pub(crate) struct NotExchanging {
    /// What was asked.
    pub(crate) route: Route,
}

/// Lets everything pass but those of v1's routes that execute an exchange; these only if the agent
/// was started for it. It is asked before anything of the request is looked at.
pub(crate) fn allow(agent: &Agent, route: Route) -> Result<(), NotExchanging> {
    match (agent.settings().v1_exchange, route) {
        (V1Exchange::Refused, Route::Change | Route::Break | Route::Join) => {
            Err(NotExchanging { route })
        }
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
    let exchanged = match agent.exchange(id, exchange).await? {
        Ok(exchanged) => exchanged,
        Err(refused) => return Ok(refuse(signature, &refused, status(&refused))),
    };
    let origin = exchanged.origin.map(|origin| origin.to_string().into());
    let reply = signature.reply(Status::Exchange, "Exchanged");
    Ok(Answer::One(Box::new(Reply { origin, ..reply })))
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
    let (id, asked) = read_cancel(form)?;
    let decided = agent.cancel(id, asked).await?;
    Ok(say(signature, decided, Status::Cancelled, "Cancelled"))
}

/// Answers `lineage`.
pub(crate) async fn lineage<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    Ok(match agent.lineage(read_origin(form)?).await? {
        Some(lineage) => {
            let reply = signature.reply(Status::Pass, "The exchange of this origin");
            Answer::Ancestry(Box::new(Ancestry::new(reply, &lineage)))
        }
        None => {
            Answer::One(Box::new(signature.reply(Status::Fail, "No such exchange is known here")))
        }
    })
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
        // In some seconds it is done, and nothing has to be given up for that.
        Refused::Vouched { .. } | Refused::Kept(Kept::Vouched { .. }) => Status::Error,
        Refused::Executed | Refused::Kept(_) => Status::Exchange,
        Refused::Cancelled => Status::Cancelled,
        Refused::TooManyReservations | Refused::TooManyCancellations => Status::Error,
        Refused::OtherContent
        | Refused::NotHeld { .. }
        | Refused::NotInPool { .. }
        | Refused::Reserved { .. }
        | Refused::Shown { .. } => Status::Fail,
    }
}
