//! Which network do one's own agents belong to?

use std::collections::HashMap;

use coin::AGENTS;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::Authority;
use crate::NetworkId;

/// Agents that must name the same network.
const MAJORITY: usize = AGENTS / 2 + 1;

/// Fewer than 13 agents name the same network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{answered} of {AGENTS} agents answered, {agreeing} of them name the same network, {MAJORITY} are needed"
)]
pub struct TooFewAgents {
    /// Agents that named a network, 0 to 25.
    pub answered: u8,
    /// The most of them that named the same one.
    pub agreeing: u8,
}

impl Authority {
    /// Asks all agents, once each, for the id of their network and returns the one that 13 of
    /// them name.
    ///
    /// # Errors
    ///
    /// [`TooFewAgents`] when there is none.
    pub async fn network(&self) -> Result<NetworkId, TooFewAgents> {
        let ends = Instant::now() + self.timing.request;
        let answers = join_all(self.lines.iter().map(|line| line.ask_network(ends))).await;
        let mut votes: HashMap<NetworkId, usize> = HashMap::new();
        for network in answers.into_iter().flatten() {
            *votes.entry(network).or_default() += 1;
        }
        let answered: usize = votes.values().sum();
        match votes.into_iter().max_by_key(|(_, votes)| *votes) {
            Some((network, votes)) if votes >= MAJORITY => Ok(network),
            best => {
                let agreeing = best.map_or(0, |(_, votes)| votes);
                Err(TooFewAgents { answered: answered as u8, agreeing: agreeing as u8 })
            }
        }
    }
}
