//! A tap between a client and the relay: it sees each line in both directions, and can cut.
//!
//! ```text
//!   client ──ToRelay──▶ tap ──▶ relay        seen: before (or after) the line is passed on
//!   client ◀─ToClient── tap ◀── relay        cut: both ends of one connection are closed, once
//! ```
//!
//! Lines keep their order within a direction. What watches is called for one line at a time and may
//! take its time: the line waits for it. Nothing is kept but the line on its way.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use protocol::limits::DELIVERED_BYTES_MAX;

/// Connections at once; further ones are closed. Two programs have one each.
const CONNECTIONS_MAX: usize = 16;

/// Which way a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// What a client says.
    ToRelay,
    /// What a client hears.
    ToClient,
}

/// A whole line on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Which connection it belongs to, from 0 in the order in which they were made.
    pub(crate) connection: u64,
    /// Which way it goes.
    pub(crate) direction: Direction,
    /// Its bytes, without its end.
    pub(crate) raw: &'a [u8],
}

impl Line<'_> {
    /// Returns the number of the message, if the line is one in JSON.
    pub(crate) fn number(&self) -> Option<u64> {
        let json: serde_json::Value = serde_json::from_slice(self.raw).ok()?;
        json.get("Message Number")?.as_u64()
    }
}

/// What becomes of a line and its connection; `()` passes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The line is passed on.
    PassOn,
    /// The line is not passed on any more, and the connection is cut.
    Cut,
}

impl From<()> for Then {
    fn from((): ()) -> Then {
        Then::PassOn
    }
}

/// When the line is shown to what watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Before it is passed on: the other end does not have it yet.
    Before,
    /// After it was passed on.
    After,
}

/// Cuts the connection on which it happens, once in the life of a tap. Bytes and lines are counted
/// from 1, in both directions and over all connections together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Never.
    Never,
    /// This byte is the last one that is passed on.
    AfterByte(u64),
    /// This line is the last one that is passed on.
    AfterLine(u64),
}

/// A running tap; it stops, and closes all its connections, when it is dropped.
pub(crate) struct Tap {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Tap {
    /// Starts a tap in front of the relay at that address; it shows each line before it is passed on.
    pub(crate) fn start<T: Into<Then>>(
        relay: impl Into<String>,
        watch: impl FnMut(&Line<'_>) -> T + Send + 'static,
    ) -> Tap {
        Tap::start_with(relay, Seen::Before, Cut::Never, watch)
    }

    /// Starts a tap with all choices.
    pub(crate) fn start_with<T: Into<Then>>(
        relay: impl Into<String>,
        seen: Seen,
        cut: Cut,
        mut watch: impl FnMut(&Line<'_>) -> T + Send + 'static,
    ) -> Tap {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            relay: relay.into(),
            seen,
            cut,
            watch: Mutex::new(Box::new(move |line| watch(line).into())),
            open: Mutex::new(HashMap::new()),
            bytes: AtomicU64::new(0),
            lines: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        });
        let accepting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.accept(&listener)
        });
        Tap { address, shared, accepting: Some(accepting) }
    }

    /// Returns where it listens, as `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // A connection wakes the thread that accepts; it closes all others and ends.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

struct Shared {
    relay: String,
    seen: Seen,
    cut: Cut,
    watch: Mutex<Watch>,
    open: Mutex<HashMap<u64, Ends>>,
    bytes: AtomicU64,
    lines: AtomicU64,
    stopped: AtomicBool,
}

type Watch = Box<dyn FnMut(&Line<'_>) -> Then + Send>;

/// Both sockets of a connection.
struct Ends {
    client: TcpStream,
    relay: TcpStream,
}

impl Ends {
    fn try_clone(&self) -> io::Result<Ends> {
        Ok(Ends { client: self.client.try_clone()?, relay: self.relay.try_clone()? })
    }

    /// Closes both. Either may be closed already.
    fn close(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.relay.shutdown(Shutdown::Both);
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        thread::scope(|connections| {
            for (number, client) in (0..).zip(listener.incoming()) {
                if self.stopped.load(Ordering::SeqCst) {
                    break;
                }
                // A relay that is not there looks like one that closes at once.
                let Some(ends) = client.ok().and_then(|client| self.connect(number, client)) else {
                    continue;
                };
                connections.spawn(move || {
                    self.carry_both(number, &ends);
                    self.open().remove(&number);
                });
            }
            self.open().values().for_each(Ends::close);
        });
    }

    fn connect(&self, number: u64, client: TcpStream) -> Option<Ends> {
        let mut open = self.open();
        if open.len() >= CONNECTIONS_MAX {
            return None;
        }
        let relay = TcpStream::connect(&self.relay).ok()?;
        client.set_nodelay(true).ok()?;
        relay.set_nodelay(true).ok()?;
        let ends = Ends { client, relay };
        open.insert(number, ends.try_clone().ok()?);
        Some(ends)
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Ends>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_both(&self, number: u64, ends: &Ends) {
        thread::scope(|directions| {
            directions.spawn(|| self.carry(number, Direction::ToRelay, ends));
            self.carry(number, Direction::ToClient, ends);
        });
        ends.close();
    }

    /// Carries lines one way until that way ends, and hands its end on.
    fn carry(&self, connection: u64, direction: Direction, ends: &Ends) {
        let (from, to) = match direction {
            Direction::ToRelay => (&ends.client, &ends.relay),
            Direction::ToClient => (&ends.relay, &ends.client),
        };
        let mut from = BufReader::new(from);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let line_max = DELIVERED_BYTES_MAX as u64 + 2;
            match (&mut from).take(line_max).read_until(b'\n', &mut bytes) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            match self.pass_on(connection, direction, &bytes, to) {
                Ok(Then::PassOn) => {}
                Ok(Then::Cut) | Err(_) => return ends.close(),
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    /// Shows, counts and writes what was read: a whole line, or the piece of one before an end.
    fn pass_on(
        &self,
        connection: u64,
        direction: Direction,
        bytes: &[u8],
        mut to: &TcpStream,
    ) -> io::Result<Then> {
        let text = bytes.strip_suffix(b"\n");
        let raw = text.map(|text| text.strip_suffix(b"\r").unwrap_or(text));
        let line = raw.map(|raw| Line { connection, direction, raw });
        if self.seen == Seen::Before && self.show(line) == Then::Cut {
            return Ok(Then::Cut);
        }
        let length = bytes.len() as u64;
        let before = self.bytes.fetch_add(length, Ordering::SeqCst);
        if let Cut::AfterByte(last) = self.cut
            && (before + 1..=before + length).contains(&last)
        {
            to.write_all(&bytes[..(last - before) as usize])?;
            return Ok(Then::Cut);
        }
        to.write_all(bytes)?;
        if self.seen == Seen::After && self.show(line) == Then::Cut {
            return Ok(Then::Cut);
        }
        let counted = self.lines.fetch_add(u64::from(line.is_some()), Ordering::SeqCst) + 1;
        let last = line.is_some() && self.cut == Cut::AfterLine(counted);
        Ok(if last { Then::Cut } else { Then::PassOn })
    }

    fn show(&self, line: Option<Line<'_>>) -> Then {
        let Some(line) = line else { return Then::PassOn };
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch(&line)
    }
}

#[cfg(test)]
mod tests;
