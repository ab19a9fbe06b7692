//! `get_ticket` and `multi_get_ticket`: the agent's word, for others of its kind, that the caller
//! knows the secret of a coin. With `to=7` only agent 7 is told which coin a ticket speaks for.

use raida::api::hint::addressee;
use raida::api::{CoinQuestion, Counting, Form, Proposal, Status, one_coin};

use super::places::Said;
use super::reply::{Answer, Signature};
use super::{Refusal, places};
use crate::agent::{Agent, Held};

/// Answers `get_ticket`.
pub(crate) async fn one<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let coin = one_coin(form, Proposal::Ignored)?;
    let sn = coin.sn;
    let given = give(agent, vec![coin], form).await?.pop();
    let said = given.unwrap_or_else(|| Said::of(Status::Error, ""));
    Ok(Answer::One(Box::new(said.reply(signature, sn))))
}

/// Answers `multi_get_ticket`: a ticket for each coin.
pub(crate) async fn many<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let (places, coins) = places::read(form, Proposal::Ignored)?;
    Ok(places.replies(signature, give(agent, coins, form).await?))
}

async fn give(
    agent: &Agent,
    coins: Vec<CoinQuestion>,
    form: &Form<'_>,
) -> Result<Vec<Said<'static>>, Refusal> {
    let (to, counting) = (addressee(form)?, Counting::read(form));
    let held = agent.holds(coins.clone(), counting).await?;
    let given = coins.into_iter().zip(held).map(|(CoinQuestion { sn, an, .. }, held)| match held {
        Held::An(origin) => {
            let ticket = agent.ticket(vec![(sn, an)], to).to_string();
            Said::of(Status::Ticket, ticket).from(origin, counting)
        }
        Held::Concealed => Said::concealed(Status::Fail),
        Held::Pan(_) | Held::Neither => Said::of(Status::Fail, "Counterfeit"),
    });
    Ok(given.collect())
}
