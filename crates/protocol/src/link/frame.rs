//! Frames: how a numbered message is sealed once under the keys of a session, and opened in order.
//!
//! ```text
//!   AEAD  ChaCha20-Poly1305, a key per direction
//!   nonce 0 0 0 0 ‖ seq, u64 little-endian
//!   associated data, integers big-endian:
//!         version 1 u8 ‖ role u8 'S'|'R' ‖ transfer id 16 ‖ number u8 ‖ seq u64 ‖ ack u64
//!         ‖ chunk u32 ‖ last u8 ‖ details: kind u8 (0 none, 1 integer, 2 text), length u32, bytes
//! ```
//!
//! A seal counts for itself and takes every number once, so no nonce is ever used twice under a
//! key; the same of the other side is taken in order without a gap, so nothing can be dropped,
//! repeated or exchanged unseen. Only `from` stands outside.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce, Tag};
use zeroize::Zeroizing;

use crate::line::{Details, NumberedLine, Place, SealedFrame};
use crate::link::content::{self, Content, Heard};
use crate::link::handshake::SessionKeys;
use crate::link::keys::TransferId;
use crate::link::{LinkBroken, Misbehaviour, NotLinked};
use crate::message::{Chunk, Last, Message, Number};
use crate::room::Side;

const VERSION: u8 = 1;
const TAG_BYTES: usize = 16;

/// A frame of the other side that was read and not yet opened.
pub(super) struct Frame<'a> {
    number: u8,
    details: Details<'a>,
    seq: u64,
    ack: u64,
    chunk: Option<Chunk>,
    associated: Vec<u8>,
    /// Ciphertext and tag; empty where no ciphertext could stand like that. Holds the plaintext
    /// once it was opened.
    body: Zeroizing<Vec<u8>>,
}

impl<'a> Frame<'a> {
    /// Takes a numbered line as a frame of `side`. `None` when it lacks what a frame has.
    pub(super) fn read(
        line: NumberedLine<'a>,
        transfer: TransferId,
        side: Side,
    ) -> Option<Frame<'a>> {
        let number = u8::try_from(line.number).ok()?;
        let (seq, ack) = (line.seq?, line.ack?);
        let place = place(number, &line)?;
        let (details, chunk, body) = match (place, line.details) {
            (Place::Auth, details) => (details, None, decode(&line.auth?)),
            (Place::Sealed, details) => (details, None, decode(&line.sealed?)),
            (Place::Details, Details::Text(text)) => {
                let last = if line.last? { Last::Yes } else { Last::No };
                (Details::None, Some(Chunk { index: line.chunk?, last }), decode(&text))
            }
            (Place::Details, Details::None | Details::Integer(_)) => return None,
        };
        let could_be = match place {
            Place::Auth => body.len() == TAG_BYTES,
            Place::Sealed => body.len() > TAG_BYTES,
            Place::Details => body.len() >= TAG_BYTES,
        };
        let body = if could_be { body } else { Zeroizing::default() };
        let associated = associated_data(side, transfer, number, seq, ack, chunk, &details);
        Some(Frame { number, details, seq, ack, chunk, associated, body })
    }
}

/// Where the ciphertext of a line has to stand. `None` when there is none, or two could be meant.
fn place(number: u8, line: &NumberedLine<'_>) -> Option<Place> {
    match (Number::from_wire(number.into()), &line.auth, &line.sealed) {
        (Some(Number::Coins | Number::Receipt), _, _) => Some(Place::Details),
        (Some(Number::Heartbeat | Number::Money | Number::EncryptingCoins), None, Some(_)) => {
            Some(Place::Sealed)
        }
        (Some(Number::Heartbeat | Number::Money | Number::EncryptingCoins), Some(_), Some(_)) => {
            None
        }
        (_, Some(_), _) => Some(Place::Auth),
        (_, None, _) => None,
    }
}

fn decode(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(STANDARD.decode(text).unwrap_or_default())
}

/// What two sides have under one pair of keys.
pub(super) struct Session {
    transfer: TransferId,
    ours: Side,
    seal: ChaCha20Poly1305,
    open: ChaCha20Poly1305,
    /// The last frame sealed here, 0 before the first.
    said: u64,
    /// The last frame of the other side that was taken, 0 before the first.
    taken: u64,
    /// The last of our frames that the other side says it took.
    acked: u64,
}

impl Session {
    pub(super) fn new(transfer: TransferId, ours: Side, keys: &SessionKeys) -> Session {
        let cipher = |key: &[u8; 32]| ChaCha20Poly1305::new(Key::from_slice(key));
        let (to_receiver, to_sender) = (cipher(&keys.to_receiver), cipher(&keys.to_sender));
        let (seal, open) = match ours {
            Side::S => (to_receiver, to_sender),
            Side::R => (to_sender, to_receiver),
        };
        Session { transfer, ours, seal, open, said: 0, taken: 0, acked: 0 }
    }

    /// Returns whether a frame of the other side has verified under these keys.
    pub(super) fn is_verified(&self) -> bool {
        self.taken > 0
    }

    /// Seals a message and returns its line. The count of the frame is used up by it.
    pub(super) fn say(&mut self, message: &Message, chunk: &[u8]) -> Result<String, NotLinked> {
        self.seal(message.number().get(), &Content::of(message), chunk)
    }

    fn seal(
        &mut self,
        number: u8,
        content: &Content<'_>,
        chunk: &[u8],
    ) -> Result<String, NotLinked> {
        self.said = self.said.checked_add(1).ok_or(NotLinked)?;
        let (seq, ack) = (self.said, self.taken);
        let Content { details, chunk: place_in_run, place, secret } = content;
        let associated =
            associated_data(self.ours, self.transfer, number, seq, ack, *place_in_run, details);
        let mut body = Vec::with_capacity(secret.len() + chunk.len() + TAG_BYTES);
        body.extend_from_slice(secret);
        body.extend_from_slice(chunk);
        let tag = self
            .seal
            .encrypt_in_place_detached(&nonce(seq), &associated, &mut body)
            .expect("a chunk is far below the 256 GiB that the cipher takes");
        body.extend_from_slice(&tag);
        let (chunk, place) = (*place_in_run, *place);
        Ok(SealedFrame { number, details, seq, ack, chunk, place, body: &body }.to_line())
    }

    /// Opens the frame in place if it was sealed under these keys.
    pub(super) fn opens(&self, frame: &mut Frame<'_>) -> bool {
        let Some(secret_bytes) = frame.body.len().checked_sub(TAG_BYTES) else {
            return false;
        };
        let (secret, tag) = frame.body.split_at_mut(secret_bytes);
        let tag = Tag::clone_from_slice(tag);
        let opened =
            self.open.decrypt_in_place_detached(&nonce(frame.seq), &frame.associated, secret, &tag);
        if opened.is_ok() {
            frame.body.truncate(secret_bytes);
        }
        opened.is_ok()
    }

    /// Takes a frame that was opened: checks its place and what it says. `None` for a message that
    /// the table of this version does not have.
    pub(super) fn take(&mut self, frame: Frame<'_>) -> Result<Option<Heard>, LinkBroken> {
        let due = self.taken.checked_add(1);
        if due != Some(frame.seq) {
            return Err(LinkBroken::Gap { taken: self.taken, got: frame.seq });
        }
        if frame.ack < self.acked || frame.ack > self.said {
            return Err(Misbehaviour::Ack { got: frame.ack, said: self.said }.into());
        }
        (self.taken, self.acked) = (frame.seq, frame.ack);
        let Frame { number, details, chunk, body, .. } = frame;
        let heard = content::read(self.theirs(), number, details, chunk, body)?;
        let position = heard
            .as_ref()
            .is_some_and(|heard| matches!(heard.message, Message::Heartbeat(Some(_))));
        if position != (self.taken == 1) {
            return Err(Misbehaviour::Position { seq: self.taken }.into());
        }
        Ok(heard)
    }

    fn theirs(&self) -> Side {
        match self.ours {
            Side::S => Side::R,
            Side::R => Side::S,
        }
    }
}

fn nonce(seq: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&seq.to_le_bytes());
    Nonce::from(nonce)
}

fn associated_data(
    role: Side,
    transfer: TransferId,
    number: u8,
    seq: u64,
    ack: u64,
    chunk: Option<Chunk>,
    details: &Details<'_>,
) -> Vec<u8> {
    let (index, last) = match chunk {
        Some(Chunk { index, last: Last::Yes }) => (index, 1),
        Some(Chunk { index, last: Last::No }) => (index, 0),
        None => (0, 0),
    };
    let integer;
    let (kind, bytes) = match details {
        Details::None => (0, [].as_slice()),
        Details::Integer(number) => {
            integer = number.to_be_bytes();
            (1, integer.as_slice())
        }
        Details::Text(text) => (2, text.as_bytes()),
    };
    let length = u32::try_from(bytes.len()).expect("a text is part of a bounded line");
    let mut data = Vec::with_capacity(45 + bytes.len());
    data.push(VERSION);
    data.extend_from_slice(role.as_str().as_bytes());
    data.extend_from_slice(transfer.as_bytes());
    data.push(number);
    data.extend_from_slice(&seq.to_be_bytes());
    data.extend_from_slice(&ack.to_be_bytes());
    data.extend_from_slice(&index.to_be_bytes());
    data.push(last);
    data.push(kind);
    data.extend_from_slice(&length.to_be_bytes());
    data.extend_from_slice(bytes);
    data
}

#[cfg(test)]
mod tests;
