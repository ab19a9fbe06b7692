//! The answer to `audit`: what an agent has in circulation, as it has counted it.

use serde::{Deserialize, Serialize};

use super::Reply;

/// What an agent has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit<'a> {
    /// Status `pass`.
    #[serde(flatten, borrow)]
    pub reply: Reply<'a>,
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
    /// Exchanges that have reserved serial numbers and are not executed so far.
    pub pending: u64,
    /// Exchanges that were executed.
    pub exchanged: u64,
    /// Requests that were cancelled before they were executed.
    pub cancelled: u64,
}
