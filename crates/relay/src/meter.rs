//! What a relay counts. On the data path that is two atomic additions a chunk.

use prometheus_client::metrics::counter::Counter;

/// The counters of one relay.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    lines: Counter,
    bytes: Counter,
}

impl Meter {
    /// Counts lines that a member said, and their bytes as they were sent.
    pub(crate) fn carried(&self, lines: u64, bytes: usize) {
        self.lines.inc_by(lines);
        self.bytes.inc_by(bytes as u64);
    }
}
