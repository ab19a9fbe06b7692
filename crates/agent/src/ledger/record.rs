//! What a ledger remembers of a request that must be carried out once.

use coin::{AuthenticityNumber, Origin};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// It was executed.
    Exchanged {
        /// The SHA-256 of what was asked: the same id with another content is another request.
        content: [u8; 32],
        /// Which exchange it was; none in ledgers of format 2.
        origin: Option<Origin>,
    },
    /// It had no id and was executed: it is remembered by its hash, for an hour.
    Hashed {
        /// The SHA-256 of what was asked.
        content: [u8; 32],
        /// When, in seconds since 1970.
        at_s: u64,
        /// What the secrets were made of that the agent chose, and as secret as they.
        salt: AuthenticityNumber,
    },
    /// It was cancelled before it was executed, or taken back, and never will be executed.
    Cancelled,
}

const EXCHANGED: u8 = 1;
const CANCELLED: u8 = 2;
const HASHED: u8 = 3;
const MADE: u8 = 4;

impl Record {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Record::Exchanged { content, origin: Some(Origin::Exchange(of)) } => {
                [&[MADE], content.as_slice(), of.as_slice()].concat()
            }
            Record::Exchanged { content, origin: Some(Origin::Minted) | None } => {
                [&[EXCHANGED], content.as_slice()].concat()
            }
            Record::Hashed { content, at_s, salt } => {
                [&[HASHED], content.as_slice(), &at_s.to_be_bytes(), salt.expose()].concat()
            }
            Record::Cancelled => vec![CANCELLED],
        }
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Record> {
        match bytes.split_first()? {
            (&EXCHANGED, content) => {
                Some(Record::Exchanged { content: content.try_into().ok()?, origin: None })
            }
            (&MADE, rest) => {
                let (content, of) = rest.split_first_chunk()?;
                let origin = Some(Origin::Exchange(of.try_into().ok()?));
                Some(Record::Exchanged { content: *content, origin })
            }
            (&HASHED, rest) => {
                let (content, rest) = rest.split_first_chunk()?;
                let (at_s, salt) = rest.split_first_chunk()?;
                let salt = AuthenticityNumber::from_bytes(salt.try_into().ok()?);
                let at_s = u64::from_be_bytes(*at_s);
                Some(Record::Hashed { content: *content, at_s, salt })
            }
            (&CANCELLED, []) => Some(Record::Cancelled),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_back_and_torn_ones_are_not() {
        let salt = AuthenticityNumber::from_bytes([9; 16]);
        let hashed = Record::Hashed { content: [7; 32], at_s: 1 << 40, salt };
        let exchanged = |origin| Record::Exchanged { content: [7; 32], origin };
        let made = exchanged(Some(Origin::Exchange([8; 32])));
        for record in [exchanged(None), made, hashed, Record::Cancelled] {
            let bytes = record.to_bytes();
            assert_eq!(Record::from_bytes(&bytes), Some(record));
            assert_eq!(Record::from_bytes(&bytes[1..]), None);
            assert_eq!(Record::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
        }
    }
}
