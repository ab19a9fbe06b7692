//! The conversation of a transfer: message table, wire forms, connection file, link, and the
//! sender and the receiver as state machines.
//!
//! Nothing here does I/O, reads a clock or makes random bytes: all of that comes in as arguments.

mod announce;
pub mod conn_file;
mod lenient;
pub mod limits;
pub mod line;
pub mod link;
pub mod machine;
pub mod message;
mod presence;
pub mod receiver;
pub mod room;
mod secret;
pub mod sender;
mod steps;
mod turn;
pub mod waits;
