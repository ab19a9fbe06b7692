//! What the demo, the whole-system tests and the benchmarks share: all programs in one binary, and a
//! small world of relay, agents and homes in which they run as processes of their own.

pub mod http;
pub mod process;
pub mod programs;
pub mod world;
