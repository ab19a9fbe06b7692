//! One program: a shipped machine, what its journal holds, its jobs, and what was said to it.

use protocol::machine::{Consent, Input, Job, Journal, Now, Outcome, Output};
use protocol::message::{DurableStep, Message};
use protocol::receiver::Receiver;
use protocol::sender::Sender;

/// Which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

    pub(crate) fn step(&self) -> DurableStep {
        match self {
            Machine::Sender(machine) => machine.position().step,
            Machine::Receiver(machine) => machine.position().step,
        }
    }

    pub(crate) fn is_refused(&self) -> bool {
        match self {
            Machine::Sender(machine) => machine.is_refused(),
            Machine::Receiver(_) => false,
        }
    }

    fn journal(&self) -> Journal {
        match self {
            Machine::Sender(machine) => machine.journal(),
            Machine::Receiver(machine) => machine.journal(),
        }
    }
}

/// A program and what it left on its disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Program {
    /// While it runs.
    pub(crate) machine: Option<Machine>,
    /// What a restart finds.
    pub(crate) journal: Machine,
    /// The journal has its end: no restart.
    pub(crate) closed: bool,
    pub(crate) jobs: Vec<Job>,
    pub(crate) stream: Option<Job>,
    pub(crate) inbox: Vec<Message>,
    pub(crate) asked: Option<Consent>,
}

impl Program {
    pub(crate) fn new(machine: Machine) -> Program {
        Program {
            machine: None,
            journal: machine,
            closed: false,
            jobs: Vec::new(),
            stream: None,
            inbox: Vec::new(),
            asked: None,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.machine.is_some()
    }

    /// The program is gone; its journal stays.
    pub(crate) fn stop(&mut self) {
        self.machine = None;
        self.jobs.clear();
        self.stream = None;
        self.inbox.clear();
        self.asked = None;
    }

    /// It came to an end by itself.
    pub(crate) fn end(&mut self, _outcome: &Outcome) {
        if let Some(machine) = &self.machine {
            self.closed = machine.journal() == Journal::Close;
        }
        self.stop();
    }
}
