//! Fixing: an agent that holds another secret of a coin than its owner, or does not know it, sets
//! a new one on the word of the others.
//!
//! ```text
//! owner ──▶ the others: tickets      each bound to a coin and what the giver holds of it
//! owner ──▶ this agent: tickets and new secrets
//!           this agent: what do I hold now?
//!           this agent ──▶ the givers, all at once: what do these tickets speak for?
//!           13 say so, of one origin ──▶ set, if it still holds what it held before it asked,
//!                                        and while they still keep their word
//! ```
//!
//! These conditions matter: while others are asked the coin may change hands, also here, and the
//! new owner keeps it. A giver changes nothing of a coin for some seconds after its word, so that
//! at the moment of the change 13 others do hold what they said. A minted coin that this agent does not
//! know needs 17, and comes only if it was not given back here for others. One that an exchange made
//! comes with that exchange, which is carried out here on the word of the 13.
//!
//! # Crash safety
//!
//! Nothing is kept but the ledger, and what passed is on disk. The same request again passes.

pub(crate) mod corner;
mod lineages;
mod votes;

use std::collections::{BTreeMap, HashMap};

use coin::{AGENTS, Origin, SerialNumber};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use raida::api::{Hint, Proposed, Ticket};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout};

use self::votes::Votes;
use crate::acts::{Fixed, Fixing};
use crate::agent::{Agent, Stopped};
use crate::ledger::Holding;
use crate::limits::{CATCH_UP_WAIT, FIX_PLACE_WAIT, FIX_WAIT, TICKET_LIFE, WORD_LIFE, WORD_MARGIN};

/// Other agents whose tickets are needed to change a ledger.
pub(crate) const QUORUM: usize = AGENTS / 2 + 1;

/// The tickets of one agent.
pub(crate) enum Tickets {
    /// One for all coins.
    Common(Ticket),
    /// One for each coin, in their order, all of the same agent.
    Each(Vec<Ticket>),
}

/// Coins that shall be set anew, and the tickets that speak for them.
pub(crate) struct Request {
    /// No serial number twice.
    pub(crate) coins: Vec<Proposed>,
    /// At most one entry for an agent, none for the one that is to be fixed.
    pub(crate) tickets: Vec<Tickets>,
    /// How many agents must speak for a coin that the agent knows.
    pub(crate) needed: usize,
}

/// Why nothing was fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotFixed {
    #[error(
        "a coin is fixed here by super_fix, on the tickets of {QUORUM} other agents; this one takes \
         fewer only when it is started with --v1-fix"
    )]
    CornersRefused,
    #[error("these agents are no corner of this one's neighbours")]
    NoCorner,
    #[error("tickets of {needed} other agents are needed, got {got}")]
    TooFewTickets { needed: usize, got: usize },
    #[error("too many coins are being fixed at the moment")]
    Busy,
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Fixes coins. Returns for each, in their order, whether the agent holds the new secret.
///
/// # Errors
///
/// See [`NotFixed`]; then nothing was changed.
pub(crate) async fn fix(agent: &Agent, request: Request) -> Result<Vec<bool>, NotFixed> {
    let Request { coins, tickets, needed } = request;
    if tickets.len() < needed {
        return Err(NotFixed::TooFewTickets { needed, got: tickets.len() });
    }
    let _place = place(agent).await?;
    let sns: Vec<SerialNumber> = coins.iter().map(|coin| coin.sn).collect();
    let seen = agent.seen(sns.clone()).await?;
    let is_done = |(coin, seen): (&Proposed, &Option<Holding>)| {
        seen.as_ref().is_some_and(|held| held.an == coin.pan)
    };
    let mut fixed: Vec<bool> = coins.iter().zip(&seen).map(is_done).collect();
    let open: Vec<usize> = (0..coins.len()).filter(|place| !fixed[*place]).collect();

    let votes = seen.iter().map(|seen| Votes::of(seen.as_ref(), needed)).collect();
    // Nobody gives his word before this moment.
    let asked = Instant::now();
    let votes = vote(agent, &sns, &open, &tickets, votes, asked + FIX_WAIT).await;
    let mut unknown: BTreeMap<Origin, Vec<usize>> = BTreeMap::new();
    let (mut places, mut fixing) = (Vec::new(), Vec::new());
    for place in open {
        let Some((origin, givers)) = votes[place].won() else { continue };
        if seen[place].is_none() && origin != Origin::Minted {
            unknown.entry(origin).or_insert_with(|| givers.to_vec());
        }
        let Proposed { sn, pan } = coins[place].clone();
        places.push(place);
        fixing.push(Fixing { sn, seen: seen[place].clone(), origin, pan });
    }
    let heard = lineages::hear(agent, unknown, asked + CATCH_UP_WAIT).await?;
    let outcomes = agent.fix(fixing, heard, asked + WORD_LIFE - WORD_MARGIN).await?;
    for (place, outcome) in places.into_iter().zip(outcomes) {
        fixed[place] = outcome == Fixed::Pass;
    }
    Ok(fixed)
}

/// Asks an agent which coins its tickets speak for, one each, in their order.
///
/// # Errors
///
/// [`NotFixed::Busy`].
pub(crate) async fn named(
    agent: &Agent,
    tickets: &[Ticket],
) -> Result<Vec<Option<SerialNumber>>, NotFixed> {
    let _place = place(agent).await?;
    let until = Instant::now() + FIX_WAIT / 2;
    let hints = agent.peers().hints(tickets, until).await.unwrap_or_default();
    let named = |hint| coin_of(hint).map(|(sn, _)| sn);
    let coins = hints.into_iter().map(named).chain(std::iter::repeat(None));
    Ok(coins.take(tickets.len()).collect())
}

async fn place(agent: &Agent) -> Result<SemaphorePermit<'_>, NotFixed> {
    let place = timeout(FIX_PLACE_WAIT, agent.fixes.acquire()).await;
    Ok(place.map_err(|_| NotFixed::Busy)?.expect("the semaphore is never closed"))
}

/// Has the others vote for these coins. All are asked at once, and nobody is waited for once it is
/// clear for every open one.
async fn vote(
    agent: &Agent,
    coins: &[SerialNumber],
    open: &[usize],
    tickets: &[Tickets],
    mut votes: Vec<Votes>,
    until: Instant,
) -> Vec<Votes> {
    let mut asked: FuturesUnordered<_> =
        tickets.iter().map(|tickets| spoken_for(agent, coins, tickets, until)).collect();
    while open.iter().any(|&place| votes[place].is_open(asked.len()))
        && let Some((giver, spoken_for)) = asked.next().await
    {
        for (votes, origin) in votes.iter_mut().zip(spoken_for) {
            votes.hear(giver, origin);
        }
    }
    votes
}

/// Asks one agent for which coins its tickets speak; none when it is silent. Says which agent it was.
async fn spoken_for(
    agent: &Agent,
    coins: &[SerialNumber],
    tickets: &Tickets,
    until: Instant,
) -> (usize, Vec<Option<Origin>>) {
    match tickets {
        Tickets::Common(ticket) => {
            let covered = agent.peers().covered(ticket, until).await.unwrap_or_default();
            let covered: HashMap<_, _> = covered.into_iter().collect();
            (ticket.agent(), coins.iter().map(|sn| covered.get(sn).copied()).collect())
        }
        Tickets::Each(tickets) => {
            let Some(giver) = tickets.first().map(Ticket::agent) else { return (0, Vec::new()) };
            let hints = agent.peers().hints(tickets, until).await.unwrap_or_default();
            let named = hints.into_iter().map(coin_of).zip(coins);
            let of =
                |(named, sn): (Option<_>, &_)| named.filter(|(it, _)| it == sn).map(|(_, of)| of);
            (giver, named.map(of).collect())
        }
    }
}

fn coin_of(hint: Hint) -> Option<(SerialNumber, Origin)> {
    match hint {
        Hint::Coin { sn, origin, age } if age <= TICKET_LIFE => Some((sn, origin)),
        Hint::Coin { .. } | Hint::Unknown | Hint::Malformed => None,
    }
}

#[cfg(test)]
mod tests;
