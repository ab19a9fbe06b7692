//! Fixing: one agent that holds another secret of some coins, or does not know them, is told new
//! ones on the word of the others.
//!
//! ```text
//! for each batch:  all others ──▶ a ticket each, named for the agent to be fixed
//!                  that agent ──▶ super fix: tickets, coins, new secrets
//!                                 └─▶ it asks the others about their tickets, and needs 13
//! ```
//!
//! # Crash safety
//!
//! The new secrets are durable at the owner before; the agent has them on disk when it says that
//! it took them. After a silence it may have: the same fix again is harmless.

use coin::{AGENTS, AuthenticityNumber, Coin, Origin};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::Authority;
use crate::api::{AboutCoin, Status, Ticket};
use crate::limits::{BATCH_COINS, TICKETS_WAIT};

/// A coin that one agent shall hold with a new secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The coin with the secrets that the other agents hold.
    pub coin: Coin,
    /// What the agent shall hold; durable at the owner before the first question.
    pub pan: AuthenticityNumber,
}

/// What came of a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repaired {
    /// The agent holds the new secret.
    Yes,
    /// It says that it does not.
    No,
    /// It has not said: it may hold the new secret or not.
    Unknown,
}

impl Authority {
    /// Has agent `agent` (0 to 24) set new secrets of coins, on the tickets of all others; batch
    /// by batch, each tried once. Returns what came of each, in the order asked.
    ///
    /// The tickets are named for that agent: if it is dishonest, it can use them nowhere else. It
    /// is not asked about coins for which fewer than 13 others gave a ticket of one origin.
    pub async fn fix(&self, agent: usize, repairs: &[Repair]) -> Vec<Repaired> {
        let mut repaired = Vec::with_capacity(repairs.len());
        for batch in repairs.chunks(BATCH_COINS) {
            let tickets = self.tickets(agent, batch).await;
            repaired.extend(self.super_fix(agent, &tickets, batch).await);
        }
        repaired
    }

    /// Gets tickets for coins from all agents but one, named for that one.
    async fn tickets(&self, to: usize, repairs: &[Repair]) -> Tickets {
        let until = Instant::now() + self.timing.request.min(TICKETS_WAIT);
        let lines = self.lines.iter().enumerate();
        let asking = lines.map(async |(agent, line)| {
            if agent == to {
                return None;
            }
            let about = repairs.iter().map(|Repair { coin, .. }| {
                let an = coin.ans.get(agent);
                AboutCoin { sn: coin.sn, an, pan: an }
            });
            line.ask_ticket(about, to, until).await.ok()
        });
        let mut tickets = Tickets { by_agent: [None; AGENTS], of: vec![Vec::new(); repairs.len()] };
        for (agent, given) in join_all(asking).await.into_iter().enumerate() {
            let Some(given) = given else { continue };
            let Some(ticket) = given.ticket else { continue };
            tickets.by_agent[agent] = Some(ticket);
            for ((of, word), origin) in tickets.of.iter_mut().zip(given.words).zip(given.origins) {
                if word == Some(Status::Pass) {
                    of.push(origin);
                }
            }
        }
        tickets
    }

    async fn super_fix(
        &self,
        agent: usize,
        tickets: &Tickets,
        repairs: &[Repair],
    ) -> Vec<Repaired> {
        let has_quorum = |place: &usize| tickets.of_one_origin(*place) >= QUORUM;
        let places: Vec<usize> = (0..repairs.len()).filter(has_quorum).collect();
        let mut repaired = vec![Repaired::No; repairs.len()];
        if places.is_empty() {
            return repaired;
        }
        let coins = places.iter().map(|&place| (repairs[place].coin.sn, &repairs[place].pan));
        let coins: Vec<_> = coins.collect();
        let until = Instant::now() + self.timing.request;
        let said = self.lines[agent].ask_super_fix(&tickets.by_agent, &coins, until).await;
        for (number, place) in places.into_iter().enumerate() {
            repaired[place] = match said.as_ref().map(|words| words[number]) {
                Ok(Some(Status::Pass)) => Repaired::Yes,
                Ok(Some(Status::Fail | Status::Dud)) => Repaired::No,
                Ok(_) | Err(_) => Repaired::Unknown,
            };
        }
        repaired
    }
}

/// Tickets for some coins.
struct Tickets {
    by_agent: [Option<Ticket>; AGENTS],
    /// For each coin its origins, as those who gave a ticket for it say.
    of: Vec<Vec<Origin>>,
}

impl Tickets {
    /// Counts the agents that gave a ticket for a coin of its most frequent origin: tickets for
    /// coins of different origins do not add up.
    fn of_one_origin(&self, place: usize) -> usize {
        let of = &self.of[place];
        let most_frequent = Origin::most_frequent(of.iter().copied());
        of.iter().filter(|origin| Some(**origin) == most_frequent).count()
    }
}

/// Agents whose tickets another agent asks for before it changes its ledger.
const QUORUM: usize = AGENTS / 2 + 1;
