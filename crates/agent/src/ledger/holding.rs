//! What a ledger holds of a coin, and the lineages of the exchanges that made coins: how both stand
//! in an entry.
//!
//! ```text
//! coin     AN (16)                                           minted
//!          AN (16), origin (32)                              made by an exchange
//! lineage  number of inputs u32
//!          each input: serial number u32, 0                  minted
//!                      serial number u32, 1, origin (32)     made by an exchange
//!          each output: serial number u32                    numbers are big-endian
//! ```

use coin::{AuthenticityNumber, Lineage, Origin, SerialNumber};
use zeroize::Zeroizing;

/// What a ledger holds of a coin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The secret that its owner knows.
    pub an: AuthenticityNumber,
    /// Where the coin came from.
    pub origin: Origin,
}

const MINTED: u8 = 0;
const MADE: u8 = 1;

impl Holding {
    /// What is held of a coin of the mint.
    pub fn minted(an: AuthenticityNumber) -> Holding {
        Holding { an, origin: Origin::Minted }
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(Holding::BYTES_MAX));
        bytes.extend_from_slice(self.an.expose());
        if let Origin::Exchange(of) = &self.origin {
            bytes.extend_from_slice(of);
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Holding> {
        let (an, origin) = bytes.split_first_chunk()?;
        let origin = match origin {
            [] => Origin::Minted,
            of => Origin::Exchange(of.try_into().ok()?),
        };
        Some(Holding { an: AuthenticityNumber::from_bytes(*an), origin })
    }

    const BYTES_MAX: usize = AuthenticityNumber::BYTES + Origin::BYTES;
}

/// Writes a lineage; its origin is its key.
pub(super) fn lineage_to_bytes(lineage: &Lineage) -> Vec<u8> {
    let inputs = u32::try_from(lineage.inputs().len()).expect("there are fewer serial numbers");
    let mut bytes = inputs.to_be_bytes().to_vec();
    for (sn, origin) in lineage.inputs() {
        bytes.extend_from_slice(&sn.get().to_be_bytes());
        match origin {
            Origin::Minted => bytes.push(MINTED),
            Origin::Exchange(of) => {
                bytes.push(MADE);
                bytes.extend_from_slice(of);
            }
        }
    }
    for sn in lineage.outputs() {
        bytes.extend_from_slice(&sn.get().to_be_bytes());
    }
    bytes
}

/// Reads the lineage of this origin; nothing when it is another's or torn.
pub(super) fn lineage_from_bytes(origin: Origin, bytes: &[u8]) -> Option<Lineage> {
    let (count, mut rest) = bytes.split_first_chunk()?;
    let mut inputs = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (sn, behind) = rest.split_first_chunk()?;
        let (kind, behind) = behind.split_first()?;
        let (of, behind) = match *kind {
            MINTED => (Origin::Minted, behind),
            MADE => {
                let (of, behind) = behind.split_first_chunk()?;
                (Origin::Exchange(*of), behind)
            }
            _ => return None,
        };
        inputs.push((SerialNumber::new(u32::from_be_bytes(*sn)).ok()?, of));
        rest = behind;
    }
    let (numbers, over) = rest.as_chunks();
    let number = |sn: &[u8; 4]| SerialNumber::new(u32::from_be_bytes(*sn)).ok();
    let outputs = numbers.iter().map(number).collect::<Option<_>>()?;
    let lineage = Lineage::new(inputs, outputs);
    (over.is_empty() && lineage.origin() == origin).then_some(lineage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{an, sn};

    #[test]
    fn what_is_held_is_read_back_and_torn_entries_are_not() {
        let made = Holding { an: an(1), origin: Origin::Exchange([7; 32]) };
        for (held, bytes) in [(Holding::minted(an(1)), 16), (made, 48)] {
            let written = held.to_bytes();
            assert_eq!((written.len(), Holding::from_bytes(&written)), (bytes, Some(held)));
            assert_eq!(Holding::from_bytes(&written[1..]), None);
        }
        assert_eq!(Holding::from_bytes(&[0; 49]), None);
    }

    #[test]
    fn a_lineage_is_read_back_by_its_origin_alone() {
        let minted = Lineage::new(vec![(sn(9), Origin::Minted)], vec![sn(1), sn(2)]);
        let inputs = vec![(sn(1), minted.origin()), (sn(16_777_216), Origin::Minted)];
        let made = Lineage::new(inputs, vec![sn(3)]);
        for lineage in [minted, made] {
            let (origin, bytes) = (lineage.origin(), lineage_to_bytes(&lineage));
            assert_eq!(lineage_from_bytes(origin, &bytes), Some(lineage));
            assert_eq!(lineage_from_bytes(Origin::Exchange([0; 32]), &bytes), None);
            assert_eq!(lineage_from_bytes(origin, &bytes[..bytes.len() - 1]), None);
            assert_eq!(lineage_from_bytes(origin, &[bytes.as_slice(), &[0]].concat()), None);
        }
        let endless = u32::MAX.to_be_bytes();
        assert_eq!(lineage_from_bytes(Origin::Exchange([0; 32]), &endless), None);
    }
}
