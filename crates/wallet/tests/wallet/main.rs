//! The wallet as its callers see it: on the simulated disk at every crash and
//! every failure, and on a real one.

mod crash;
mod scenario;
