//! What a relay counts, as Prometheus reads it. On the data path that is two atomic additions a
//! chunk.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};
use protocol::room::Code;

/// The counters of one relay.
#[derive(Debug)]
pub(crate) struct Meter {
    rooms: Gauge,
    members: Gauge,
    connections: Gauge,
    lines: Counter,
    bytes: Counter,
    stalls: Counter,
    refusals: Family<Refused, Counter>,
    endings: Family<Ended, Counter>,
    registry: Registry,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    kind: &'static str,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It closed after it had met somebody.
    Happy,
    /// It went, or was idle, and never met anybody.
    Lonely,
    /// It broke, or was sent away.
    Broken,
    /// It never had a seat.
    Refused,
}

impl Ending {
    const ALL: [Ending; 4] = [Ending::Happy, Ending::Lonely, Ending::Broken, Ending::Refused];

    fn label(self) -> Ended {
        let kind = match self {
            Ending::Happy => "happy",
            Ending::Lonely => "lonely",
            Ending::Broken => "broken",
            Ending::Refused => "refused",
        };
        Ended { kind }
    }
}

impl Meter {
    /// Makes all counters, at zero: a rate can be drawn from the first event on.
    pub(crate) fn new() -> Meter {
        let mut registry = Registry::with_prefix("relay");
        let refusals = Family::default();
        for code in Code::ALL {
            refusals.get_or_create_owned(&Refused { code: code.wire() });
        }
        let endings = Family::default();
        for ending in Ending::ALL {
            endings.get_or_create_owned(&ending.label());
        }
        Meter {
            rooms: register(&mut registry, "rooms", "Rooms with a member", Gauge::default()),
            members: register(&mut registry, "members", "Members in rooms", Gauge::default()),
            connections: register(
                &mut registry,
                "connections",
                "Connections, members or not",
                Gauge::default(),
            ),
            lines: register(&mut registry, "lines", "Lines of members", Counter::default()),
            bytes: register(&mut registry, "bytes", "Bytes of these lines", Counter::default()),
            stalls: register(
                &mut registry,
                "stalls",
                "Times that a member did not take at once what was said to it",
                Counter::default(),
            ),
            refusals: register(
                &mut registry,
                "refusals",
                "Connections refused or sent away, by code",
                refusals,
            ),
            endings: register(&mut registry, "endings", "Connections ended, by kind", endings),
            registry,
        }
    }

    /// Counts lines that a member said, and their bytes as they were sent.
    pub(crate) fn carried(&self, lines: u64, bytes: usize) {
        self.lines.inc_by(lines);
        self.bytes.inc_by(bytes as u64);
    }

    /// Counts that a member did not take what was said to it at once.
    pub(crate) fn stalled(&self) {
        self.stalls.inc();
    }

    /// Counts a member that took its seat.
    pub(crate) fn seated(&self) {
        self.members.inc();
    }

    /// Counts a member that left its seat.
    pub(crate) fn left(&self, ending: Ending, code: Option<Code>) {
        self.members.dec();
        self.ended(ending, code);
    }

    /// Counts a connection that never had a seat; without a code it went by itself.
    pub(crate) fn refused(&self, code: Option<Code>) {
        self.ended(Ending::Refused, code);
    }

    fn ended(&self, ending: Ending, code: Option<Code>) {
        self.endings.get_or_create_owned(&ending.label()).inc();
        if let Some(code) = code {
            self.refusals.get_or_create_owned(&Refused { code: code.wire() }).inc();
        }
    }

    /// Returns all counters as Prometheus reads them, with the numbers of this moment.
    pub(crate) fn page(&self, rooms: usize, connections: usize) -> String {
        self.rooms.set(rooms as i64);
        self.connections.set(connections as i64);
        let mut page = String::new();
        encode(&mut page, &self.registry).expect("a String takes all that is written to it");
        page
    }
}

fn register<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}
