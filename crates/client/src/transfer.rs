//! One transfer as it runs: joins the machine with the link, the connection, the jobs, the person and
//! the clock. It decides nothing about money: it carries out what the machine says, in its order.
//!
//! ```text
//!   relay ⇄ Connection ⇄ Link ─▶ machine ─▶ journal (Persist), jobs (Start), person (Ask)
//!           └──── meeting ────┘             └─────────────── work ───────────────────────┘
//! ```
//!
//! After a crash the machine and the link's memory are loaded from the journal; nothing else is needed.

mod meeting;
mod view;
mod work;

use std::sync::Arc;
use std::time::Duration;

use coin::Amount;
use protocol::link::Link;
use protocol::machine::{Consent, Fault, Input, Now, Outcome, Output, Question};
use protocol::message::{DurableStep, Manifest, Message};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::view::View;
pub(crate) use self::work::Done;
use self::work::Work;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::machine::Machine;
use crate::operations::Bench;
use crate::operations::freight::Inbox;
use crate::screen::Screen;
use crate::words;

/// How often the machine hears the clock, and an unanswered handshake is repeated.
const TICK: Duration = Duration::from_secs(1);

/// What happens when the relay cannot be reached at the very start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRelay {
    /// The program ends at once: probably the address is wrong.
    Fails,
    /// It keeps trying until the wait for the peer is over.
    Waits,
}

/// What is left when the machine is over.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// The amount that was agreed, if any.
    pub(crate) agreed: Option<Amount>,
    /// The machine as it ended.
    pub(crate) machine: Machine,
}

/// A running transfer.
pub(crate) struct Transfer {
    machine: Machine,
    link: Link,
    connection: Connection,
    bench: Bench,
    screen: Screen,
    no_relay: NoRelay,
    work: Work,
    questions: JoinSet<Consent>,
    inbox: Inbox,
    manifest: Option<Manifest>,
    agreed: Option<Amount>,
    started: Instant,
    view: View,
    over: Option<Result<Box<Ended>, Failure>>,
}

impl Transfer {
    /// Returns a transfer whose journal is open at the desk.
    pub(crate) fn new(
        machine: Machine,
        link: Link,
        agreed: Option<Amount>,
        bench: Bench,
        connection: Connection,
        no_relay: NoRelay,
    ) -> Transfer {
        Transfer {
            machine,
            link,
            connection,
            screen: bench.screen.clone(),
            bench,
            no_relay,
            work: Work::default(),
            questions: JoinSet::new(),
            inbox: Inbox::default(),
            manifest: None,
            agreed,
            started: Instant::now(),
            view: View::default(),
            over: None,
        }
    }

    /// Runs until the machine is over or nothing can go on; ends on `stop` in good order.
    ///
    /// # Errors
    /// The relay, the file or the wallet made it impossible to go on. The journal holds what is needed
    /// to take the transfer up again.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> Result<Box<Ended>, Failure> {
        let mut tick = tokio::time::interval(TICK);
        let progress = Arc::clone(&self.bench.progress);
        let mut asked_to_stop = false;
        let ended = loop {
            if let Some(ended) = self.over.take() {
                break ended;
            }
            let room = self.connection.room();
            // In an order, so that the same inputs give the same run: what comes seldom goes first, and a
            // peer that floods holds up nothing.
            tokio::select! {
                biased;
                () = stop.cancelled(), if !asked_to_stop => {
                    asked_to_stop = true;
                    self.screen.say("stopping");
                    self.feed(Input::StopAsked).await;
                }
                _ = tick.tick() => self.on_tick().await,
                Some(answer) = self.questions.join_next() => {
                    self.feed(Input::Answered(answer.unwrap_or(Consent::No))).await;
                }
                Some(ended) = self.work.ended() => self.on_work(ended).await,
                () = progress.notified() => self.feed(Input::Progress).await,
                () = room, if self.work.is_streaming() => self.stream_on().await,
                event = self.connection.next() => self.on_connection(event).await,
            }
        };
        self.connection.close().await;
        ended
    }

    async fn feed(&mut self, input: Input) {
        if self.over.is_some() {
            return;
        }
        let (machine, outputs) = self.machine.clone().handle(self.now(), input);
        self.machine = machine;
        for output in outputs {
            if self.over.is_none() {
                Box::pin(self.carry_out(output)).await;
            }
        }
        self.show_waiting();
    }

    async fn carry_out(&mut self, output: Output) {
        match output {
            Output::Say(message) => self.say(&message, &[]).await,
            Output::Persist => {
                let persisted = self.bench.persist(&self.machine).await;
                self.stop_unless(persisted);
            }
            Output::Start(job) => self.start(job),
            Output::StopStreaming => self.work.stop_streaming(),
            Output::Ask(question) => self.ask(question),
            Output::Relink => self.relink().await,
            Output::End(outcome) => {
                let machine = self.machine.clone();
                self.over = Some(Ok(Box::new(Ended { outcome, agreed: self.agreed, machine })));
            }
        }
    }

    /// Puts the question. Where nobody can be asked it stays open, and ends with its wait.
    fn ask(&mut self, question: Question) {
        if !self.screen.can_ask() {
            self.screen.warn("there is no terminal to ask whether you accept: use --yes");
            return;
        }
        let screen = self.screen.clone();
        let from = self.view.peer_name("the sender");
        let memo = question.memo.map(|memo| format!(" for \"{}\"", protocol::line::shown(&memo)));
        let text = format!("accept {} from {from}{}?", question.amount, memo.unwrap_or_default());
        let ask = move || match screen.ask(&text) {
            true => Consent::Yes,
            false => Consent::No,
        };
        match self.screen.asks_on_terminal() {
            true => self.questions.spawn_blocking(ask),
            false => self.questions.spawn(async move { ask() }),
        };
    }

    async fn on_tick(&mut self) {
        self.watch_the_relay().await;
        self.feed(Input::Tick).await;
    }

    /// The receiver's 4 is the agreement: from then on the exit codes speak of the money.
    async fn agree_on(&mut self, message: &Message) {
        let Message::Money { amount, .. } = message else { return };
        if self.agreed.is_some() || self.machine.is_sender() && *amount != self.bench.amount {
            return;
        }
        self.agreed = Some(*amount);
        let persisted = self.bench.persist_agreed(*amount).await;
        self.stop_unless(persisted);
    }

    /// A journal that cannot be written stops the program before anything else is done.
    fn stop_unless(&mut self, persisted: Result<(), Fault>) {
        if let Err(fault) = persisted {
            let what = words::fault(&fault);
            self.fail(Failure::new(Exit::File, what, "mend it, then run: coin-wallet resume"));
        }
    }

    /// Ends the program; with coins in flight its exit code says so before everything else.
    fn fail(&mut self, failure: Failure) {
        let exit = match self.machine.position().step {
            DurableStep::InFlight | DurableStep::Received | DurableStep::Receipted => {
                Exit::InFlight
            }
            DurableStep::Open | DurableStep::Refused if self.agreed.is_some() => Exit::Returned,
            DurableStep::Open | DurableStep::Settled | DurableStep::Refused => failure.exit,
        };
        self.over = Some(Err(Failure { exit, ..failure }));
    }

    fn now(&self) -> Now {
        Now { monotonic: self.started.elapsed(), wall_secs: self.bench.desk.clock.now_secs() }
    }

    fn show_waiting(&mut self) {
        if let Some(waiting) = self.machine.waiting() {
            self.view.show_waiting(&self.screen, waiting, self.started.elapsed());
        }
    }
}
