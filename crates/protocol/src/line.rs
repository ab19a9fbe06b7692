//! Numbered messages as lines of JSON: what is understood coming in, and how they go out.
//!
//! Out goes strict JSON in one order of keys. In comes whatever the seed's own sample looks like:
//! a trailing comma, text details on a heartbeat, `Message_Number` and `Message Details`, and
//! nothing written as `null`, `""`, `"None"` or left out. Two values for one field are refused,
//! also under two spellings; unknown fields are ignored. A line that is not such JSON is chat.
//!
//! Here nothing is believed yet: whether a line is of the peer, and of this moment, is decided by
//! [`crate::link`].

mod shown;
mod write;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::lenient::without_trailing_comma;

pub use shown::shown;
pub(crate) use write::{Place, SealedFrame, handshake_line};

/// A line that has a message number.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
pub struct NumberedLine<'a> {
    /// Who says it, as the relay left it. Nothing is decided on it.
    #[serde(default)]
    pub from: Option<String>,
    /// The message number, not necessarily one of the table.
    #[serde(rename = "Message Number", alias = "Message_Number")]
    pub number: u64,
    /// The details.
    #[serde(rename = "Message_Details", alias = "Message Details", default, borrow)]
    pub details: Details<'a>,
    /// The count of the frame under its keys, from 1.
    pub seq: Option<u64>,
    /// The last frame of the other side that was taken.
    pub ack: Option<u64>,
    /// The place in a run of chunks, from 0 (17 and 24).
    pub chunk: Option<u32>,
    /// Whether the run ends here (17 and 24).
    pub last: Option<bool>,
    /// Base64 of the tag of a frame with nothing secret.
    pub auth: Option<String>,
    /// Base64 of ciphertext and tag of a small secret text (1, 4, 12).
    pub sealed: Option<String>,
    /// Base64 of a message of a handshake (1).
    pub handshake: Option<String>,
}

impl<'a> NumberedLine<'a> {
    /// Reads a line, without its end. `None` for everything that is not a numbered message.
    ///
    /// Texts without escapes are not copied. Nesting is bounded by the reader, size by whoever cut
    /// the stream into lines.
    pub fn parse(line: &'a [u8]) -> Option<NumberedLine<'a>> {
        match without_trailing_comma(str::from_utf8(line).ok()?) {
            Cow::Borrowed(line) => serde_json::from_str(line).ok(),
            Cow::Owned(line) => {
                let line: NumberedLine<'_> = serde_json::from_str(&line).ok()?;
                Some(NumberedLine { details: line.details.into_owned(), ..line })
            }
        }
    }
}

/// What stands in `Message_Details`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Details<'a> {
    /// Nothing; written `null`.
    #[default]
    None,
    /// A whole number.
    Integer(u64),
    /// A text, never empty and never `None`: these two are [`Details::None`].
    Text(Cow<'a, str>),
}

impl<'a> Details<'a> {
    /// Takes a text as details; `""` and `"None"` say nothing.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Details<'a> {
        match text.into() {
            text if text.is_empty() || text == "None" => Details::None,
            text => Details::Text(text),
        }
    }

    fn into_owned(self) -> Details<'static> {
        match self {
            Details::None => Details::None,
            Details::Integer(number) => Details::Integer(number),
            Details::Text(text) => Details::Text(Cow::Owned(text.into_owned())),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Details<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Details<'a>, D::Error> {
        from.deserialize_any(DetailsVisitor)
    }
}

struct DetailsVisitor;

impl<'de> Visitor<'de> for DetailsVisitor {
    type Value = Details<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a whole number or a text")
    }

    fn visit_unit<E: Error>(self) -> Result<Details<'de>, E> {
        Ok(Details::None)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Details<'de>, E> {
        Ok(Details::Integer(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Details<'de>, E> {
        match u64::try_from(number) {
            Ok(number) => Ok(Details::Integer(number)),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Details<'de>, E> {
        Ok(Details::text(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Details<'de>, E> {
        Ok(Details::text(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
