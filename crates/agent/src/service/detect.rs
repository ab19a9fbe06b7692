//! `detect` and `multi_detect`: does the agent hold the AN? If so, it holds the PAN from now on.
//!
//! With PAN = AN it is a health check, which needs no commit; otherwise it is how a coin changes
//! hands.

//!
//! Of a coin that an exchange made a caller who does not count origins hears `fail`, and it stays as
//! it is: he would add up agents that hold different coins.

use coin::{AuthenticityNumber, SerialNumber};
use raida::api::hint::addressee;
use raida::api::{CoinQuestion, Counting, Form, Proposal, Reply, Status, one_coin};

use super::places::Said;
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
    let sn = coin.sn;
    let said = take(agent, vec![coin], Counting::read(form)).await?.pop();
    let said = said.unwrap_or_else(|| Said::of(Status::Error, ""));
    // A bare word has no room for an origin.
    if is_brief(form) && said.origin.is_none() {
        return Ok(Answer::Word(said.status));
    }
    Ok(Answer::One(Box::new(said.reply(signature, sn))))
}

/// Answers `multi_detect`; in its brief form with all words in one message and a ticket for the
/// coins that passed, which with `to=7` is shown to agent 7 alone.
pub(crate) async fn many<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let (to, counting) = (addressee(form)?, Counting::read(form));
    let (places, coins) = places::read(form, Proposal::Needed)?;
    if !is_brief(form) {
        return Ok(places.replies(signature, take(agent, coins, counting).await?));
    }
    let held_then: Vec<_> = coins.iter().map(|coin| (coin.sn, coin.pan.clone())).collect();
    let said = take(agent, coins, counting).await?;
    let passed = held_then.into_iter().zip(&said).filter(|(_, said)| said.status == Status::Pass);
    let passed: Vec<(SerialNumber, AuthenticityNumber)> = passed.map(|(coin, _)| coin).collect();
    let ticket = (!passed.is_empty()).then(|| agent.ticket(passed, to).to_string().into());
    Ok(Answer::One(Box::new(Reply { ticket, ..places.brief(signature, said) })))
}

async fn take(
    agent: &Agent,
    coins: Vec<CoinQuestion>,
    counting: Counting,
) -> Result<Vec<Said<'static>>, Stopped> {
    let passes = |origin| Said::of(Status::Pass, "Authentic").from(origin, counting);
    let fails = || Said::of(Status::Fail, "Counterfeit");
    if coins.iter().all(|coin| coin.an == coin.pan) {
        let held = agent.holds(coins, counting).await?.into_iter().map(|held| match held {
            Held::An(origin) => passes(origin),
            Held::Concealed => Said::concealed(Status::Fail),
            Held::Pan(_) | Held::Neither => fails(),
        });
        return Ok(held.collect());
    }
    let taken = agent.take(coins, counting).await?.into_iter().map(|taken| match taken {
        Taken::Pass(origin) => passes(origin),
        Taken::Concealed => Said::concealed(Status::Fail),
        Taken::Fail => fails(),
    });
    Ok(taken.collect())
}
