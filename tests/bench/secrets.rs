//! Secrets that nobody has to remember: those of a coin follow from its number and a count of rounds, so
//! that a benchmark of many coins needs no memory for them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::iter;
use std::path::Path;

use anyhow::Result;
use coin::{AnSet, AuthenticityNumber, SerialNumber};

/// Returns the secrets of a coin in a round.
pub(crate) fn secrets(sn: SerialNumber, round: u64) -> AnSet {
    AnSet::from_fn(|agent| secret(sn, round, agent))
}

/// Returns the secret of a coin in a round at one agent.
pub(crate) fn secret(sn: SerialNumber, round: u64, agent: usize) -> AuthenticityNumber {
    let seed = (u64::from(sn.get()) << 32) | (round << 8) | agent as u64;
    let (high, low) = (mixed(seed), mixed(!seed));
    AuthenticityNumber::from_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
}

/// Reads a file of serial numbers, four bytes each, one after the other.
pub(crate) fn numbers(path: &Path) -> Result<impl Iterator<Item = SerialNumber> + use<>> {
    let mut file = BufReader::new(File::open(path)?);
    Ok(iter::from_fn(move || {
        let mut number = [0; 4];
        file.read_exact(&mut number).ok()?;
        SerialNumber::new(u32::from_be_bytes(number)).ok()
    }))
}

/// The mixing step of the generator splitmix64.
pub(crate) fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
