//! The receipt of a transfer: which coins changed hands. Both sides file the
//! same bytes.
//!
//! Its core is the receipt JSON of the existing wallets (`receipt_id`,
//! `receipt_detail` …); what is added says which batch it is about and how sure
//! each verdict is. A receipt says everything once in one layout, so two
//! receipts that say the same are the same bytes; everything else is refused.

mod layout;

use coin::{Amount, Grade, PownString, SerialNumber};
use jiff::Timestamp;

use crate::limits::{RECEIPT_BYTES_MAX, RECEIPT_COINS_MAX};
use crate::operation::OperationId;

/// Which coins of a batch changed hands. No secrets are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    transfer: OperationId,
    batch: [u8; 32],
    at: Timestamp,
    coins: Vec<ReceiptCoin>,
}

/// The verdict about a coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptCoin {
    /// The coin.
    pub sn: SerialNumber,
    /// Whose it is: `final` and `owned` (settling) are the receiver's.
    pub grade: Grade,
    /// What each agent answered; its passes are the agents that hold the new secret.
    pub pown: PownString,
}

/// The sums of a receipt by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiptTotals {
    /// Owned, confirmed by 17 agents or more.
    pub last: Amount,
    /// Owned, confirmed by 13 to 16 agents.
    pub settling: Amount,
    /// Undecided.
    pub limbo: Amount,
    /// Not the receiver's.
    pub counterfeit: Amount,
}

/// Why something is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is longer than receipts are; it was not looked into.
    #[error("{found} bytes, more than the {RECEIPT_BYTES_MAX} of a receipt")]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// It lists more coins than a batch has.
    #[error("{found} coins, more than {RECEIPT_COINS_MAX}")]
    TooManyCoins {
        /// How many it lists.
        found: usize,
    },
    /// A coin is listed twice, or not in the order of serial numbers.
    #[error("coin {sn} is listed twice or out of order")]
    Order {
        /// The coin.
        sn: SerialNumber,
    },
    /// It is of a later version.
    #[error("a receipt of version {version}, known is {}", layout::VERSION)]
    TooNew {
        /// Its version.
        version: u64,
    },
    /// It is not in the layout of receipts, or does not add up.
    #[error("not in the layout of a receipt")]
    Layout,
}

impl Receipt {
    /// Makes a receipt. `batch` is the SHA-256 of the batch. The time is kept to the second.
    ///
    /// # Errors
    /// [`ReceiptError::Order`] unless serial numbers ascend, [`ReceiptError::TooManyCoins`].
    pub fn new(
        transfer: OperationId,
        batch: [u8; 32],
        at: Timestamp,
        coins: Vec<ReceiptCoin>,
    ) -> Result<Receipt, ReceiptError> {
        if coins.len() > RECEIPT_COINS_MAX {
            return Err(ReceiptError::TooManyCoins { found: coins.len() });
        }
        if let Some(pair) = coins.windows(2).find(|pair| pair[0].sn >= pair[1].sn) {
            return Err(ReceiptError::Order { sn: pair[1].sn });
        }
        let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
        Ok(Receipt { transfer, batch, at, coins })
    }

    /// Reads a receipt: exactly what [`to_bytes`](Receipt::to_bytes) writes.
    ///
    /// # Errors
    /// See [`ReceiptError`]; the peer, or who changed the file, is at fault.
    pub fn parse(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::TooLong { found: bytes.len() });
        }
        let receipt = layout::read(bytes)?;
        // Totals, status words and notes follow from the rest: one comparison checks them all.
        if receipt.to_bytes() == bytes { Ok(receipt) } else { Err(ReceiptError::Layout) }
    }

    /// Writes the receipt, always as the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        layout::write(self)
    }

    /// Returns the transfer that it is about.
    pub fn transfer(&self) -> OperationId {
        self.transfer
    }

    /// Returns the SHA-256 of the batch that it is about.
    pub fn batch(&self) -> &[u8; 32] {
        &self.batch
    }

    /// Returns when it was written.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Returns the coins, serial numbers ascending.
    pub fn coins(&self) -> &[ReceiptCoin] {
        &self.coins
    }

    /// Returns the sums by verdict.
    pub fn totals(&self) -> ReceiptTotals {
        let sum = |grade| {
            let coins = self.coins.iter().filter(|coin| coin.grade == grade);
            let values = coins.map(|coin| coin.sn.denomination().amount());
            Amount::try_sum(values).expect("different coins are at most all the coins there are")
        };
        ReceiptTotals {
            last: sum(Grade::Final),
            settling: sum(Grade::Settling),
            limbo: sum(Grade::Limbo),
            counterfeit: sum(Grade::Counterfeit),
        }
    }
}
