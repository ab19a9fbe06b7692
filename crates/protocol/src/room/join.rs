//! The first line of a connection, which enters a room (20, client to relay).
//!
//! ```text
//!   {"from":"#","Message Number":20,"Message_Details":4831,"token":"…","side":"S"}
//!   <# Join_Room 4831>            <# Join_Room 4831 token=… side=S>
//! ```
//!
//! A line that is neither is refused with `bad_join`, and the relay closes.

use serde::Deserialize;
use serde_json::Value;

use crate::lenient::{is_none_form, without_trailing_comma};
use crate::message::Number;
use crate::room::{Form, RoomNumber, RoomToken, Side};

/// Bytes that a join line may have, without its end: five times what the longest sensible one has.
pub const JOIN_BYTES_MAX: usize = 1024;

/// A request to enter a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinLine {
    /// The number of the room.
    pub room: RoomNumber,
    /// The token of the room; without one it is the public room of that number.
    pub token: Option<RoomToken>,
    /// The seat; only with a side can a dead member's seat be taken over.
    pub side: Option<Side>,
    /// How it was written, and so how it is answered.
    pub form: Form,
}

impl JoinLine {
    /// Reads a join line, without its end, as tolerantly as every message: both spellings of a
    /// field (never both at once), unknown fields and `from` ignored, `null`, `""` and `"None"`
    /// for a token or a side that is not there.
    ///
    /// # Errors
    /// [`JoinError`] says what is wrong with it; it never echoes the line.
    pub fn parse(line: &[u8]) -> Result<JoinLine, JoinError> {
        if line.len() > JOIN_BYTES_MAX {
            return Err(JoinError::TooLong);
        }
        let line = str::from_utf8(line).map_err(|_| JoinError::NotUtf8)?.trim();
        match line.as_bytes().first() {
            Some(b'{') => parse_json(line),
            Some(b'<') => parse_tag(line),
            Some(_) | None => Err(JoinError::NotAJoin),
        }
    }

    /// Returns the line in its JSON form, without its end.
    pub fn to_json_line(&self) -> String {
        let mut line =
            format!(r##"{{"from":"#","Message Number":20,"Message_Details":{}"##, self.room);
        if let Some(token) = &self.token {
            line += &format!(r#","token":"{}""#, token.to_base64url());
        }
        if let Some(side) = self.side {
            line += &format!(r#","side":"{}""#, side.as_str());
        }
        line + "}"
    }
}

/// What is wrong with a first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Longer than [`JOIN_BYTES_MAX`].
    #[error("longer than {JOIN_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("not utf-8 text")]
    NotUtf8,
    /// Neither of the two forms, or broken within its form, or another message.
    #[error("not a request to enter a room")]
    NotAJoin,
    /// No room number from 1 to 2^53.
    #[error("no room number from 1 to 2^53")]
    Room,
    /// The token is not base64url of 16 bytes.
    #[error("a token that is not base64url of 16 bytes")]
    Token,
    /// The side is neither `S` nor `R`.
    #[error("a side that is neither S nor R")]
    Side,
}

#[derive(Deserialize)]
struct JoinFields {
    #[serde(rename = "from", default)]
    _from: Value,
    #[serde(rename = "Message Number", alias = "Message_Number")]
    number: u64,
    #[serde(rename = "Message_Details", alias = "Message Details", default)]
    room: Value,
    #[serde(default)]
    token: Value,
    #[serde(default)]
    side: Value,
}

fn parse_json(line: &str) -> Result<JoinLine, JoinError> {
    let line = without_trailing_comma(line);
    let fields: JoinFields = serde_json::from_str(&line).map_err(|_| JoinError::NotAJoin)?;
    if Number::from_wire(fields.number) != Some(Number::JoinRoom) {
        return Err(JoinError::NotAJoin);
    }
    let room = fields.room.as_u64().ok_or(JoinError::Room)?;
    Ok(JoinLine {
        room: RoomNumber::new(room).map_err(|_| JoinError::Room)?,
        token: read_unless_none(&fields.token, JoinError::Token, read_token)?,
        side: read_unless_none(&fields.side, JoinError::Side, Side::from_wire)?,
        form: Form::Json,
    })
}

fn read_unless_none<T>(
    field: &Value,
    error: JoinError,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, JoinError> {
    if is_none_form(field) {
        return Ok(None);
    }
    field.as_str().and_then(read).map(Some).ok_or(error)
}

fn read_token(text: &str) -> Option<RoomToken> {
    text.parse().ok()
}

fn parse_tag(line: &str) -> Result<JoinLine, JoinError> {
    let inner = line.strip_prefix('<').and_then(|line| line.strip_suffix('>'));
    let mut words = inner.ok_or(JoinError::NotAJoin)?.split_ascii_whitespace();
    if words.next() != Some("#") || words.next() != Some(Number::JoinRoom.wire_name()) {
        return Err(JoinError::NotAJoin);
    }
    let room = words.next().and_then(|word| word.parse().ok()).ok_or(JoinError::Room)?;
    let (mut token, mut side) = (None, None);
    for word in words {
        match word.split_once('=').ok_or(JoinError::NotAJoin)? {
            ("token", text) if token.is_none() => {
                token = Some(read_token(text).ok_or(JoinError::Token)?);
            }
            ("side", text) if side.is_none() => {
                side = Some(Side::from_wire(text).ok_or(JoinError::Side)?);
            }
            ("token" | "side", _) => return Err(JoinError::NotAJoin),
            (_, _) => {}
        }
    }
    Ok(JoinLine { room, token, side, form: Form::Tag })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(room: u64, token: Option<[u8; 16]>, side: Option<Side>, form: Form) -> JoinLine {
        let room = RoomNumber::new(room).unwrap();
        JoinLine { room, token: token.map(RoomToken::from_bytes), side, form }
    }

    #[test]
    fn golden_lines_are_written_and_read() {
        let check = |join: &JoinLine, line: &str| {
            assert_eq!(join.to_json_line(), line);
            assert_eq!(JoinLine::parse(line.as_bytes()), Ok(join.clone()));
        };
        check(
            &join(4831, None, None, Form::Json),
            r##"{"from":"#","Message Number":20,"Message_Details":4831}"##,
        );
        check(
            &join(1 << 53, Some([0; 16]), Some(Side::R), Form::Json),
            concat!(
                r##"{"from":"#","Message Number":20,"Message_Details":9007199254740992,"##,
                r#""token":"AAAAAAAAAAAAAAAAAAAAAA","side":"R"}"#,
            ),
        );
    }

    #[test]
    fn tolerant_forms_are_understood() {
        let check = |line: &str, expected: JoinLine| {
            assert_eq!(JoinLine::parse(line.as_bytes()), Ok(expected), "{line}");
        };
        let json = join(7, None, None, Form::Json);
        check(r#"{"Message_Number":20,"Message Details":7}"#, json.clone());
        check(r##" {"from":"#","Message Number":20,"Message_Details":7, } "##, json.clone());
        check(r#"{"Message Number":20,"Message_Details":7,"token":"","side":null}"#, json.clone());
        check(r#"{"Message Number":20,"Message_Details":7,"token":"None"}"#, json.clone());
        check(r#"{"later":{"a":[1]},"Message Number":20,"Message_Details":7}"#, json);
        check("<# Join_Room 7>", join(7, None, None, Form::Tag));
        check("  <#  Join_Room  7 >\r", join(7, None, None, Form::Tag));
        check(
            "<# Join_Room 7 side=S token=AAAAAAAAAAAAAAAAAAAAAA later=1>",
            join(7, Some([0; 16]), Some(Side::S), Form::Tag),
        );
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        let check = |line: &str, expected: JoinError| {
            assert_eq!(JoinLine::parse(line.as_bytes()), Err(expected), "{line}");
        };
        let json =
            |details: &str| format!(r#"{{"Message Number":20,"Message_Details":{details}}}"#);
        for details in ["0", "-1", "1.0", "9007199254740993", "1e3", r#""7""#, "null", "[7]"] {
            check(&json(details), JoinError::Room);
        }
        for room in ["0", "-1", "9007199254740993", "seven", "7.0"] {
            check(&format!("<# Join_Room {room}>"), JoinError::Room);
        }
        check(r#"{"Message Number":20}"#, JoinError::Room);
        check(r#"{"Message Number":20,"Message_Number":20,"Message_Details":7}"#, NOT);
        check(r#"{"Message Number":20,"Message_Details":7,"Message Details":7}"#, NOT);
        check(r#"{"Message Number":20,"Message_Details":7,"token":null,"token":null}"#, NOT);
        check(r##"{"from":"#","from":"#","Message Number":20,"Message_Details":7}"##, NOT);
        check(r##"{"from":"#","Message Number":1,"Message_Details":null}"##, NOT);
        check(r#"{"Message Number":20,"Message_Details":7,"token":"short"}"#, JoinError::Token);
        check(r#"{"Message Number":20,"Message_Details":7,"token":7}"#, JoinError::Token);
        check(r#"{"Message Number":20,"Message_Details":7,"side":"s"}"#, JoinError::Side);
        check("<# Join_Room 7 side=s>", JoinError::Side);
        check("<# Join_Room 7 token=x>", JoinError::Token);
        check("<# Join_Room 7 side=S side=S>", NOT);
        check("<# Join_Room 7 8>", NOT);
        check("<# Join_Room>", JoinError::Room);
        for line in ["", " ", "GET / HTTP/1.1", "hello", "<# Heartbeat>", "<# Join_Room 7", "{"] {
            check(line, NOT);
        }
    }

    const NOT: JoinError = JoinError::NotAJoin;

    #[test]
    fn size_depth_and_bytes_are_bounded() {
        let long = format!(r#"{{"Message Number":20,"Message_Details":7{}}}"#, " ".repeat(1024));
        assert_eq!(JoinLine::parse(long.as_bytes()), Err(JoinError::TooLong));
        let deep = format!(r#"{{"Message Number":20,"Message_Details":{}"#, "[".repeat(900));
        assert_eq!(JoinLine::parse(deep.as_bytes()), Err(JoinError::NotAJoin));
        assert_eq!(JoinLine::parse(b"<# Join_Room \xff>"), Err(JoinError::NotUtf8));
    }
}
