//! The data path: carries lines between the two members of a room.
//!
//! ```text
//!   socket ──chunk──▶ thread's buffer ──whole lines, "#" → address──▶ thread's buffer ──▶ socket
//!                          └─ unfinished line: inbox                     └─ not taken: outbox
//! ```
//!
//! Both directions are polled by the one task that owns both sockets: no lock, no queue. While a
//! member's socket refuses bytes the other one is not read, so that the kernel's buffers hold the
//! rest and its sender waits. What a member says while alone is read, checked and dropped. Buffers
//! belong to the thread; a member holds memory only while something waits. A hot pair yields after
//! a few chunks.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use protocol::room::Code;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use crate::limits::{CHUNK_BYTES, CHUNKS_PER_TURN};
use crate::member::Member;
use crate::rewrite::Rest;

/// A member has to leave its place (0 or 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Departure {
    pub(crate) place: usize,
    pub(crate) why: Why,
}

/// Why a member leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It closed its connection, its sending half at least, or the connection broke.
    Closed,
    /// The relay sends it away.
    SentAway(Code),
}

/// Carries lines in both directions until one of the members has to leave; never ready otherwise.
///
/// A seat may be empty. What is written to a member is whole lines, in order, and everything that a
/// member said before its departure is with the other one, or waits for it, when this returns.
pub(crate) fn poll_pump(seats: &mut [Option<Member>; 2], cx: &mut Context<'_>) -> Poll<Departure> {
    BUFFERS.with_borrow_mut(|buffers| {
        for place in [0, 1] {
            if let Poll::Ready(departure) = poll_direction(seats, place, buffers, cx) {
                return Poll::Ready(departure);
            }
        }
        Poll::Pending
    })
}

struct Buffers {
    chunk: Box<[u8]>,
    lines: Vec<u8>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers {
        chunk: vec![0; CHUNK_BYTES].into_boxed_slice(),
        lines: Vec::new(),
    });
}

/// Carries what the member at `place` says to the other one.
fn poll_direction(
    seats: &mut [Option<Member>; 2],
    place: usize,
    buffers: &mut Buffers,
    cx: &mut Context<'_>,
) -> Poll<Departure> {
    let other = 1 - place;
    let [first, second] = seats;
    let (from, to) = if place == 0 { (first, second) } else { (second, first) };
    let leaves = |place, why| Poll::Ready(Departure { place, why });
    for _ in 0..CHUNKS_PER_TURN {
        if let Some(to) = to
            && ready!(to.poll_flush(cx)).is_err()
        {
            return leaves(other, Why::Closed);
        }
        let Some(from) = from else { return Poll::Pending };
        let arrived = match from.inbox.rest() {
            Rest::HasLines => &[],
            Rest::NeedsMore => match ready!(poll_chunk(from, &mut buffers.chunk, cx)) {
                Ok(0) | Err(_) => return leaves(place, Why::Closed),
                Ok(length) => &buffers.chunk[..length],
            },
        };
        buffers.lines.clear();
        let checked = from.inbox.rewrite(arrived, &mut buffers.lines);
        if let Some(to) = to
            && let Poll::Ready(Err(_)) = to.poll_send(cx, &buffers.lines)
        {
            return leaves(other, Why::Closed);
        }
        if let Err(code) = checked {
            return leaves(place, Why::SentAway(code));
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Reads what is there, at most a chunk; 0 at the end of the connection.
fn poll_chunk(
    from: &mut Member,
    chunk: &mut [u8],
    cx: &mut Context<'_>,
) -> Poll<std::io::Result<usize>> {
    let mut buffer = ReadBuf::new(chunk);
    ready!(Pin::new(&mut from.connection.stream).poll_read(cx, &mut buffer))?;
    from.heard = Instant::now();
    Poll::Ready(Ok(buffer.filled().len()))
}
