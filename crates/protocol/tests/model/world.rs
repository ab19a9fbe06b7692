//! Everything there is: two programs, the link, the agents, and the coin in both wallets.

use std::time::Duration;

use coin::Grade;
use coin::reclaim::{Departed, Will};
use protocol::machine::{Consent, Input, Job, Now, Output, Report};
use protocol::message::{Chunk, DurableStep, Last, Message};
use protocol::receiver::Receiver;
use protocol::sender::Sender;
use protocol::waits::Patience;

use crate::act::{Act, Ending};
use crate::agents::{Agents, Fate, Held, Round, rule};
use crate::liar::words;
use crate::money::unit;
use crate::program::{BOTH, Machine, Program, Who};
use crate::rules::Broken;

const CHUNK: Chunk = Chunk { index: 0, last: Last::Yes };

/// One state of everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) sender: Program,
    pub(crate) receiver: Program,
    pub(crate) linked: bool,
    pub(crate) closing: Option<Who>,
    /// Which side, if any, does as it likes.
    pub(crate) liar: Option<Who>,
    /// The coin's bytes were given to the connection.
    pub(crate) left: bool,
    pub(crate) agents: Agents,
    /// What the sender's journal says of the coin that left.
    pub(crate) departed: Departed,
    /// The sender's wallet has the secrets of its reclaim.
    pub(crate) reclaim_kept: bool,
    pub(crate) put_back: bool,
    /// The receiver's wallet has the coin with its new secrets.
    pub(crate) stored: bool,
    /// What the receipt says that the sender took in last.
    pub(crate) receipt: Option<Grade>,
    /// What the receiver's journal says of the coin, and its receipts.
    pub(crate) verdict: Option<Grade>,
    /// The receiver counts the coin as its own, for good.
    pub(crate) booked: bool,
    /// A coin was called counterfeit though fewer agents than the quorum said that they hold neither secret.
    pub(crate) wronged: bool,
    /// An answer was lost, or the coin was reclaimed.
    pub(crate) troubled: bool,
    pub(crate) taking: Option<Round>,
    pub(crate) reclaiming: Option<Round>,
    /// Stands still but in calm.
    pub(crate) now: Duration,
}

impl World {
    pub(crate) fn new(first: Held) -> World {
        let patience = Patience { peer_wait: Duration::from_secs(30) };
        World {
            sender: Program::new(Machine::Sender(Sender::new(unit(), None, patience))),
            receiver: Program::new(Machine::Receiver(Receiver::new(None, patience))),
            linked: false,
            closing: None,
            liar: None,
            left: false,
            agents: Agents::new(first),
            departed: Departed::Away,
            reclaim_kept: false,
            put_back: false,
            stored: false,
            receipt: None,
            verdict: None,
            booked: false,
            wronged: false,
            troubled: false,
            taking: None,
            reclaiming: None,
            now: Duration::ZERO,
        }
    }

    /// The same when both have agreed and the coin is about to leave.
    pub(crate) fn about_to_leave(first: Held, broken: Broken) -> World {
        let mut world = World::new(first);
        BOTH.into_iter().for_each(|who| world.happen(Act::Start(who), broken));
        while world.sender.stream.is_none() {
            let act = world.duties()[0];
            world.happen(act, broken);
        }
        world
    }

    /// The same when the receiver has stored it, and neither program runs.
    pub(crate) fn received(first: Held, broken: Broken) -> World {
        let mut world = World::about_to_leave(first, broken);
        while world.taking.is_none() {
            let act = world.duties()[0];
            world.happen(act, broken);
        }
        for who in BOTH {
            world.happen(Act::Crash(who), broken);
        }
        world.closing = None;
        world
    }

    pub(crate) fn side(&self, who: Who) -> &Program {
        match who {
            Who::Sender => &self.sender,
            Who::Receiver => &self.receiver,
        }
    }

    pub(crate) fn side_mut(&mut self, who: Who) -> &mut Program {
        match who {
            Who::Sender => &mut self.sender,
            Who::Receiver => &mut self.receiver,
        }
    }

    /// Whether the sender's wallet counts the coin.
    pub(crate) fn is_senders(&self) -> bool {
        self.put_back
            || self.departed == Departed::Back
            || self.sender.journal.step() == DurableStep::Open
    }

    /// Whether neither program runs and nobody asks an agent.
    pub(crate) fn is_at_rest(&self) -> bool {
        !self.sender.is_running() && !self.receiver.is_running() && self.reclaiming.is_none()
    }

    /// What is to be done next where nothing goes wrong, in the order in which it is done.
    pub(crate) fn duties(&self) -> Vec<Act> {
        let mut acts = Vec::new();
        for who in BOTH {
            let side = self.side(who);
            if !side.is_running() {
                continue;
            }
            if !side.inbox.is_empty() {
                acts.push(Act::Deliver(who));
            } else if self.closing == Some(who) {
                acts.push(Act::Gone(who));
            }
            if side.stream.is_some() && self.linked {
                acts.push(Act::Frame(who));
            }
            if side.asked.is_some() {
                acts.push(Act::Answer);
            }
            if who == Who::Receiver && self.taking.is_some() {
                continue;
            }
            if !side.jobs.is_empty() {
                acts.push(Act::Job(who, Ending::Reported));
            }
        }
        let there = |who| self.side(who).is_running() || self.liar == Some(who);
        let both = there(Who::Sender) && there(Who::Receiver) && !self.is_at_rest();
        if both && !self.linked && self.closing.is_none() {
            acts.push(Act::Link);
        }
        for (who, round) in [(Who::Receiver, &self.taking), (Who::Sender, &self.reclaiming)] {
            let questions = round.iter().flat_map(Round::questions);
            let answered = questions.filter(|(_, fate)| *fate == Fate::Answered);
            acts.extend(answered.map(|(agent, fate)| Act::Ask(who, agent, fate)));
        }
        acts
    }

    /// What can go wrong, and what persons can do.
    pub(crate) fn troubles(&self) -> Vec<Act> {
        let mut acts = Vec::new();
        for who in BOTH {
            let side = self.side(who);
            if side.is_running() {
                acts.extend([Act::Stop(who), Act::Crash(who)]);
                let at_work = who == Who::Receiver && self.taking.is_some();
                match side.jobs.first() {
                    Some(Job::CheckBatch(_)) => acts.push(Act::Job(who, Ending::Refused)),
                    Some(Job::Store | Job::ReadReceipt | Job::PutBack) if !at_work => {
                        acts.push(Act::Job(who, Ending::Died));
                    }
                    _ => {}
                }
            } else if self.may_start(who) {
                acts.push(Act::Start(who));
            }
        }
        if self.linked || self.closing.is_some() {
            acts.push(Act::Cut);
        }
        for (who, round) in [(Who::Receiver, &self.taking), (Who::Sender, &self.reclaiming)] {
            let questions = round.iter().flat_map(Round::questions);
            let lost = questions.filter(|(_, fate)| *fate != Fate::Answered);
            acts.extend(lost.map(|(agent, fate)| Act::Ask(who, agent, fate)));
        }
        if self.reclaiming.is_some() {
            acts.push(Act::Crash(Who::Sender));
        } else if self.may_reclaim() {
            acts.extend([Will::Asked, Will::Insisted].map(Act::Reclaim));
        }
        acts.extend(self.agents.under_way().map(|(agent, wish)| Act::Late(agent, wish)));
        acts.extend(self.fixable().map(Act::Fix));
        acts
    }

    pub(crate) fn may_start(&self, who: Who) -> bool {
        let side = self.side(who);
        let busy = who == Who::Sender && self.reclaiming.is_some();
        !side.is_running() && !side.closed && !busy
    }

    pub(crate) fn may_reclaim(&self) -> bool {
        !self.sender.is_running()
            && !self.sender.closed
            && self.reclaiming.is_none()
            && !self.put_back
            && self.sender.journal.step() == DurableStep::InFlight
    }

    /// Returns the secret of the owner who knows that he is one.
    fn owners(&self) -> Option<Held> {
        match (self.booked, self.departed) {
            (true, _) => Some(Held::Receivers),
            (false, Departed::Back) => Some(Held::Senders),
            (false, _) => None,
        }
    }

    /// Returns the agents that would be fixed: so many others as make an owner speak for it.
    pub(crate) fn fixable(&self) -> impl Iterator<Item = usize> + use<> {
        let owners = self.owners().filter(|held| self.agents.count(*held) >= rule().own);
        let held = self.agents.held;
        (0..held.len()).filter(move |agent| owners.is_some_and(|owners| held[*agent] != owners))
    }

    pub(crate) fn happen(&mut self, act: Act, broken: Broken) {
        match act {
            Act::Start(who) => self.start(who, broken),
            Act::Link => {
                self.linked = true;
                for who in BOTH {
                    self.feed(who, Input::Linked, broken);
                }
            }
            Act::Cut | Act::Gone(_) => self.cut(broken),
            Act::Deliver(who) => {
                let message = self.side_mut(who).inbox.remove(0);
                self.feed(who, Input::Heard(message), broken);
            }
            Act::Frame(who) => self.frame(who, broken),
            Act::Job(who, ending) => self.job(who, ending, broken),
            Act::Answer => {
                if let Some(consent) = self.receiver.asked.take() {
                    self.feed(Who::Receiver, Input::Answered(consent), broken);
                }
            }
            Act::Stop(who) => self.feed(who, Input::StopAsked, broken),
            Act::Crash(who) => self.crash(who),
            Act::Ask(who, agent, fate) => self.ask(who, agent, fate, broken),
            Act::Late(agent, wish) => drop(self.agents.execute(agent, wish)),
            Act::Claim(grade) => self.verdict = Some(grade),
            Act::Lie(word) => {
                if let Some(liar) = self.liar {
                    self.say(liar, words(liar)[word].clone());
                }
            }
            Act::Fix(agent) => {
                if let Some(held) = self.owners() {
                    self.agents.held[agent] = held;
                }
            }
            Act::Reclaim(will) => self.reclaim(will, broken),
        }
    }

    fn clock(&self) -> Now {
        Now { monotonic: self.now, wall_secs: 1_800_000_000 + self.now.as_secs() }
    }

    fn start(&mut self, who: Who, broken: Broken) {
        let now = self.clock();
        let side = self.side_mut(who);
        side.machine = Some(side.journal.clone().resumed(now));
        self.feed(who, Input::Tick, broken);
    }

    /// Gives a program an input and does what it asks for.
    pub(crate) fn feed(&mut self, who: Who, input: Input, broken: Broken) {
        let now = self.clock();
        let Some(machine) = self.side_mut(who).machine.take() else { return };
        let (machine, outputs) = machine.handle(now, input);
        self.side_mut(who).machine = Some(machine);
        for output in outputs {
            self.carry_out(who, output, broken);
        }
    }

    fn carry_out(&mut self, who: Who, output: Output, broken: Broken) {
        match output {
            Output::Say(message) => self.say(who, message),
            Output::Persist => self.persist(who, broken),
            Output::Start(job @ (Job::SendCoins(_) | Job::SendReceipt)) => {
                self.side_mut(who).stream = Some(job);
            }
            Output::Start(job) => {
                let jobs = &mut self.side_mut(who).jobs;
                if !jobs.contains(&job) {
                    jobs.push(job);
                }
                self.begin_taking();
            }
            Output::StopStreaming => self.side_mut(who).stream = None,
            Output::Ask(_) => self.side_mut(who).asked = Some(Consent::Yes),
            Output::Relink => self.cut(broken),
            Output::End(outcome) => {
                self.side_mut(who).end(&outcome);
                self.hang_up(who);
            }
        }
    }

    fn persist(&mut self, who: Who, broken: Broken) {
        let side = self.side_mut(who);
        let Some(machine) = &side.machine else { return };
        let forgotten = broken == Broken::FlightNotRecorded && who == Who::Sender;
        if !(forgotten && machine.step() == DurableStep::InFlight) {
            side.journal = machine.clone();
        }
    }

    fn say(&mut self, who: Who, message: Message) {
        if self.linked && self.liar != Some(who.other()) {
            self.side_mut(who.other()).inbox.push(message);
        }
    }

    pub(crate) fn crash(&mut self, who: Who) {
        self.side_mut(who).stop();
        match who {
            Who::Sender => self.reclaiming = None,
            Who::Receiver => self.taking = None,
        }
        self.hang_up(who);
    }

    /// What a program said before it went may still be heard.
    fn hang_up(&mut self, who: Who) {
        if who == Who::Receiver {
            self.taking = None;
        }
        if std::mem::take(&mut self.linked) && self.liar != Some(who.other()) {
            self.closing = Some(who.other());
        } else if self.closing == Some(who) {
            self.closing = None;
        }
    }

    fn cut(&mut self, broken: Broken) {
        self.linked = false;
        self.closing = None;
        for who in BOTH {
            self.side_mut(who).inbox.clear();
            self.feed(who, Input::Unlinked, broken);
        }
    }

    fn frame(&mut self, who: Who, broken: Broken) {
        let (message, report) = match self.side_mut(who).stream.take() {
            Some(Job::SendReceipt) => (Message::Receipt(CHUNK), Report::ReceiptSent),
            _ => (Message::Coins(CHUNK), Report::CoinsSent),
        };
        self.left |= who == Who::Sender;
        self.say(who, message);
        self.feed(who, Input::Done(report), broken);
    }
}
