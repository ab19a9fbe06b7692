//! `fix_lost`: which of AN and PAN does the agent hold? It changes nothing.
//!
//! Of a coin that an exchange made a caller who does not count origins hears `error`: it is there, so
//! that nobody may take it for lost.

use raida::api::{Counting, Form, Proposal, Status};

use super::places::Said;
use super::reply::{Answer, Signature};
use super::{Refusal, places};
use crate::agent::{Agent, Held};

/// Answers `fix_lost`.
pub(crate) async fn many<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let counting = Counting::read(form);
    let (places, coins) = places::read(form, Proposal::Needed)?;
    let held = agent.holds(coins, counting).await?.into_iter();
    let said = held.map(|held| match held {
        Held::An(origin) => Said::of(Status::An, "Holds the AN").from(origin, counting),
        Held::Pan(origin) => Said::of(Status::Pan, "Holds the PAN").from(origin, counting),
        Held::Neither => Said::of(Status::Neither, "Holds neither"),
        Held::Concealed => Said::concealed(Status::Error),
    });
    Ok(places.replies(signature, said))
}
