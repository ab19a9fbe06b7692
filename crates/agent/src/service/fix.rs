//! `fix`, `multi_fix` and `super_fix`: setting coins anew on the tickets of other agents.
//!
//! Four generations, told apart by their fields. The first three name a corner of neighbours and
//! can never show the tickets of 13 agents: they are refused unless the agent was started for
//! them.
//!
//! ```text
//! fix        fromserver1 … 3, message1 … 3, pan                       one coin
//! multi_fix  fromserver1 … 4, message1[] … message4[], pans[]         many coins
//! fix        a … e, regex, sn[], pan                                  many coins, one new secret
//! super_fix  r[] (tickets of any agents, or `false`), sn[], pan[]     many coins
//! ```

mod corner;

use raida::api::{Dud, Form, Proposed, Status, read_proposed, read_tickets};

use super::Refusal;
use super::reply::{Answer, Signature, brief};
use crate::agent::Agent;
use crate::fixing::{NotFixed, QUORUM, Request, Tickets, fix};
use crate::settings::V1Fix;

/// Answers `fix` in its first and third generation.
pub(crate) async fn one<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    allow_corners(agent)?;
    if form.one("fromserver1").is_some() {
        corner::of_three(agent, form, signature).await
    } else {
        corner::of_five(agent, form, signature).await
    }
}

/// Answers `multi_fix`.
pub(crate) async fn many<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    allow_corners(agent)?;
    corner::of_four(agent, form, signature).await
}

/// Answers `super_fix`, with all words in one message.
pub(crate) async fn by_quorum<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let places = read_proposed(form)?;
    let tickets = read_tickets(form)?.into_iter();
    let of_others = tickets.filter(|ticket| ticket.agent() != agent.number());
    let tickets = of_others.map(Tickets::Common).collect();
    in_brief(agent, places, tickets, QUORUM, signature).await
}

fn allow_corners(agent: &Agent) -> Result<(), NotFixed> {
    match agent.settings().v1_fix {
        V1Fix::Allowed => Ok(()),
        V1Fix::Refused => Err(NotFixed::CornersRefused),
    }
}

/// Fixes the coins that were understood and says of each what came of it, in one message.
async fn in_brief<'s>(
    agent: &Agent,
    places: Vec<Result<Proposed, Dud>>,
    tickets: Vec<Tickets>,
    needed: usize,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let coins = places.iter().filter_map(|place| place.clone().ok()).collect();
    let fixed = fix(agent, Request { coins, tickets, needed }).await?;
    let mut fixed = fixed.into_iter();
    let words = places.iter().map(|place| match place {
        Ok(_) if fixed.next() == Some(true) => Status::Pass,
        Ok(_) => Status::Fail,
        Err(_) => Status::Dud,
    });
    Ok(Answer::One(Box::new(brief(signature, &words.collect::<Vec<_>>()))))
}
