//! Whole-system tests: real programs, real sockets, real files.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a test that fails")]

mod agents;
mod between;
mod busy;
mod change;
mod change_undecided;
mod coins;
mod crash;
mod cuts;
mod ear;
mod homes;
mod killed_agents;
mod lanes;
mod mended;
mod mending;
mod operators;
mod order;
mod pay;
mod raidajs;
mod reclaim;
mod rivals;
mod sides;
mod speaker;
mod stage;
mod stopped;
mod tap;
mod tls;
mod town;
mod tried;
mod walk;
mod wire;
