//! A client under whose hands the agents die.
//!
//! ```text
//!   connect to all ▸ what became of the request without an answer? ▸ is all else as it should be?
//!         ▲                                                                     │
//!         └────────────── the agents die ◂── request after request ◂────────────┘
//! ```

use std::io;
use std::ops::ControlFlow;
use std::sync::Barrier;
use std::sync::mpsc::Sender;

use anyhow::Result;
use raida::api::Status;
use tests::http::Talk;

/// Somebody with coins of its own, who knows what was acknowledged.
pub(super) trait Client: Send {
    /// Expects that all that was acknowledged is there, and that what was not is there as a whole or not
    /// at all.
    fn check(&mut self, agents: &mut [Talk]) -> Result<()>;

    /// Has one request carried out by one agent; breaks when that died over it.
    fn act(&mut self, agents: &mut [Talk]) -> Result<ControlFlow<()>>;

    /// Returns how many requests met which end.
    fn tally(&self) -> Tally;
}

/// How many requests met which end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) acknowledged: u64,
    /// Without an answer, and yet they had been carried out.
    pub(super) done: u64,
    /// Without an answer, and nothing of them had been done.
    pub(super) not_done: u64,
}

/// Connects to all agents.
pub(super) fn connect(addresses: &[String]) -> Result<Vec<Talk>> {
    Ok(addresses.iter().map(|at| Talk::with(at)).collect::<io::Result<_>>()?)
}

/// Connects, checks what the last death left, and when all clients have done so, acts until the agents are
/// gone; tells of each acknowledgement. Passes the barrier in any case.
pub(super) fn play(
    client: &mut dyn Client,
    addresses: &[String],
    all_ready: &Barrier,
    acknowledged: &Sender<()>,
) -> Result<()> {
    let checked = connect(addresses).and_then(|mut agents| {
        client.check(&mut agents)?;
        Ok(agents)
    });
    all_ready.wait();
    let mut agents = checked?;
    while client.act(&mut agents)?.is_continue() {
        // Nobody listens any more when the kill is on its way.
        let _ = acknowledged.send(());
    }
    Ok(())
}

/// Tells whether all coins got this word.
pub(super) fn are_all(words: &[String], status: Status) -> bool {
    words.iter().all(|word| word == status.word())
}

/// Tells whether an error is what a death looks like.
pub(super) fn is_death(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Tally {
        tallies.fold(Tally::default(), |sum, tally| Tally {
            acknowledged: sum.acknowledged + tally.acknowledged,
            done: sum.done + tally.done,
            not_done: sum.not_done + tally.not_done,
        })
    }
}
