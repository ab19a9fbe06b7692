//! Where a coin came from: it was minted, or one certain exchange made it.
//!
//! Agents execute exchanges each for itself. A wallet that asks for different
//! exchanges with the same new serial numbers at different agents would have
//! coins that more agents hold than ever gave something for them. So a coin is
//! its serial number *and* its origin: agents that hold the same number from
//! different origins hold different coins, and their answers do not add up.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::serial_number::SerialNumber;

/// Where a coin came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Origin {
    /// The mint.
    #[default]
    Minted,
    /// The exchange whose [`Lineage`] has this hash.
    Exchange([u8; Origin::BYTES]),
}

/// What an exchange is, wherever it is executed: the coins that are given and
/// the serial numbers that are taken for them. Secrets and requests' ids, which
/// differ by agent, are no part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    inputs: Vec<(SerialNumber, Origin)>,
    outputs: Vec<SerialNumber>,
}

/// The text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is `minted` or 64 hexadecimal digits")]
pub struct OriginError;

const MINTED: &str = "minted";

impl Origin {
    /// Bytes of the hash of an exchange.
    pub const BYTES: usize = 32;

    /// Returns the origin that is named most often, of equally frequent ones
    /// the smallest; `None` when none is named.
    pub fn most_frequent(named: impl IntoIterator<Item = Origin>) -> Option<Origin> {
        let mut times: BTreeMap<Origin, usize> = BTreeMap::new();
        for origin in named {
            *times.entry(origin).or_default() += 1;
        }
        // Of equals `max_by_key` takes the last one.
        times.into_iter().rev().max_by_key(|(_, times)| *times).map(|(origin, _)| origin)
    }
}

impl Lineage {
    /// Makes the lineage of an exchange, in whatever order its coins are named.
    pub fn new(mut inputs: Vec<(SerialNumber, Origin)>, mut outputs: Vec<SerialNumber>) -> Lineage {
        inputs.sort_unstable();
        outputs.sort_unstable();
        Lineage { inputs, outputs }
    }

    /// Returns the coins that are given, in ascending order.
    pub fn inputs(&self) -> &[(SerialNumber, Origin)] {
        &self.inputs
    }

    /// Returns the serial numbers that are taken, in ascending order.
    pub fn outputs(&self) -> &[SerialNumber] {
        &self.outputs
    }

    /// Returns the origin of the coins that the exchange makes: the SHA-256 of
    /// `liveconnect/1 exchange `, the number of inputs (u32), each input (u32,
    /// then 0 for the mint or 1 and the 32 bytes of its origin), and each output
    /// (u32); numbers are big-endian.
    ///
    /// Origins of inputs are part of it, so that no coin is its own ancestor and
    /// a serial number that comes back is another coin.
    pub fn origin(&self) -> Origin {
        let mut hash = Sha256::new_with_prefix("liveconnect/1 exchange ");
        let inputs = u32::try_from(self.inputs.len()).expect("there are fewer serial numbers");
        hash.update(inputs.to_be_bytes());
        for (sn, origin) in &self.inputs {
            hash.update(sn.get().to_be_bytes());
            match origin {
                Origin::Minted => hash.update([0]),
                Origin::Exchange(of) => {
                    hash.update([1]);
                    hash.update(of);
                }
            }
        }
        for sn in &self.outputs {
            hash.update(sn.get().to_be_bytes());
        }
        Origin::Exchange(hash.finalize().into())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Minted => f.write_str(MINTED),
            Origin::Exchange(of) => f.write_str(&hex::encode(of)),
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Origin, OriginError> {
        if text == MINTED {
            return Ok(Origin::Minted);
        }
        let mut of = [0; Origin::BYTES];
        hex::decode_to_slice(text, &mut of).map_err(|_| OriginError)?;
        Ok(Origin::Exchange(of))
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Origin, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sn(number: u32) -> SerialNumber {
        SerialNumber::new(number).unwrap()
    }

    fn lineage(inputs: &[(u32, Origin)], outputs: &[u32]) -> Origin {
        let inputs = inputs.iter().map(|(number, origin)| (sn(*number), *origin)).collect();
        Lineage::new(inputs, outputs.iter().map(|number| sn(*number)).collect()).origin()
    }

    #[test]
    fn an_exchange_has_one_origin_in_whatever_order_its_coins_are_named() {
        let minted = Origin::Minted;
        let one = lineage(&[(9, minted), (8, minted)], &[5, 6]);
        assert_eq!(one, lineage(&[(8, minted), (9, minted)], &[6, 5]));
    }

    #[test]
    fn other_coins_on_either_side_or_of_another_origin_are_another_exchange() {
        let minted = Origin::Minted;
        let one = lineage(&[(8, minted)], &[5, 6]);
        let others = [
            lineage(&[(9, minted)], &[5, 6]),
            lineage(&[(8, one)], &[5, 6]),
            lineage(&[(8, minted)], &[5, 7]),
            lineage(&[(8, minted), (5, minted)], &[6]),
            lineage(&[(8, minted)], &[5]),
            lineage(&[], &[8, 5, 6]),
        ];
        assert!(others.iter().all(|other| *other != one));
    }

    #[test]
    fn an_origin_is_the_hash_that_its_description_says() {
        let text = [b"liveconnect/1 exchange ".as_slice(), &[0, 0, 0, 1], &[0, 0, 0, 8, 0]];
        let text = [text.concat(), vec![0, 0, 0, 5], vec![0, 0, 0, 6]].concat();
        let expected: [u8; 32] = Sha256::digest(text).into();
        assert_eq!(lineage(&[(8, Origin::Minted)], &[6, 5]), Origin::Exchange(expected));
    }

    #[test]
    fn of_equally_frequent_origins_the_smallest_counts() {
        let [one, other] = [1, 2].map(|byte| Origin::Exchange([byte; 32]));
        let most = |named: &[Origin]| Origin::most_frequent(named.iter().copied());
        assert_eq!(most(&[]), None);
        assert_eq!(most(&[other, one]), Some(one));
        assert_eq!(most(&[other, one, Origin::Minted, other]), Some(other));
    }

    #[test]
    fn origins_are_read_back() {
        for origin in [Origin::Minted, Origin::Exchange([0xa7; 32])] {
            assert_eq!(origin.to_string().parse(), Ok(origin));
        }
        for text in ["", "Minted", "a7", &"a7".repeat(33), &"g7".repeat(32)] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError), "{text}");
        }
    }
}
