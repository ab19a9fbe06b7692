//! Bad input, through real programs: files, amounts, agents, relays, rooms, coin files, homes, disks and
//! peers that are not as they should be.
//!
//! Each is answered with one clear message that says who is at fault and what to do, and with its exit
//! code; nothing is lost and nothing is half done.

#![expect(clippy::unwrap_used, reason = "a step of a test that fails is a test that fails")]

mod coins;
mod listing;
mod peer;
mod said;
mod sandbox;
mod town;

mod agents;
mod amounts;
mod coin_files;
mod command_lines;
mod conn_files;
mod disks;
mod ended_files;
mod exports;
mod homes;
mod hostile_receivers;
mod hostile_senders;
mod noise;
mod objects;
mod relays;
mod requests;
mod rooms;
mod terminals;
