//! A client that breaks coins of 5 into coins of 1 out of the pool, and joins them again.

use std::io;
use std::ops::ControlFlow;

use anyhow::{Context, Result, ensure};
use coin::{AGENTS, AuthenticityNumber, Coin, SerialNumber};
use raida::api::{AboutCoin, Exchange, KnownCoin, RequestId, Route, Status, write_exchange};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::http::Talk;

use super::client::{Client, Tally, are_all, is_death};

/// What it knows of its coins, and what all coins are worth together.
pub(super) struct Changer {
    notes: Vec<Note>,
    circulation: u64,
    rng: StdRng,
    open: Option<Request>,
    tally: Tally,
}

/// A coin of 5 and the five coins of 1 that it may be instead, and what each agent holds of them.
pub(super) struct Note {
    whole: SerialNumber,
    parts: [SerialNumber; 5],
    held: Vec<Vec<KnownCoin>>,
}

/// What one agent is asked to exchange.
struct Request {
    agent: usize,
    note: usize,
    id: RequestId,
    exchange: Exchange,
}

impl Note {
    /// Takes a coin of 5, and numbers of the pool that nobody else wants.
    pub(super) fn new(coin: &Coin, parts: [SerialNumber; 5]) -> Note {
        let held = coin.ans.iter().map(|an| vec![(coin.sn, an.clone())]).collect();
        Note { whole: coin.sn, parts, held }
    }

    /// Returns all numbers that it may be.
    fn numbers(&self) -> impl Iterator<Item = SerialNumber> {
        [self.whole].into_iter().chain(self.parts)
    }
}

impl Changer {
    pub(super) fn new(notes: Vec<Note>, circulation: u64, seed: u64) -> Changer {
        let rng = StdRng::seed_from_u64(seed);
        Changer { notes, circulation, rng, open: None, tally: Tally::default() }
    }

    fn request(&mut self) -> Request {
        let (agent, note) =
            (self.rng.random_range(0..AGENTS), self.rng.random_range(0..self.notes.len()));
        let Note { whole, parts, held } = &self.notes[note];
        let inputs = held[agent].clone();
        let wanted = if inputs.len() == 1 { parts.as_slice() } else { std::slice::from_ref(whole) };
        let mut fresh = || AuthenticityNumber::from_bytes(self.rng.random());
        let outputs = wanted.iter().map(|sn| (*sn, fresh())).collect();
        let exchange = Exchange::new(inputs, outputs).expect("5 is five times 1");
        Request { agent, note, id: RequestId::from_bytes(self.rng.random()), exchange }
    }

    /// Asks what became of a request, and then for the very same again: it is carried out once.
    fn settle(&mut self, open: &Request, agents: &mut [Talk]) -> Result<()> {
        let agent = &mut agents[open.agent];
        let [old, new] = [open.exchange.inputs(), open.exchange.outputs()];
        let (old, new) = (takes(agent, old)?, takes(agent, new)?);
        let all = |words: &[String], status| are_all(words, status);
        if all(&old, Status::Fail) && all(&new, Status::Pass) {
            self.tally.done += 1;
        } else {
            let nothing = all(&old, Status::Pass) && all(&new, Status::Fail);
            ensure!(nothing, "agent {} has exchanged by half: {old:?}, {new:?}", open.agent);
            self.tally.not_done += 1;
        }
        let again = ask(agent, open)?;
        ensure!(again == Status::Exchange.word(), "asked again, agent {} says {again}", open.agent);
        self.note(open);
        Ok(())
    }

    fn note(&mut self, done: &Request) {
        self.notes[done.note].held[done.agent] = done.exchange.outputs().to_vec();
    }
}

impl Client for Changer {
    fn check(&mut self, agents: &mut [Talk]) -> Result<()> {
        if let Some(open) = self.open.take() {
            self.settle(&open, agents)?;
        }
        for (agent, talk) in agents.iter_mut().enumerate() {
            for note in &self.notes {
                let held = &note.held[agent];
                let words = takes(talk, held)?;
                ensure!(are_all(&words, Status::Pass), "agent {agent} has lost a coin: {words:?}");
                let gone = note.numbers().filter(|sn| held.iter().all(|(known, _)| known != sn));
                // Whatever secret: a number of the pool has none.
                let gone: Vec<KnownCoin> = gone.map(|sn| (sn, held[0].1.clone())).collect();
                let words = takes(talk, &gone)?;
                ensure!(are_all(&words, Status::Fail), "agent {agent} has made a coin: {words:?}");
            }
            let audit = talk.post(&Route::Audit.path(), b"")?;
            let value = audit["value"].as_u64().context("no value")?;
            ensure!(value == self.circulation, "at agent {agent} {value} are in circulation");
        }
        Ok(())
    }

    fn act(&mut self, agents: &mut [Talk]) -> Result<ControlFlow<()>> {
        let request = self.request();
        match ask(&mut agents[request.agent], &request) {
            Ok(word) => {
                let done = word == Status::Exchange.word();
                ensure!(done, "agent {} refuses an exchange: {word}", request.agent);
                self.tally.acknowledged += 1;
                self.note(&request);
                Ok(ControlFlow::Continue(()))
            }
            Err(error) if is_death(&error) => {
                self.open = Some(request);
                Ok(ControlFlow::Break(()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}

/// Returns the word for each coin: whether the agent has it with this secret.
fn takes(agent: &mut Talk, coins: &[KnownCoin]) -> io::Result<Vec<String>> {
    let about = coins.iter().map(|(sn, an)| AboutCoin { sn: *sn, an, pan: an });
    agent.ask(Route::MultiDetect, about)
}

fn ask(agent: &mut Talk, request: &Request) -> io::Result<String> {
    let form = write_exchange(request.id, &request.exchange);
    let answer = agent.post(&Route::Exchange.path(), &form)?;
    Ok(answer["status"].as_str().unwrap_or_default().to_owned())
}
