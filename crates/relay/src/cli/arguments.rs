//! What an operator can choose: by flag, by environment variable, by file. In this order the first
//! one counts; the defaults and their reasons are in `limits.rs`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, value_parser};
use protocol::limits::{DELIVERED_BYTES_MAX, LINE_BYTES_MAX};

use super::config::{ConfigError, with_defaults_of};
use crate::gate::GateLimits;
use crate::limits;
use crate::rewrite::LineLimits;
use crate::settings::Settings;

/// The chat relay of LiveConnect: rooms of two; every number sign that a member writes reaches the
/// other one as the writer's IP address.
#[derive(Debug, Parser)]
#[command(name = "relay", version, after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Port to listen on; 0 picks a free one
    #[arg(long, env = "LIVECONNECT_RELAY_PORT", default_value_t = 7000)]
    pub(super) port: u16,
    /// Address to listen on; 0.0.0.0 is every IPv4 address of this machine, :: all of both kinds
    #[arg(long, value_name = "ADDR", env = "LIVECONNECT_RELAY_BIND", default_value = "127.0.0.1")]
    pub(super) bind: IpAddr,
    /// Where /metrics, /healthz and /readyz are answered, as 127.0.0.1:7001; a port alone is on
    /// loopback; nowhere unless it is given
    #[arg(long, value_name = "[ADDR:]PORT", env = "LIVECONNECT_RELAY_METRICS",
          value_parser = watch_address)]
    pub(super) metrics: Option<SocketAddr>,
    /// A TOML file with any of these options, named as here without the dashes
    #[arg(long, value_name = "FILE", env = "LIVECONNECT_RELAY_CONFIG")]
    config: Option<PathBuf>,
    /// Threads that carry lines; the number of cores unless it is given
    #[arg(long, value_name = "N", env = "LIVECONNECT_RELAY_THREADS",
          value_parser = value_parser!(u16).range(1..=1_024))]
    threads: Option<u16>,
    /// Connections at once
    #[arg(long, value_name = "N", env = "LIVECONNECT_RELAY_MAX_CONNECTIONS",
          default_value_t = limits::CONNECTIONS_MAX)]
    max_connections: usize,
    /// Connections at once from one IPv4 address or IPv6 /64
    #[arg(long, value_name = "N", env = "LIVECONNECT_RELAY_MAX_CONNECTIONS_PER_ADDRESS",
          default_value_t = limits::CONNECTIONS_PER_NETWORK_MAX)]
    max_connections_per_address: usize,
    /// Rooms at once
    #[arg(long, value_name = "N", env = "LIVECONNECT_RELAY_MAX_ROOMS",
          default_value_t = limits::ROOMS_MAX)]
    max_rooms: usize,
    /// Joins a minute from one IPv4 address or IPv6 /64
    #[arg(long, value_name = "N", env = "LIVECONNECT_RELAY_JOINS_PER_MINUTE",
          default_value_t = limits::JOINS_PER_MINUTE, value_parser = value_parser!(u32).range(1..))]
    joins_per_minute: u32,
    /// Connections a minute from one IPv4 address or IPv6 /64 that enter no room
    #[arg(long, value_name = "N", env = "LIVECONNECT_RELAY_FAILED_JOINS_PER_MINUTE",
          default_value_t = limits::FAILURES_PER_MINUTE, value_parser = value_parser!(u32).range(1..))]
    failed_joins_per_minute: u32,
    /// Bytes of a line, without its end; programs of this project need all of them
    #[arg(long, value_name = "BYTES", env = "LIVECONNECT_RELAY_MAX_LINE",
          default_value_t = LINE_BYTES_MAX as u64,
          value_parser = value_parser!(u64).range(256..=LINE_BYTES_MAX as u64))]
    max_line: u64,
    /// Bytes of a line once its number signs are replaced; never less than a line without any
    #[arg(long, value_name = "BYTES", env = "LIVECONNECT_RELAY_MAX_DELIVERED_LINE",
          default_value_t = DELIVERED_BYTES_MAX as u64,
          value_parser = value_parser!(u64).range(256..=DELIVERED_BYTES_MAX as u64))]
    max_delivered_line: u64,
    /// Bytes a second that one member may say; unlimited unless it is given
    #[arg(long, value_name = "BYTES", env = "LIVECONNECT_RELAY_MAX_BYTES_PER_SECOND",
          value_parser = value_parser!(u64).range(1_024..))]
    max_bytes_per_second: Option<u64>,
    /// Seconds for the first line of a connection, which enters a room
    #[arg(long, value_name = "SECS", env = "LIVECONNECT_RELAY_JOIN_TIME",
          default_value_t = limits::JOIN_WAIT.as_secs(), value_parser = value_parser!(u64).range(1..=600))]
    join_time: u64,
    /// Seconds of silence after which a member is sent away
    #[arg(long, value_name = "SECS", env = "LIVECONNECT_RELAY_IDLE",
          default_value_t = limits::IDLE_WAIT.as_secs(), value_parser = value_parser!(u64).range(1..=86_400))]
    idle: u64,
    /// Seconds that a member may take nothing of what is said to it
    #[arg(long, value_name = "SECS", env = "LIVECONNECT_RELAY_STALL",
          default_value_t = limits::STALL_WAIT.as_secs(), value_parser = value_parser!(u64).range(1..=14))]
    stall: u64,
    /// Seconds that rooms may go on after a signal to stop; a second signal ends at once
    #[arg(long, value_name = "SECS", env = "LIVECONNECT_RELAY_DRAIN", default_value_t = 0,
          value_parser = value_parser!(u64).range(0..=86_400))]
    drain: u64,
}

const AFTER_HELP: &str = "\
An environment variable counts where the flag is not given, the file of --config where neither is.
Exit codes: 2 usage, 3 the configuration, or an address or port that cannot be had, 20 stopped by a
signal. What is logged, on stderr: RUST_LOG=warn, info (default), debug.";

impl Arguments {
    /// Reads command line, environment and file; ends the process over a wrong use, as clap does.
    ///
    /// # Errors
    /// The file cannot be read, or says something that is no option.
    pub(super) fn read() -> Result<Arguments, ConfigError> {
        let arguments = Arguments::parse();
        let Some(path) = &arguments.config else { return Ok(arguments) };
        let mut command = with_defaults_of(path, Arguments::command())?;
        let parsed = command.clone().try_get_matches();
        let checked = parsed.and_then(|matches| Arguments::from_arg_matches(&matches));
        checked.map_err(|error| {
            // The command line alone was understood before.
            let cause = error.format(&mut command).to_string();
            ConfigError::Value { path: path.clone(), cause: first_line(&cause) }
        })
    }

    /// Returns how many threads carry lines.
    pub(super) fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(cores, usize::from)
    }

    /// Returns the limits and waits.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            gate: GateLimits {
                connections_max: self.max_connections,
                connections_per_network_max: self.max_connections_per_address,
                joins_per_minute: self.joins_per_minute,
                failures_per_minute: self.failed_joins_per_minute,
            },
            rooms_max: self.max_rooms,
            lines: LineLimits {
                sent_bytes_max: self.max_line as usize,
                delivered_bytes_max: self.max_delivered_line.max(self.max_line) as usize,
            },
            bytes_per_second: self.max_bytes_per_second,
            join_wait: Duration::from_secs(self.join_time),
            idle_wait: Duration::from_secs(self.idle),
            stall_wait: Duration::from_secs(self.stall),
            grace: Duration::from_secs(self.drain),
            ..Settings::default()
        }
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

fn watch_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "neither a port nor an address with a port".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_made_and_its_defaults_are_those_of_the_library() {
        Arguments::command().debug_assert();
        let arguments = Arguments::try_parse_from(["relay"]).unwrap();
        assert_eq!(arguments.settings(), Settings::default());
    }

    #[test]
    fn a_port_alone_is_watched_on_loopback() {
        assert_eq!(watch_address("7001"), Ok("127.0.0.1:7001".parse().unwrap()));
        assert_eq!(watch_address("[::]:7001"), Ok("[::]:7001".parse().unwrap()));
        assert!(watch_address("localhost").is_err());
    }
}
