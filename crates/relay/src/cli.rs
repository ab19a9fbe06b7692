//! The command line of `relay`, and its way from start to exit code.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

use crate::house::{listen, serve};
use crate::limits;
use crate::settings::Settings;
use crate::signals::Signals;

/// The chat relay of LiveConnect: rooms of two; every number sign that a member writes reaches the
/// other one as the writer's IP address.
#[derive(Debug, Parser)]
#[command(name = "relay", version, after_help = EXIT_CODES)]
struct Arguments {
    /// Port to listen on; 0 picks a free one
    #[arg(long, default_value_t = 7000)]
    port: u16,
    /// Address to listen on; 0.0.0.0 is every IPv4 address of this machine, :: all of both kinds
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Connections at once
    #[arg(long, value_name = "N", default_value_t = limits::CONNECTIONS_MAX)]
    max_connections: usize,
    /// Rooms at once
    #[arg(long, value_name = "N", default_value_t = limits::ROOMS_MAX)]
    max_rooms: usize,
    /// Seconds of silence after which a member is sent away
    #[arg(long, value_name = "SECS", default_value_t = limits::IDLE_WAIT.as_secs(),
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    idle: u64,
}

const EXIT_CODES: &str = "\
Exit codes: 2 usage, 3 the address or port cannot be had, 20 stopped by a signal.
What is logged, on stderr: RUST_LOG=warn, info (default), debug.";

impl Arguments {
    fn settings(&self) -> Settings {
        Settings {
            connections_max: self.max_connections,
            rooms_max: self.max_rooms,
            idle_wait: Duration::from_secs(self.idle),
            ..Settings::default()
        }
    }
}

/// Runs the program `relay` with the arguments of this process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr();
    match run(&arguments) {
        Ok(()) => ExitCode::from(STOPPED),
        Err(error) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("error: {error}{cause}");
            eprintln!("try: {}", error.advice());
            ExitCode::from(NOT_STARTED)
        }
    }
}

/// "Stopped, nothing at risk": a signal never exits 0.
const STOPPED: u8 = 20;
/// "File, home or configuration": an address that cannot be had is the operator's to change.
const NOT_STARTED: u8 = 3;

/// Why the relay did not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the system gives no threads, signals or sockets")]
    System(#[from] io::Error),
}

impl StartError {
    fn advice(&self) -> &'static str {
        match self {
            StartError::Listen { source, .. } => match source.kind() {
                io::ErrorKind::AddrInUse => {
                    "another --port, or --port 0 for a free one; perhaps a relay runs already"
                }
                io::ErrorKind::AddrNotAvailable => "--bind with an address of this machine",
                io::ErrorKind::PermissionDenied => "a --port of 1024 or above",
                _ => "another --bind or --port",
            },
            StartError::System(_) => "again when the machine has more resources",
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let address = SocketAddr::new(arguments.bind, arguments.port);
        let listener = listen(address).map_err(|source| StartError::Listen { address, source })?;
        allow_connections(arguments.max_connections);
        announce(listener.local_addr()?);
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, arguments.settings(), stop.clone()));
        signals.next().await;
        info!("stopping");
        stop.cancel();
        // A second signal does not wait for the members.
        tokio::select! {
            _ = serving => {}
            _ = signals.next() => {}
        }
        Ok(())
    })
}

/// Raises the limit of file descriptors, often 1,024, to what the connections need.
#[cfg(unix)]
fn allow_connections(connections_max: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let needed = connections_max as u64 + limits::OTHER_DESCRIPTORS;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return;
    }
    let allowed = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
    limit.current = Some(allowed);
    if setrlimit(Resource::Nofile, limit).is_err() || allowed < needed {
        warn!(needed, allowed, "the limit of file descriptors is low: ulimit -n");
    }
}

/// Elsewhere sockets are no file descriptors.
#[cfg(not(unix))]
fn allow_connections(_connections_max: usize) {}

/// Says on stdout where the relay listens, for programs; and on stderr what a person should know.
fn announce(address: SocketAddr) {
    // Who started the relay may have closed its stdout: that is no reason to stop.
    let _ = writeln!(io::stdout(), "listening on {address}");
    if address.ip().to_canonical().is_loopback() {
        eprintln!(
            "Only programs on this machine can connect. For others: relay --bind 0.0.0.0 (IPv4) \
             or --bind :: (IPv4 and IPv6)."
        );
    }
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // Whoever runs this in a process of its own making may log already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .try_init();
}
