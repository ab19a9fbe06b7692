//! Many coins as bytes: the plaintext of message 24 and the journal's record.
//!
//! A coin is `nn` u8, `sn` u32 big-endian and 25 times 16 bytes of AN, 405
//! bytes together. Serial numbers ascend strictly, so that a set of coins has
//! exactly one form and one hash, and none is in it twice.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::an_set::AnSet;
use crate::coin::{Coin, NETWORK_NUMBER};
use crate::limits::BATCH_COINS_MAX;
use crate::serial_number::{SerialNumber, SerialNumberError};

/// Bytes of one coin.
pub const COIN_BYTES: usize = 5 + AnSet::BYTES;

/// Why coins make no batch, or bytes hold none. Positions count from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The bytes end in the middle of a coin.
    #[error("{bytes} bytes are no whole number of coins of {COIN_BYTES} bytes")]
    CutShort {
        /// Bytes that were there.
        bytes: usize,
    },
    /// There are more coins than a batch holds.
    #[error("{coins} coins are more than the {BATCH_COINS_MAX} of a batch")]
    TooMany {
        /// Coins that were there.
        coins: usize,
    },
    /// A coin belongs to another network.
    #[error("coin {position} of the batch is of network {found}, not {NETWORK_NUMBER}")]
    OtherNetwork {
        /// The place of the coin.
        position: usize,
        /// Its network number.
        found: u8,
    },
    /// A coin has a number that no coin has.
    #[error("coin {position} of the batch has no serial number")]
    SerialNumber {
        /// The place of the coin.
        position: usize,
        /// What is wrong with the number.
        source: SerialNumberError,
    },
    /// A coin stands behind one of a larger or the same serial number.
    #[error("coin {position} of the batch, serial number {sn}, is not in ascending order")]
    NotAscending {
        /// The place of the coin.
        position: usize,
        /// Its serial number.
        sn: SerialNumber,
    },
}

/// Writes coins as bytes; the bytes are wiped when dropped.
///
/// # Errors
/// [`BatchError::TooMany`]; [`BatchError::NotAscending`] when a serial number
/// is not larger than the one before.
pub fn encode(coins: &[Coin]) -> Result<Zeroizing<Vec<u8>>, BatchError> {
    check_count(coins.len())?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(coins.len() * COIN_BYTES));
    let mut order = Ascending::default();
    for coin in coins {
        order.check(coin.sn)?;
        bytes.push(NETWORK_NUMBER);
        bytes.extend_from_slice(&coin.sn.get().to_be_bytes());
        coin.ans.write_bytes(&mut bytes);
    }
    Ok(bytes)
}

/// Reads the coins of a batch. No bytes are an empty batch.
///
/// # Errors
/// [`BatchError`], each form of it.
pub fn decode(bytes: &[u8]) -> Result<Vec<Coin>, BatchError> {
    let (coins, rest) = bytes.as_chunks::<COIN_BYTES>();
    if !rest.is_empty() {
        return Err(BatchError::CutShort { bytes: bytes.len() });
    }
    check_count(coins.len())?;
    let mut order = Ascending::default();
    coins.iter().map(|coin| decode_coin(coin, &mut order)).collect()
}

/// Returns the SHA-256 of a batch's bytes, by which both sides name it.
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn decode_coin(bytes: &[u8; COIN_BYTES], order: &mut Ascending) -> Result<Coin, BatchError> {
    let [nn, sn @ ..] = bytes;
    let (sn, ans) = sn.split_first_chunk::<4>().expect("404 bytes begin with 4");
    let ans = ans.first_chunk().expect("404 bytes less 4 are 400");
    if *nn != NETWORK_NUMBER {
        return Err(BatchError::OtherNetwork { position: order.passed, found: *nn });
    }
    let sn = SerialNumber::new(u32::from_be_bytes(*sn))
        .map_err(|source| BatchError::SerialNumber { position: order.passed, source })?;
    order.check(sn)?;
    Ok(Coin { sn, ans: AnSet::from_bytes(ans) })
}

fn check_count(coins: usize) -> Result<(), BatchError> {
    if coins > BATCH_COINS_MAX { Err(BatchError::TooMany { coins }) } else { Ok(()) }
}

/// Watches that serial numbers ascend.
#[derive(Default)]
struct Ascending {
    last: Option<SerialNumber>,
    passed: usize,
}

impl Ascending {
    fn check(&mut self, sn: SerialNumber) -> Result<(), BatchError> {
        if self.last.is_some_and(|last| last >= sn) {
            return Err(BatchError::NotAscending { position: self.passed, sn });
        }
        self.last = Some(sn);
        self.passed += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BatchError, COIN_BYTES, decode, encode, hash};
    use crate::an_set::AnSet;
    use crate::authenticity_number::AuthenticityNumber;
    use crate::coin::Coin;
    use crate::serial_number::{SerialNumber, SerialNumberError};

    fn coin(sn: u32) -> Coin {
        let number = |agent| AuthenticityNumber::from_bytes([agent as u8 + sn as u8; 16]);
        Coin { sn: SerialNumber::new(sn).unwrap(), ans: AnSet::from_fn(number) }
    }

    fn check_refused(spoil: impl FnOnce(&mut Vec<u8>), expected: &BatchError) {
        let mut bytes = encode(&[coin(7), coin(8)]).unwrap().to_vec();
        spoil(&mut bytes);
        assert_eq!(decode(&bytes).as_ref(), Err(expected));
    }

    #[test]
    fn a_batch_reads_what_it_wrote() {
        let coins = [coin(1), coin(2_097_153), coin(16_777_216)];
        let bytes = encode(&coins).unwrap();
        assert_eq!(bytes.len(), 3 * COIN_BYTES);
        assert_eq!(decode(&bytes).unwrap(), coins);
        assert_eq!(decode(&[]).unwrap(), []);
    }

    #[test]
    fn the_bytes_of_a_coin_are_network_serial_number_and_secrets() {
        let bytes = encode(&[coin(0x0001_0203)]).unwrap();
        assert_eq!(COIN_BYTES, 405);
        assert_eq!(bytes[..7], [1, 0, 1, 2, 3, 3, 3]);
        assert_eq!(bytes[389..], [27; 16]);
    }

    #[test]
    fn coins_out_of_order_or_twice_make_no_batch() {
        for pair in [[coin(8), coin(7)], [coin(7), coin(7)]] {
            let refused = BatchError::NotAscending { position: 1, sn: pair[1].sn };
            assert_eq!(encode(&pair), Err(refused));
        }
    }

    #[test]
    fn bytes_that_are_no_batch_are_refused_with_the_place() {
        let other = BatchError::OtherNetwork { position: 1, found: 2 };
        check_refused(|bytes| bytes[COIN_BYTES] = 2, &other);
        check_refused(|bytes| bytes.truncate(809), &BatchError::CutShort { bytes: 809 });
        let source = SerialNumberError::OutOfRange { found: 0 };
        check_refused(|bytes| bytes[4] = 0, &BatchError::SerialNumber { position: 0, source });
        let twice = BatchError::NotAscending { position: 1, sn: SerialNumber::new(7).unwrap() };
        check_refused(|bytes| bytes[COIN_BYTES + 4] = 7, &twice);
    }

    #[test]
    fn the_hash_is_sha_256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex::encode(hash(&[])), empty);
    }
}
