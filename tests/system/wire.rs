//! What is said on the wire, and by which side, as a tap sees it.

use std::collections::HashMap;
use std::fmt;

use protocol::room::{JoinLine, Side};
use serde_json::Value;

use crate::tap::{Direction, Line};

/// A message of a side. 20 and 1 are several things on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// What it is.
    pub(crate) what: What,
    /// Who says it.
    pub(crate) by: Side,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// 20: the first line of a connection.
    Join,
    /// 1 with a message of the handshake.
    Handshake,
    /// 1 with the last durable step: the first frame under new keys.
    Position,
    /// A message by its number: of 1 the plain heartbeat, of several frames the first.
    Message(u64),
    /// The last one of several frames.
    LastFrame(u64),
    /// One between the first and the last.
    Frame(u64),
}

/// Everything that one kind of watcher has to know: which connection is whose.
#[derive(Default)]
pub(crate) struct Wire {
    sides: HashMap<u64, Side>,
}

impl Wire {
    /// Returns what a client says with this line; `None` for what it hears, and for chat.
    pub(crate) fn said(&mut self, line: &Line<'_>) -> Option<Said> {
        if line.direction != Direction::ToRelay {
            return None;
        }
        if let Ok(JoinLine { side: Some(side), .. }) = JoinLine::parse(line.raw) {
            self.sides.insert(line.connection, side);
            return Some(Said { what: What::Join, by: side });
        }
        let by = *self.sides.get(&line.connection)?;
        let json: Value = serde_json::from_slice(line.raw).ok()?;
        let what = match json.get("Message Number")?.as_u64()? {
            1 if json.get("handshake").is_some() => What::Handshake,
            1 if json.get("sealed").is_some() => What::Position,
            number => match (json.get("chunk").and_then(Value::as_u64), json.get("last")) {
                (None | Some(0), _) => What::Message(number),
                (Some(_), Some(Value::Bool(true))) => What::LastFrame(number),
                (Some(_), _) => What::Frame(number),
            },
        };
        Some(Said { what, by })
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Join => write!(f, "20")?,
            What::Handshake => write!(f, "1 (handshake)")?,
            What::Position => write!(f, "1 (position)")?,
            What::Message(number) => write!(f, "{number}")?,
            What::LastFrame(number) => write!(f, "{number} (last frame)")?,
            What::Frame(number) => write!(f, "{number} (further frame)")?,
        }
        write!(f, " of {}", self.by.as_str())
    }
}
