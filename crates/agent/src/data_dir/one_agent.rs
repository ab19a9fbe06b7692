//! The directory of one agent on a machine of its own: one ledger, and none of another agent.

use std::path::PathBuf;

use coin::AGENTS;
use raida::NetworkId;

use super::{DataDir, DataDirError};
use crate::ledger::{Charter, FjallLedger, Ledger};

impl DataDir {
    /// Opens the ledger of the one agent of this machine, of this network if one is named.
    ///
    /// # Errors
    ///
    /// [`DataDirError::UnfinishedMint`] while a mint waits to be finished,
    /// [`DataDirError::OtherAgent`], [`DataDirError::AgentNotFounded`], or what is wrong with the
    /// ledger.
    pub fn open_alone(
        &self,
        agent: usize,
        network: Option<&NetworkId>,
    ) -> Result<FjallLedger, DataDirError> {
        self.without_unfinished_mint()?;
        self.is_for(agent)?;
        if !self.ledger(agent).exists() {
            return Err(DataDirError::AgentNotFounded { dir: self.path.clone(), agent });
        }
        self.open_agent(agent, network)
    }

    /// Opens the ledger of one agent, of this network if one is named, whatever else is here.
    ///
    /// # Errors
    ///
    /// What is wrong with the ledger.
    pub(crate) fn open_agent(
        &self,
        agent: usize,
        network: Option<&NetworkId>,
    ) -> Result<FjallLedger, DataDirError> {
        let failed = |source| DataDirError::Ledger { agent, source };
        let ledger = FjallLedger::open(&self.ledger(agent)).map_err(failed)?;
        let network = network.unwrap_or(&ledger.charter().network).clone();
        ledger.expected_as(&Charter { network, agent }).map_err(failed)
    }

    /// Opens the ledgers that belong here: that of the one agent, or all 25.
    ///
    /// # Errors
    ///
    /// See [`DataDir::open_alone`] and [`DataDir::open_all`].
    pub(crate) fn open_here(&self) -> Result<Vec<FjallLedger>, DataDirError> {
        match self.expected_agents()?.as_slice() {
            [agent] => Ok(vec![self.open_alone(*agent, None)?]),
            _ => self.open_all(None),
        }
    }

    /// Returns the agents whose ledgers belong here: one, or all 25.
    ///
    /// # Errors
    ///
    /// [`DataDirError::NotFounded`] when there is none.
    pub(crate) fn expected_agents(&self) -> Result<Vec<usize>, DataDirError> {
        let found: Vec<usize> = self.agents().collect();
        match found.len() {
            0 => Err(DataDirError::NotFounded { dir: self.path.clone() }),
            1 => Ok(found),
            _ => Ok((0..AGENTS).collect()),
        }
    }

    /// Looks whether no other agent has a ledger here.
    ///
    /// # Errors
    ///
    /// [`DataDirError::OtherAgent`].
    pub(crate) fn is_for(&self, agent: usize) -> Result<(), DataDirError> {
        match self.agents().find(|found| *found != agent) {
            Some(found) => Err(DataDirError::OtherAgent { dir: self.path.clone(), agent, found }),
            None => Ok(()),
        }
    }

    /// Returns the agents that have a ledger here, in the order of their numbers.
    pub(crate) fn agents(&self) -> impl Iterator<Item = usize> {
        (0..AGENTS).filter(|agent| self.ledger(*agent).exists())
    }

    /// The mint of one agent that is under way.
    pub(crate) fn order_journal(&self) -> PathBuf {
        self.path.join("order.journal")
    }
}
