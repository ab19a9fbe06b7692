//! Lines that stream through rooms one way, so many under way in each.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::echo::Echo;
use crate::poll::Poll;
use crate::room::{Pair, Wire};
use crate::subject::{Server, Subject};

/// Bytes read at once: more than a relay writes at once.
const CHUNK: usize = 256 * 1024;
/// How long lines under way may take to arrive after a round.
const ARRIVAL_WAIT: Duration = Duration::from_secs(10);
/// How long one wait for events lasts at most.
const WAIT: Duration = Duration::from_millis(20);

/// What streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Rooms at once.
    pub(crate) rooms: u64,
    /// Bytes of a line as it is sent, its end included.
    pub(crate) line: usize,
    /// Lines under way in each room.
    pub(crate) window: u64,
}

impl Load {
    /// Returns a line of this length with one `#` in it.
    pub(crate) fn text(self) -> String {
        let head = "{\"from\":\"#\",\"Message_Details\":\"";
        let filling = "x".repeat(self.line - head.len() - "\"}\n".len());
        format!("{head}{filling}\"}}\n")
    }
}

/// Rooms of one server with lines on their way.
pub(crate) struct Stream {
    poll: Poll,
    ready: Vec<usize>,
    talks: Vec<Talk>,
    chunk: Vec<u8>,
    /// A quiet room beside the busy ones.
    beside: Option<Echo>,
}

struct Talk {
    pair: Pair,
    /// One line as it is sent, often enough for a window from any place in it.
    lines: Vec<u8>,
    sent_line: u64,
    arriving_line: u64,
    window: u64,
    /// Bytes.
    sent: u64,
    arrived: u64,
}

impl Stream {
    /// Opens the rooms on a server.
    pub(crate) fn open(subject: &dyn Subject, server: &Server, load: Load) -> Result<Stream> {
        let poll = Poll::new()?;
        let window = load.window.min(subject.window_max());
        let mut talks = Vec::new();
        for room in 1..=load.rooms {
            let pair = subject.join(server, room)?.without_waiting()?;
            poll.watch(&pair.listener, talks.len())?;
            talks.push(Talk::new(pair, &subject.wire(room, &load.text()), window));
        }
        Ok(Stream { poll, ready: Vec::new(), talks, chunk: vec![0; CHUNK], beside: None })
    }

    /// Opens one more room in which a line goes to and fro while the others stream.
    pub(crate) fn with_quiet_room(
        mut self,
        subject: &dyn Subject,
        server: &Server,
    ) -> Result<Stream> {
        let echo = Echo::open(subject, server, self.talks.len() as u64 + 1)?;
        echo.watch(&self.poll, self.talks.len())?;
        self.beside = Some(echo);
        Ok(self)
    }

    /// Returns the room beside, with the times of its round trips.
    pub(crate) fn quiet_room(&mut self) -> Option<&mut Echo> {
        self.beside.as_mut()
    }

    /// Lets lines stream for so long, then waits for those under way. Returns how many arrived.
    pub(crate) fn run(&mut self, round: Duration) -> Result<u64> {
        let before = self.arrived();
        let ends = Instant::now() + round;
        for talk in &mut self.talks {
            talk.feed()?;
        }
        if let Some(echo) = &mut self.beside {
            echo.begin()?;
        }
        while Instant::now() < ends {
            self.turn(Talk::feed)?;
        }
        let until = Instant::now() + ARRIVAL_WAIT;
        while self.talks.iter().any(|talk| talk.under_way() > 0) {
            ensure!(Instant::now() < until, "lines did not arrive");
            // A line that its socket took half of is finished without any event.
            self.talks.iter_mut().try_for_each(Talk::finish_line)?;
            self.turn(|_| Ok(()))?;
        }
        Ok(self.arrived() - before)
    }

    fn turn(&mut self, go_on: fn(&mut Talk) -> Result<()>) -> Result<()> {
        self.poll.wait(WAIT, &mut self.ready)?;
        if self.ready.is_empty() {
            self.talks.iter_mut().try_for_each(go_on)?;
        }
        for &number in &self.ready {
            match self.talks.get_mut(number) {
                Some(talk) => {
                    talk.hear(&mut self.chunk)?;
                    go_on(talk)?;
                }
                None => {
                    if let Some(echo) = &mut self.beside {
                        echo.turn(number - self.talks.len())?;
                    }
                }
            }
        }
        Ok(())
    }

    fn arrived(&self) -> u64 {
        self.talks.iter().map(|talk| talk.arrived / talk.arriving_line).sum()
    }
}

impl Talk {
    fn new(pair: Pair, wire: &Wire, window: u64) -> Talk {
        let lines = wire.sent.repeat(window as usize + 1);
        let (sent_line, arriving_line) = (wire.sent.len() as u64, wire.arrives as u64);
        Talk { pair, lines, sent_line, arriving_line, window, sent: 0, arrived: 0 }
    }

    /// Lines that were begun and have not arrived.
    fn under_way(&self) -> u64 {
        self.sent.div_ceil(self.sent_line).saturating_sub(self.arrived / self.arriving_line)
    }

    /// Says as much as the window has room for, once half of it is free.
    fn feed(&mut self) -> Result<()> {
        let under_way = self.under_way();
        if self.window > 1 && under_way > self.window / 2 {
            return Ok(());
        }
        let begun = self.sent % self.sent_line;
        let rest = if begun > 0 { self.sent_line - begun } else { 0 };
        let bytes = rest + self.window.saturating_sub(under_way) * self.sent_line;
        self.say(begun, bytes)
    }

    /// Says what is left of a line that was begun.
    fn finish_line(&mut self) -> Result<()> {
        match self.sent % self.sent_line {
            0 => Ok(()),
            begun => self.say(begun, self.sent_line - begun),
        }
    }

    fn say(&mut self, begun: u64, bytes: u64) -> Result<()> {
        let from = begun as usize;
        let text = &self.lines[from..(from + bytes as usize).min(self.lines.len())];
        if text.is_empty() {
            return Ok(());
        }
        match (&self.pair.talker).write(text) {
            Ok(written) => self.sent += written as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn hear(&mut self, chunk: &mut [u8]) -> Result<()> {
        self.arrived += read_some(&self.pair.listener, chunk)?;
        Ok(())
    }
}

/// Reads once; 0 when there is nothing.
pub(crate) fn read_some(mut from: &TcpStream, chunk: &mut [u8]) -> Result<u64> {
    match from.read(chunk) {
        Ok(0) => bail!("the server has closed a connection"),
        Ok(bytes) => Ok(bytes as u64),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_length_and_one_sign() {
        for line in [100, 1024, 65_536] {
            let text = Load { rooms: 1, line, window: 1 }.text();
            assert_eq!((text.len(), text.matches('#').count()), (line, 1));
            assert!(text.ends_with("}\n"));
        }
    }
}
