//! The command line of `relay`, and its way from start to exit code.

mod arguments;
mod config;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

use crate::house::{Listeners, listen, serve};
use crate::limits;
use crate::settings::Settings;
use crate::signals::Signals;
use arguments::Arguments;
use config::ConfigError;

/// Runs the program `relay` with the arguments of this process.
pub fn main() -> ExitCode {
    log_to_stderr();
    let ended = Arguments::read().map_err(StartError::from).and_then(|arguments| run(&arguments));
    match ended {
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
    #[error(transparent)]
    Config(#[from] ConfigError),
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
            StartError::Config(_) => {
                "relay --help, which lists all options; in the file without dashes"
            }
            StartError::System(_) => "again when the machine has more resources",
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), StartError> {
    runtime(arguments.threads())?.block_on(async {
        let mut signals = Signals::listen()?;
        let open =
            |address| listen(address).map_err(|source| StartError::Listen { address, source });
        let chat = open(SocketAddr::new(arguments.bind, arguments.port))?;
        let metrics = arguments.metrics.map(open).transpose()?;
        let settings = arguments.settings();
        allow_connections(settings.gate.connections_max);
        announce(&chat, metrics.as_ref(), &settings)?;
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(Listeners { chat, metrics }, settings, stop.clone()));
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

/// One thread needs nobody to share its work with.
fn runtime(threads: usize) -> io::Result<Runtime> {
    let mut builder = match threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build()
}

/// Raises the limit of file descriptors, often 1,024, as far as the system lets it.
#[cfg(unix)]
fn allow_connections(connections_max: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let needed = connections_max as u64 + limits::OTHER_DESCRIPTORS;
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it may not be raised it stays as it was.
    let _ = setrlimit(Resource::Nofile, limit);
    if let Some(allowed) = getrlimit(Resource::Nofile).current.filter(|allowed| *allowed < needed) {
        warn!(needed, allowed, "the limit of file descriptors is low: ulimit -n");
    }
}

/// Elsewhere sockets are no file descriptors.
#[cfg(not(unix))]
fn allow_connections(_connections_max: usize) {}

/// Says on stdout where the relay listens, for programs; and on stderr what a person should know.
fn announce(
    chat: &TcpListener,
    metrics: Option<&TcpListener>,
    settings: &Settings,
) -> io::Result<()> {
    let address = chat.local_addr()?;
    // Who started the relay may have closed its stdout: that is no reason to stop.
    let _ = writeln!(io::stdout(), "listening on {address}");
    if let Some(metrics) = metrics {
        let _ = writeln!(io::stdout(), "metrics on {}", metrics.local_addr()?);
    }
    eprintln!(
        "Memory for {} connections: {} MiB when they are idle, {} MiB at most.",
        settings.gate.connections_max,
        settings.idle_memory_bytes().div_ceil(1 << 20),
        settings.memory_bytes_max().div_ceil(1 << 20),
    );
    if address.ip().to_canonical().is_loopback() {
        eprintln!(
            "Only programs on this machine can connect. For others: relay --bind 0.0.0.0 (IPv4) \
             or --bind :: (IPv4 and IPv6)."
        );
    }
    Ok(())
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
