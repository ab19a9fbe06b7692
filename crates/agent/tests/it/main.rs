//! Agents behind real sockets, and the program `raida` as a process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backup;
mod bad_input;
mod bounds;
mod corners;
mod exchange;
mod faults;
mod fixing;
mod held_back;
mod hostile;
mod http;
mod lost_answers;
mod missed;
mod one_agent;
mod origins;
mod ownership;
mod printing;
mod process;
mod program;
mod routes;
mod tickets;
mod tls;
mod town;
mod watched;
