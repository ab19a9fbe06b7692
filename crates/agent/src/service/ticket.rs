//! `get_ticket` and `multi_get_ticket`: the agent's word, for others of its kind, that the caller
//! knows the secret of a coin. With `to=7` only agent 7 is told which coin a ticket speaks for.

use raida::api::hint::addressee;
use raida::api::{CoinQuestion, Form, Proposal, Status, one_coin};

use super::reply::{Answer, Signature};
use super::{Refusal, places};
use crate::agent::{Agent, Held, Stopped};

/// Answers `get_ticket`.
pub(crate) async fn one<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let coin = one_coin(form, Proposal::Ignored)?;
    let sn = Some(u64::from(coin.sn.get()));
    let given = give(agent, vec![coin], addressee(form)?).await?.pop();
    let (status, message) = given.unwrap_or((Status::Error, String::new()));
    Ok(Answer::One(Box::new(signature.about_coin(sn, status, message))))
}

/// Answers `multi_get_ticket`: a ticket for each coin.
pub(crate) async fn many<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let to = addressee(form)?;
    let (places, coins) = places::read(form, Proposal::Ignored)?;
    let given = give(agent, coins, to).await?.into_iter();
    Ok(places.replies(signature, given.map(|(status, message)| (status, message.into()))))
}

async fn give(
    agent: &Agent,
    coins: Vec<CoinQuestion>,
    to: Option<usize>,
) -> Result<Vec<(Status, String)>, Stopped> {
    let held = agent.holds(coins.clone()).await?;
    let given = coins.into_iter().zip(held).map(|(CoinQuestion { sn, an, .. }, held)| match held {
        Held::An => (Status::Ticket, agent.ticket(vec![(sn, an)], to).to_string()),
        Held::Pan | Held::Neither => (Status::Fail, "Counterfeit".to_owned()),
    });
    Ok(given.collect())
}
