//! The receiver's end of a link: it answers handshakes, and a session begins with the first frame.
//!
//! ```text
//!   handshake ──▶ Persist(secret handed out, if new), Reply(answer) ──▶ answered, waiting
//!   first frame under an answered one ──▶ Persist(bound, if new), Linked, Heard ──▶ session
//! ```
//!
//! The session before is kept until that frame. Each new handshake is answered, the same one with
//! the same answer; whoever replays an old one gets an answer that is of no use to them.

use std::collections::VecDeque;

use crate::conn_file::FileKey;
use crate::limits::{HANDSHAKES_KEPT_MAX, STRANGE_HANDSHAKES_MAX};
use crate::line::handshake_line;
use crate::link::frame::{Frame, Session};
use crate::link::handshake::{Draw, Responder};
use crate::link::keys::{Entropy, TransferId, psk};
use crate::link::memory::{Handed, Memory, ReceiverMemory, ResumeSecret};
use crate::link::{LinkBroken, LinkEvent};
use crate::room::Side;

/// The receiver's end of a link.
pub(super) struct ReceiverEnd {
    memory: ReceiverMemory,
    /// The handshakes of this connection that were answered, the newest last.
    answered: VecDeque<Answered>,
    pub(super) session: Option<Session>,
    strange: u32,
}

/// A handshake that was answered.
struct Answered {
    first: Vec<u8>,
    answer: String,
    /// The secret to which its first frame binds this side.
    secret: ResumeSecret,
    /// Its session; gone once it was taken up, or when it can be no more.
    session: Option<Session>,
}

impl ReceiverEnd {
    pub(super) fn new(memory: ReceiverMemory) -> ReceiverEnd {
        ReceiverEnd { memory, answered: VecDeque::new(), session: None, strange: 0 }
    }

    /// Forgets the connection; the memory stays.
    pub(super) fn disconnect(&mut self) {
        *self = ReceiverEnd::new(std::mem::take(&mut self.memory));
    }

    /// Hears the first message of a handshake.
    pub(super) fn heard_first(
        &mut self,
        transfer: TransferId,
        key: &FileKey,
        first: &[u8],
        entropy: &mut Entropy,
    ) -> Vec<LinkEvent> {
        if let Some(known) = self.answered.iter().find(|answered| answered.first == first) {
            return vec![LinkEvent::Reply(known.answer.clone())];
        }
        let Some((responder, resume)) = self.open(key, first, &entropy.draw()) else {
            return self.heard_strange();
        };
        self.strange = 0;
        let mut events = vec![];
        let (secret, (answer, keys)) = match resume {
            Some(secret) => (secret, responder.answer(&[])),
            None => {
                let secret = match self.memory.hand_out(ResumeSecret::from_bytes(*entropy.draw())) {
                    Handed::New(secret) => {
                        events.push(LinkEvent::Persist(Memory::Receiver(self.memory.clone())));
                        secret
                    }
                    Handed::Again(secret) => secret,
                };
                let answer = responder.answer(secret.expose());
                (secret, answer)
            }
        };
        let session = Some(Session::new(transfer, Side::R, &keys));
        let answer = handshake_line(&answer);
        events.push(LinkEvent::Reply(answer.clone()));
        if self.answered.len() == HANDSHAKES_KEPT_MAX {
            self.answered.pop_front();
        }
        self.answered.push_back(Answered { first: first.to_vec(), answer, secret, session });
        events
    }

    /// Finds what the handshake was made with: the file alone (`None`), or a secret.
    fn open(
        &self,
        key: &FileKey,
        first: &[u8],
        draw: &Draw,
    ) -> Option<(Responder, Option<ResumeSecret>)> {
        let token = key.room_token();
        self.memory.taken().into_iter().find_map(|resume| {
            let responder = Responder::open(&token, &psk(key, resume), draw.clone(), first)?;
            Some((responder, resume.cloned()))
        })
    }

    fn heard_strange(&mut self) -> Vec<LinkEvent> {
        self.strange = self.strange.saturating_add(1);
        if self.strange == STRANGE_HANDSHAKES_MAX { vec![LinkEvent::FilesDiffer] } else { vec![] }
    }

    /// Hears a frame: of the session, or the first one of a handshake that was answered.
    pub(super) fn heard_frame(
        &mut self,
        mut frame: Frame<'_>,
    ) -> Result<Vec<LinkEvent>, LinkBroken> {
        if let Some(session) = &mut self.session
            && session.opens(&mut frame)
        {
            let heard = session.take(frame)?;
            return Ok(heard.map(LinkEvent::heard).into_iter().collect());
        }
        let opens = |answered: &Answered, frame: &mut Frame<'_>| {
            answered.session.as_ref().is_some_and(|session| session.opens(frame))
        };
        match self.answered.iter().rposition(|answered| opens(answered, &mut frame)) {
            Some(place) => self.begin(place, frame),
            None if self.session.is_some() => Err(LinkBroken::WrongTag),
            None => Ok(vec![]),
        }
    }

    /// Takes up the session of the handshake answered at `place`, with its first frame.
    fn begin(&mut self, place: usize, frame: Frame<'_>) -> Result<Vec<LinkEvent>, LinkBroken> {
        let answered = &mut self.answered[place];
        let mut session = answered.session.take().expect("its session has opened the frame");
        let heard = session.take(frame)?;
        let secret = answered.secret.clone();
        let mut events = vec![];
        if self.memory.bound.as_ref() != Some(&secret) {
            self.memory.bind(secret.clone());
            events.push(LinkEvent::Persist(Memory::Receiver(self.memory.clone())));
        }
        for (index, other) in self.answered.iter_mut().enumerate() {
            if index < place || other.secret != secret {
                other.session = None;
            }
        }
        self.session = Some(session);
        events.push(LinkEvent::Linked);
        events.extend(heard.map(LinkEvent::heard));
        Ok(events)
    }
}
