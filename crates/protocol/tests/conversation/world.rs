//! The world: two sides, the link between them, the money, and the clock.

use std::collections::HashSet;
use std::time::Duration;

use protocol::machine::{Consent, Input, Job, Journal, Now, Outcome, Output, Report};
use protocol::message::{Chunk, DurableStep, Last, Message};
use protocol::receiver::Receiver;
use protocol::sender::Sender;
use protocol::waits::Patience;

use crate::money::{Money, whole};
use crate::side::{BOTH, Machine, Side, Who};

pub(crate) const PEER_WAIT: Duration = Duration::from_secs(30);
const FRAMES: u32 = 2;

/// Something that can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Deliver(Who),
    /// The peer has ended, and all that it said before was heard.
    Gone(Who),
    Frame(Who),
    Job(Who),
    Answer,
    Link,
    Restart(Who),
    Tick,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) sender: Side,
    pub(crate) receiver: Side,
    pub(crate) money: Money,
    pub(crate) now: Duration,
    pub(crate) linked: bool,
    /// Whose peer has ended in good order: what it said still comes.
    pub(crate) closing: Option<Who>,
    pub(crate) links: usize,
    /// Who hears of a new link first.
    pub(crate) first: Who,
    /// How long a crashed program stays away.
    pub(crate) away: Duration,
    /// Whether messages, jobs and links still happen; else time goes by and nothing else.
    pub(crate) alive: bool,
    /// A side that hears and says heartbeats and gets no work done.
    pub(crate) idle: Option<Who>,
    /// Every machine that ever was, for tests that look at all of them.
    pub(crate) seen: Option<HashSet<Machine>>,
    pub(crate) consent: Consent,
}

impl World {
    pub(crate) fn new() -> World {
        let patience = Patience { peer_wait: PEER_WAIT };
        World {
            sender: Side::new(Machine::Sender(Sender::new(whole(), None, patience))),
            receiver: Side::new(Machine::Receiver(Receiver::new(None, patience))),
            money: Money::new(),
            now: Duration::ZERO,
            linked: false,
            closing: None,
            links: 0,
            first: Who::Sender,
            away: Duration::ZERO,
            alive: true,
            idle: None,
            seen: None,
            consent: Consent::Yes,
        }
    }

    pub(crate) fn side(&mut self, who: Who) -> &mut Side {
        match who {
            Who::Sender => &mut self.sender,
            Who::Receiver => &mut self.receiver,
        }
    }

    fn clock(&self) -> Now {
        Now { monotonic: self.now, wall_secs: 1_800_000_000 + self.now.as_secs() }
    }

    /// Gives a side an input and carries out what it asks for.
    pub(crate) fn feed(&mut self, who: Who, input: Input) {
        let now = self.clock();
        let side = self.side(who);
        let Some(machine) = side.machine.take() else { return };
        let (machine, outputs) = machine.handle(now, input);
        side.machine = Some(machine.clone());
        if let Some(seen) = &mut self.seen {
            seen.insert(machine);
        }
        for (place, output) in outputs.iter().enumerate() {
            if !self.side(who).is_running() {
                return;
            }
            let ends = matches!(output, Output::End(_));
            assert!(!ends || place + 1 == outputs.len(), "nothing follows an end");
            self.carry_out(who, output.clone());
            self.acted(who);
        }
    }

    /// One act more; the program may crash here.
    fn acted(&mut self, who: Who) {
        let side = self.side(who);
        side.acts += 1;
        if side.crash_at == Some(side.acts) && side.is_running() {
            self.crash(who);
        }
    }

    pub(crate) fn crash(&mut self, who: Who) {
        let at = self.now + self.away;
        self.side(who).stop();
        self.side(who).restart_at = Some(at);
        self.cut();
    }

    /// The link is gone for both.
    pub(crate) fn cut(&mut self) {
        let closing = self.closing.take().is_some();
        if !std::mem::take(&mut self.linked) && !closing {
            return;
        }
        for who in BOTH {
            self.side(who).inbox.clear();
            self.feed(who, Input::Unlinked);
        }
    }

    fn carry_out(&mut self, who: Who, output: Output) {
        match output {
            Output::Say(message) => self.say(who, message),
            Output::Persist => self.side(who).persist(),
            Output::Start(job @ (Job::SendCoins(_) | Job::SendReceipt)) => {
                assert_ne!(self.side(who).durable(), DurableStep::Open, "streamed before durable");
                self.side(who).stream = Some((job, 0));
            }
            Output::Start(job) => {
                if !self.side(who).jobs.contains(&job) {
                    self.side(who).jobs.push_back(job);
                }
            }
            Output::StopStreaming => self.side(who).stream = None,
            Output::Ask(_) => self.side(who).asked = true,
            Output::Relink => self.cut(),
            Output::End(outcome) => self.end(who, outcome),
        }
    }

    fn say(&mut self, who: Who, message: Message) {
        self.check_said(who, &message);
        self.side(who).said.push(message.clone());
        if self.linked {
            self.side(who.other()).inbox.push_back(message);
        }
    }

    fn end(&mut self, who: Who, outcome: Outcome) {
        self.check_end(who, &outcome);
        let side = self.side(who);
        let machine = side.machine.as_ref().expect("it ends while it runs");
        assert!(machine.is_over());
        side.closed = machine.journal() == Journal::Close;
        side.outcome = Some(outcome);
        side.stop();
        self.check_closed(who);
        if std::mem::take(&mut self.linked) {
            self.closing = Some(who.other());
        } else if self.closing == Some(who) {
            self.closing = None;
        }
    }

    /// What can happen next, without trouble.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        let (linked, closing) = (self.linked, self.closing);
        let (alive, idle, now) = (self.alive, self.idle, self.now);
        for who in BOTH {
            let side = self.side(who);
            if side.restart_at.is_some_and(|at| at <= now) {
                events.push(Event::Restart(who));
            }
            if !alive || !side.is_running() {
                continue;
            }
            if !side.inbox.is_empty() {
                events.push(Event::Deliver(who));
            }
            if closing == Some(who) && side.inbox.is_empty() {
                events.push(Event::Gone(who));
            }
            if idle == Some(who) {
                continue;
            }
            if side.stream.is_some() && linked {
                events.push(Event::Frame(who));
            }
            if !side.jobs.is_empty() {
                events.push(Event::Job(who));
            }
            if side.asked {
                events.push(Event::Answer);
            }
        }
        if alive
            && !linked
            && closing.is_none()
            && self.sender.is_running()
            && self.receiver.is_running()
        {
            events.push(Event::Link);
        }
        events.push(Event::Tick);
        events
    }

    pub(crate) fn happen(&mut self, event: Event) {
        match event {
            Event::Deliver(who) => {
                if let Some(message) = self.side(who).inbox.pop_front() {
                    self.feed(who, Input::Heard(message));
                }
            }
            Event::Gone(_) => self.cut(),
            Event::Frame(who) => self.frame(who),
            Event::Job(who) => self.job(who),
            Event::Answer => {
                self.receiver.asked = false;
                let consent = self.consent;
                self.feed(Who::Receiver, Input::Answered(consent));
            }
            Event::Link => {
                self.linked = true;
                self.links += 1;
                for who in [self.first, self.first.other()] {
                    self.feed(who, Input::Linked);
                }
            }
            Event::Restart(who) => self.restart(who),
            Event::Tick => {
                self.now += Duration::from_secs(1);
                for who in BOTH {
                    self.feed(who, Input::Tick);
                }
            }
        }
    }

    /// Starts a program from its journal.
    pub(crate) fn restart(&mut self, who: Who) {
        let now = self.clock();
        self.side(who).start(now);
        self.feed(who, Input::Tick);
    }

    fn frame(&mut self, who: Who) {
        let Some((job, index)) = self.side(who).stream.take() else { return };
        let last = if index + 1 == FRAMES { Last::Yes } else { Last::No };
        let chunk = Chunk { index, last };
        let (message, report) = match &job {
            Job::SendCoins(_) => (Message::Coins(chunk), Report::CoinsSent),
            _ => (Message::Receipt(chunk), Report::ReceiptSent),
        };
        self.say(who, message);
        match last {
            Last::No => self.side(who).stream = Some((job, index + 1)),
            Last::Yes => self.feed(who, Input::Done(report)),
        }
        self.acted(who);
    }

    fn job(&mut self, who: Who) {
        let Some(job) = self.side(who).jobs.front().cloned() else { return };
        let durable = self.side(who).durable();
        let ended = self.money.work(&job, durable);
        // A crash here leaves a job that was done and never reported.
        self.acted(who);
        if self.side(who).is_running() {
            self.side(who).jobs.pop_front();
            self.side(who).last_end = Some(ended.clone());
            self.feed(who, ended);
        }
    }

    /// Lets so many things happen in a fixed order.
    pub(crate) fn run_for(&mut self, events: usize) {
        for _ in 0..events {
            if !self.is_at_rest() {
                let event = self.events()[0];
                self.happen(event);
            }
        }
    }

    /// How many things happen in a transfer without trouble.
    pub(crate) fn whole_length() -> usize {
        let mut world = World::new();
        (0..)
            .find(|_| {
                world.run_for(1);
                world.is_at_rest()
            })
            .expect("it ends")
    }

    /// Lets things happen in a fixed order until both programs have ended.
    pub(crate) fn run(&mut self) {
        for _ in 0..20_000 {
            if self.is_at_rest() {
                return;
            }
            let event = self.events()[0];
            self.happen(event);
        }
        panic!("no end: {self:#?}");
    }

    pub(crate) fn is_at_rest(&self) -> bool {
        let rests = |side: &Side| !side.is_running() && side.restart_at.is_none();
        rests(&self.sender) && rests(&self.receiver)
    }

    /// Starts every open transfer again, as both persons would, until nothing is left to do.
    pub(crate) fn settle(&mut self) {
        for _ in 0..6 {
            self.run();
            let now = self.clock();
            let mut open = 0;
            for who in BOTH {
                let side = self.side(who);
                let left = side.outcome.is_none() || side.journal.is_some();
                if left && !side.closed {
                    side.start(now);
                    open += 1;
                }
            }
            if open == 0 {
                return;
            }
            for who in BOTH {
                self.feed(who, Input::Tick);
            }
        }
        self.run();
    }
}
