//! One transfer as it runs: joins the machine with the link, the connection, the jobs, the person and
//! the clock. It decides nothing about money: it carries out what the machine says, in its order.
//!
//! ```text
//!   relay ⇄ Connection ⇄ Link ─▶ machine ─▶ journal (Persist), jobs (Start), person (Ask)
//! ```
//!
//! After a crash the machine and the link's memory are loaded from the journal; nothing else is needed.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coin::Amount;
use protocol::link::{Link, LinkEvent};
use protocol::machine::{Consent, Fault, Input, Job, Now, Outcome, Output, Question, Report};
use protocol::message::{DurableStep, Manifest, Message};
use protocol::room::{Code, Notice};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::connection::{Connection, Cut, Event};
use crate::exit::{Exit, Failure};
use crate::machine::Machine;
use crate::operations::{Bench, Inbox, Stream};
use crate::screen::{Direction, Screen};

/// How often the machine hears the clock, and an unanswered handshake is repeated.
const TICK: Duration = Duration::from_secs(1);
/// How long the first line of something that calls itself a relay may take.
const FIRST_LINE_WITHIN: Duration = Duration::from_secs(10);
/// After this long alone the person gets a hint.
const ALONE_HINT_AFTER: Duration = Duration::from_secs(15);
/// A place that a cut connection left behind is free after 15 s; `room_full` is final after that.
const ROOM_FULL_FOR: Duration = Duration::from_secs(25);

/// What happens when the relay cannot be reached at the very start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRelay {
    /// The program ends at once: probably the address is wrong.
    Fails,
    /// It keeps trying until the wait for the peer is over.
    Waits,
}

/// How a transfer ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The machine came to an end.
    Over(Ended),
    /// The relay, the file or the wallet made it impossible to go on; the journal holds what is needed.
    Failed(Failure),
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
    jobs: VecDeque<Job>,
    working: JoinSet<Result<Done, Fault>>,
    questions: JoinSet<Consent>,
    stream: Option<Stream>,
    streaming: Streaming,
    inbox: Inbox,
    manifest: Option<Manifest>,
    agreed: Option<Amount>,
    started: Instant,
    view: View,
    over: Option<End>,
}

/// What a finished job hands to the driver beside its report.
pub(crate) enum Done {
    /// Only the report.
    Report(Report),
    /// Bytes to be streamed before the report is made.
    Stream(Stream),
}

/// What the relay told and what the person has been shown.
struct View {
    me: Option<IpAddr>,
    peer: Option<IpAddr>,
    joined: Joined,
    up_since: Instant,
    alone_since: Option<Instant>,
    room_full_since: Option<Instant>,
    linked: Linked,
    waiting_for: String,
}

/// Whether coins or a receipt that are being prepared shall go out on this connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Streaming {
    Stopped,
    Wanted,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    Never,
    Before,
    Now,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Linked {
    No,
    Yes,
}

impl Transfer {
    /// Returns a transfer whose journal is open at the desk.
    pub(crate) fn new(
        machine: Machine,
        link: Link,
        agreed: Option<Amount>,
        bench: Bench,
        no_relay: NoRelay,
    ) -> Transfer {
        let screen = bench.screen.clone();
        let relay = bench.relay.clone();
        let now = Instant::now();
        Transfer {
            machine,
            link,
            connection: Connection::new(relay),
            bench,
            screen,
            no_relay,
            jobs: VecDeque::new(),
            working: JoinSet::new(),
            questions: JoinSet::new(),
            stream: None,
            streaming: Streaming::Stopped,
            inbox: Inbox::default(),
            manifest: None,
            agreed,
            started: now,
            view: View::new(now),
            over: None,
        }
    }

    /// Runs until the machine is over or nothing can go on. Ends on `stop` in good order.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> End {
        let mut tick = tokio::time::interval(TICK);
        let progress: Arc<Notify> = Arc::clone(&self.bench.progress);
        let mut asked_to_stop = false;
        self.feed(Input::Tick).await;
        while self.over.is_none() {
            let room = self.connection.room();
            tokio::select! {
                event = self.connection.next() => self.on_connection(event).await,
                () = room, if self.stream.is_some() => self.stream_on().await,
                Some(ended) = self.working.join_next() => self.on_job(ended).await,
                Some(answer) = self.questions.join_next() => {
                    self.feed(Input::Answered(answer.unwrap_or(Consent::No))).await;
                }
                () = progress.notified() => self.feed(Input::Progress).await,
                _ = tick.tick() => self.on_tick().await,
                () = stop.cancelled(), if !asked_to_stop => {
                    asked_to_stop = true;
                    self.screen.say("stopping");
                    self.feed(Input::StopAsked).await;
                }
            }
        }
        self.connection.close().await;
        self.over
            .unwrap_or_else(|| End::Failed(Failure::new(Exit::File, "the transfer has no end", "")))
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
                if let Err(fault) = self.bench.persist(&self.machine).await {
                    self.stop_for(&fault);
                }
            }
            Output::Start(job) => self.start(job),
            Output::StopStreaming => self.stop_streaming(),
            Output::Ask(question) => self.ask(question),
            Output::Relink => self.relink().await,
            Output::End(outcome) => {
                self.over = Some(End::Over(Ended {
                    outcome,
                    agreed: self.agreed,
                    machine: self.machine.clone(),
                }));
            }
        }
    }

    async fn say(&mut self, message: &Message, secret: &[u8]) {
        let Ok(line) = self.link.say(message, secret) else { return };
        if !matches!(message, Message::Heartbeat(None)) && first_chunk(message) {
            self.screen.message(Direction::Out, message.number(), self.view.me, &details(message));
        }
        if !self.machine.is_sender() {
            self.agree_on(message).await;
        }
        self.send(line).await;
    }

    /// The receiver's 4 is the agreement: from then on the exit codes speak of the money.
    async fn agree_on(&mut self, message: &Message) {
        let Message::Money { amount, .. } = message else { return };
        if self.agreed.is_some() || self.machine.is_sender() && *amount != self.bench.amount {
            return;
        }
        self.agreed = Some(*amount);
        if let Err(fault) = self.bench.persist_agreed(*amount).await {
            self.stop_for(&fault);
        }
    }

    async fn send(&mut self, line: String) {
        if self.connection.send(line).await.is_err() {
            self.relink().await;
        }
    }

    /// Jobs are done one after the other: the front of the queue is the one being done.
    fn start(&mut self, job: Job) {
        if streams(&job) {
            self.streaming = Streaming::Wanted;
        }
        if !self.jobs.contains(&job) {
            self.jobs.push_back(job);
            self.work();
        }
    }

    fn work(&mut self) {
        if let Some(job) = self.jobs.front()
            && self.working.is_empty()
        {
            let inbox = match job {
                Job::Store | Job::ReadReceipt => std::mem::take(&mut self.inbox),
                _ => Inbox::default(),
            };
            self.working.spawn(self.bench.work(job.clone(), inbox, self.manifest.clone()));
        }
    }

    fn stop_streaming(&mut self) {
        self.stream = None;
        // One that is being prepared is let go when it is there.
        let kept = self.jobs.iter().enumerate().filter(|(place, job)| *place == 0 || !streams(job));
        self.jobs = kept.map(|(_, job)| job.clone()).collect();
        self.streaming = Streaming::Stopped;
    }

    fn ask(&mut self, question: Question) {
        let screen = self.screen.clone();
        let from = self.view.peer.map_or("the sender".to_owned(), |ip| ip.to_string());
        let memo = question
            .memo
            .map(|m| format!(" for \"{}\"", protocol::line::shown(&m)))
            .unwrap_or_default();
        let text = format!("accept {} from {from}{memo}?", question.amount);
        self.questions.spawn_blocking(move || match screen.ask(&text) {
            true => Consent::Yes,
            false => Consent::No,
        });
    }

    async fn on_job(&mut self, ended: Result<Result<Done, Fault>, tokio::task::JoinError>) {
        let (Some(job), Ok(result)) = (self.jobs.pop_front(), ended) else {
            self.stop_for(&Fault::Disk("a job of this program broke down".to_owned()));
            return;
        };
        self.work();
        match result {
            Ok(Done::Report(report)) => self.feed(Input::Done(report)).await,
            Ok(Done::Stream(stream)) => {
                self.stream = (self.streaming == Streaming::Wanted).then_some(stream);
            }
            Err(fault) => {
                self.screen.warn(&crate::words::fault(&fault));
                self.feed(Input::Failed(job, fault)).await;
            }
        }
    }

    async fn stream_on(&mut self) {
        let Some(mut stream) = self.stream.take() else { return };
        match stream.next_chunk() {
            Some((message, bytes)) => {
                self.say(&message, &bytes).await;
                self.screen.progress(stream.what(), stream.sent() as u64, stream.len() as u64);
                self.stream = Some(stream);
            }
            None => self.feed(Input::Done(stream.report())).await,
        }
    }

    async fn on_tick(&mut self) {
        if self.view.joined != Joined::Now
            && self.view.up_since.elapsed() > FIRST_LINE_WITHIN
            && self.connection.is_up()
        {
            self.no_relay_there();
            return;
        }
        if let Some(alone) = self.view.alone_since
            && alone.elapsed() > ALONE_HINT_AFTER
        {
            self.view.alone_since = None;
            self.screen.warn("nobody here yet: do both use the same relay and the same file?");
        }
        self.send_handshake().await;
        self.feed(Input::Tick).await;
    }

    async fn on_connection(&mut self, event: Event) {
        match event {
            Event::Up => {
                self.view.up_since = Instant::now();
                self.view.joined =
                    if self.view.joined == Joined::Never { Joined::Never } else { Joined::Before };
                self.link.connected(rand::random());
                let line = self.link.join_line();
                self.send(line).await;
            }
            Event::Line(line) => self.on_line(&line).await,
            Event::Cut(cut) => self.on_cut(cut).await,
        }
    }

    async fn on_cut(&mut self, cut: Cut) {
        self.unlinked().await;
        self.view.alone_since = None;
        match cut {
            Cut::NotReachable(error)
                if self.view.joined == Joined::Never && self.no_relay == NoRelay::Fails =>
            {
                self.fail(Failure::new(
                    Exit::Relay,
                    format!("the relay {} cannot be reached: {error}", self.bench.relay),
                    "start one with `relay --port 7000`, or correct the relay's address",
                ));
            }
            Cut::NotLines | Cut::Ended
                if self.view.joined == Joined::Never && self.view.room_full_since.is_none() =>
            {
                self.no_relay_there();
            }
            Cut::NotReachable(_) | Cut::NotLines | Cut::Ended => {
                self.screen.say("the connection to the relay is cut; taking it up again");
            }
        }
    }

    async fn on_line(&mut self, line: &str) {
        let events = match self.link.heard_line(line.as_bytes()) {
            Ok(events) => events,
            Err(broken) => {
                self.screen.warn(&format!("the link is given up and made again: {broken}"));
                self.relink().await;
                return;
            }
        };
        if self.view.joined != Joined::Now && !matches!(events.first(), Some(LinkEvent::Notice(_)))
        {
            self.no_relay_there();
            return;
        }
        for event in events {
            if self.over.is_none() {
                self.on_link(event).await;
            }
        }
        self.send_handshake().await;
    }

    async fn on_link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Notice(notice) => self.on_notice(notice).await,
            LinkEvent::Chat { from, text } => self.screen.say(&format!("chat {from}: {text}")),
            LinkEvent::Persist(memory) => {
                if let Err(fault) = self.bench.persist_link(&memory).await {
                    self.stop_for(&fault);
                }
            }
            LinkEvent::Reply(line) => self.send(line).await,
            LinkEvent::Linked => {
                self.unlinked().await;
                self.connection.proven();
                self.view.linked = Linked::Yes;
                self.inbox = Inbox::default();
                let peer = self.view.peer.map_or("your peer".to_owned(), |ip| ip.to_string());
                self.screen.say(&format!("you have a connection with {peer}"));
                self.feed(Input::Linked).await;
            }
            LinkEvent::Heard(message, secret) => {
                if !matches!(message, Message::Heartbeat(None)) && first_chunk(&message) {
                    self.screen.message(Direction::In, message.number(), self.view.peer, &details(&message));
                }
                match &message {
                    Message::EncryptingCoins(manifest) => self.manifest = Some(manifest.clone()),
                    Message::Coins(chunk) | Message::Receipt(chunk) => {
                        if let Err(what) = self.inbox.take(*chunk, &secret, self.manifest.as_ref()) {
                            self.screen.warn(what);
                            self.relink().await;
                            return;
                        }
                    }
                    _ => {}
                }
                if self.machine.is_sender() {
                    self.agree_on(&message).await;
                }
                self.feed(Input::Heard(message)).await;
            }
            LinkEvent::FilesDiffer => self.screen.warn(
                "the peer's handshakes do not open: the two connection files differ, or this transfer goes on with another program",
            ),
            LinkEvent::OddSender { said, noticed } => {
                self.screen.warn(&format!("a line names {said} as its sender, the relay says {noticed}"));
            }
        }
    }

    async fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Members { you, members, peer, .. } => {
                if self.view.joined != Joined::Now {
                    self.screen.say(&format!(
                        "in room {} at {} as {you}",
                        self.bench.room, self.bench.relay
                    ));
                }
                self.view.joined = Joined::Now;
                self.view.room_full_since = None;
                self.view.me = Some(you);
                self.view.peer = peer.or(self.view.peer);
                self.view.alone_since = (members < 2).then(Instant::now);
            }
            Notice::Refused { code, sentence } => self.on_refused(code, &sentence).await,
        }
    }

    async fn on_refused(&mut self, code: Code, sentence: &str) {
        let what =
            format!("the relay refused: {} ({})", protocol::line::shown(sentence), code.wire());
        match code {
            Code::RoomFull => {
                let since = *self.view.room_full_since.get_or_insert_with(Instant::now);
                if since.elapsed() < ROOM_FULL_FOR
                    && (self.view.joined != Joined::Never || self.no_relay == NoRelay::Waits)
                {
                    self.relink().await;
                } else {
                    self.fail(Failure::new(Exit::Relay, what, code.advice()));
                }
            }
            Code::BadJoin | Code::LineTooLong | Code::TooManyHashes | Code::NotUtf8 => {
                self.fail(Failure::new(Exit::Relay, what, code.advice()));
            }
            Code::JoinTimeout
            | Code::TooManyConnections
            | Code::TooManyRooms
            | Code::RateLimited
            | Code::Idle
            | Code::SlowReader
            | Code::Draining => {
                self.screen.warn(&format!("{what}; trying again"));
                self.relink().await;
            }
        }
    }

    async fn send_handshake(&mut self) {
        if self.view.joined == Joined::Now
            && let Some(line) = self.link.handshake_due()
        {
            self.send(line).await;
        }
    }

    async fn relink(&mut self) {
        self.connection.again();
        self.unlinked().await;
    }

    async fn unlinked(&mut self) {
        if self.view.linked == Linked::Yes {
            self.view.linked = Linked::No;
            self.stop_streaming();
            Box::pin(self.feed(Input::Unlinked)).await;
        }
    }

    fn no_relay_there(&mut self) {
        self.fail(Failure::new(
            Exit::Relay,
            format!("what answers at {} is not a LiveConnect relay", self.bench.relay),
            "correct the relay's address: `relay = HOST:PORT` in the connection file, or --relay",
        ));
    }

    fn stop_for(&mut self, fault: &Fault) {
        self.fail(Failure::new(
            Exit::File,
            crate::words::fault(fault),
            "mend it, then run: coin-wallet resume",
        ));
    }

    /// Ends the program; with coins in flight its exit code says so before everything else.
    fn fail(&mut self, failure: Failure) {
        let exit = match self.machine.position().step {
            DurableStep::InFlight | DurableStep::Received => Exit::InFlight,
            DurableStep::Open
            | DurableStep::Receipted
            | DurableStep::Settled
            | DurableStep::Refused => failure.exit,
        };
        self.over = Some(End::Failed(Failure { exit, ..failure }));
    }

    fn now(&self) -> Now {
        let wall = jiff::Timestamp::now().as_second();
        Now { monotonic: self.started.elapsed(), wall_secs: u64::try_from(wall).unwrap_or(0) }
    }

    fn show_waiting(&mut self) {
        let Some(waiting) = self.machine.waiting() else { return };
        let what = crate::words::waiting(waiting.what);
        if what != self.view.waiting_for {
            let left = waiting.until.saturating_sub(self.started.elapsed());
            self.screen.waiting(&what, left);
            self.view.waiting_for = what;
        }
    }
}

impl View {
    fn new(now: Instant) -> View {
        View {
            me: None,
            peer: None,
            joined: Joined::Never,
            up_since: now,
            alone_since: None,
            room_full_since: None,
            linked: Linked::No,
            waiting_for: String::new(),
        }
    }
}

fn streams(job: &Job) -> bool {
    matches!(job, Job::SendCoins(_) | Job::SendReceipt)
}

fn first_chunk(message: &Message) -> bool {
    match message {
        Message::Coins(chunk) | Message::Receipt(chunk) => chunk.index == 0,
        _ => true,
    }
}

fn details(message: &Message) -> String {
    match message {
        Message::Money { amount, .. } => amount.to_string(),
        Message::Abort(reason) => protocol::line::shown(reason),
        _ => String::new(),
    }
}
