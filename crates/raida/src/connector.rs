//! How a connection to an agent is made: over TCP, or over whatever stream a simulation gives,
//! and in TLS where the address says so.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tower_service::Service;
use tracing::debug;

use crate::address::Transport;
use crate::backoff::Jitter;
use crate::tls::Layer;
use crate::trouble::{Board, Trouble};
use crate::{AddressBook, AgentAddress};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The way to the agents: makes a connection to one, given its number.
#[derive(Clone)]
pub(crate) struct Dial {
    dial: Arc<dyn Fn(usize) -> BoxFuture<io::Result<Stream>> + Send + Sync>,
    /// How pauses before another attempt are cut.
    pub(crate) jitter: Jitter,
}

impl Dial {
    /// Takes any way.
    pub(crate) fn over<F>(dial: impl Fn(usize) -> F + Send + Sync + 'static, jitter: Jitter) -> Dial
    where
        F: Future<Output = io::Result<Stream>> + Send + 'static,
    {
        Dial { dial: Arc::new(move |agent| Box::pin(dial(agent))), jitter }
    }
}

/// A connection to an agent: any stream of bytes in both directions.
pub struct Stream(Box<dyn Duplex>);

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Returns the dial of the real world: TCP, small packets sent at once.
pub(crate) fn tcp(book: AddressBook) -> Dial {
    let dial = move |agent| {
        let address = book.agent(agent).clone();
        async move {
            let stream = TcpStream::connect(sockets(&address).await?.as_slice()).await?;
            stream.set_nodelay(true)?;
            Ok(Stream::new(stream))
        }
    };
    Dial::over(dial, Jitter::Random)
}

async fn sockets(address: &AgentAddress) -> Result<Vec<SocketAddr>, Trouble> {
    let found = lookup_host(address.authority()).await;
    let sockets: Vec<SocketAddr> = found.map_err(|_| Trouble::Unresolved)?.collect();
    match address.transport() {
        Transport::Loopback if !sockets.iter().all(|socket| socket.ip().is_loopback()) => {
            Err(Trouble::NotLoopback)
        }
        Transport::Loopback | Transport::Clear | Transport::Tls { .. } => Ok(sockets),
    }
}

/// One agent's dial and what goes on top of it, within one deadline, in the form that the HTTP
/// client asks for.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) agent: usize,
    pub(crate) dial: Dial,
    pub(crate) layer: Layer,
    pub(crate) deadline: Duration,
    pub(crate) board: Board,
}

impl Connector {
    /// Connects, and notes on the board what came of it.
    pub(crate) async fn connect(self) -> Result<Stream, Trouble> {
        let connecting = async {
            let stream = (self.dial.dial)(self.agent).await?;
            self.layer.over(stream, self.agent, &self.board).await
        };
        let within = self.deadline;
        let connected = tokio::time::timeout(within, connecting).await;
        let connected = connected.unwrap_or(Err(Trouble::Deadline { within }));
        if let Err(trouble) = &connected {
            debug!(agent = self.agent, %trouble, "no connection");
        }
        self.board.note(self.agent, connected.as_ref().err().cloned());
        connected
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Trouble;
    type Future = BoxFuture<Result<TokioIo<Stream>, Trouble>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connecting = self.clone().connect();
        Box::pin(async { connecting.await.map(TokioIo::new) })
    }
}

impl Stream {
    /// Takes any stream.
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Stream {
        Stream(Box::new(stream))
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    // Without these two the HTTP client would copy each body, secrets and all, into its own
    // buffer, which nobody wipes.
    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }
}
