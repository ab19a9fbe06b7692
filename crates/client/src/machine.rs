//! The machine of this program's side: a sender or a receiver.

use std::time::Duration;

use protocol::machine::{Input, Journal, Now, Output};
use protocol::message::Position;
use protocol::receiver::Receiver;
use protocol::sender::Sender;
use protocol::waits::{Patience, Waiting};
use serde::{Deserialize, Serialize};

/// Either side of a transfer; a state is one note in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Machine {
    /// Pays.
    Sender(Sender),
    /// Is paid.
    Receiver(Receiver),
}

impl Machine {
    /// Takes an input in; see [`protocol::machine`].
    pub(crate) fn handle(self, now: Now, input: Input) -> (Machine, Vec<Output>) {
        match self {
            Machine::Sender(sender) => {
                let (sender, outputs) = sender.handle(now, input);
                (Machine::Sender(sender), outputs)
            }
            Machine::Receiver(receiver) => {
                let (receiver, outputs) = receiver.handle(now, input);
                (Machine::Receiver(receiver), outputs)
            }
        }
    }

    /// Returns the machine as it goes on in a new process, with this patience for its peer.
    pub(crate) fn resumed(self, peer_wait: Duration) -> Machine {
        let start = Now { monotonic: Duration::ZERO, wall_secs: 0 };
        match self {
            Machine::Sender(sender) => {
                Machine::Sender(sender.with_patience(Patience { peer_wait }).resumed(start))
            }
            Machine::Receiver(receiver) => {
                Machine::Receiver(receiver.with_patience(Patience { peer_wait }).resumed(start))
            }
        }
    }

    /// Returns the machine of a transfer of which coins were taken back; a receiver takes none back.
    pub(crate) fn reclaimed(self) -> Machine {
        match self {
            Machine::Sender(sender) => Machine::Sender(sender.reclaimed()),
            Machine::Receiver(receiver) => Machine::Receiver(receiver),
        }
    }

    /// Tells whether the receiver refused the batch of this side durably.
    pub(crate) fn is_refused(&self) -> bool {
        match self {
            Machine::Sender(sender) => sender.is_refused(),
            Machine::Receiver(_) => false,
        }
    }

    /// Tells which side it is.
    pub(crate) fn is_sender(&self) -> bool {
        match self {
            Machine::Sender(_) => true,
            Machine::Receiver(_) => false,
        }
    }

    /// Returns its last durable step.
    pub(crate) fn position(&self) -> Position {
        match self {
            Machine::Sender(sender) => sender.position(),
            Machine::Receiver(receiver) => receiver.position(),
        }
    }

    /// Returns what it waits for, as long as it is not over.
    pub(crate) fn waiting(&self) -> Option<Waiting> {
        match self {
            Machine::Sender(sender) => sender.waiting(),
            Machine::Receiver(receiver) => receiver.waiting(),
        }
    }

    /// Returns what becomes of its journal.
    pub(crate) fn journal(&self) -> Journal {
        match self {
            Machine::Sender(sender) => sender.journal(),
            Machine::Receiver(receiver) => receiver.journal(),
        }
    }
}
