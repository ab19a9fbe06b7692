//! A coin, and a coin as a file holds it.

use crate::an_set::AnSet;
use crate::denomination::Denomination;
use crate::pown::PownString;
use crate::serial_number::SerialNumber;

/// The network that every coin here belongs to, `nn` in files and requests.
pub const NETWORK_NUMBER: u8 = 1;

/// A bearer coin: whoever knows its 25 secrets can take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coin {
    /// Which coin it is, and so what it is worth.
    pub sn: SerialNumber,
    /// The secrets that its agents hold.
    pub ans: AnSet,
}

/// A coin as a file holds it, with what its owner knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCoin {
    /// The coin.
    pub coin: Coin,
    /// The secrets proposed to its agents, while some agent has not been seen
    /// to hold its own (`pan`). Where an agent has taken its PAN, an owned coin
    /// has the same number here and in `coin.ans`.
    pub pans: Option<AnSet>,
    /// What each agent last said (`pown`). Agents decide, never this.
    pub pown: PownString,
    /// When the coin expires unless it is used, `month-year` (`ed`).
    pub expires: Option<String>,
    /// What other programs noted, `key=value` each (`aoid`).
    pub notes: Vec<String>,
}

impl Coin {
    /// Returns what the coin is worth.
    pub fn denomination(&self) -> Denomination {
        self.sn.denomination()
    }
}
