//! The name of the file of one coin: `250.CloudCoin.1.16777215.tag.stack`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::coin::NETWORK_NUMBER;
use crate::limits::TAG_CHARS_MAX;
use crate::serial_number::{SerialNumber, SerialNumberError};

/// The name of a coin's file in a wallet. It reads only what it writes, letter
/// for letter, so that a name parsed is the name of that very file. Files of
/// other programs are known by what is in them, not by their names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoinName {
    /// The coin's serial number, which gives the value in front as well.
    pub sn: SerialNumber,
    /// Which operation wrote the file.
    pub tag: Tag,
}

/// The tag of a file name: up to 32 of `A`–`Z`, `a`–`z`, `0`–`9`, `_` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// Why a text is no tag, or no name of a coin's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoinNameError {
    /// The tag is longer than tags are.
    #[error("a tag of {found} characters, more than {TAG_CHARS_MAX}")]
    TagTooLong {
        /// Characters that were there.
        found: usize,
    },
    /// The tag has a character that tags do not have.
    #[error("a tag has letters, digits, `_` and `-` only")]
    TagCharacter,
    /// The name is not made of the six parts.
    #[error("not of the form value.CloudCoin.{NETWORK_NUMBER}.serial-number.tag.stack")]
    Form,
    /// The name has a number that no coin has.
    #[error("a name without a serial number")]
    SerialNumber(#[from] SerialNumberError),
}

impl CoinName {
    /// Names the file of coin `sn`.
    pub const fn new(sn: SerialNumber, tag: Tag) -> CoinName {
        CoinName { sn, tag }
    }
}

impl Tag {
    /// Makes a tag of the first 8 hexadecimal digits of an operation's number.
    pub fn of_operation(id: &[u8; 16]) -> Tag {
        Tag(hex::encode(&id[..4]))
    }

    /// Returns the tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = CoinNameError;

    fn from_str(text: &str) -> Result<Tag, CoinNameError> {
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
            return Err(CoinNameError::TagCharacter);
        }
        if text.len() > TAG_CHARS_MAX {
            return Err(CoinNameError::TagTooLong { found: text.len() });
        }
        Ok(Tag(text.to_owned()))
    }
}

impl FromStr for CoinName {
    type Err = CoinNameError;

    fn from_str(text: &str) -> Result<CoinName, CoinNameError> {
        let parts: Vec<&str> = text.splitn(7, '.').collect();
        let [_, _, _, sn, tag, _] = parts[..] else { return Err(CoinNameError::Form) };
        let name = CoinName { sn: sn.parse()?, tag: tag.parse()? };
        if name.to_string() == text { Ok(name) } else { Err(CoinNameError::Form) }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for CoinName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CoinName { sn, tag } = self;
        write!(f, "{}.CloudCoin.{NETWORK_NUMBER}.{sn}.{tag}.stack", sn.denomination())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Debug for CoinName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for CoinName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CoinName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CoinName, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{CoinName, CoinNameError, Tag};
    use crate::serial_number::SerialNumberError;

    fn check_refused(text: &str, expected: CoinNameError) {
        assert_eq!(text.parse::<CoinName>(), Err(expected), "{text}");
    }

    #[test]
    fn a_name_reads_what_it_wrote() {
        for text in [
            "250.CloudCoin.1.16777215.tag.stack",
            "1.CloudCoin.1.1.00c0ffee.stack",
            "100.CloudCoin.1.6291457..stack",
            "5.CloudCoin.1.2097153.A_b-9.stack",
        ] {
            let name: CoinName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
            let json = serde_json::to_string(&name).unwrap();
            assert_eq!(serde_json::from_str::<CoinName>(&json).unwrap(), name);
        }
    }

    #[test]
    fn names_of_another_form_are_refused() {
        for text in [
            "",
            "tag",
            "250.CloudCoin.1.16777215.stack",
            "250.CloudCoin.1.16777215.tag.stack.stack",
            "250.CloudCoin.1.16777215.tag.jpg",
            "250.cloudcoin.1.16777215.tag.stack",
            "250.CloudCoin.2.16777215.tag.stack",
            "250.CloudCoin.1.016777215.tag.stack",
            "100.CloudCoin.1.16777215.tag.stack",
            " 250.CloudCoin.1.16777215.tag.stack",
        ] {
            check_refused(text, CoinNameError::Form);
        }
    }

    #[test]
    fn a_name_cannot_lead_out_of_its_folder() {
        check_refused("250.CloudCoin.1.16777215./x.stack", CoinNameError::TagCharacter);
        check_refused("250.CloudCoin.1.16777215.é.stack", CoinNameError::TagCharacter);
        check_refused("../../etc/passwd", CoinNameError::Form);
        assert_eq!("..".parse::<Tag>(), Err(CoinNameError::TagCharacter));
    }

    #[test]
    fn tags_and_serial_numbers_have_their_bounds() {
        let long = "t".repeat(33);
        let name = format!("250.CloudCoin.1.16777215.{long}.stack");
        check_refused(&name, CoinNameError::TagTooLong { found: 33 });
        assert!(long[1..].parse::<Tag>().is_ok());
        let range = SerialNumberError::OutOfRange { found: 0 };
        check_refused("250.CloudCoin.1.0.tag.stack", CoinNameError::SerialNumber(range));
    }

    #[test]
    fn the_tag_of_an_operation_is_its_first_8_digits() {
        let mut id = [0; 16];
        id[..5].copy_from_slice(&[0xde, 0xad, 0x0b, 0xef, 0x99]);
        assert_eq!(Tag::of_operation(&id).as_str(), "dead0bef");
    }
}
