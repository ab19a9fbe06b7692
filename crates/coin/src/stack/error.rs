//! Why a text is no coin file, and where in it. Nothing here ever holds a part
//! of a secret: of texts only their lengths are told.

use std::fmt;

use crate::authenticity_number::AuthenticityNumberError;
use crate::coin::NETWORK_NUMBER;
use crate::limits::{STACK_BYTES_READ_MAX, STACK_COINS_READ_MAX};
use crate::serial_number::{SerialNumber, SerialNumberError};

/// A text that is no coin file. The file, or who made it, is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct StackError {
    /// Where it was seen.
    pub place: Place,
    /// What is wrong there.
    pub reason: Reason,
}

/// A place in a coin file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The byte of the line, from 1.
    pub column: usize,
    /// Which coin of the file, from 1.
    pub coin: Option<usize>,
    /// The key, `an` for example.
    pub field: Option<&'static str>,
    /// Which entry of the field's array, from 1.
    pub entry: Option<usize>,
}

/// What is wrong with a coin file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The file is longer than coin files are; it was not looked into.
    #[error("{bytes} bytes are more than the {STACK_BYTES_READ_MAX} of a coin file")]
    TooLong {
        /// Bytes of the file.
        bytes: usize,
    },
    /// The file is not UTF-8: an image, say, or another kind of coin file.
    #[error("not UTF-8 text")]
    NotUtf8,
    /// The text ends before the JSON does.
    #[error("the file is cut short")]
    CutShort,
    /// The text is no JSON from here on.
    #[error("not JSON")]
    NotJson,
    /// The JSON is of another kind than is needed here.
    #[error("expected {expected}")]
    WrongKind {
        /// What was needed.
        expected: &'static str,
    },
    /// The field is not there.
    #[error("the field is missing")]
    Missing,
    /// The field is there more than once, perhaps in two spellings.
    #[error("the field is there twice")]
    FieldTwice,
    /// The array of coins is empty.
    #[error("no coins")]
    NoCoins,
    /// There are more coins than a coin file may hold.
    #[error("{found} coins are more than the {STACK_COINS_READ_MAX} of a coin file")]
    TooManyCoins {
        /// Coins in the file.
        found: usize,
    },
    /// The coin belongs to another network.
    #[error("a coin of network {found}, not {NETWORK_NUMBER}")]
    OtherNetwork {
        /// Its network number; the largest u64 stands for any above it.
        found: u64,
    },
    /// The coin has a number that no coin has, and so no denomination.
    #[error(transparent)]
    SerialNumber(SerialNumberError),
    /// The file holds two coins of one serial number.
    #[error("serial number {sn} again, already coin {first} of this file")]
    CoinTwice {
        /// The serial number of both.
        sn: SerialNumber,
        /// Which coin of the file had it first, from 1.
        first: usize,
    },
    /// The coin has not one secret for each agent.
    #[error("{found} secrets instead of 25")]
    WrongCount {
        /// Secrets that were there.
        found: usize,
    },
    /// The secret is encrypted with a password: it has parts in parentheses.
    #[error("the secret is encrypted; decrypt the coin in the program that encrypted it")]
    Encrypted,
    /// The secret is not 32 hexadecimal digits.
    #[error(transparent)]
    Secret(AuthenticityNumberError),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if let Some(coin) = self.coin {
            write!(f, ", coin {coin}")?;
        }
        if let Some(field) = self.field {
            write!(f, ", {field}")?;
        }
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        Ok(())
    }
}
