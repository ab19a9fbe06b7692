//! What the relay itself says: who is in the room (20), and why it closes (23).
//!
//! ```text
//!   {"from":"#relay","Message Number":20,"Message_Details":4831,"you":"127.0.0.1","members":2,"peer":"127.0.0.2"}
//!   <#relay Join_Room 4831 you=127.0.0.1 members=2 peer=127.0.0.2>
//!   {"from":"#relay","Message Number":23,"Message_Details":"<sentence>","code":"room_full"}
//!   <#relay Abort room_full: <sentence>>
//! ```
//!
//! Every `#` that a member sends is replaced by an address, so a raw `#` byte comes from the relay
//! alone. That is the whole proof: a line without one is no notice, whatever it decodes to.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;

use crate::lenient::without_trailing_comma;
use crate::message::Number;
use crate::room::{Code, Form, RoomNumber};

/// A line of the relay. It changes what is shown, never money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// 20: the answer to a join, and said again whenever the room changes.
    Members {
        /// The room.
        room: RoomNumber,
        /// The address of the member that is told.
        you: IpAddr,
        /// How many are in the room, 1 or 2.
        members: u8,
        /// The address of the other member, if there is one.
        peer: Option<IpAddr>,
    },
    /// 23: the relay closes this connection after it.
    Refused {
        /// Why, for programs.
        code: Code,
        /// Why, for people; what a relay wrote, so escape it before it reaches a terminal.
        sentence: String,
    },
}

impl Notice {
    /// Returns the refusal with the sentence of its code.
    pub fn refused(code: Code) -> Notice {
        Notice::Refused { code, sentence: code.sentence().to_owned() }
    }

    /// Reads a line, without its end, as it came from the relay; `None` for everything that is no
    /// notice: lines of the peer, and notices of a kind or with a code that is not known here.
    pub fn parse(line: &[u8]) -> Option<Notice> {
        if !line.contains(&b'#') {
            return None;
        }
        let line = str::from_utf8(line).ok()?.trim();
        if line.starts_with('{') { parse_json(line) } else { parse_tag(line) }
    }

    /// Returns the line in that form, without its end.
    pub fn to_line(&self, form: Form) -> String {
        match (self, form) {
            (Notice::Members { room, you, members, peer }, Form::Json) => {
                let peer = peer.map(|peer| format!(r#","peer":"{peer}""#)).unwrap_or_default();
                format!(
                    r##"{{"from":"#relay","Message Number":20,"Message_Details":{room},"you":"{you}","members":{members}{peer}}}"##
                )
            }
            (Notice::Members { room, you, members, peer }, Form::Tag) => {
                let peer = peer.map(|peer| format!(" peer={peer}")).unwrap_or_default();
                format!("<#relay Join_Room {room} you={you} members={members}{peer}>")
            }
            (Notice::Refused { code, sentence }, Form::Json) => {
                let sentence = Value::from(sentence.as_str()).to_string().replace('#', "\\u0023");
                format!(
                    r##"{{"from":"#relay","Message Number":23,"Message_Details":{sentence},"code":"{}"}}"##,
                    code.wire()
                )
            }
            (Notice::Refused { code, sentence }, Form::Tag) => {
                let sentence = sentence.replace(char::is_control, " ");
                format!("<#relay Abort {}: {sentence}>", code.wire())
            }
        }
    }
}

const RELAY: &str = "#relay";

#[derive(Deserialize)]
struct NoticeFields {
    from: String,
    #[serde(rename = "Message Number", alias = "Message_Number")]
    number: u64,
    #[serde(rename = "Message_Details", alias = "Message Details")]
    details: Value,
    you: Option<IpAddr>,
    members: Option<u8>,
    peer: Option<IpAddr>,
    code: Option<String>,
}

fn parse_json(line: &str) -> Option<Notice> {
    let line = without_trailing_comma(line);
    let fields: NoticeFields = serde_json::from_str(&line).ok()?;
    if fields.from != RELAY {
        return None;
    }
    match Number::from_wire(fields.number)? {
        Number::JoinRoom => members(
            RoomNumber::new(fields.details.as_u64()?).ok()?,
            fields.you?,
            fields.members?,
            fields.peer,
        ),
        Number::Abort => Some(Notice::Refused {
            code: Code::from_wire(&fields.code?)?,
            sentence: fields.details.as_str()?.to_owned(),
        }),
        _ => None,
    }
}

fn parse_tag(line: &str) -> Option<Notice> {
    let inner = line.strip_prefix("<#relay ")?.strip_suffix('>')?;
    let (name, rest) = inner.split_once(' ')?;
    if name == Number::Abort.wire_name() {
        let (word, sentence) = rest.split_once(": ")?;
        return Some(Notice::Refused {
            code: Code::from_wire(word)?,
            sentence: sentence.to_owned(),
        });
    }
    if name != Number::JoinRoom.wire_name() {
        return None;
    }
    let mut words = rest.split_ascii_whitespace();
    let room = words.next()?.parse().ok()?;
    let (mut you, mut count, mut peer) = (None, None, None);
    for word in words {
        match word.split_once('=')? {
            ("you", text) if you.is_none() => you = Some(text.parse().ok()?),
            ("members", text) if count.is_none() => count = Some(text.parse().ok()?),
            ("peer", text) if peer.is_none() => peer = Some(text.parse().ok()?),
            ("you" | "members" | "peer", _) => return None,
            (_, _) => {}
        }
    }
    members(room, you?, count?, peer)
}

fn members(room: RoomNumber, you: IpAddr, members: u8, peer: Option<IpAddr>) -> Option<Notice> {
    let fits = matches!((members, peer), (1, None) | (2, Some(_)));
    fits.then_some(Notice::Members { room, you, members, peer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(notice: &Notice, json: &str, tag: &str) {
        assert_eq!(notice.to_line(Form::Json), json);
        assert_eq!(notice.to_line(Form::Tag), tag);
        assert_eq!(Notice::parse(json.as_bytes()).as_ref(), Some(notice));
        assert_eq!(Notice::parse(tag.as_bytes()).as_ref(), Some(notice));
    }

    #[test]
    fn golden_lines_are_written_and_read() {
        let room = RoomNumber::new(4831).unwrap();
        let [you, peer] = ["127.0.0.1", "127.0.0.2"].map(|ip| ip.parse().unwrap());
        check(
            &Notice::Members { room, you, members: 2, peer: Some(peer) },
            r##"{"from":"#relay","Message Number":20,"Message_Details":4831,"you":"127.0.0.1","members":2,"peer":"127.0.0.2"}"##,
            "<#relay Join_Room 4831 you=127.0.0.1 members=2 peer=127.0.0.2>",
        );
        check(
            &Notice::Members { room, you: "2001:db8::7".parse().unwrap(), members: 1, peer: None },
            r##"{"from":"#relay","Message Number":20,"Message_Details":4831,"you":"2001:db8::7","members":1}"##,
            "<#relay Join_Room 4831 you=2001:db8::7 members=1>",
        );
        check(
            &Notice::refused(Code::RoomFull),
            r##"{"from":"#relay","Message Number":23,"Message_Details":"this room has its two members already","code":"room_full"}"##,
            "<#relay Abort room_full: this room has its two members already>",
        );
    }

    #[test]
    fn every_refusal_reads_back_in_both_forms() {
        for code in Code::ALL {
            let notice = Notice::refused(*code);
            for form in [Form::Json, Form::Tag] {
                assert_eq!(Notice::parse(notice.to_line(form).as_bytes()), Some(notice.clone()));
            }
        }
    }

    #[test]
    fn a_line_without_a_raw_number_sign_is_no_notice() {
        let forged = [
            r#"{"from":"\u0023relay","Message Number":20,"Message_Details":1,"you":"::1","members":1}"#,
            r#"{"from":"127.0.0.2relay","Message Number":20,"Message_Details":1,"you":"::1","members":1}"#,
            "<127.0.0.2relay Join_Room 1 you=::1 members=1>",
        ];
        for line in forged {
            assert_eq!(Notice::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_broken_notice_is_none() {
        let broken = [
            "#",
            "<#relay>",
            "<#relay Join_Room 0 you=::1 members=1>",
            "<#relay Join_Room 1 you=::1 members=2>",
            "<#relay Join_Room 1 you=::1 members=3 peer=::1>",
            "<#relay Join_Room 1 members=1>",
            "<#relay Join_Room 1 you=::1 you=::1 members=1>",
            "<#relay Heartbeat x>",
            "<#relay Abort no_such_code: words>",
            r##"{"from":"#","Message Number":20,"Message_Details":1,"you":"::1","members":1}"##,
            r##"{"from":"#relay","Message Number":1,"Message_Details":null}"##,
            r##"{"from":"#relay","Message Number":20,"Message_Details":1,"you":"x","members":1}"##,
            r##"{"from":"#relay","from":"#relay","Message Number":20,"Message_Details":1,"you":"::1","members":1}"##,
        ];
        for line in broken {
            assert_eq!(Notice::parse(line.as_bytes()), None, "{line}");
        }
        assert_eq!(Notice::parse(b"<#relay \xff>"), None);
    }
}
