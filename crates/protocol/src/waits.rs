//! Every wait of the conversation, in one table: who is waited for, at which step, how long.
//!
//! Each wait starts anew with every sign that its step gets on: a message of the step, an
//! `Input::Progress` of its job. Heartbeats are no such sign, they only show that the peer lives.
//! So that a long step of one side does not look stuck to the other, a step that gets on is
//! announced again every 20 s.
//!
//! Signs alone keep no program for ever: each step has a total too, which begins when the step is
//! reached for the first time and which nothing begins anew, neither a message said again nor a
//! step said to get on, nor a link that is cut and comes back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::message::Number;
use crate::presence::Presence;
use crate::receiver::ReceiverStep;
use crate::sender::SenderStep;
use crate::steps::clear_folders::Clearing;

/// Between two heartbeats (1).
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// Without any message, after which the peer counts as lost: three heartbeats.
pub const PEER_LOST: Duration = Duration::from_secs(15);

/// For the peer's first appearance and for its coming back, unless the person says otherwise.
pub const PEER: Duration = Duration::from_secs(600);

/// For a step that does not get on.
pub const STEP: Duration = Duration::from_secs(60);

/// For a step in which all 25 agents are asked about a whole batch, or a whole batch is stored: one
/// agent that hangs makes a round last 50 s, and 2 ms more a coin, without a sign of progress.
pub const POWNING: Duration = Duration::from_secs(120);

/// In all for a short step: ten waits.
pub const STEP_TOTAL: Duration = Duration::from_secs(10 * 60);

/// In all for a step that asks about, moves or carries a whole batch, or asks a person. A million
/// coins and an agent that hangs make a round of 35 min.
pub const LONG_TOTAL: Duration = Duration::from_secs(60 * 60);

/// In all for the sender's preparations, as the receiver sees them: some of the eight are long.
pub const WATCHING_TOTAL: Duration = Duration::from_secs(4 * 60 * 60);

/// How often the peer may stay away for its whole wait in a step: that much is added to each total.
pub const COMINGS: u32 = 10;

/// For the answer of the person here.
pub const PERSON: Duration = Duration::from_secs(600);

/// For the answer of the person at the other side, which must not be cut off by this side's wait.
pub const OTHER_PERSON: Duration = Duration::from_secs(600 + 60);

/// Between two announcements of a long step.
pub const ANNOUNCE_AGAIN: Duration = Duration::from_secs(20);

/// How long a program stays without its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Patience {
    /// For the peer's first appearance and for each coming back; [`PEER`] by default.
    pub peer_wait: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { peer_wait: PEER }
    }
}

/// What a machine waits for, and until when: to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// What for.
    pub what: WaitingFor,
    /// Until when, as monotonic time; later with each sign that the step gets on, as far as its
    /// total goes.
    pub until: Duration,
}

/// What a machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitingFor {
    /// The peer's coming, or its coming back.
    Peer,
    /// This message of the peer.
    Message(Number),
    /// The answer of the person here.
    Person,
    /// A job of this side, at the step of this message.
    Work(Number),
}

/// One line of the table.
pub(crate) struct Wait {
    pub(crate) what: WaitingFor,
    /// Without a sign that the step gets on.
    pub(crate) length: Duration,
    /// In all, whatever is said; the peer's absences come on top.
    total: Duration,
}

/// The end of the furthest step that this program has reached. A step that is reached again gets no
/// new one, so that a program lives no longer than all totals together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Bound {
    place: u8,
    until: Duration,
}

impl Bound {
    /// Before the first input.
    pub(crate) const NONE: Bound = Bound { place: 0, until: Duration::MAX };

    /// Begins with the program.
    pub(crate) fn begin(wait: &Wait, patience: Patience, now: Duration) -> Bound {
        Bound { place: 0, until: end(wait, patience, now) }
    }

    /// Goes to a step; one that was never reached before has its whole total.
    pub(crate) fn reach(self, place: u8, wait: &Wait, patience: Patience, now: Duration) -> Bound {
        if place > self.place { Bound { place, until: end(wait, patience, now) } } else { self }
    }
}

impl Default for Bound {
    fn default() -> Bound {
        Bound::NONE
    }
}

fn end(wait: &Wait, patience: Patience, now: Duration) -> Duration {
    let away = patience.peer_wait.saturating_mul(COMINGS);
    now.saturating_add(wait.total).saturating_add(away)
}

fn peer() -> Wait {
    Wait { what: WaitingFor::Peer, length: STEP, total: Duration::ZERO }
}

fn message(number: Number, length: Duration, total: Duration) -> Wait {
    Wait { what: WaitingFor::Message(number), length, total }
}

fn work(number: Number, length: Duration, total: Duration) -> Wait {
    Wait { what: WaitingFor::Work(number), length, total }
}

/// The sender's waits.
pub(crate) fn of_sender(step: &SenderStep) -> Wait {
    match step {
        SenderStep::Meeting => peer(),
        SenderStep::ClearingFolders(Clearing::Both | Clearing::Theirs) => {
            message(Number::ImportExportEmpty, STEP, STEP_TOTAL)
        }
        SenderStep::ClearingFolders(Clearing::Ours) => {
            work(Number::EmptyImportExport, STEP, STEP_TOTAL)
        }
        SenderStep::AgreeingAmount => message(Number::Money, OTHER_PERSON, LONG_TOTAL),
        SenderStep::Preparing(preparing) => {
            work(preparing.what.message().number(), POWNING, LONG_TOTAL)
        }
        SenderStep::Encrypting => work(Number::EncryptingCoins, STEP, LONG_TOTAL),
        SenderStep::AskingReady(_) => message(Number::ReadyToReceive, STEP, STEP_TOTAL),
        SenderStep::SendingCoins => work(Number::Coins, STEP, LONG_TOTAL),
        SenderStep::AwaitingReceived => message(Number::Received, POWNING, LONG_TOTAL),
        SenderStep::AwaitingReceipt(_) => message(Number::Receipt, POWNING, LONG_TOTAL),
        SenderStep::ReadingReceipt => work(Number::Receipt, STEP, LONG_TOTAL),
        SenderStep::CheckingSecrets(_) | SenderStep::AskingAgents(_) => {
            work(Number::ConfirmingChangeOfOwnership, POWNING, LONG_TOTAL)
        }
        SenderStep::Leaving(_) => work(Number::Abort, STEP, LONG_TOTAL),
    }
}

/// The receiver's waits.
pub(crate) fn of_receiver(step: &ReceiverStep) -> Wait {
    match step {
        ReceiverStep::Meeting => peer(),
        ReceiverStep::AwaitingClear => message(Number::EmptyImportExport, STEP, STEP_TOTAL),
        ReceiverStep::ClearingFolders => work(Number::ImportExportEmpty, STEP, STEP_TOTAL),
        ReceiverStep::AwaitingAmount => message(Number::Money, STEP, STEP_TOTAL),
        ReceiverStep::AskingPerson => {
            Wait { what: WaitingFor::Person, length: PERSON, total: LONG_TOTAL }
        }
        ReceiverStep::Watching => message(Number::EncryptingCoins, POWNING, WATCHING_TOTAL),
        ReceiverStep::AwaitingReady(_) => message(Number::ReadyToSendCoins, STEP, STEP_TOTAL),
        ReceiverStep::GettingReady(_) => work(Number::ReadyToReceive, STEP, STEP_TOTAL),
        ReceiverStep::ReceivingCoins(_) => message(Number::Coins, STEP, LONG_TOTAL),
        ReceiverStep::Storing(_) => work(Number::Received, POWNING, LONG_TOTAL),
        ReceiverStep::CheckingBatch => work(Number::DecryptingCoins, POWNING, LONG_TOTAL),
        ReceiverStep::Powning(_) => work(Number::PowningCoins, POWNING, LONG_TOTAL),
        ReceiverStep::SendingReceipt => work(Number::Receipt, STEP, LONG_TOTAL),
        ReceiverStep::AwaitingConfirmation => message(Number::CoinsConfirmed, POWNING, LONG_TOTAL),
        ReceiverStep::Banking => work(Number::CoinsConfirmed, STEP, LONG_TOTAL),
    }
}

/// Returns what is waited for: while the peer is away, a step that needs it waits for its coming.
pub(crate) fn waiting(
    wait: &Wait,
    presence: &Presence,
    step_until: Duration,
    bound: Bound,
) -> Waiting {
    let (what, until) = match (wait.what, presence) {
        (
            WaitingFor::Peer | WaitingFor::Message(_),
            Presence::Away { until } | Presence::Fresh { until, .. },
        ) => (WaitingFor::Peer, *until),
        (WaitingFor::Peer | WaitingFor::Message(_), Presence::Here(_) | Presence::Parted)
        | (WaitingFor::Person | WaitingFor::Work(_), _) => (wait.what, step_until),
    };
    Waiting { what, until: until.min(bound.until) }
}

/// Returns the step's message number: what a stuck step is called.
pub(crate) fn step_of(what: WaitingFor) -> u8 {
    match what {
        WaitingFor::Peer => Number::Heartbeat.get(),
        WaitingFor::Person => Number::Money.get(),
        WaitingFor::Message(number) | WaitingFor::Work(number) => number.get(),
    }
}
