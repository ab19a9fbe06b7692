//! What an operator may limit: names, values and bounds in one table, for flags and file alike.

use std::num::NonZeroU32;

use raida::limits::{REQUEST_BYTES_MAX, REQUEST_COINS_MAX};
use serde::Deserialize;

use crate::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS};

/// What clients of one agent may use. Each agent of a process has these limits for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; further ones wait in the system's queue.
    pub connections: usize,
    /// Connections at a time from one address.
    pub connections_per_address: usize,
    /// Requests in a second from one address; none: as many as come.
    pub requests_per_second: Option<NonZeroU32>,
    /// Coins in a second from one address; none: as many as come.
    pub coins_per_second: Option<NonZeroU32>,
    /// Bytes in the body of a request.
    pub body_bytes: usize,
    /// Coins in a request.
    pub coins: usize,
}

/// Limits as an operator gives them, each of them optional: flags, or the table `[limits]` of a
/// file.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Limits of each agent")]
pub struct LimitsGiven {
    /// Connections at a time [default: 256]
    #[arg(long = "max-connections", value_name = "N")]
    connections: Option<u32>,

    /// Connections at a time from one address (IPv6: from one /64) [default: 128]
    #[arg(long = "max-connections-per-address", value_name = "N")]
    connections_per_address: Option<u32>,

    /// Requests a second from one address; 0 is no limit [default: 0]
    #[arg(long = "max-requests-per-second", value_name = "N")]
    requests_per_second: Option<u32>,

    /// Coins a second from one address; 0 is no limit [default: 0]
    #[arg(long = "max-coins-per-second", value_name = "N")]
    coins_per_second: Option<u32>,

    /// KiB in the body of a request [default: 2048]
    #[arg(long = "max-body-kib", value_name = "N")]
    body_kib: Option<u32>,

    /// Coins in a request [default: 10000]
    #[arg(long = "max-coins", value_name = "N")]
    coins: Option<u32>,
}

/// A limit that is out of its own bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit {name} = {got} is not within {least} to {most}")]
pub struct BadLimit {
    /// Its name in a file; the flag is the same with `--max-` before it.
    pub name: &'static str,
    /// The value given.
    pub got: u32,
    /// The least value that makes sense.
    pub least: u32,
    /// The most that this program keeps to in time and memory.
    pub most: u32,
}

/// Connections that the program may be told to take, for each agent.
const CONNECTIONS_MOST: u32 = 16_384;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: CONNECTIONS_MAX,
            connections_per_address: CONNECTIONS_PER_ADDRESS,
            requests_per_second: None,
            coins_per_second: None,
            body_bytes: REQUEST_BYTES_MAX,
            coins: REQUEST_COINS_MAX,
        }
    }
}

impl LimitsGiven {
    /// Fills what is not given here from `file`.
    pub fn or(&self, file: &LimitsGiven) -> LimitsGiven {
        LimitsGiven {
            connections: self.connections.or(file.connections),
            connections_per_address: self.connections_per_address.or(file.connections_per_address),
            requests_per_second: self.requests_per_second.or(file.requests_per_second),
            coins_per_second: self.coins_per_second.or(file.coins_per_second),
            body_kib: self.body_kib.or(file.body_kib),
            coins: self.coins.or(file.coins),
        }
    }

    /// Returns the limits, those that are not given at their defaults.
    ///
    /// # Errors
    ///
    /// [`BadLimit`] for the first one out of bounds.
    pub fn limits(&self) -> Result<Limits, BadLimit> {
        let normal = Limits::default();
        let bytes_max = size(REQUEST_BYTES_MAX);
        let connections = within(
            "connections",
            self.connections,
            size(normal.connections),
            1..=CONNECTIONS_MOST,
        )?;
        let per_address = within(
            "connections_per_address",
            self.connections_per_address,
            size(normal.connections_per_address),
            1..=CONNECTIONS_MOST,
        )?;
        let body_kib = within("body_kib", self.body_kib, bytes_max / 1024, 1..=bytes_max / 1024)?;
        let coins = within("coins", self.coins, size(normal.coins), 1..=size(REQUEST_COINS_MAX))?;
        Ok(Limits {
            connections: connections as usize,
            connections_per_address: per_address as usize,
            requests_per_second: self.requests_per_second.and_then(NonZeroU32::new),
            coins_per_second: self.coins_per_second.and_then(NonZeroU32::new),
            body_bytes: body_kib as usize * 1024,
            coins: coins as usize,
        })
    }
}

fn within(
    name: &'static str,
    given: Option<u32>,
    normal: u32,
    bounds: std::ops::RangeInclusive<u32>,
) -> Result<u32, BadLimit> {
    let got = given.unwrap_or(normal);
    let (least, most) = bounds.into_inner();
    if (least..=most).contains(&got) { Ok(got) } else { Err(BadLimit { name, got, least, most }) }
}

fn size(value: usize) -> u32 {
    u32::try_from(value).expect("limits are far below 2^32")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_as_always() {
        assert_eq!(LimitsGiven::default().limits(), Ok(Limits::default()));
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let file = LimitsGiven {
            connections: Some(7),
            coins_per_second: Some(0),
            body_kib: Some(64),
            ..LimitsGiven::default()
        };
        let flags = LimitsGiven { body_kib: Some(1), coins: Some(9), ..LimitsGiven::default() };
        let limits = flags.or(&file).limits().unwrap();
        assert_eq!((limits.connections, limits.body_bytes, limits.coins), (7, 1024, 9));
        assert_eq!(limits.coins_per_second, None, "0 is no limit");
    }

    #[test]
    fn a_limit_beyond_its_bounds_is_named() {
        let given = LimitsGiven { coins: Some(10_001), ..LimitsGiven::default() };
        let error = given.limits().unwrap_err();
        assert_eq!(error.to_string(), "the limit coins = 10001 is not within 1 to 10000");
        let given = LimitsGiven { connections: Some(0), ..LimitsGiven::default() };
        assert_eq!(given.limits().unwrap_err().name, "connections");
    }
}
