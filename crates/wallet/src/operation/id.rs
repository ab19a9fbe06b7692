//! The number of an operation, and what kinds there are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number of an operation, shown as 32 lower-case hex digits. For a
/// transfer it is the transfer id, otherwise random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId([u8; 16]);

/// A text that is no number of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an operation's number has 32 hex digits")]
pub struct OperationIdError;

/// What an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Coins go to another person.
    Send,
    /// Coins come from another person.
    Receive,
    /// Coins come from files.
    Import,
    /// Coins go into files, for nobody in particular.
    Export,
    /// Coins of which a check of the home found no file.
    Repair,
    /// Undecided coins are asked for.
    Find,
    /// Owned coins that some agents refuse are mended there.
    Fix,
    /// All coins are looked at.
    Detect,
    /// Coins are given to the agents for others of the same value.
    Exchange,
}

impl Kind {
    /// All kinds, in the order in which they came to be.
    pub const ALL: [Kind; 9] = [
        Kind::Send,
        Kind::Receive,
        Kind::Import,
        Kind::Export,
        Kind::Repair,
        Kind::Find,
        Kind::Fix,
        Kind::Detect,
        Kind::Exchange,
    ];
}

impl OperationId {
    /// Makes a number of its 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> OperationId {
        OperationId(bytes)
    }

    /// Returns its 16 bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for OperationId {
    type Err = OperationIdError;

    fn from_str(text: &str) -> Result<OperationId, OperationIdError> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| OperationIdError)?;
        let id = OperationId(bytes);
        // One number has one spelling, and so one journal.
        if id.to_string() == text { Ok(id) } else { Err(OperationIdError) }
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Send => "send",
            Kind::Receive => "receive",
            Kind::Repair => "repair",
            Kind::Import => "import",
            Kind::Export => "export",
            Kind::Find => "find",
            Kind::Fix => "fix",
            Kind::Detect => "detect",
            Kind::Exchange => "exchange",
        })
    }
}
