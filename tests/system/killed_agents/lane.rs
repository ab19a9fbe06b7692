//! A client of its own coins under whose hands the agents die, and what it may expect afterwards.
//!
//! ```text
//!   connect to all ▸ what became of the question without an answer? ▸ are all coins as they should be?
//!         ▲                                                                       │
//!         └────────── the agents die ◂── pown, batch after batch ◂────────────────┘
//! ```

use std::io;
use std::ops::{ControlFlow, Range};
use std::sync::Barrier;
use std::sync::mpsc::Sender;

use anyhow::{Result, bail, ensure};
use coin::{AuthenticityNumber, Coin};
use raida::api::{AboutCoin, Route, Status};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::http::Talk;

/// A client and what it knows of its coins: at each agent the secret that was acknowledged last.
pub(super) struct Lane {
    coins: Vec<Coin>,
    rng: StdRng,
    open: Option<Batch>,
    pub(super) tally: Tally,
}

/// Coins that one agent is asked to change, and to what.
struct Batch {
    agent: usize,
    places: Range<usize>,
    proposed: Vec<AuthenticityNumber>,
}

/// How many batches met which end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) acknowledged: u64,
    /// Without an answer, and yet they had come about.
    pub(super) done: u64,
    /// Without an answer, and nothing of them had come about.
    pub(super) not_done: u64,
}

impl Lane {
    pub(super) fn new(coins: Vec<Coin>, seed: u64) -> Lane {
        let rng = StdRng::seed_from_u64(seed);
        Lane { coins, rng, open: None, tally: Tally::default() }
    }

    /// Connects, checks what the last death left, and when all lanes have done so, changes coins until
    /// the agents are gone; tells of each batch that is acknowledged. Passes the barrier in any case.
    pub(super) fn play(
        &mut self,
        addresses: &[String],
        all_ready: &Barrier,
        acknowledged: &Sender<()>,
    ) -> Result<()> {
        let checked = self.check(addresses);
        all_ready.wait();
        let mut agents = checked?;
        while self.pown(&mut agents)?.is_continue() {
            // Nobody listens any more when the kill is on its way.
            let _ = acknowledged.send(());
        }
        Ok(())
    }

    /// Expects that all that was acknowledged is there, and that what was not is there as a whole or not
    /// at all. Returns the connections to the agents.
    pub(super) fn check(&mut self, addresses: &[String]) -> Result<Vec<Talk>> {
        let mut agents =
            addresses.iter().map(|at| Talk::with(at)).collect::<io::Result<Vec<_>>>()?;
        if let Some(open) = self.open.take() {
            self.settle(open, &mut agents)?;
        }
        for (agent, talk) in agents.iter_mut().enumerate() {
            let about = self.coins.iter().map(|coin| {
                let an = coin.ans.get(agent);
                AboutCoin { sn: coin.sn, an, pan: an }
            });
            let words = talk.ask(Route::MultiDetect, about)?;
            ensure!(are_all(&words, Status::Pass), "agent {agent} has lost a change: {words:?}");
        }
        Ok(agents)
    }

    fn settle(&mut self, open: Batch, agents: &mut [Talk]) -> Result<()> {
        let agent = open.agent;
        let words = agents[agent].ask(Route::FixLost, self.about(&open))?;
        if are_all(&words, Status::Pan) {
            self.tally.done += 1;
            self.note(open);
        } else if are_all(&words, Status::An) {
            self.tally.not_done += 1;
        } else {
            bail!("agent {agent} has done a batch by half: {words:?}");
        }
        Ok(())
    }

    /// Changes some coins at one agent.
    fn pown(&mut self, agents: &mut [Talk]) -> Result<ControlFlow<()>> {
        let batch = self.batch();
        let agent = batch.agent;
        let answer = agents[agent].ask(Route::MultiDetect, self.about(&batch));
        match answer {
            Ok(words) => {
                ensure!(are_all(&words, Status::Pass), "agent {agent} refuses its own: {words:?}");
                self.tally.acknowledged += 1;
                self.note(batch);
                Ok(ControlFlow::Continue(()))
            }
            Err(error) if died(&error) => {
                self.open = Some(batch);
                Ok(ControlFlow::Break(()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn batch(&mut self) -> Batch {
        let agent = self.rng.random_range(0..self.coins[0].ans.iter().len());
        let first = self.rng.random_range(0..self.coins.len());
        let places = first..self.rng.random_range(first..self.coins.len()) + 1;
        let fresh = |_| AuthenticityNumber::from_bytes(self.rng.random::<[u8; 16]>());
        Batch { agent, proposed: places.clone().map(fresh).collect(), places }
    }

    fn about<'a>(&'a self, batch: &'a Batch) -> impl ExactSizeIterator<Item = AboutCoin<'a>> {
        let coins = self.coins[batch.places.clone()].iter().zip(&batch.proposed);
        coins.map(|(coin, pan)| AboutCoin { sn: coin.sn, an: coin.ans.get(batch.agent), pan })
    }

    fn note(&mut self, batch: Batch) {
        for (place, pan) in batch.places.zip(batch.proposed) {
            self.coins[place].ans.set(batch.agent, pan);
        }
    }
}

fn are_all(words: &[String], status: Status) -> bool {
    words.iter().all(|word| word == status.word())
}

/// Tells whether an error is what a death looks like.
fn died(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
