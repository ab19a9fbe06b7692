//! A client that gives its coins new secrets: batch after batch by their old ones, or one by one with the
//! tickets of the other agents.

use std::io;
use std::ops::{ControlFlow, Range};

use anyhow::{Result, bail, ensure};
use coin::{AGENTS, AuthenticityNumber, Coin};
use raida::api::{AboutCoin, Route, Status, write_coins};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::http::Talk;

use super::client::{Client, Tally, are_all, is_death};

/// What it knows of its coins: at each agent the secret that was acknowledged last.
pub(super) struct Owner {
    way: Way,
    coins: Vec<Coin>,
    rng: StdRng,
    open: Option<Batch>,
    tally: Tally,
}

/// How an owner comes to new secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By showing the old ones.
    Pown,
    /// By the tickets of the other agents.
    Fix,
}

/// Coins that one agent is asked to change, and to what.
struct Batch {
    agent: usize,
    places: Range<usize>,
    proposed: Vec<AuthenticityNumber>,
}

impl Owner {
    pub(super) fn new(way: Way, coins: Vec<Coin>, seed: u64) -> Owner {
        let rng = StdRng::seed_from_u64(seed);
        Owner { way, coins, rng, open: None, tally: Tally::default() }
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
        let last = match self.way {
            Way::Pown => self.rng.random_range(first..self.coins.len()),
            Way::Fix => first,
        };
        let places = first..last + 1;
        let fresh = |_| AuthenticityNumber::from_bytes(self.rng.random());
        Batch { agent, proposed: places.clone().map(fresh).collect(), places }
    }

    /// Asks for a batch; returns what is wrong with the answer.
    fn ask(&self, batch: &Batch, agents: &mut [Talk]) -> io::Result<Option<String>> {
        let agent = batch.agent;
        if self.way == Way::Pown {
            let words = agents[agent].ask(Route::MultiDetect, self.about(batch))?;
            return Ok((!are_all(&words, Status::Pass)).then(|| format!("{words:?}")));
        }
        let coin = &self.coins[batch.places.start];
        let pan = batch.proposed[0].to_hex();
        let mut form = format!("sn[]={}&pan[]={}", coin.sn, *pan);
        for other in (0..AGENTS).filter(|other| *other != agent) {
            let an = coin.ans.get(other);
            let about = [AboutCoin { sn: coin.sn, an, pan: an }];
            let answer =
                agents[other].post(&Route::MultiTicket.path(), &write_coins(about.into_iter()))?;
            form += &format!("&r[]={}", answer[0]["message"].as_str().unwrap_or("false"));
        }
        let answer = agents[agent].post(&Route::SuperFix.path(), form.as_bytes())?;
        Ok((answer["status"] != Status::AllPass.word()).then(|| answer.to_string()))
    }

    /// An agent that has just given its word for a coin is not fixed: nothing may have changed.
    fn was_refused(&mut self, batch: Batch, agents: &mut [Talk]) -> Result<ControlFlow<()>> {
        let agent = batch.agent;
        match agents[agent].ask(Route::FixLost, self.about(&batch)) {
            Ok(words) => {
                ensure!(are_all(&words, Status::An), "agent {agent} refused and did it: {words:?}");
                Ok(ControlFlow::Continue(()))
            }
            Err(error) if is_death(&error) => {
                self.open = Some(batch);
                Ok(ControlFlow::Break(()))
            }
            Err(error) => Err(error.into()),
        }
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
        match self.ask(&batch, agents) {
            Ok(Some(_)) if self.way == Way::Fix => self.was_refused(batch, agents),
            Ok(Some(wrong)) => bail!("agent {agent} refuses its own: {wrong}"),
            Ok(None) => {
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
