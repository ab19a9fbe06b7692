//! What others see of an agent without asking it for coins: its door, its numbers, its health.

use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::Agent;
use crate::door::Door;
use crate::limits::COMMIT_STUCK;
use crate::tally::Tally;

impl Agent {
    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Returns an id for a request: 8 hexadecimal digits, the next one each time.
    pub(crate) fn request_label(&self) -> String {
        format!("{:08x}", self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns how many requests wait for a commit.
    pub(crate) fn commit_queue(&self) -> usize {
        self.committer.queue()
    }

    pub(crate) fn tickets_alive(&self) -> usize {
        self.tickets().alive(Instant::now())
    }

    /// Says why the agent does no work at present, if it does none.
    pub(crate) fn ailment(&self) -> Option<&'static str> {
        if self.committer.has_stopped() || self.failed.is_cancelled() {
            Some("its ledger failed")
        } else if self.tally.committing_for().is_some_and(|time| time >= COMMIT_STUCK) {
            Some("a commit does not come to its end")
        } else {
            None
        }
    }
}
