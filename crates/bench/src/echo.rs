//! One line that goes to and fro in a room, and the times of its round trips.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hdrhistogram::Histogram;

use crate::poll::Poll;
use crate::room::{Pair, Wire};
use crate::stream::{Load, read_some};
use crate::subject::{Server, Subject};

/// Bytes of the line.
const LINE: usize = 100;
/// The longest round trip that is told apart from longer ones.
const LONGEST: Duration = Duration::from_secs(60);

/// Whose turn it is to hear.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Nobody,
    Listener,
    Talker,
}

/// A room with a line that goes to and fro.
pub(crate) struct Echo {
    pair: Pair,
    there: Wire,
    back: Wire,
    turn: Turn,
    began: Instant,
    /// Bytes that have yet to arrive.
    missing: u64,
    times: Histogram<u64>,
}

impl Echo {
    /// Opens a room; its sockets wait.
    pub(crate) fn open(subject: &dyn Subject, server: &Server, room: u64) -> Result<Echo> {
        let text = Load { rooms: 1, line: LINE, window: 1 }.text();
        Ok(Echo {
            pair: subject.join(server, room)?,
            there: subject.wire(room, &text),
            back: subject.wire_back(room, &text),
            turn: Turn::Nobody,
            began: Instant::now(),
            missing: 0,
            times: Histogram::new_with_max(LONGEST.as_nanos() as u64, 3)?,
        })
    }

    /// Lets the line go to and fro for so long, with nothing else to do. Returns how often it went
    /// one way.
    pub(crate) fn run(&mut self, round: Duration) -> Result<u64> {
        let ends = Instant::now() + round;
        let mut bytes = vec![0; self.there.arrives.max(self.back.arrives)];
        let mut trips = 0;
        while Instant::now() < ends {
            let began = Instant::now();
            self.pair.talker.write_all(&self.there.sent)?;
            self.pair.listener.read_exact(&mut bytes[..self.there.arrives])?;
            self.pair.listener.write_all(&self.back.sent)?;
            self.pair.talker.read_exact(&mut bytes[..self.back.arrives])?;
            self.note(began.elapsed());
            trips += 1;
        }
        Ok(2 * trips)
    }

    /// Watches both sockets, which then do not wait any more: as `first` and the number after it.
    pub(crate) fn watch(&self, poll: &Poll, first: usize) -> Result<()> {
        self.pair.listener.set_nonblocking(true)?;
        self.pair.talker.set_nonblocking(true)?;
        poll.watch(&self.pair.listener, first)?;
        poll.watch(&self.pair.talker, first + 1)
    }

    /// Sends the line off, unless it is under way.
    pub(crate) fn begin(&mut self) -> Result<()> {
        if self.turn == Turn::Nobody {
            self.leave()?;
        }
        Ok(())
    }

    /// Hears on the listener (0) or the talker (1), and sends the line on when it has arrived.
    pub(crate) fn turn(&mut self, number: usize) -> Result<()> {
        let mut bytes = [0; 4096];
        let socket = if number == 0 { &self.pair.listener } else { &self.pair.talker };
        let heard = read_some(socket, &mut bytes)?;
        let expected = if number == 0 { Turn::Listener } else { Turn::Talker };
        if self.turn != expected {
            return Ok(());
        }
        self.missing = self.missing.saturating_sub(heard);
        if self.missing > 0 {
            return Ok(());
        }
        match self.turn {
            Turn::Nobody => Ok(()),
            Turn::Listener => {
                (self.turn, self.missing) = (Turn::Talker, self.back.arrives as u64);
                write_whole(&mut self.pair.listener, &self.back.sent)
            }
            Turn::Talker => {
                self.note(self.began.elapsed());
                self.leave()
            }
        }
    }

    /// Returns the median of the round trips since the last time, and forgets them.
    pub(crate) fn take_median(&mut self) -> Duration {
        let median = Duration::from_nanos(self.times.value_at_quantile(0.5));
        self.times.reset();
        median
    }

    /// Returns a quantile of the round trips so far.
    pub(crate) fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.times.value_at_quantile(quantile))
    }

    fn leave(&mut self) -> Result<()> {
        (self.turn, self.missing) = (Turn::Listener, self.there.arrives as u64);
        self.began = Instant::now();
        write_whole(&mut self.pair.talker, &self.there.sent)
    }

    fn note(&mut self, time: Duration) {
        let nanoseconds = time.min(LONGEST).as_nanos();
        self.times.saturating_record(nanoseconds as u64);
    }
}

/// A line of a hundred bytes finds room in any socket that holds nothing else.
fn write_whole(socket: &mut impl Write, line: &[u8]) -> Result<()> {
    ensure!(socket.write(line)? == line.len(), "a socket has no room for a line");
    Ok(())
}
