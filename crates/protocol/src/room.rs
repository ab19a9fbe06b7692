//! Rooms of the relay as both the relay and the clients name them: number, token, side, the line
//! that enters a room, and the lines that the relay itself says.
//!
//! ```text
//!   client ──{"from":"#","Message Number":20,"Message_Details":4831}──▶ relay     JoinLine
//!   client ◀──{"from":"#relay","Message Number":20,…,"members":1}────── relay     Notice::Members
//!   client ◀──{"from":"#relay","Message Number":23,…,"code":"…"}─────── relay     Notice::Refused
//! ```
//!
//! The relay answers in the [`Form`] in which it was asked.

mod code;
mod join;
mod notice;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use code::Code;
pub use join::{JOIN_BYTES_MAX, JoinError, JoinLine};
pub use notice::Notice;

/// The number of a room, 1 to 2^53 (what every JSON reader can hold exactly).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct RoomNumber(u64);

impl RoomNumber {
    /// The highest room number.
    pub const MAX: RoomNumber = RoomNumber(1 << 53);

    /// Takes a number as a room number.
    ///
    /// # Errors
    /// [`NotARoom`] for 0 and for numbers above [`RoomNumber::MAX`].
    pub fn new(number: u64) -> Result<RoomNumber, NotARoom> {
        if (1..=Self::MAX.0).contains(&number) { Ok(RoomNumber(number)) } else { Err(NotARoom) }
    }

    /// Returns the number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for RoomNumber {
    type Error = NotARoom;

    fn try_from(number: u64) -> Result<RoomNumber, NotARoom> {
        RoomNumber::new(number)
    }
}

impl From<RoomNumber> for u64 {
    fn from(room: RoomNumber) -> u64 {
        room.0
    }
}

impl FromStr for RoomNumber {
    type Err = NotARoom;

    /// Takes plain digits.
    fn from_str(text: &str) -> Result<RoomNumber, NotARoom> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotARoom);
        }
        RoomNumber::new(text.parse().map_err(|_| NotARoom)?)
    }
}

impl fmt::Display for RoomNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text or number is no room number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a room is a whole number from 1 to {}", RoomNumber::MAX)]
pub struct NotARoom;

/// What sets a room apart from the public room of the same number: 16 bytes that both sides make
/// from the key of their connection file.
///
/// It lets nobody read or change anything; whoever has it can take a place in the room. So it is
/// kept out of logs and wiped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RoomToken([u8; 16]);

impl RoomToken {
    /// Takes the 16 bytes of a token.
    pub fn from_bytes(bytes: [u8; 16]) -> RoomToken {
        RoomToken(bytes)
    }

    /// Returns the bytes.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the 22 characters of base64url, without padding, that stand in a join line.
    pub fn to_base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl FromStr for RoomToken {
    type Err = NotAToken;

    /// Reads the 22 characters of [`RoomToken::to_base64url`].
    fn from_str(text: &str) -> Result<RoomToken, NotAToken> {
        let mut bytes = [0; 16];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(16) => Ok(RoomToken(bytes)),
            Ok(_) | Err(_) => Err(NotAToken),
        }
    }
}

impl PartialEq for RoomToken {
    fn eq(&self, other: &RoomToken) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for RoomToken {}

impl Hash for RoomToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for RoomToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomToken(…)")
    }
}

/// The text is no room token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token is base64url of 16 bytes without padding")]
pub struct NotAToken;

/// Which of the two seats of a room with a token a member takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The sender of the coins.
    S,
    /// The receiver of the coins.
    R,
}

impl Side {
    /// Returns `S` or `R`, as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::S => "S",
            Side::R => "R",
        }
    }

    /// Returns the side that is written so.
    pub fn from_wire(text: &str) -> Option<Side> {
        match text {
            "S" => Some(Side::S),
            "R" => Some(Side::R),
            _ => None,
        }
    }
}

/// How a member writes, and is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// `{"from":"#","Message Number":20,"Message_Details":4831}`
    Json,
    /// `<# Join_Room 4831>`, the seed's tags: for a person with `nc`.
    Tag,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_from_1_to_2_to_the_53() {
        let check = |text: &str, expected: Result<u64, NotARoom>| {
            assert_eq!(text.parse::<RoomNumber>().map(RoomNumber::get), expected, "{text:?}");
        };
        check("1", Ok(1));
        check("4831", Ok(4831));
        check("9007199254740992", Ok(9_007_199_254_740_992));
        for text in ["0", "9007199254740993", "99999999999999999999", "-1", "+1", "", " 1", "x"] {
            check(text, Err(NotARoom));
        }
    }

    #[test]
    fn a_token_reads_back_and_only_in_one_spelling() {
        let token = RoomToken::from_bytes([0xfb; 16]);
        assert_eq!(token.to_base64url(), "-_v7-_v7-_v7-_v7-_v7-w");
        assert_eq!("-_v7-_v7-_v7-_v7-_v7-w".parse(), Ok(token));
        let bad = [
            "",
            "-_v7-_v7-_v7-_v7-_v7-x",   // bits beyond the 16 bytes
            "-_v7-_v7-_v7-_v7-_v7-w==", // padding
            "+/v7+/v7+/v7+/v7+/v7+w",   // the other alphabet
            "-_v7-_v7-_v7-_v7-_v7",
            "-_v7-_v7-_v7-_v7-_v7-_v7",
        ];
        for text in bad {
            assert_eq!(text.parse::<RoomToken>(), Err(NotAToken), "{text:?}");
        }
    }

    #[test]
    fn debug_hides_the_token() {
        assert_eq!(format!("{:?}", RoomToken::from_bytes([65; 16])), "RoomToken(…)");
    }
}
