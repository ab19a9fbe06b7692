//! The measurements: what is done to each subject, and what we want to reach.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::echo::Echo;
use crate::short_lived;
use crate::stream::{Load, Stream};
use crate::subject::{Server, Subject};

/// Pairs in one round of short lives.
const SHORT_LIVES: u64 = 500;

/// One measurement.
pub(crate) struct Scenario {
    /// Its name in the tables.
    pub(crate) name: &'static str,
    /// What is done.
    pub(crate) work: Work,
    /// Our figure divided by the bare forwarder's shall be this at most.
    pub(crate) at_most: f64,
    /// The figure of nats-server divided by ours shall be this at least.
    pub(crate) nats_at_least: f64,
}

/// What is done to a subject.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// Lines stream; the figure is processor time for a line.
    Stream(Load),
    /// Pairs come and go; the figure is processor time for a pair.
    ShortLives,
    /// A line goes to and fro alone; the figure is the median round trip.
    RoundTrip,
    /// … while other rooms stream.
    RoundTripBeside(Load),
}

/// All measurements that are compared with the bare forwarder.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "1,000 rooms, one 100 B line in flight each",
        work: Work::Stream(Load { rooms: 1000, line: 100, window: 1 }),
        at_most: 1.10,
        nats_at_least: 1.8,
    },
    Scenario {
        name: "1,000 rooms, windowed, 100 B",
        work: Work::Stream(Load { rooms: 1000, line: 100, window: 42 }),
        at_most: 1.15,
        nats_at_least: 3.0,
    },
    Scenario {
        name: "100 rooms, windowed, 100 B",
        work: Work::Stream(Load { rooms: 100, line: 100, window: 2600 }),
        at_most: 1.50,
        nats_at_least: 7.0,
    },
    Scenario {
        name: "1 room, windowed, 100 B",
        work: Work::Stream(Load { rooms: 1, line: 100, window: 5200 }),
        at_most: 1.55,
        nats_at_least: 7.0,
    },
    Scenario {
        name: "1 room, 64 KiB",
        work: Work::Stream(Load { rooms: 1, line: 65_536, window: 8 }),
        at_most: 1.30,
        nats_at_least: 5.0,
    },
    Scenario {
        name: "100 rooms, 64 KiB",
        work: Work::Stream(Load { rooms: 100, line: 65_536, window: 2 }),
        at_most: 1.15,
        nats_at_least: 3.0,
    },
    Scenario {
        name: "short-lived pairs: connect, join, one line, close",
        work: Work::ShortLives,
        at_most: 1.20,
        nats_at_least: 2.5,
    },
    Scenario {
        name: "round trip of 100 B: median",
        work: Work::RoundTrip,
        at_most: 1.10,
        nats_at_least: 1.4,
    },
    Scenario {
        name: "round trip beside 50 rooms of 64 KiB: median",
        work: Work::RoundTripBeside(Load { rooms: 50, line: 65_536, window: 1 }),
        at_most: 1.05,
        nats_at_least: 2.0,
    },
];

/// A subject under one kind of work.
pub(crate) enum Bout {
    Stream(Stream),
    ShortLives { next_room: u64 },
    RoundTrip(Box<Echo>),
    RoundTripBeside(Stream),
}

impl Work {
    /// Opens what this work needs on a server.
    pub(crate) fn begin(self, subject: &dyn Subject, server: &Server) -> Result<Bout> {
        Ok(match self {
            Work::Stream(load) => Bout::Stream(Stream::open(subject, server, load)?),
            Work::ShortLives => Bout::ShortLives { next_room: 1 },
            Work::RoundTrip => Bout::RoundTrip(Box::new(Echo::open(subject, server, 1)?)),
            Work::RoundTripBeside(load) => {
                let stream = Stream::open(subject, server, load)?;
                Bout::RoundTripBeside(stream.with_quiet_room(subject, server)?)
            }
        })
    }
}

impl Bout {
    /// Works for one round, and returns the figure in microseconds.
    pub(crate) fn round(
        &mut self,
        subject: &dyn Subject,
        server: &Server,
        round: Duration,
    ) -> Result<f64> {
        let before = server.spent()?;
        let count = match self {
            Bout::Stream(stream) => stream.run(round)?,
            Bout::ShortLives { next_room } => {
                let rooms = *next_room..*next_room + SHORT_LIVES;
                *next_room = rooms.end;
                short_lived::run(subject, server, rooms)?;
                SHORT_LIVES
            }
            Bout::RoundTrip(echo) => {
                echo.run(round)?;
                return Ok(micros(echo.take_median()));
            }
            Bout::RoundTripBeside(stream) => {
                stream.run(round)?;
                let median = stream.quiet_room().map(Echo::take_median);
                return Ok(micros(median.unwrap_or_default()));
            }
        };
        Ok(micros(server.spent()? - before) / count.max(1) as f64)
    }
}

/// Starts a subject on its core, in a directory of its own.
pub(crate) fn start(subject: &dyn Subject, dir: &Path) -> Result<Server> {
    let dir = dir.join(subject.name());
    std::fs::create_dir_all(&dir)?;
    subject.start(&dir)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
