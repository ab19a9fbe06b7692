//! The data path: carries lines between the two members of a room.
//!
//! ```text
//!   socket ──chunk──▶ thread's chunk ──whole lines, "#" → address──▶ socket
//!                       └─ unfinished line: inbox                      └─ not taken: outbox
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
use tokio::io::ReadBuf;
use tokio::time::Instant;

use crate::chunk::Chunk;
use crate::inbox::Spares;
use crate::limits::CHUNKS_PER_TURN;
use crate::member::{Member, Stream};
use crate::meter::Meter;
use crate::rewrite::{Desk, LineLimits, check_unfinished, rewrite};

/// A member has to leave its place (0 or 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Departure {
    pub(crate) place: usize,
    pub(crate) why: Why,
}

/// Why a member leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It closed its connection, its sending half at least.
    Closed,
    /// Its connection broke.
    Broken,
    /// The relay sends it away.
    SentAway(Code),
}

/// What holds for all pairs.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) lines: LineLimits,
    /// Bytes a second that one member may say.
    pub(crate) bytes_per_second: Option<u64>,
    /// A moment of this very turn: the clock is read once in it.
    pub(crate) now: Instant,
    pub(crate) meter: &'a Meter,
}

/// Carries lines in both directions until one of the members has to leave; never ready otherwise.
///
/// A seat may be empty. What is written to a member is whole lines, in order, and everything that a
/// member said before its departure is with the other one, or waits for it, when this returns.
pub(crate) fn poll_pump<S: Stream>(
    seats: &mut [Option<Member<S>>; 2],
    rules: Rules<'_>,
    cx: &mut Context<'_>,
) -> Poll<Departure> {
    BUFFERS.with_borrow_mut(|buffers| {
        for place in [0, 1] {
            let [first, second] = &mut *seats;
            let (from, to) = if place == 0 { (first, second) } else { (second, first) };
            match poll_turn(from, to, rules, buffers, cx) {
                Poll::Ready(Leaves::Speaker(why)) => return Poll::Ready(Departure { place, why }),
                Poll::Ready(Leaves::Listener) => {
                    return Poll::Ready(Departure { place: 1 - place, why: Why::Broken });
                }
                Poll::Pending => {}
            }
        }
        Poll::Pending
    })
}

#[derive(Default)]
struct Buffers {
    spares: Spares,
    desk: Desk,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// Who of a direction has to leave.
enum Leaves {
    Speaker(Why),
    /// Its connection broke.
    Listener,
}

/// Carries what one member says to the other one, a few chunks at most.
fn poll_turn<S: Stream>(
    from: &mut Option<Member<S>>,
    to: &mut Option<Member<S>>,
    rules: Rules<'_>,
    buffers: &mut Buffers,
    cx: &mut Context<'_>,
) -> Poll<Leaves> {
    // Notices may wait for a listener, whether or not there is a speaker.
    if !ready!(poll_listener(to, cx)) {
        return Poll::Ready(Leaves::Listener);
    }
    let Some(from) = from else { return Poll::Pending };
    let mut chunk = from.inbox.take_up(&mut buffers.spares);
    let leaves = poll_chunks(from, to, &mut chunk, rules, &mut buffers.desk, cx);
    from.inbox.put_aside(chunk, &mut buffers.spares);
    leaves
}

fn poll_chunks<S: Stream>(
    from: &mut Member<S>,
    to: &mut Option<Member<S>>,
    chunk: &mut Chunk,
    rules: Rules<'_>,
    desk: &mut Desk,
    cx: &mut Context<'_>,
) -> Poll<Leaves> {
    for _ in 0..CHUNKS_PER_TURN {
        if chunk.lines().is_empty() {
            match ready!(poll_read(from, chunk, rules, cx)) {
                Ok(0) => return Poll::Ready(Leaves::Speaker(Why::Closed)),
                Err(_) => return Poll::Ready(Leaves::Speaker(Why::Broken)),
                Ok(_) => {}
            }
        }
        let batch = rewrite(chunk.lines(), &from.inbox.address, rules.lines, desk);
        if let Some(to) = to {
            match to.poll_send(cx, &batch.text) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Leaves::Listener),
                Poll::Pending => rules.meter.stalled(),
            }
        }
        rules.meter.carried(batch.lines, batch.taken);
        let (taken, checked) = (batch.taken, batch.checked);
        chunk.take(taken);
        if let Err(code) = checked.and_then(|()| check_unfinished(chunk.unfinished(), rules.lines))
        {
            return Poll::Ready(Leaves::Speaker(Why::SentAway(code)));
        }
        if !ready!(poll_listener(to, cx)) {
            return Poll::Ready(Leaves::Listener);
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Writes what waits for the listener; ready when nothing waits any more, with `false` when its
/// connection broke.
fn poll_listener<S: Stream>(to: &mut Option<Member<S>>, cx: &mut Context<'_>) -> Poll<bool> {
    match to {
        Some(to) => to.poll_flush(cx).map(|flushed| flushed.is_ok()),
        None => Poll::Ready(true),
    }
}

/// Reads what is there, at most a chunk or what the rate allows in a second; 0 at the end of the
/// connection. A member that said too much is not read for a while; whoever calls has to come back.
fn poll_read<S: Stream>(
    from: &mut Member<S>,
    chunk: &mut Chunk,
    rules: Rules<'_>,
    cx: &mut Context<'_>,
) -> Poll<std::io::Result<usize>> {
    let rate = rules.bytes_per_second;
    if rate.is_some() && from.paused().is_some_and(|until| until > rules.now) {
        return Poll::Pending;
    }
    let space = chunk.space();
    let length_max = rate.map_or(space.len(), |rate| space.len().min(rate as usize));
    let mut buffer = ReadBuf::new(&mut space[..length_max]);
    ready!(Pin::new(&mut from.connection.stream).poll_read(cx, &mut buffer))?;
    let length = buffer.filled().len();
    chunk.filled(length);
    from.heard = rules.now;
    if let Some(rate) = rate {
        from.count_at_rate(length, rate);
    }
    Poll::Ready(Ok(length))
}
