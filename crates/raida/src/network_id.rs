//! The name of a money: it tells two sets of 25 agents apart.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::limits::NETWORK_ID_CHARS_MAX;

/// The id of a network of agents, made when its ledgers are founded: 1 to 64 visible ASCII
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetworkId(String);

/// The text is no network id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network id has 1 to {NETWORK_ID_CHARS_MAX} visible ASCII characters")]
pub struct BadNetworkId;

impl NetworkId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first 8 bytes of the SHA-256 of the text: what stands in connection files.
    pub fn print(&self) -> [u8; 8] {
        let digest = Sha256::digest(self.0.as_bytes());
        let mut print = [0; 8];
        print.copy_from_slice(&digest[..8]);
        print
    }
}

impl FromStr for NetworkId {
    type Err = BadNetworkId;

    fn from_str(text: &str) -> Result<NetworkId, BadNetworkId> {
        let length_fits = (1..=NETWORK_ID_CHARS_MAX).contains(&text.len());
        if length_fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(NetworkId(text.to_owned()))
        } else {
            Err(BadNetworkId)
        }
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_visible_ascii_of_bounded_length() {
        for good in ["a", "9f0c", "net-1_x"] {
            assert_eq!(good.parse::<NetworkId>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "ä", "a\n", &"x".repeat(65)] {
            assert_eq!(bad.parse::<NetworkId>(), Err(BadNetworkId));
        }
    }

    #[test]
    fn its_print_is_the_head_of_its_sha_256() {
        let id: NetworkId = "abc".parse().unwrap();
        assert_eq!(id.print(), [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]);
    }
}
