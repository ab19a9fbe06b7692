//! Taking ownership: each agent is led from AN to PAN by itself, however often its answers get
//! lost on the way.
//!
//! ```text
//! for each agent:  fresh coins, batch by batch ──▶ pown ──▶ settled
//!                                                  │ fail, silence
//!                                                  ▼
//!                  coins to ask about again ──▶ find or pown, as `Ownership` says
//! ```
//!
//! Every question offers the same PAN, so that one that was lost on the way, or whose answer
//! was, may be asked again. The agents do not wait for one another and none is cut off when
//! the verdict is clear: 25 of 25 is the aim.
//!
//! # Crash safety
//!
//! The claimant has made the PANs durable before; a round that was cut off is begun anew with
//! the same claims, and agents that hold the PAN already say so.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use coin::{AGENTS, Answer, Holding, Ownership, Question, Rule};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::find;
use super::progress::Meter;
use super::{Authority, Claim, Progress};
use crate::api::{Route, Status};
use crate::backoff::{Backoff, Patience};
use crate::limits::BATCH_COINS;
use crate::line::Line;

/// What a round of taking ownership came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PownRound {
    /// One for each claim, in the order asked: what each agent holds, and the verdict.
    pub coins: Vec<Ownership>,
    /// Agents, 0 to 25, that said of every coin what they hold; 25 when there was no claim.
    pub answered: u8,
}

impl Authority {
    /// Takes these coins: every agent that holds the AN is told to hold the PAN instead.
    ///
    /// What fails or stays unanswered is asked about (`fix_lost`) and powned again with the
    /// same PAN, with growing pauses, until every agent has said what it holds or
    /// [`Timing`](crate::Timing) ends the round. Returns then; it never fails: whose a coin is
    /// stands in its [`Ownership`].
    pub async fn pown(
        &self,
        claims: &[Claim],
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> PownRound {
        let round = Round {
            claims,
            coins: Mutex::new(vec![Ownership::new(Rule::CLOUDCOIN); claims.len()]),
            meter: Meter::new(claims.len(), progress),
            ends: Instant::now() + self.timing.round_of(claims.len()),
        };
        let agents = self.lines.iter().enumerate();
        join_all(agents.map(|(agent, line)| Errand::new(&round, agent, line).run())).await;
        let coins = round.coins.into_inner().unwrap_or_else(PoisonError::into_inner);
        PownRound { answered: answered(&coins), coins }
    }
}

fn answered(coins: &[Ownership]) -> u8 {
    let said = |coin: &Ownership, agent| match coin.holding(agent) {
        Holding::HoldsPan | Holding::Neither => true,
        Holding::HoldsAn | Holding::Unknown => false,
    };
    (0..AGENTS).filter(|&agent| coins.iter().all(|coin| said(coin, agent))).map(|_| 1).sum()
}

struct Round<'a> {
    claims: &'a [Claim],
    /// Never locked across an await.
    coins: Mutex<Vec<Ownership>>,
    meter: Meter<'a>,
    ends: Instant,
}

/// The questions of a round to one agent.
struct Errand<'r, 'a> {
    round: &'r Round<'a>,
    agent: usize,
    line: &'r Line,
    /// Coins of which this agent has not been asked.
    fresh: Range<usize>,
    /// Coins with a further question.
    again: VecDeque<u32>,
    backoff: Backoff,
    settled: usize,
}

impl<'r, 'a> Errand<'r, 'a> {
    fn new(round: &'r Round<'a>, agent: usize, line: &'r Line) -> Errand<'r, 'a> {
        let (fresh, backoff) = (0..round.claims.len(), Backoff::until(round.ends));
        Errand { round, agent, line, fresh, again: VecDeque::new(), backoff, settled: 0 }
    }

    async fn run(mut self) {
        while let Some((question, batch)) = self.next_batch() {
            let answers = self.ask(question, &batch).await;
            self.note(question, &batch, &answers);
            if answers.iter().any(|answer| *answer != Answer::Silent) {
                self.backoff.answered();
            } else if self.backoff.silent().await == Patience::UsedUp {
                break;
            }
        }
        self.round.meter.settled(self.round.claims.len() - self.settled);
    }

    /// Takes the next coins with one question in common: those not asked about yet come first,
    /// so that an agent that fails in between has settled as many as it could.
    fn next_batch(&mut self) -> Option<(Question, Vec<usize>)> {
        let fresh: Vec<usize> = self.fresh.by_ref().take(BATCH_COINS).collect();
        if !fresh.is_empty() {
            return Some((Question::Pown, fresh));
        }
        let coins = self.round.coins();
        let mut batch = Vec::new();
        let question = coins[*self.again.front()? as usize].next_question(self.agent)?;
        while let Some(&coin) = self.again.front()
            && batch.len() < BATCH_COINS
            && coins[coin as usize].next_question(self.agent) == Some(question)
        {
            self.again.pop_front();
            batch.push(coin as usize);
        }
        Some((question, batch))
    }

    async fn ask(&self, question: Question, batch: &[usize]) -> Vec<Answer> {
        let (route, read): (Route, fn(Status) -> Answer) = match question {
            Question::Pown => (Route::MultiDetect, taken),
            Question::Find => (Route::FixLost, find::held),
        };
        let claims = self.round.claims;
        let about = batch.iter().map(|&coin| find::about(&claims[coin], self.agent));
        match self.line.ask_coins(route, about, self.round.ends).await {
            Ok(words) => words.into_iter().map(|word| word.map_or(Answer::Silent, read)).collect(),
            Err(_) => vec![Answer::Silent; batch.len()],
        }
    }

    fn note(&mut self, question: Question, batch: &[usize], answers: &[Answer]) {
        let mut coins = self.round.coins();
        let settled_before = self.settled;
        for (&coin, &answer) in batch.iter().zip(answers) {
            coins[coin].answered(self.agent, question, answer);
            match coins[coin].next_question(self.agent) {
                Some(_) => self
                    .again
                    .push_back(u32::try_from(coin).expect("a batch has 1,000,000 coins at most")),
                None => self.settled += 1,
            }
        }
        drop(coins);
        self.round.meter.settled(self.settled - settled_before);
    }
}

impl Round<'_> {
    fn coins(&self) -> MutexGuard<'_, Vec<Ownership>> {
        self.coins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn taken(status: Status) -> Answer {
    match status {
        Status::Pass => Answer::Pass,
        Status::Fail => Answer::Fail,
        _ => Answer::Silent,
    }
}
