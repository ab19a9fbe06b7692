//! The link between the two sides: lines in, authenticated messages out, and the way back.
//!
//! ```text
//!   connection ──line──▶ heard_line ──▶ Notice, Chat … for the person
//!                                   ├─▶ Persist, Reply, Linked   handshakes
//!                                   └─▶ Heard(message, bytes)    for the machine
//!   machine ──message──▶ say ──line──▶ connection
//! ```
//!
//! The relay and the network are taken as hostile: they can delay or cut, and nothing else that
//! stays unseen. Sans I/O: lines and random bytes come in, events go out, to be carried out in their
//! order; what follows a [`LinkEvent::Persist`] waits until that is durable.

mod broken;
mod content;
mod event;
mod frame;
mod handshake;
mod keys;
mod memory;
mod receiver_end;
mod sender_end;

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::conn_file::{ConnFile, FileKey};
use crate::limits::{CHUNK_BYTES_MAX, DELIVERED_BYTES_MAX};
use crate::line::{NumberedLine, shown};
use crate::message::{Message, Number};
use crate::room::{Form, JoinLine, Notice, RoomNumber, Side};
use frame::Frame;
use keys::Entropy;
use receiver_end::ReceiverEnd;
use sender_end::SenderEnd;

pub use broken::{LinkBroken, Misbehaviour, NotLinked};
pub use event::LinkEvent;
pub use keys::TransferId;
pub use memory::{Memory, ReceiverMemory, ResumeSecret, SenderMemory};

/// One side of a transfer's link, over all its connections.
pub struct Link {
    room: RoomNumber,
    key: FileKey,
    transfer: TransferId,
    end: End,
    connection: Option<Connection>,
}

enum End {
    Sender(SenderEnd),
    Receiver(ReceiverEnd),
}

/// What is known of one connection beside its sessions.
struct Connection {
    entropy: Entropy,
    /// The address of the other side, as the relay noticed it last.
    peer: Option<IpAddr>,
    odd_sender: OddSenderTold,
}

#[derive(PartialEq, Eq)]
enum OddSenderTold {
    No,
    Yes,
}

impl Link {
    /// Returns the sender's side.
    pub fn sender(file: &ConnFile, memory: SenderMemory) -> Link {
        Link::new(file, End::Sender(SenderEnd::new(memory)))
    }

    /// Returns the receiver's side.
    pub fn receiver(file: &ConnFile, memory: ReceiverMemory) -> Link {
        Link::new(file, End::Receiver(ReceiverEnd::new(memory)))
    }

    fn new(file: &ConnFile, end: End) -> Link {
        let (room, key, transfer) = (file.room, file.key.clone(), file.transfer_id());
        Link { room, key, transfer, end, connection: None }
    }

    /// Returns the id of the transfer.
    pub fn transfer_id(&self) -> TransferId {
        self.transfer
    }

    /// Returns the line that enters the room, the first one of each connection, without its end.
    pub fn join_line(&self) -> String {
        let token = Some(self.key.room_token());
        let side = Some(self.side());
        JoinLine { room: self.room, token, side, form: Form::Json }.to_json_line()
    }

    /// Begins a new connection and forgets the keys of the one before.
    ///
    /// `seed` has to be 32 fresh bytes of the operating system for each connection: key pairs and
    /// resume secrets are made from it.
    pub fn connected(&mut self, seed: [u8; 32]) {
        self.disconnect();
        let entropy = Entropy::new(Zeroizing::new(seed));
        self.connection = Some(Connection { entropy, peer: None, odd_sender: OddSenderTold::No });
    }

    /// Returns the line of a handshake that waits for its answer: the sender sends it at once and
    /// repeats it each second as long as there is one.
    pub fn handshake_due(&mut self) -> Option<String> {
        match &self.end {
            End::Sender(end) => end.handshake_due(),
            End::Receiver(_) => None,
        }
    }

    /// Hears a line, without its end. On a connection that is broken or not there it says nothing.
    ///
    /// # Errors
    /// [`LinkBroken`]: nothing more is heard or said on this connection; close it and make another.
    pub fn heard_line(&mut self, line: &[u8]) -> Result<Vec<LinkEvent>, LinkBroken> {
        let heard = self.hear(line);
        if heard.is_err() {
            self.disconnect();
        }
        heard
    }

    /// Seals a message and returns its line, without its end. Each call makes another frame, so
    /// what it returns has to be sent, once and in order.
    ///
    /// `secret` is the chunk that goes with 17 and 24, at most 32 KiB, and empty for all others.
    /// Memo and reason are cut at their bounds.
    ///
    /// # Errors
    /// [`NotLinked`] while there are no keys; what was to be said is said again by positions.
    ///
    /// # Panics
    /// If `secret` is longer than a chunk, or there is one beside another message.
    pub fn say(&mut self, message: &Message, secret: &[u8]) -> Result<String, NotLinked> {
        let chunked = matches!(message, Message::Coins(_) | Message::Receipt(_));
        let bytes_max = if chunked { CHUNK_BYTES_MAX } else { 0 };
        assert!(secret.len() <= bytes_max, "{} bytes beside {:?}", secret.len(), message.number());
        let session = match &mut self.end {
            End::Sender(end) => &mut end.session,
            End::Receiver(end) => &mut end.session,
        };
        session.as_mut().ok_or(NotLinked)?.say(message, secret)
    }

    fn side(&self) -> Side {
        match self.end {
            End::Sender(_) => Side::S,
            End::Receiver(_) => Side::R,
        }
    }

    fn disconnect(&mut self) {
        self.connection = None;
        match &mut self.end {
            End::Sender(end) => end.disconnect(),
            End::Receiver(end) => end.disconnect(),
        }
    }

    fn hear(&mut self, line: &[u8]) -> Result<Vec<LinkEvent>, LinkBroken> {
        let Some(connection) = &mut self.connection else {
            return Ok(vec![]);
        };
        if line.len() > DELIVERED_BYTES_MAX {
            return Err(LinkBroken::LineTooLong { bytes: line.len() });
        }
        if memchr::memchr(b'#', line).is_some() {
            return Ok(self.heard_relay(line));
        }
        let Some(numbered) = NumberedLine::parse(line) else {
            return Ok(connection.heard_chat(line));
        };
        let mut events = connection.heard_from(&numbered);
        events.extend(self.heard_numbered(numbered)?);
        Ok(events)
    }

    /// A raw `#` is of the relay alone.
    fn heard_relay(&mut self, line: &[u8]) -> Vec<LinkEvent> {
        let Some(connection) = &mut self.connection else {
            return vec![];
        };
        let Some(notice) = Notice::parse(line) else {
            return vec![LinkEvent::chat("relay".to_owned(), line)];
        };
        if let Notice::Members { members, peer, .. } = &notice {
            connection.peer = *peer;
            if let End::Sender(end) = &mut self.end {
                match members {
                    2 => end.begin(&self.key, &mut connection.entropy),
                    _ => end.give_up(),
                }
            }
        }
        vec![LinkEvent::Notice(notice)]
    }

    fn heard_numbered(&mut self, line: NumberedLine<'_>) -> Result<Vec<LinkEvent>, LinkBroken> {
        let Some(connection) = &mut self.connection else {
            return Ok(vec![]);
        };
        if line.number == u64::from(Number::Heartbeat.get())
            && let Some(handshake) = &line.handshake
        {
            let bytes = STANDARD.decode(handshake).unwrap_or_default();
            return match &mut self.end {
                End::Sender(end) => end.heard_answer(self.transfer, &bytes),
                End::Receiver(end) => {
                    let entropy = &mut connection.entropy;
                    Ok(end.heard_first(self.transfer, &self.key, &bytes, entropy))
                }
            };
        }
        let theirs = match self.end {
            End::Sender(_) => Side::R,
            End::Receiver(_) => Side::S,
        };
        let Some(frame) = Frame::read(line, self.transfer, theirs) else {
            return Ok(vec![]);
        };
        match &mut self.end {
            End::Sender(end) => end.heard_frame(frame),
            End::Receiver(end) => end.heard_frame(frame),
        }
    }
}

impl Connection {
    fn heard_chat(&self, line: &[u8]) -> Vec<LinkEvent> {
        if line.trim_ascii().is_empty() {
            return vec![];
        }
        let from = self.peer.map_or_else(|| "unknown".to_owned(), |peer| peer.to_string());
        vec![LinkEvent::chat(from, line)]
    }

    /// Warns, once a connection, of a line that names another address than the relay noticed.
    fn heard_from(&mut self, line: &NumberedLine<'_>) -> Vec<LinkEvent> {
        let (Some(said), Some(noticed)) = (&line.from, self.peer) else {
            return vec![];
        };
        if self.odd_sender == OddSenderTold::Yes || said.parse() == Ok(noticed) {
            return vec![];
        }
        self.odd_sender = OddSenderTold::Yes;
        vec![LinkEvent::OddSender { said: shown(said), noticed }]
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("transfer", &self.transfer)
            .field("side", &self.side())
            .finish()
    }
}

#[cfg(test)]
mod tests;
