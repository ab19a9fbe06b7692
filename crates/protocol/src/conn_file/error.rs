//! What can be wrong with a connection file.

use crate::limits::CONN_FILE_BYTES_MAX;
use crate::room::RoomNumber;

/// What is wrong with a connection file; the fault of whoever wrote, copied or typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnFileError {
    /// Longer than any connection file.
    #[error("not a connection file: {bytes} bytes, at most {CONN_FILE_BYTES_MAX} are allowed")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A line that is neither a comment nor `name = value`.
    #[error("line {at}: neither a comment nor `name = value`")]
    NotNameValue {
        /// Number of the line, from 1.
        at: usize,
    },
    /// A name that no connection file has.
    #[error("line {at}: a name that connection files do not have")]
    UnknownName {
        /// Number of the line, from 1.
        at: usize,
    },
    /// A name that was there before.
    #[error("line {at}: `{name}` stands here for the second time")]
    Twice {
        /// Number of the second line, from 1.
        at: usize,
        /// The name.
        name: &'static str,
    },
    /// Something stands below the check line.
    #[error("line {at}: something stands below the line `check`")]
    AfterCheck {
        /// Number of the line, from 1.
        at: usize,
    },
    /// A name is not there.
    #[error("the line `{name}` is missing")]
    Missing {
        /// The name.
        name: &'static str,
    },
    /// The check does not fit the lines above it.
    #[error("line {at}: the check does not fit, so the file was mistyped or not copied whole")]
    Mistyped {
        /// Number of the check line, from 1.
        at: usize,
    },
    /// The relay is not `host:port`.
    #[error("line {at}: `relay` is not host:port")]
    Relay {
        /// Number of the line, from 1.
        at: usize,
    },
    /// The room is not a room number.
    #[error("line {at}: `room` is not a whole number from 1 to {}", RoomNumber::MAX)]
    Room {
        /// Number of the line, from 1.
        at: usize,
    },
    /// The key is not 32 bytes.
    #[error("line {at}: `key` is not base64url of 32 bytes")]
    Key {
        /// Number of the line, from 1.
        at: usize,
    },
    /// The network is not 16 hex digits.
    #[error("line {at}: `network` is not 16 hex digits")]
    Network {
        /// Number of the line, from 1.
        at: usize,
    },
    /// The time is not one.
    #[error("line {at}: `expires` is not a time such as 2026-11-23T10:00:00Z")]
    Expires {
        /// Number of the line, from 1.
        at: usize,
    },
}

/// The text is not the address of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not host:port, such as 127.0.0.1:7000")]
pub struct NotARelay;
