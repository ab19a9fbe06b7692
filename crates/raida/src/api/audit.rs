//! The answer to `audit`: what an agent has in circulation, as it has counted it.

use serde::{Deserialize, Serialize};

use super::Reply;

/// The answer to `audit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit<'a> {
    /// Status `pass`.
    #[serde(flatten, borrow)]
    pub reply: Reply<'a>,
    /// What is in circulation.
    #[serde(flatten)]
    pub circulation: Circulation,
    /// What becomes of exchanges.
    #[serde(flatten)]
    pub exchanges: Exchanges,
}

/// How many coins are in circulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Circulation {
    /// Coins of 1.
    pub d1: u64,
    /// Coins of 5.
    pub d5: u64,
    /// Coins of 25.
    pub d25: u64,
    /// Coins of 100.
    pub d100: u64,
    /// Coins of 250.
    pub d250: u64,
    /// All coins.
    pub coins: u64,
    /// What all coins are worth together.
    pub value: u64,
}

/// How many exchanges there are and were. Agents may differ in these: an agent that was silent
/// has executed or cancelled less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanges {
    /// Have reserved serial numbers and are not executed so far.
    pub pending: u64,
    /// Were executed, and not taken back.
    pub exchanged: u64,
    /// Were cancelled, or taken back.
    pub cancelled: u64,
}
