//! Every wait of the conversation, in one table: who is waited for, at which step, how long.
//!
//! Each wait starts anew with every sign that its step gets on: a message of the step, an
//! `Input::Progress` of its job. Heartbeats are no such sign, they only show that the peer lives.
//! So that a long step of one side does not look stuck to the other, a step that gets on is
//! announced again every 20 s.

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
    /// Until when, as monotonic time; starts anew with each sign that the step gets on.
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
    pub(crate) length: Duration,
}

fn message(number: Number, length: Duration) -> Wait {
    Wait { what: WaitingFor::Message(number), length }
}

fn work(number: Number, length: Duration) -> Wait {
    Wait { what: WaitingFor::Work(number), length }
}

/// The sender's waits.
pub(crate) fn of_sender(step: &SenderStep) -> Wait {
    match step {
        SenderStep::Meeting => Wait { what: WaitingFor::Peer, length: STEP },
        SenderStep::ClearingFolders(Clearing::Both | Clearing::Theirs) => {
            message(Number::ImportExportEmpty, STEP)
        }
        SenderStep::ClearingFolders(Clearing::Ours) => work(Number::EmptyImportExport, STEP),
        SenderStep::AgreeingAmount => message(Number::Money, OTHER_PERSON),
        SenderStep::Preparing(preparing) => work(preparing.what.message().number(), POWNING),
        SenderStep::Encrypting => work(Number::EncryptingCoins, STEP),
        SenderStep::AskingReady(_) => message(Number::ReadyToReceive, STEP),
        SenderStep::SendingCoins => work(Number::Coins, STEP),
        SenderStep::AwaitingReceived => message(Number::Received, POWNING),
        SenderStep::AwaitingReceipt(_) => message(Number::Receipt, POWNING),
        SenderStep::ReadingReceipt => work(Number::Receipt, STEP),
        SenderStep::CheckingSecrets(_) => work(Number::ConfirmingChangeOfOwnership, POWNING),
        SenderStep::AskingAgents(_) => work(Number::ConfirmingChangeOfOwnership, POWNING),
        SenderStep::Leaving(_) => work(Number::Abort, STEP),
    }
}

/// The receiver's waits.
pub(crate) fn of_receiver(step: &ReceiverStep) -> Wait {
    match step {
        ReceiverStep::Meeting => Wait { what: WaitingFor::Peer, length: STEP },
        ReceiverStep::AwaitingClear => message(Number::EmptyImportExport, STEP),
        ReceiverStep::ClearingFolders => work(Number::ImportExportEmpty, STEP),
        ReceiverStep::AwaitingAmount => message(Number::Money, STEP),
        ReceiverStep::AskingPerson => Wait { what: WaitingFor::Person, length: PERSON },
        ReceiverStep::Watching => message(Number::EncryptingCoins, POWNING),
        ReceiverStep::AwaitingReady(_) => message(Number::ReadyToSendCoins, STEP),
        ReceiverStep::GettingReady(_) => work(Number::ReadyToReceive, STEP),
        ReceiverStep::ReceivingCoins(_) => message(Number::Coins, STEP),
        ReceiverStep::Storing(_) => work(Number::Received, POWNING),
        ReceiverStep::CheckingBatch => work(Number::DecryptingCoins, POWNING),
        ReceiverStep::Powning(_) => work(Number::PowningCoins, POWNING),
        ReceiverStep::SendingReceipt => work(Number::Receipt, STEP),
        ReceiverStep::AwaitingConfirmation => message(Number::CoinsConfirmed, POWNING),
        ReceiverStep::Banking => work(Number::CoinsConfirmed, STEP),
    }
}

/// Returns what is waited for: while the peer is away, a step that needs it waits for its coming.
pub(crate) fn waiting(wait: &Wait, presence: &Presence, step_until: Duration) -> Waiting {
    let step = Waiting { what: wait.what, until: step_until };
    match wait.what {
        WaitingFor::Person | WaitingFor::Work(_) => step,
        WaitingFor::Peer | WaitingFor::Message(_) => match presence {
            Presence::Away { until } | Presence::Fresh { until, .. } => {
                Waiting { what: WaitingFor::Peer, until: *until }
            }
            Presence::Here(_) | Presence::Parted => step,
        },
    }
}

/// Returns the step's message number: what a stuck step is called.
pub(crate) fn step_of(what: WaitingFor) -> u8 {
    match what {
        WaitingFor::Peer => Number::Heartbeat.get(),
        WaitingFor::Person => Number::Money.get(),
        WaitingFor::Message(number) | WaitingFor::Work(number) => number.get(),
    }
}
