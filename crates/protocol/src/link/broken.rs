//! Why a connection is given up, and whose fault that is: the relay's or the network's, or the
//! other side's.

use crate::limits::DELIVERED_BYTES_MAX;
use crate::message::Number;

/// Why a connection is of no use any more. The coins are safe: both sides take the transfer up
/// again on another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkBroken {
    /// The relay delivered more than a line may have.
    #[error("a line of {bytes} bytes came, {DELIVERED_BYTES_MAX} are allowed")]
    LineTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A frame does not open: the relay or the network changed it.
    #[error("a message was changed on the way")]
    WrongTag,
    /// A frame is missing, or came again: the relay or the network dropped or repeated one.
    #[error("message {got} came after message {taken}: some were dropped or repeated on the way")]
    Gap {
        /// Count of the last frame that was taken.
        taken: u64,
        /// Count of the frame that came.
        got: u64,
    },
    /// The other side said what the protocol does not allow.
    #[error("the other side does not keep to the protocol")]
    PeerMisbehaved(#[from] Misbehaviour),
}

/// What the other side said, authenticated, that the protocol does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misbehaviour {
    /// Details that this message does not have.
    #[error("message {} with details that it does not have", number.get())]
    Details {
        /// The message.
        number: Number,
    },
    /// An amount of zero, or more than all coins there are.
    #[error("an amount of {units}")]
    Amount {
        /// What it said.
        units: u64,
    },
    /// A text or a chunk that is too long.
    #[error("message {} with {bytes} bytes, {max} are allowed", number.get())]
    TooLong {
        /// The message.
        number: Number,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
    /// The sealed text is missing, is not what it has to be, or does not add up.
    #[error("message {} with another sealed text than it has to have", number.get())]
    Sealed {
        /// The message.
        number: Number,
    },
    /// It says that it took frames which were never sent, or fewer than it had said before.
    #[error("message {got} is called taken, of {said} that were said")]
    Ack {
        /// What it said.
        got: u64,
        /// How many frames were sent to it.
        said: u64,
    },
    /// The first frame has no position, or a later one has.
    #[error("message {seq} where a position is missing or has no place")]
    Position {
        /// The count of the frame.
        seq: u64,
    },
    /// Join_Room is for the relay.
    #[error("a request to enter a room, which is for the relay")]
    JoinRoom,
    /// The answer to a handshake has no resume secret, or one that has no place there.
    #[error("an answer where a resume secret is missing or has no place")]
    ResumeSecret,
}

/// There are no keys now: nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not linked to the other side")]
pub struct NotLinked;
