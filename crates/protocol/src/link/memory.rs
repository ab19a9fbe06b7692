//! What a side remembers of its link over reconnects and crashes: the resume secret.
//!
//! ```text
//!   receiver                                          sender
//!   handshake with the file alone ◀────────────────── secret: none
//!   handed_out += new secret, durable
//!   answer, the secret in it ───────────────────────▶ secret: that one, durable
//!   bound = that secret, durable ◀─────────────────── first frame
//!   …from now on only handshakes made with it ◀────── …and it makes no others
//! ```
//!
//! A crash at any of the arrows leaves a secret that both sides know, or the file's key still open:
//! neither side can lock the other out. Once `bound`, the file alone opens nothing.

use serde::{Deserialize, Serialize};

use crate::limits::RESUME_SECRETS_MAX;
use crate::secret::Secret;

/// A secret of one transfer, made by the receiver, without which its file opens nothing any more.
///
/// It is serialized for the journal alone, as 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ResumeText", into = "ResumeText")]
pub struct ResumeSecret(Secret);

impl ResumeSecret {
    /// Takes 32 random bytes as a resume secret.
    pub fn from_bytes(bytes: [u8; 32]) -> ResumeSecret {
        ResumeSecret(Secret::from_bytes(bytes))
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// What the sender's side of a link remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderMemory {
    /// The secret that it was given; once there is one, nothing else is used.
    pub secret: Option<ResumeSecret>,
}

/// What the receiver's side of a link remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiverMemory {
    /// The secrets that it gave away before it was bound, at most [`RESUME_SECRETS_MAX`].
    pub handed_out: Vec<ResumeSecret>,
    /// The only secret that it takes.
    pub bound: Option<ResumeSecret>,
}

impl ReceiverMemory {
    /// Returns with what a handshake may be made now: `None` is the file alone.
    pub(super) fn taken(&self) -> Vec<Option<&ResumeSecret>> {
        match &self.bound {
            Some(secret) => vec![Some(secret)],
            None => std::iter::once(None).chain(self.handed_out.iter().map(Some)).collect(),
        }
    }

    /// Returns the secret for the answer to a handshake made with the file alone. Once all places
    /// are used it is the last one again: nobody is refused, and no secret is ever forgotten.
    pub(super) fn hand_out(&mut self, new: ResumeSecret) -> Handed {
        if self.handed_out.len() < RESUME_SECRETS_MAX {
            self.handed_out.push(new.clone());
            return Handed::New(new);
        }
        Handed::Again(self.handed_out[RESUME_SECRETS_MAX - 1].clone())
    }

    /// Binds this side to the secret under which a frame has come.
    pub(super) fn bind(&mut self, secret: ResumeSecret) {
        self.handed_out.clear();
        self.bound = Some(secret);
    }
}

/// A secret to be given away.
pub(super) enum Handed {
    /// Not durable yet.
    New(ResumeSecret),
    /// Durable since it was first given away.
    Again(ResumeSecret),
}

/// What has to be durable before what follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Memory {
    /// Of the sender's side.
    Sender(SenderMemory),
    /// Of the receiver's side.
    Receiver(ReceiverMemory),
}

#[derive(Serialize, Deserialize)]
struct ResumeText(#[serde(with = "hex::serde")] [u8; 32]);

impl From<ResumeText> for ResumeSecret {
    fn from(text: ResumeText) -> ResumeSecret {
        ResumeSecret::from_bytes(text.0)
    }
}

impl From<ResumeSecret> for ResumeText {
    fn from(secret: ResumeSecret) -> ResumeText {
        ResumeText(*secret.expose())
    }
}
