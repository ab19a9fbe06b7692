//! The other agents as one that is to be fixed sees them: independent servers, asked over HTTP
//! which coins a ticket of theirs speaks for.

use std::future::Future;
use std::io;
use std::sync::Arc;

use coin::{Lineage, Origin, SerialNumber};
use tokio::time::Instant;

use crate::api::{Hint, Ticket};
use crate::backoff::Jitter;
use crate::connector::{self, Dial};
use crate::line::Line;
use crate::trouble::Board;
use crate::{AddressBook, Stream, Timing};

/// The agents, as one of them asks the others. Cheap to clone; the clones share their connections.
#[derive(Clone)]
pub struct Peers {
    lines: Arc<[Line]>,
    own: usize,
}

impl Peers {
    /// Makes the peers of agent `own`, 0 to 24. Connects to none of them yet.
    pub fn new(book: &AddressBook, own: usize, timing: Timing) -> Peers {
        Peers::with_dial(book, own, timing, &connector::tcp(book.clone()))
    }

    /// The same over streams that `dial` makes, given an agent's number: for a simulated network.
    pub fn over<D, F>(book: &AddressBook, own: usize, timing: Timing, dial: D) -> Peers
    where
        D: Fn(usize) -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<Stream>> + Send + 'static,
    {
        Peers::with_dial(book, own, timing, &Dial::over(dial, Jitter::Even))
    }

    fn with_dial(book: &AddressBook, own: usize, timing: Timing, dial: &Dial) -> Peers {
        let lines = book.iter().enumerate();
        let lines =
            lines.map(|(agent, at)| Line::new(agent, at, timing, dial.clone(), Board::default()));
        Peers { lines: lines.collect(), own }
    }

    /// Asks the agent that gave these tickets which coin each of them speaks for, in their order;
    /// nothing when it does not say so in so many words.
    /// All tickets must be of the same agent.
    pub async fn hints(&self, tickets: &[Ticket], until: Instant) -> Option<Vec<Hint>> {
        let giver = tickets.first()?.agent();
        self.lines[giver].ask_hints(tickets, self.own, until).await.ok()
    }

    /// Asks the agent that gave this ticket which coins it speaks for; nothing when it does not
    /// say so in so many words.
    pub async fn covered(
        &self,
        ticket: &Ticket,
        until: Instant,
    ) -> Option<Vec<(SerialNumber, Origin)>> {
        self.lines[ticket.agent()].ask_covered(ticket, self.own, until).await.ok()
    }

    /// Asks an agent, 0 to 24, which exchange an origin is; nothing when it does not say what has
    /// this hash.
    pub async fn lineage(&self, agent: usize, origin: Origin, until: Instant) -> Option<Lineage> {
        self.lines[agent].ask_lineage(origin, until).await.ok()
    }
}
