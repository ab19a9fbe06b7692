//! Message 6 and `coin-wallet join`: small coins become fewer, bigger ones.
//!
//! In a transfer the coins that were chosen are joined, when they are as many as the policy of the home says,
//! so that what they become makes the amount as well. Alone it is all coins in Bank.

use std::collections::HashSet;

use coin::Amount;
use coin::choose::{self, Counts, JoinPolicy, Swap};
use protocol::machine::Fault;

use super::Bench;
use super::change::{numbers, plenty};
use super::exchange::{Exchanged, Purpose};
use super::prepare;
use crate::desk::with_causes;

/// What stays as it is when the coins of a home are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// So much that amounts can be paid without change.
    SmallChange,
    /// Nothing.
    Nothing,
}

impl Leaving {
    /// Returns the policy of joining.
    pub(crate) fn policy(self) -> JoinPolicy {
        let keep = match self {
            Leaving::SmallChange => Counts::small_change(),
            Leaving::Nothing => Counts::default(),
        };
        JoinPolicy { from: 0, keep }
    }
}

impl Bench {
    /// 6: joins the chosen coins, if the home wants that of so many, and chooses anew. What cannot be joined
    /// is paid as it is; an exchange that is not decided stops the payment.
    ///
    /// # Errors
    /// [`Fault::ExchangeOpen`].
    pub(super) async fn join_chosen(&self) -> Result<(), Fault> {
        let Some(from) = self.join_from else { return Ok(()) };
        let chosen = self.at_wallet(|_, operation| prepare::chosen(operation)).await?;
        let coins = chosen.clean.len() + chosen.refused.len();
        if coins < usize::try_from(from.get()).unwrap_or(usize::MAX) {
            return Ok(());
        }
        // What the chosen coins become makes the same amount.
        let policy = JoinPolicy { from: 0, keep: Counts::default() };
        match self.join(choose::join(&numbers(&chosen.clean), policy, plenty())).await {
            // Some groups may have been joined before the agents went.
            Ok(_) | Err(Fault::TooFewAgents { .. }) => self.choose().await,
            Err(fault) => Err(fault),
        }
    }

    /// Joins all coins in Bank; returns what could not be joined.
    pub(super) async fn join_all(&self, leaving: Leaving) -> Result<Amount, Fault> {
        let own = self.id;
        let clean = self.desk.run(move |work| prepare::free_coins(work, own, &HashSet::new()));
        let clean = clean.await.map_err(|stopped| Fault::Disk(stopped.to_string()))?;
        let (clean, _) = clean.map_err(|error| Fault::Disk(with_causes(&error)))?;
        self.join(choose::join(&numbers(&clean), leaving.policy(), plenty())).await
    }

    /// Joins group after group; returns the worth of the groups that could not be.
    async fn join(&self, groups: Vec<Swap>) -> Result<Amount, Fault> {
        if !groups.is_empty() {
            self.same_network().await?;
        }
        let mut left = Vec::new();
        for swap in groups {
            match self.exchange(&swap, Purpose::Join, HashSet::new()).await? {
                Exchanged::Stands => {}
                Exchanged::Pending(worth) => return Err(Fault::ExchangeOpen(worth)),
                Exchanged::NotDone => left.extend(swap.give),
            }
        }
        let values = left.into_iter().map(|sn| sn.denomination().amount());
        Ok(Amount::try_sum(values).unwrap_or(Amount::MAX))
    }
}
