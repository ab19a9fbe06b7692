//! `detect` and `multi_detect`: does the agent hold the AN? If so, it holds the PAN from now on.
//!
//! With PAN = AN it is a health check, which needs no commit; otherwise it is how a coin changes
//! hands.

use coin::{AuthenticityNumber, SerialNumber};
use raida::api::hint::addressee;
use raida::api::{CoinQuestion, Form, Proposal, Reply, Status, one_coin};

use super::reply::{Answer, Signature};
use super::{Refusal, is_brief, places};
use crate::acts::Taken;
use crate::agent::{Agent, Held, Stopped};

/// Answers `detect`; in its brief form with a bare word.
pub(crate) async fn one<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let coin = one_coin(form, Proposal::Needed)?;
    let sn = Some(u64::from(coin.sn.get()));
    let status = take(agent, vec![coin]).await?.pop().unwrap_or(Status::Error);
    if is_brief(form) {
        return Ok(Answer::Word(status));
    }
    Ok(Answer::One(Box::new(signature.about_coin(sn, status, message(status)))))
}

/// Answers `multi_detect`; in its brief form with all words in one message and a ticket for the
/// coins that passed, which with `to=7` is shown to agent 7 alone.
pub(crate) async fn many<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let to = addressee(form)?;
    let (places, coins) = places::read(form, Proposal::Needed)?;
    if !is_brief(form) {
        let said = take(agent, coins).await?.into_iter();
        return Ok(places.replies(signature, said.map(|status| (status, message(status).into()))));
    }
    let held_then: Vec<_> = coins.iter().map(|coin| (coin.sn, coin.pan.clone())).collect();
    let said = take(agent, coins).await?;
    let passed = held_then.into_iter().zip(&said).filter(|(_, said)| **said == Status::Pass);
    let passed: Vec<(SerialNumber, AuthenticityNumber)> = passed.map(|(coin, _)| coin).collect();
    let ticket = (!passed.is_empty()).then(|| agent.ticket(passed, to).to_string().into());
    Ok(Answer::One(Box::new(Reply { ticket, ..places.brief(signature, said) })))
}

async fn take(agent: &Agent, coins: Vec<CoinQuestion>) -> Result<Vec<Status>, Stopped> {
    if coins.iter().all(|coin| coin.an == coin.pan) {
        let held = agent.holds(coins).await?.into_iter();
        return Ok(held
            .map(|held| if held == Held::An { Status::Pass } else { Status::Fail })
            .collect());
    }
    let taken = agent.take(coins).await?.into_iter();
    let statuses = taken.map(|taken| match taken {
        Taken::Pass => Status::Pass,
        Taken::Fail => Status::Fail,
    });
    Ok(statuses.collect())
}

fn message(status: Status) -> &'static str {
    if status == Status::Pass { "Authentic" } else { "Counterfeit" }
}
