//! Connections of an agent: how many, how long, and how they end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::Agent;
use crate::door::{Excess, Guest};
use crate::faults::Up;
use crate::limits::{
    HEAD_BYTES_MAX, HEAD_WAIT, MEMORY_KIB_MAX, REFUSAL_WAIT, REFUSALS_MAX, STOP_WAIT, WRITE_WAIT,
};
use crate::service;
use crate::stall::Stall;
use crate::tally::Cause;

/// What all agents of a process may use together. Cheap to clone.
#[derive(Clone)]
pub struct Bounds {
    memory_kib: Arc<Semaphore>,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { memory_kib: Arc::new(Semaphore::new(MEMORY_KIB_MAX)) }
    }
}

impl Bounds {
    /// Waits until so much memory is free and takes it.
    pub(crate) async fn charge(&self, kib: usize) -> OwnedSemaphorePermit {
        let kib = u32::try_from(kib.min(MEMORY_KIB_MAX)).expect("the bound is far below 2^32");
        let permit = Arc::clone(&self.memory_kib).acquire_many_owned(kib).await;
        permit.expect("the semaphore is never closed")
    }
}

/// Serves an agent on a listener until `stop`; requests under way are finished, for at most
/// some seconds.
pub async fn serve(
    agent: Arc<Agent>,
    listener: TcpListener,
    bounds: Bounds,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(agent.door().limits().connections));
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    let connections = TaskTracker::new();
    while let Some((stream, from, place)) = next(&listener, &places, &stop).await {
        let (agent, bounds, stop) = (Arc::clone(&agent), bounds.clone(), stop.clone());
        let admitted = agent.door().admit(from.ip());
        let mut place = place;
        if admitted.is_err() {
            agent.tally().refused(Cause::Connections);
            // Beyond even that bound a connection is closed without a word.
            let Ok(other) = Arc::clone(&refusals).try_acquire_owned() else { continue };
            place = other;
        }
        connections.spawn(async move {
            receive(&agent, stream, admitted, &bounds, &stop).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if timeout(STOP_WAIT, connections.wait()).await.is_err() {
        warn!(agent = agent.number(), open = connections.len(), "connections cut off");
    }
}

/// Waits for a free place first, so that connections beyond the bound stay with the system.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let accepted = async {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await.and_then(without_delay) {
                Ok((stream, from)) => return Some((stream, from, place)),
                Err(error) => {
                    warn!(%error, "a connection was not accepted");
                    // Out of open files: others must close first.
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    };
    stop.run_until_cancelled(accepted).await.flatten()
}

fn without_delay((stream, from): (TcpStream, SocketAddr)) -> io::Result<(TcpStream, SocketAddr)> {
    stream.set_nodelay(true)?;
    Ok((stream, from))
}

/// Serves whoever was let in, or tells him why he was not; by TLS where the agent speaks it.
async fn receive(
    agent: &Agent,
    stream: TcpStream,
    admitted: Result<Guest, Excess>,
    bounds: &Bounds,
    stop: &CancellationToken,
) {
    let Some(tls) = &agent.settings().tls else {
        return talk(agent, stream, admitted, bounds, stop).await;
    };
    let handshake = tls.accept(agent.number(), stream);
    if let Some(Some(stream)) = stop.run_until_cancelled(handshake).await {
        talk(agent, stream, admitted, bounds, stop).await;
    }
}

async fn talk(
    agent: &Agent,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    admitted: Result<Guest, Excess>,
    bounds: &Bounds,
    stop: &CancellationToken,
) {
    match admitted {
        Ok(guest) => serve_guest(agent, stream, &guest, bounds, stop).await,
        Err(reason) => refuse(agent, stream, reason).await,
    }
}

/// Tells one connection too many that it is so, whatever it asks.
async fn refuse(agent: &Agent, stream: impl AsyncRead + AsyncWrite + Unpin, reason: Excess) {
    let answer = service_fn(|request| {
        std::future::ready(Ok::<_, Infallible>(service::send_away(agent, reason, &request)))
    });
    let connection = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    // Whoever does not ask or read in time hears nothing.
    let _ = timeout(REFUSAL_WAIT, connection).await;
}

/// Serves an agent on one connection, whatever stream that is, until either side ends it or
/// `stop`.
pub async fn serve_connection(
    agent: &Agent,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    bounds: &Bounds,
    stop: &CancellationToken,
) {
    let stranger = agent.door().stranger();
    serve_guest(agent, stream, &stranger, bounds, stop).await;
}

async fn serve_guest(
    agent: &Agent,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    guest: &Guest,
    bounds: &Bounds,
    stop: &CancellationToken,
) {
    if agent.conduct().up == Up::No {
        return;
    }
    let _connected = agent.tally().connected();
    let answer = service_fn(|request| service::answer(agent, guest, bounds, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Stall::new(stream, WRITE_WAIT)), answer);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match timeout(STOP_WAIT, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        debug!(agent = agent.number(), %error, "a connection broke");
    }
}
