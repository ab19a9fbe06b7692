//! The connection to the relay: lines in, lines out, and taking it up again when it is cut.
//!
//! ```text
//!   Pausing ──(0.2 s … 10 s)──▶ Connecting ──▶ Up ──(cut)──▶ Pausing
//! ```

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::limits::DELIVERED_BYTES_MAX;
use raida::Stream;
use rand::RngExt;
use tokio::io::ReadHalf;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::codec::{FramedRead, FramedWrite, LinesCodec, LinesCodecError};

/// How long one attempt to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The first pause before connecting again; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Lines that wait for the socket. A full queue holds the streaming of coins back.
const LINES_WAITING_MAX: usize = 4;
/// How long the relay may refuse bytes before the connection counts as dead.
const STALL_MAX: Duration = Duration::from_secs(15);
/// How long the last lines may take to leave when the connection is closed in good order.
const FAREWELL_WITHIN: Duration = Duration::from_secs(2);

/// What the connection has to tell.
#[derive(Debug)]
pub(crate) enum Event {
    /// It is up; nothing was said yet.
    Up,
    /// A line arrived, without its end.
    Line(String),
    /// It is gone; another attempt follows after a pause.
    Cut(Cut),
}

/// Why a connection is gone.
#[derive(Debug)]
pub(crate) enum Cut {
    /// It could not be made.
    NotReachable(io::Error),
    /// The relay or the network ended it.
    Ended,
    /// What arrived is not lines of text, or too long ones.
    NotLines,
}

/// The relay takes no bytes.
#[derive(Debug)]
pub(crate) struct Stalled;

/// The way to the relay: makes a stream to an address, `HOST:PORT`. Cheap to clone.
#[derive(Clone)]
pub struct Dial {
    dial: Arc<dyn Fn(String) -> Dialling + Send + Sync>,
    jitter: Jitter,
}

type Dialling = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

/// The part of a pause that is waited, so that not all come back at once.
#[derive(Clone, Copy)]
enum Jitter {
    Random,
    Always(f64),
}

/// A connection that comes back by itself.
pub(crate) struct Connection {
    dial: Dial,
    address: String,
    state: State,
    failures: u32,
}

enum State {
    Pausing(Instant),
    Connecting(Dialling),
    Up(Up),
}

struct Up {
    lines: FramedRead<ReadHalf<Stream>, LinesCodec>,
    out: mpsc::Sender<String>,
    writer: JoinHandle<()>,
}

impl Connection {
    /// Returns a connection to `HOST:PORT` that begins with the first [`Connection::next`].
    pub(crate) fn new(dial: Dial, address: String) -> Connection {
        Connection { dial, address, state: State::Pausing(Instant::now()), failures: 0 }
    }

    /// Waits for the next event. May be dropped and called again without losing anything.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            match &mut self.state {
                State::Pausing(until) => {
                    tokio::time::sleep_until(*until).await;
                    self.state = State::Connecting(self.dial.connect(self.address.clone()));
                }
                State::Connecting(attempt) => match attempt.await {
                    Ok(stream) => {
                        self.state = State::Up(Up::new(stream));
                        return Event::Up;
                    }
                    Err(error) => return self.cut(Cut::NotReachable(error)),
                },
                State::Up(up) => match up.lines.next().await {
                    Some(Ok(line)) => return Event::Line(line),
                    Some(Err(LinesCodecError::MaxLineLengthExceeded)) => {
                        return self.cut(Cut::NotLines);
                    }
                    Some(Err(LinesCodecError::Io(error)))
                        if error.kind() == io::ErrorKind::InvalidData =>
                    {
                        return self.cut(Cut::NotLines);
                    }
                    Some(Err(LinesCodecError::Io(_))) | None => return self.cut(Cut::Ended),
                },
            }
        }
    }

    /// Tells whether lines can go out.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    /// Waits until a line can be taken at once. Never ends while the connection is not up.
    pub(crate) fn room(&self) -> impl Future<Output = ()> + 'static {
        let out = match &self.state {
            State::Up(up) => Some(up.out.clone()),
            State::Pausing(_) | State::Connecting(_) => None,
        };
        async move {
            match out {
                Some(out) if out.reserve().await.is_ok() => {}
                Some(_) | None => std::future::pending().await,
            }
        }
    }

    /// Sends a line, waiting for the socket where it must; dropped while the connection is not up.
    ///
    /// # Errors
    /// [`Stalled`] when the relay takes no bytes for 15 s: give the connection up.
    pub(crate) async fn send(&mut self, line: String) -> Result<(), Stalled> {
        let State::Up(up) = &mut self.state else { return Ok(()) };
        match tokio::time::timeout(STALL_MAX, up.out.send(line)).await {
            // A closed queue means that the socket is gone: the reader tells.
            Ok(_sent) => Ok(()),
            Err(_elapsed) => Err(Stalled),
        }
    }

    /// Says that the connection works: the next pause is short again.
    pub(crate) fn proven(&mut self) {
        self.failures = 0;
    }

    /// Gives the connection up and makes another one after a pause.
    pub(crate) fn again(&mut self) {
        self.pause();
    }

    /// Lets the last lines leave, then closes.
    pub(crate) async fn close(self) {
        if let State::Up(up) = self.state {
            let Up { lines, out, writer } = up;
            drop(out);
            let _ = tokio::time::timeout(FAREWELL_WITHIN, writer).await;
            drop(lines);
        }
    }

    fn cut(&mut self, cut: Cut) -> Event {
        self.pause();
        Event::Cut(cut)
    }

    fn pause(&mut self) {
        let longest = PAUSE_MIN.saturating_mul(1 << self.failures.min(6)).min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        let jitter = self.dial.jitter.part();
        if let State::Up(up) = &self.state {
            up.writer.abort();
        }
        self.state = State::Pausing(Instant::now() + longest.mul_f64(jitter));
    }
}

impl Up {
    fn new(stream: Stream) -> Up {
        let (read, write) = tokio::io::split(stream);
        let (out, mut waiting) = mpsc::channel::<String>(LINES_WAITING_MAX);
        let writer = tokio::spawn(async move {
            let mut sink = FramedWrite::new(write, LinesCodec::new());
            while let Some(line) = waiting.recv().await {
                if sink.send(line).await.is_err() {
                    break;
                }
            }
        });
        let codec = LinesCodec::new_with_max_length(DELIVERED_BYTES_MAX);
        Up { lines: FramedRead::new(read, codec), out, writer }
    }
}

impl Dial {
    /// Returns the way over TCP.
    pub(crate) fn tcp() -> Dial {
        let dial = |address| -> Dialling {
            Box::pin(async move {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(Stream::new(stream))
            })
        };
        Dial { dial: Arc::new(dial), jitter: Jitter::Random }
    }

    /// Returns the way over streams that `dial` makes, for a simulated network. Of each pause before
    /// another attempt this part is waited, 0.5 to 1.
    pub fn over<D, F>(part: f64, dial: D) -> Dial
    where
        D: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<Stream>> + Send + 'static,
    {
        let dial = move |address| -> Dialling { Box::pin(dial(address)) };
        Dial { dial: Arc::new(dial), jitter: Jitter::Always(part) }
    }

    fn connect(&self, address: String) -> Dialling {
        let attempt = tokio::time::timeout(CONNECT_WITHIN, (self.dial)(address));
        Box::pin(async { attempt.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) })
    }
}

impl Jitter {
    fn part(self) -> f64 {
        match self {
            Jitter::Random => rand::rng().random_range(0.5..1.0),
            Jitter::Always(part) => part,
        }
    }
}
