//! A client that gives its coins new secrets, batch after batch.

use std::ops::{ControlFlow, Range};

use anyhow::{Result, bail, ensure};
use coin::{AGENTS, AuthenticityNumber, Coin};
use raida::api::{AboutCoin, Route, Status};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::http::Talk;

use super::client::{Client, Tally, are_all, is_death};

/// What it knows of its coins: at each agent the secret that was acknowledged last.
pub(super) struct Owner {
    coins: Vec<Coin>,
    rng: StdRng,
    open: Option<Batch>,
    tally: Tally,
}

/// Coins that one agent is asked to change, and to what.
struct Batch {
    agent: usize,
    places: Range<usize>,
    proposed: Vec<AuthenticityNumber>,
}

impl Owner {
    pub(super) fn new(coins: Vec<Coin>, seed: u64) -> Owner {
        let rng = StdRng::seed_from_u64(seed);
        Owner { coins, rng, open: None, tally: Tally::default() }
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

    fn batch(&mut self) -> Batch {
        let agent = self.rng.random_range(0..AGENTS);
        let first = self.rng.random_range(0..self.coins.len());
        let places = first..self.rng.random_range(first..self.coins.len()) + 1;
        let fresh = |_| AuthenticityNumber::from_bytes(self.rng.random());
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

impl Client for Owner {
    fn check(&mut self, agents: &mut [Talk]) -> Result<()> {
        if let Some(open) = self.open.take() {
            self.settle(open, agents)?;
        }
        for (agent, talk) in agents.iter_mut().enumerate() {
            let about = self.coins.iter().map(|coin| {
                let an = coin.ans.get(agent);
                AboutCoin { sn: coin.sn, an, pan: an }
            });
            let words = talk.ask(Route::MultiDetect, about)?;
            ensure!(are_all(&words, Status::Pass), "agent {agent} has lost a change: {words:?}");
        }
        Ok(())
    }

    fn act(&mut self, agents: &mut [Talk]) -> Result<ControlFlow<()>> {
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
            Err(error) if is_death(&error) => {
                self.open = Some(batch);
                Ok(ControlFlow::Break(()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}
