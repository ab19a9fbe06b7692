//! The 25 agents as a wallet sees them: one question to all of them at once.

mod audit;
mod detect;
mod exchange;
mod find;
mod fix;
mod network;
mod pown;
mod pown_stream;
mod progress;
mod round;

use std::future::Future;
use std::io;
use std::sync::Arc;

use coin::{AnSet, SerialNumber};

use crate::backoff::Jitter;
use crate::connector::{self, Dial};
use crate::line::Line;
use crate::trouble::Board;
use crate::{AddressBook, Stream, Timing, Trouble};

pub use audit::{Audited, Counted};
pub use detect::Detection;
pub use exchange::Offers;
pub use fix::{Repair, Repaired};
pub use network::TooFewAgents;
pub use pown::PownRound;
pub use pown_stream::Settled;
pub use progress::Progress;

/// The 25 agents. Cheap to clone; the clones share their connections.
#[derive(Clone)]
pub struct Authority {
    lines: Arc<[Line]>,
    timing: Timing,
    board: Board,
}

/// A coin that shall change hands: its present secrets and those proposed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The serial number.
    pub sn: SerialNumber,
    /// What the agents are thought to hold.
    pub ans: AnSet,
    /// What they shall hold; durable at the claimant before the first question.
    pub pans: AnSet,
}

impl Authority {
    /// Makes the authority of the agents at these addresses. Connects to none of them yet; in TLS
    /// where an address says so.
    pub fn new(book: &AddressBook, timing: Timing) -> Authority {
        let dial = connector::tcp(book.clone());
        Authority::with_dial(book, timing, &dial)
    }

    /// The same over streams that `dial` makes, given an agent's number: for a simulated
    /// network. TLS lies on top of them, as the addresses say.
    pub fn over<D, F>(book: &AddressBook, timing: Timing, dial: D) -> Authority
    where
        D: Fn(usize) -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<Stream>> + Send + 'static,
    {
        Authority::with_dial(book, timing, &Dial::over(dial, Jitter::Even))
    }

    fn with_dial(book: &AddressBook, timing: Timing, dial: &Dial) -> Authority {
        let board = Board::default();
        let lines = book.iter().enumerate();
        let lines = lines
            .map(|(agent, at)| Line::new(agent, at, timing, dial.clone(), board.clone()))
            .collect();
        Authority { lines, timing, board }
    }

    /// Returns why there is no connection to an agent, for each to which the newest one could not be
    /// made, by its number.
    pub fn troubles(&self) -> Vec<(usize, Trouble)> {
        self.board.all()
    }
}

#[cfg(test)]
mod tests;
