//! What exchanges were that made coins which this agent does not know: asked of those who gave their
//! word for the coins, before it can end.
//!
//! Nobody needs to be believed: an origin is the hash of its exchange. What an exchange gave may come
//! of others that are missing here too; they are asked for after it.

use std::collections::BTreeMap;

use coin::{Lineage, Origin};
use futures_util::StreamExt;
use futures_util::stream::{self, FuturesUnordered};
use tokio::time::{Instant, timeout_at};

use crate::agent::{Agent, Stopped};
use crate::exchange::catch_up::Heard;
use crate::limits::{
    CATCH_UP_AT_A_TIME, CATCH_UP_COINS_MAX, CATCH_UP_GIVERS, CATCH_UP_LINKS_MAX, FIX_WAIT,
};

/// Asks what the exchanges of these origins were, each of some agents that know. What is not heard in
/// time, or is too much, is left out.
///
/// # Errors
///
/// [`Stopped`] when the ledger failed.
pub(super) async fn hear(
    agent: &Agent,
    origins: BTreeMap<Origin, Vec<usize>>,
    until: Instant,
) -> Result<Heard, Stopped> {
    let chains = stream::iter(origins)
        .map(async |(origin, givers)| {
            timeout_at(until, chain(agent, origin, &givers)).await.unwrap_or(Ok(Heard::new()))
        })
        .buffer_unordered(CATCH_UP_AT_A_TIME);
    let mut heard = Heard::new();
    let mut chains = std::pin::pin!(chains);
    let mut coins = 0;
    while let Some(chain) = chains.next().await {
        let chain = chain?;
        coins += chain.values().map(coins_of).sum::<usize>();
        if coins > CATCH_UP_COINS_MAX {
            break;
        }
        heard.extend(chain);
    }
    Ok(heard)
}

/// Asks what one exchange was, and those before it that are missing here; nothing when these are too
/// many or unknown.
async fn chain(agent: &Agent, origin: Origin, givers: &[usize]) -> Result<Heard, Stopped> {
    let (mut heard, mut open, mut coins) = (Heard::new(), vec![origin], 0);
    while let Some(origin) = open.pop() {
        if heard.contains_key(&origin) {
            continue;
        }
        let known = agent.lineage(origin).await?;
        let lineage = match known {
            Some(lineage) => Some(lineage),
            None => ask(agent, origin, givers).await,
        };
        let Some(lineage) = lineage else { return Ok(Heard::new()) };
        coins += coins_of(&lineage);
        open.extend(missing(agent, &lineage).await?);
        heard.insert(origin, lineage);
        if heard.len() > CATCH_UP_LINKS_MAX || coins > CATCH_UP_COINS_MAX {
            return Ok(Heard::new());
        }
    }
    Ok(heard)
}

/// Asks some of those who know, more of them than may be bad, and takes the first answer that is one.
async fn ask(agent: &Agent, origin: Origin, givers: &[usize]) -> Option<Lineage> {
    let until = Instant::now() + FIX_WAIT;
    let asked = givers.iter().take(CATCH_UP_GIVERS);
    let mut asked: FuturesUnordered<_> =
        asked.map(|giver| agent.peers().lineage(*giver, origin, until)).collect();
    while let Some(answer) = asked.next().await {
        if answer.is_some() {
            return answer;
        }
    }
    None
}

/// Returns the exchanges that made what this one gave, as far as that is not held here.
async fn missing(agent: &Agent, lineage: &Lineage) -> Result<Vec<Origin>, Stopped> {
    let inputs = lineage.inputs();
    let held = agent.seen(inputs.iter().map(|(sn, _)| *sn).collect()).await?;
    let missing = inputs.iter().zip(held).filter(|((_, origin), held)| {
        *origin != Origin::Minted && held.as_ref().is_none_or(|held| held.origin != *origin)
    });
    Ok(missing.map(|((_, origin), _)| *origin).collect())
}

fn coins_of(lineage: &Lineage) -> usize {
    lineage.inputs().len() + lineage.outputs().len()
}
