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
//! the verdict is clear: 25 of 25 is the aim. Two batches of fresh coins at a time are out at each
//! agent, so that it has one to work at while the other travels.
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
use super::pown_stream::GivenUp;
use super::progress::Meter;
use super::{Authority, Claim, Progress};
use crate::api::{Route, Status};
use crate::backoff::{Backoff, Patience};
use crate::limits::{BATCH_COINS, QUESTIONS_OUT};
use crate::line::{Line, Word};

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
        self.pown_round(claims, progress, &GivenUp::default()).await
    }

    pub(super) async fn pown_round(
        &self,
        claims: &[Claim],
        progress: &(dyn Fn(Progress) + Send + Sync),
        given_up: &GivenUp,
    ) -> PownRound {
        let round = Round {
            claims,
            coins: Mutex::new(vec![Ownership::new(Rule::CLOUDCOIN); claims.len()]),
            meter: Meter::new(claims.len(), progress),
            ends: Instant::now() + self.timing.round_of(claims.len()),
            given_up,
        };
        let agents = self.lines.iter().enumerate();
        join_all(agents.map(|(agent, line)| Errand::new(&round, agent, line).run())).await;
        let coins = round.coins.into_inner().unwrap_or_else(PoisonError::into_inner);
        PownRound { answered: answered(&coins), coins }
    }
}

fn answered(coins: &[Ownership]) -> u8 {
    let said = |coin: &Ownership, agent| match coin.holding(agent) {
        Holding::HoldsPan | Holding::OtherOrigin | Holding::Neither => true,
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
    given_up: &'a GivenUp,
}

/// The questions of a round to one agent.
struct Errand<'r, 'a> {
    round: &'r Round<'a>,
    agent: usize,
    line: &'r Line,
    /// Never locked across an await.
    open: Mutex<Open>,
}

/// What one agent is still to be asked.
struct Open {
    /// Coins of which this agent has not been asked.
    fresh: Range<usize>,
    /// Coins with a further question.
    again: VecDeque<u32>,
    settled: usize,
}

impl<'r, 'a> Errand<'r, 'a> {
    fn new(round: &'r Round<'a>, agent: usize, line: &'r Line) -> Errand<'r, 'a> {
        let open = Open { fresh: 0..round.claims.len(), again: VecDeque::new(), settled: 0 };
        Errand { round, agent, line, open: Mutex::new(open) }
    }

    async fn run(self) {
        let lanes = (0..QUESTIONS_OUT).map(|_| self.ask_on(self.patience(), Errand::next_fresh));
        let patient: Option<Vec<Backoff>> = join_all(lanes).await.into_iter().collect();
        // One lane only: a coin that nothing was said of is asked about again after a pause.
        if let Some(backoff) = patient.and_then(|lanes| lanes.into_iter().next()) {
            self.ask_on(backoff, Errand::next_again).await;
        }
        let settled = self.open().settled;
        self.round.meter.settled(self.round.claims.len() - settled);
    }

    fn patience(&self) -> Backoff {
        match self.round.given_up.has(self.agent) {
            true => Backoff::with_one_silence_left(self.round.ends, self.line.jitter()),
            false => Backoff::until(self.round.ends, self.line.jitter()),
        }
    }

    /// Asks one question after the other; `None` when the agent was silent for too long.
    async fn ask_on(
        &self,
        mut backoff: Backoff,
        next: impl Fn(&Self) -> Option<(Question, Vec<usize>)>,
    ) -> Option<Backoff> {
        while let Some((question, batch)) = next(self) {
            let answers = self.ask(question, &batch).await;
            self.note(question, &batch, &answers);
            if answers.iter().any(|answer| *answer != Answer::Silent) {
                backoff.answered();
                self.round.given_up.forget(self.agent);
            } else if backoff.silent().await == Patience::UsedUp {
                self.round.given_up.note(self.agent);
                return None;
            }
        }
        Some(backoff)
    }

    /// Takes the next coins not asked about yet. They come first, so that an agent that fails in
    /// between has settled as many as it could.
    fn next_fresh(&self) -> Option<(Question, Vec<usize>)> {
        let fresh: Vec<usize> = self.open().fresh.by_ref().take(BATCH_COINS).collect();
        (!fresh.is_empty()).then_some((Question::Pown, fresh))
    }

    /// Takes the next coins with one further question in common.
    fn next_again(&self) -> Option<(Question, Vec<usize>)> {
        let (mut open, coins) = (self.open(), self.round.coins());
        let mut batch = Vec::new();
        let question = coins[*open.again.front()? as usize].next_question(self.agent)?;
        while let Some(&coin) = open.again.front()
            && batch.len() < BATCH_COINS
            && coins[coin as usize].next_question(self.agent) == Some(question)
        {
            open.again.pop_front();
            batch.push(coin as usize);
        }
        Some((question, batch))
    }

    async fn ask(&self, question: Question, batch: &[usize]) -> Vec<Answer> {
        let (route, read): (Route, fn(Word) -> Answer) = match question {
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

    fn note(&self, question: Question, batch: &[usize], answers: &[Answer]) {
        let (mut open, mut coins) = (self.open(), self.round.coins());
        let settled_before = open.settled;
        for (&coin, &answer) in batch.iter().zip(answers) {
            coins[coin].answered(self.agent, question, answer);
            match coins[coin].next_question(self.agent) {
                Some(_) => open
                    .again
                    .push_back(u32::try_from(coin).expect("a batch has 1,000,000 coins at most")),
                None => open.settled += 1,
            }
        }
        let settled = open.settled - settled_before;
        drop((open, coins));
        self.round.meter.settled(settled);
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Round<'_> {
    fn coins(&self) -> MutexGuard<'_, Vec<Ownership>> {
        self.coins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn taken(word: Word) -> Answer {
    match word.status {
        Status::Pass => Answer::Pass(word.origin),
        Status::Fail => Answer::Fail,
        _ => Answer::Silent,
    }
}
