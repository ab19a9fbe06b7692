//! What a line that was heard means for whoever drives the link.

use std::fmt;
use std::net::IpAddr;

use zeroize::Zeroizing;

use crate::line::shown;
use crate::link::content::Heard;
use crate::link::memory::Memory;
use crate::message::Message;
use crate::room::Notice;

/// What a line meant, to be carried out in order.
#[derive(PartialEq, Eq)]
pub enum LinkEvent {
    /// The relay said who is in the room, or why it closes.
    Notice(Notice),
    /// Text that is no message; already escaped for a terminal.
    Chat {
        /// Whose it is: an address as the relay noticed it, or `relay`.
        from: String,
        /// The text.
        text: String,
    },
    /// Make this durable before what follows. It replaces what was remembered before.
    Persist(Memory),
    /// Send this line now.
    Reply(String),
    /// A handshake ended: fresh keys, and nothing was said under them yet.
    Linked,
    /// An authenticated message of the other side, in order; for 17 and 24 with the opened bytes.
    Heard(Message, Zeroizing<Vec<u8>>),
    /// Handshakes come that this side's file, or what it remembers, does not open.
    FilesDiffer,
    /// A line names another address as its origin than the relay noticed: for the person's eyes.
    OddSender {
        /// What the line says; already escaped for a terminal.
        said: String,
        /// What the relay noticed.
        noticed: IpAddr,
    },
}

impl LinkEvent {
    pub(super) fn heard(heard: Heard) -> LinkEvent {
        LinkEvent::Heard(heard.message, heard.bytes)
    }

    pub(super) fn chat(from: String, line: &[u8]) -> LinkEvent {
        LinkEvent::Chat { from, text: shown(&String::from_utf8_lossy(line)) }
    }
}

impl fmt::Debug for LinkEvent {
    /// Hides the bytes of chunks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkEvent::Notice(notice) => f.debug_tuple("Notice").field(notice).finish(),
            LinkEvent::Chat { from, text } => write!(f, "Chat({from:?}, {text:?})"),
            LinkEvent::Persist(memory) => f.debug_tuple("Persist").field(memory).finish(),
            LinkEvent::Reply(line) => f.debug_tuple("Reply").field(line).finish(),
            LinkEvent::Linked => f.write_str("Linked"),
            LinkEvent::Heard(message, bytes) => {
                write!(f, "Heard({message:?}, {} bytes)", bytes.len())
            }
            LinkEvent::FilesDiffer => f.write_str("FilesDiffer"),
            LinkEvent::OddSender { said, noticed } => write!(f, "OddSender({said:?}, {noticed})"),
        }
    }
}
