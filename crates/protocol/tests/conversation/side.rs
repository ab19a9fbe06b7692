//! One program: a machine, its journal, its jobs, its end of the link.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::machine::{Input, Job, Journal, Now, Outcome, Output};
use protocol::message::{DurableStep, Message, Position};
use protocol::receiver::Receiver;
use protocol::sender::Sender;
use protocol::waits::Waiting;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Sender,
    Receiver,
}

pub(crate) const BOTH: [Who; 2] = [Who::Sender, Who::Receiver];

impl Who {
    pub(crate) fn other(self) -> Who {
        match self {
            Who::Sender => Who::Receiver,
            Who::Receiver => Who::Sender,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Machine {
    Sender(Sender),
    Receiver(Receiver),
}

impl Machine {
    pub(crate) fn handle(self, now: Now, input: Input) -> (Machine, Vec<Output>) {
        match self {
            Machine::Sender(machine) => {
                let (machine, outputs) = machine.handle(now, input);
                (Machine::Sender(machine), outputs)
            }
            Machine::Receiver(machine) => {
                let (machine, outputs) = machine.handle(now, input);
                (Machine::Receiver(machine), outputs)
            }
        }
    }

    pub(crate) fn resumed(self, now: Now) -> Machine {
        match self {
            Machine::Sender(machine) => Machine::Sender(machine.resumed(now)),
            Machine::Receiver(machine) => Machine::Receiver(machine.resumed(now)),
        }
    }

    pub(crate) fn position(&self) -> Position {
        match self {
            Machine::Sender(machine) => machine.position(),
            Machine::Receiver(machine) => machine.position(),
        }
    }

    pub(crate) fn waiting(&self) -> Option<Waiting> {
        match self {
            Machine::Sender(machine) => machine.waiting(),
            Machine::Receiver(machine) => machine.waiting(),
        }
    }

    pub(crate) fn journal(&self) -> Journal {
        match self {
            Machine::Sender(machine) => machine.journal(),
            Machine::Receiver(machine) => machine.journal(),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        match self {
            Machine::Sender(machine) => machine.is_over(),
            Machine::Receiver(machine) => machine.is_over(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Side {
    fresh: Machine,
    /// The running program.
    pub(crate) machine: Option<Machine>,
    /// What a restart finds.
    pub(crate) journal: Option<String>,
    pub(crate) closed: bool,
    pub(crate) jobs: VecDeque<Job>,
    pub(crate) stream: Option<(Job, u32)>,
    pub(crate) inbox: VecDeque<Message>,
    pub(crate) asked: bool,
    /// The end of this program's last job, for walks in which it comes twice.
    pub(crate) last_end: Option<Input>,
    /// How the last program ended.
    pub(crate) outcome: Option<Outcome>,
    /// Outputs carried out and jobs done so far, over all programs.
    pub(crate) acts: usize,
    /// After how many acts the program crashes.
    pub(crate) crash_at: Option<usize>,
    /// When a crashed program is started again.
    pub(crate) restart_at: Option<Duration>,
    /// Everything said, for tests that look at it.
    pub(crate) said: Vec<Message>,
}

impl Side {
    pub(crate) fn new(fresh: Machine) -> Side {
        Side {
            machine: Some(fresh.clone()),
            fresh,
            journal: None,
            closed: false,
            jobs: VecDeque::new(),
            stream: None,
            inbox: VecDeque::new(),
            asked: false,
            last_end: None,
            outcome: None,
            acts: 0,
            crash_at: None,
            restart_at: None,
            said: Vec::new(),
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.machine.is_some()
    }

    /// What the journal says, whatever the machine believes.
    pub(crate) fn durable(&self) -> DurableStep {
        self.in_journal().map_or(DurableStep::Open, |machine| machine.position().step)
    }

    pub(crate) fn in_journal(&self) -> Option<Machine> {
        self.journal.as_ref().map(|line| serde_json::from_str(line).expect("a journal line loads"))
    }

    pub(crate) fn persist(&mut self) {
        let machine = self.machine.as_ref().expect("a running program persists");
        self.journal = Some(serde_json::to_string(machine).expect("a machine is a journal line"));
    }

    /// Starts the program anew from its journal.
    pub(crate) fn start(&mut self, now: Now) {
        self.machine = Some(match self.in_journal() {
            Some(machine) => machine.resumed(now),
            None => self.fresh.clone(),
        });
        self.restart_at = None;
        self.outcome = None;
    }

    /// The program is gone; so is everything that is not in its journal.
    pub(crate) fn stop(&mut self) {
        self.machine = None;
        self.jobs.clear();
        self.stream = None;
        self.inbox.clear();
        self.asked = false;
        self.last_end = None;
    }
}
