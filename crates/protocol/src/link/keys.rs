//! The key schedule: what both sides make from the key of their connection file.
//!
//! ```text
//!   key ──HKDF-SHA256──┬─ "liveconnect/1 transfer" ─▶ transfer id, 16 bytes, names the transfer
//!                      ├─ "liveconnect/1 room" ─────▶ room token, 16 bytes, shown to the relay
//!                      └─ "liveconnect/1 psk" ──────▶ pre-shared key of the handshake, 32 bytes
//! ```
//!
//! The salt is empty; only the pre-shared key of a transfer that has a resume secret takes that
//! secret as salt. None of the three tells anything about the others or about the key.

use std::fmt;

use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::conn_file::FileKey;
use crate::link::memory::ResumeSecret;
use crate::room::RoomToken;

/// The name of a transfer at both sides: one file, one transfer, one batch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TransferId(#[serde(with = "hex::serde")] [u8; 16]);

impl TransferId {
    /// Takes the 16 bytes of an id.
    pub fn from_bytes(bytes: [u8; 16]) -> TransferId {
        TransferId(bytes)
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for TransferId {
    /// Writes 32 lower-case hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransferId({self})")
    }
}

impl FileKey {
    /// Returns the transfer id that belongs to this key.
    pub fn transfer_id(&self) -> TransferId {
        let mut id = [0; 16];
        expand(&Hkdf::new(None, self.expose()), b"liveconnect/1 transfer", &mut id);
        TransferId(id)
    }

    /// Returns the room token that belongs to this key.
    pub fn room_token(&self) -> RoomToken {
        let mut token = [0; 16];
        expand(&Hkdf::new(None, self.expose()), b"liveconnect/1 room", &mut token);
        RoomToken::from_bytes(token)
    }
}

/// The pre-shared key of a handshake.
pub(super) type Psk = Zeroizing<[u8; 32]>;

/// Returns the pre-shared key of a handshake made with the file alone, or with a resume secret.
pub(super) fn psk(key: &FileKey, resume: Option<&ResumeSecret>) -> Psk {
    let salt = resume.map(|secret| secret.expose().as_slice());
    let mut psk = Zeroizing::new([0; 32]);
    expand(&Hkdf::new(salt, key.expose()), b"liveconnect/1 psk", psk.as_mut());
    psk
}

/// The random bytes of one connection: 32 fresh ones of the operating system, stretched into as
/// many draws as handshakes and secrets need. No draw is ever given out twice.
pub(super) struct Entropy {
    seed: Zeroizing<[u8; 32]>,
    draws: u64,
}

impl Entropy {
    pub(super) fn new(seed: Zeroizing<[u8; 32]>) -> Entropy {
        Entropy { seed, draws: 0 }
    }

    pub(super) fn draw(&mut self) -> Zeroizing<[u8; 32]> {
        self.draws += 1;
        let info = [b"liveconnect/1 random".as_slice(), &self.draws.to_be_bytes()].concat();
        let mut bytes = Zeroizing::new([0; 32]);
        expand(&Hkdf::new(None, self.seed.as_ref()), &info, bytes.as_mut());
        bytes
    }
}

fn expand(from: &Hkdf<Sha256>, info: &[u8], into: &mut [u8]) {
    from.expand(info, into).expect("HKDF-SHA256 gives up to 8160 bytes and 32 are asked for");
}
