//! The sender's end of a link: it begins handshakes and repeats them until they are answered.
//!
//! ```text
//!   two in the room ──▶ handshake pending ──answer──▶ Persist(secret, if new), Linked ──▶ session
//!          ▲                                                                               │
//!          └──────────────────────────── two in the room again ◀───────────────────────────┘
//! ```
//!
//! The session before is kept while a handshake is pending: a notice alone resets nothing.

use crate::conn_file::FileKey;
use crate::limits::STRANGE_HANDSHAKES_MAX;
use crate::line::handshake_line;
use crate::link::frame::{Frame, Session};
use crate::link::handshake::Initiator;
use crate::link::keys::{Entropy, TransferId, psk};
use crate::link::memory::{Memory, ResumeSecret, SenderMemory};
use crate::link::{LinkBroken, LinkEvent, Misbehaviour};
use crate::room::Side;

/// The sender's end of a link.
pub(super) struct SenderEnd {
    memory: SenderMemory,
    pending: Option<Initiator>,
    pub(super) session: Option<Session>,
    strange: Strange,
}

/// Answers that did not open. A receiver gives the same handshake the same answer, so an answer to
/// the handshake before may come several times: it counts once.
#[derive(Default)]
struct Strange {
    last: Vec<u8>,
    count: u32,
}

impl SenderEnd {
    pub(super) fn new(memory: SenderMemory) -> SenderEnd {
        SenderEnd { memory, pending: None, session: None, strange: Strange::default() }
    }

    /// Forgets the connection; the memory stays.
    pub(super) fn disconnect(&mut self) {
        *self = SenderEnd::new(std::mem::take(&mut self.memory));
    }

    /// Begins a new handshake: the other one is there, maybe anew.
    pub(super) fn begin(&mut self, key: &FileKey, entropy: &mut Entropy) {
        let psk = psk(key, self.memory.secret.as_ref());
        self.pending = Some(Initiator::begin(&key.room_token(), &psk, entropy.draw()));
    }

    /// Gives a pending handshake up: there is nobody to answer it.
    pub(super) fn give_up(&mut self) {
        self.pending = None;
    }

    pub(super) fn handshake_due(&self) -> Option<String> {
        self.pending.as_ref().map(|pending| handshake_line(pending.first()))
    }

    /// Hears the answer to the pending handshake.
    pub(super) fn heard_answer(
        &mut self,
        transfer: TransferId,
        answer: &[u8],
    ) -> Result<Vec<LinkEvent>, LinkBroken> {
        let Some(pending) = &mut self.pending else {
            return Ok(vec![]);
        };
        let Some((keys, payload)) = pending.finish(answer) else {
            return Ok(self.strange.heard(answer));
        };
        let mut events = vec![];
        match (&self.memory.secret, <[u8; 32]>::try_from(payload.as_slice())) {
            (None, Ok(secret)) => {
                self.memory.secret = Some(ResumeSecret::from_bytes(secret));
                events.push(LinkEvent::Persist(Memory::Sender(self.memory.clone())));
            }
            (Some(_), Err(_)) => {}
            (None, Err(_)) | (Some(_), Ok(_)) => return Err(Misbehaviour::ResumeSecret.into()),
        }
        self.pending = None;
        self.strange = Strange::default();
        self.session = Some(Session::new(transfer, Side::S, &keys));
        events.push(LinkEvent::Linked);
        Ok(events)
    }

    /// Hears a frame. Before one has verified under the session's keys, what does not open is of
    /// the session before; afterwards it was changed on the way.
    pub(super) fn heard_frame(
        &mut self,
        mut frame: Frame<'_>,
    ) -> Result<Vec<LinkEvent>, LinkBroken> {
        let Some(session) = &mut self.session else {
            return Ok(vec![]);
        };
        if session.opens(&mut frame) {
            let heard = session.take(frame)?;
            return Ok(heard.map(LinkEvent::heard).into_iter().collect());
        }
        if session.is_verified() { Err(LinkBroken::WrongTag) } else { Ok(vec![]) }
    }
}

impl Strange {
    fn heard(&mut self, answer: &[u8]) -> Vec<LinkEvent> {
        if self.last == answer {
            return vec![];
        }
        self.last = answer.to_vec();
        self.count = self.count.saturating_add(1);
        if self.count == STRANGE_HANDSHAKES_MAX { vec![LinkEvent::FilesDiffer] } else { vec![] }
    }
}
