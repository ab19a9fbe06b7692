//! The wallet as its callers see it: on the simulated disk at every crash and
//! every failure, and on a real one.

#![expect(clippy::unwrap_used, reason = "a test may fail that way")]

mod acts;
mod check;
mod clear;
mod crash;
mod journal;
mod provenance;
mod random;
mod real_disk;
mod receipts;
mod scenario;
mod trouble;
mod worth;
