//! `fix_lost`: which of AN and PAN does the agent hold? It changes nothing.

use raida::api::{Form, Proposal, Status};

use super::reply::{Answer, Signature};
use super::{Refusal, places};
use crate::agent::{Agent, Held};

/// Answers `fix_lost`.
pub(crate) async fn many<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let (places, coins) = places::read(form, Proposal::Needed)?;
    let held = agent.holds(coins).await?.into_iter();
    let said = held.map(|held| match held {
        Held::An => (Status::An, "Holds the AN".into()),
        Held::Pan => (Status::Pan, "Holds the PAN".into()),
        Held::Neither => (Status::Neither, "Holds neither".into()),
    });
    Ok(places.replies(signature, said))
}
