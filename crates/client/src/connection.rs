//! The connection to the relay: lines in, lines out, and taking it up again when it is cut.
//!
//! ```text
//!   Pausing ──(0.2 s … 10 s)──▶ Connecting ──▶ Up ──(cut)──▶ Pausing
//! ```

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::limits::DELIVERED_BYTES_MAX;
use rand::RngExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
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

/// A connection that comes back by itself.
pub(crate) struct Connection {
    address: String,
    state: State,
    failures: u32,
}

enum State {
    Pausing(Instant),
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>),
    Up(Up),
}

struct Up {
    lines: FramedRead<OwnedReadHalf, LinesCodec>,
    out: mpsc::Sender<String>,
    writer: JoinHandle<()>,
}

impl Connection {
    /// Returns a connection to `HOST:PORT` that begins with the first [`Connection::next`].
    pub(crate) fn new(address: String) -> Connection {
        Connection { address, state: State::Pausing(Instant::now()), failures: 0 }
    }

    /// Waits for the next event. May be dropped and called again without losing anything.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            match &mut self.state {
                State::Pausing(until) => {
                    tokio::time::sleep_until(*until).await;
                    self.state = State::Connecting(Box::pin(connect(self.address.clone())));
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
        let jitter = rand::rng().random_range(0.5..1.0);
        if let State::Up(up) = &self.state {
            up.writer.abort();
        }
        self.state = State::Pausing(Instant::now() + longest.mul_f64(jitter));
    }
}

impl Up {
    fn new(stream: TcpStream) -> Up {
        let (read, write) = stream.into_split();
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

async fn connect(address: String) -> io::Result<TcpStream> {
    let attempt = tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(address)).await;
    let stream = attempt.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
