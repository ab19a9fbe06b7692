//! What a ledger remembers of a request that must be carried out once.

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// It was executed.
    Exchanged {
        /// The SHA-256 of what was asked: the same id with another content is another request.
        content: [u8; 32],
    },
    /// It was cancelled before it was executed, and never will be.
    Cancelled,
}

const EXCHANGED: u8 = 1;
const CANCELLED: u8 = 2;

impl Record {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Record::Exchanged { content } => [&[EXCHANGED], content.as_slice()].concat(),
            Record::Cancelled => vec![CANCELLED],
        }
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Record> {
        match bytes.split_first()? {
            (&EXCHANGED, content) => Some(Record::Exchanged { content: content.try_into().ok()? }),
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
        for record in [Record::Exchanged { content: [7; 32] }, Record::Cancelled] {
            let bytes = record.to_bytes();
            assert_eq!(Record::from_bytes(&bytes), Some(record));
            assert_eq!(Record::from_bytes(&bytes[1..]), None);
            assert_eq!(Record::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
        }
    }
}
