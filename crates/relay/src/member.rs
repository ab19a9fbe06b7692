//! One member of a room: its socket, what it said that is not with the other one yet, and what was
//! said to it that it has not taken yet.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use protocol::room::{Form, JoinLine, Side};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::address::Address;
use crate::gate::Visit;
use crate::inbox::Inbox;
use crate::limits::{OUTBOX_BYTES_MAX, RATE_BURST};
use crate::rewrite::Text;

/// What a connection is made of: a socket, or what a simulated network has for one.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// An accepted connection, counted among all and among those of its network.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    pub(crate) stream: S,
    /// The address that is shown: an IPv4 address that came in by IPv6 is shown as IPv4, and no
    /// IPv6 address has a scope.
    pub(crate) address: IpAddr,
    /// The connection counts until this is dropped, after the stream.
    pub(crate) visit: Visit,
}

/// A connection whose first line was read, on its way to its room.
#[derive(Debug)]
pub(crate) struct Newcomer<S> {
    pub(crate) connection: Connection<S>,
    pub(crate) join: JoinLine,
    /// Bytes that arrived behind the join line.
    pub(crate) early: Vec<u8>,
}

/// Whether a member has ever met another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// It has been alone all the time.
    Alone,
    /// It was told of another one.
    Met,
}

/// A member of a room.
#[derive(Debug)]
pub(crate) struct Member<S> {
    pub(crate) connection: Connection<S>,
    pub(crate) form: Form,
    pub(crate) side: Option<Side>,
    pub(crate) inbox: Inbox,
    /// When a byte last came from it.
    pub(crate) heard: Instant,
    /// Whether it was ever told of another member.
    pub(crate) company: Company,
    /// When it will have worked off what it said faster than its rate.
    worked_off: Instant,
    outbox: Vec<u8>,
    /// Bytes of the outbox that it has taken.
    written: usize,
    stalled: Option<Instant>,
}

impl<S: Stream> Member<S> {
    /// Seats a newcomer.
    pub(crate) fn new(newcomer: Newcomer<S>, now: Instant) -> Member<S> {
        let Newcomer { connection, join, early } = newcomer;
        Member {
            inbox: Inbox::new(Address::new(connection.address), early),
            connection,
            form: join.form,
            side: join.side,
            heard: now,
            company: Company::Alone,
            worked_off: now,
            outbox: Vec::new(),
            written: 0,
            stalled: None,
        }
    }

    /// Returns since when it has taken no byte although bytes wait for it.
    pub(crate) fn stalled(&self) -> Option<Instant> {
        self.stalled
    }

    /// Returns until when it is not read because it said more than its rate allows, if so.
    pub(crate) fn paused(&self) -> Option<Instant> {
        let until = self.worked_off.checked_sub(RATE_BURST)?;
        (until > self.heard).then_some(until)
    }

    /// Counts bytes that just came from it, at a rate of so many a second.
    pub(crate) fn count_at_rate(&mut self, bytes: usize, per_second: u64) {
        let work = Duration::from_secs_f64(bytes as f64 / per_second as f64);
        self.worked_off = self.worked_off.max(self.heard) + work;
    }

    /// Appends a line of the relay to what waits for it.
    ///
    /// # Errors
    /// [`OutboxFull`], and the line is not appended.
    pub(crate) fn tell(&mut self, line: &str) -> Result<(), OutboxFull> {
        if self.outbox.len() + line.len() >= OUTBOX_BYTES_MAX {
            return Err(OutboxFull);
        }
        self.outbox.extend_from_slice(line.as_bytes());
        self.outbox.push(b'\n');
        Ok(())
    }

    /// Writes what waits for it; ready when nothing waits any more.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.outbox.len() {
            let waiting = &self.outbox[self.written..];
            match Pin::new(&mut self.connection.stream).poll_write(cx, waiting) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(taken)) => {
                    self.written += taken;
                    self.stalled = None;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.stalled.get_or_insert_with(Instant::now);
                    return Poll::Pending;
                }
            }
        }
        if self.written > 0 {
            self.outbox = Vec::new();
            self.written = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes a batch of whole lines while nothing waits for it, and keeps what it does not take.
    pub(crate) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        text: &Text<'_>,
    ) -> Poll<io::Result<()>> {
        debug_assert!(self.outbox.is_empty(), "a batch overtakes what waits");
        let stream = Pin::new(&mut self.connection.stream);
        let written = match text {
            Text::Whole([]) => return Poll::Ready(Ok(())),
            Text::Whole(text) => stream.poll_write(cx, text),
            Text::Gathered(gathered) => stream.poll_write_vectored(cx, &gathered.slices()),
        };
        let taken = match written {
            Poll::Ready(Ok(taken)) => taken,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => 0,
        };
        text.append_rest(taken, &mut self.outbox);
        self.poll_flush(cx)
    }

    /// Gives up the seat; returns the connection and what it has not taken yet.
    pub(crate) fn rise(self) -> (Connection<S>, Vec<u8>) {
        let mut waiting = self.outbox;
        waiting.drain(..self.written);
        (self.connection, waiting)
    }
}

/// More waits for a member than may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutboxFull;
