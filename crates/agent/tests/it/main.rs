//! Agents behind real sockets, and the program `raida` as a process.

mod bad_input;
mod bounds;
mod http;
mod lost_answers;
mod ownership;
mod process;
mod program;
mod routes;
mod town;
