//! The relay over real sockets, on ports that the system picks.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod chat;
mod hostile;
mod joining;
mod leaving;
mod limits;
#[cfg(unix)]
mod people;
#[cfg(unix)]
mod program;
mod stopping;
mod support;
mod takeover;
mod watching;
