//! The listener of those who watch the agents.

use std::net::{SocketAddr, ToSocketAddrs};

use tokio::net::TcpListener;

use super::args::MetricsArgs;
use super::exit::Failure;

/// Listens where it was asked for; on this machine only, unless more was said.
pub(crate) async fn listen(
    args: &MetricsArgs,
    config: Option<&String>,
) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = args.metrics.as_ref().or(config) else { return Ok(None) };
    let failed = |source| Failure::Metrics { address: address.clone(), source };
    let sockets: Vec<SocketAddr> = address.to_socket_addrs().map_err(failed)?.collect();
    let is_ours = sockets.iter().all(|socket| socket.ip().is_loopback());
    if !is_ours && !args.metrics_public {
        return Err(Failure::MetricsPublic { address: address.clone() });
    }
    let listener = TcpListener::bind(sockets.as_slice()).await.map_err(failed)?;
    eprintln!("metrics on http://{}/metrics", listener.local_addr().map_err(failed)?);
    Ok(Some(listener))
}
