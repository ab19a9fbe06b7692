//! The states of the sender: what is durable, and where the conversation stands.

use serde::{Deserialize, Serialize};

use crate::machine::{Cause, Job, Totals};
use crate::message::{BatchHash, Manifest};
use crate::steps::clear_folders::Clearing;
use crate::steps::prepare_coins::Preparing;
use crate::steps::settle::Checking;
use crate::steps::take_ownership::ReceiptRun;

/// What a restart finds. Whatever changes it persists it in the same turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum SenderDurable {
    /// No byte of a coin has left.
    Open,
    /// The coins may have left.
    InFlight(Flight),
    /// The old secrets are dead.
    Settled(Settlement),
}

/// The one batch of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Flight {
    pub(crate) manifest: Manifest,
    /// Whether the receiver promised durably never to pown it.
    pub(crate) refusal: Refusal,
    /// The newest receipt that was checked and left coins undecided.
    pub(crate) receipt: Option<Totals>,
}

/// Whether the receiver refused the batch durably.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Refusal {
    NotHeard,
    Heard,
}

/// Whether coins of the batch were, or may have been, taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Reclaimed {
    #[default]
    No,
    Yes,
}

impl Reclaimed {
    /// Tells whether nothing was taken back.
    pub(crate) fn is_no(&self) -> bool {
        *self == Reclaimed::No
    }
}

/// How a transfer was settled.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Settlement {
    pub(crate) batch: BatchHash,
    pub(crate) proof: Proof,
}

/// What shows that the coins changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Proof {
    /// A receipt, and the agents.
    Receipt(Totals),
    /// The agents alone.
    Agents,
}

/// Where the conversation stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum SenderStep {
    Meeting,
    ClearingFolders(Clearing),
    AgreeingAmount,
    Preparing(Preparing),
    Encrypting,
    AskingReady(Manifest),
    SendingCoins,
    AwaitingReceived,
    AwaitingReceipt(ReceiptRun),
    ReadingReceipt,
    CheckingSecrets(Checking),
    AskingAgents(Cause),
    Leaving(Cause),
}

impl SenderStep {
    /// Returns how far the step is on the way.
    pub(crate) fn place(&self) -> u8 {
        match self {
            SenderStep::Meeting => 0,
            SenderStep::ClearingFolders(_) => 1,
            SenderStep::AgreeingAmount => 2,
            SenderStep::Preparing(preparing) => 3 + preparing.what as u8,
            SenderStep::Encrypting => 11,
            SenderStep::AskingReady(_) => 12,
            SenderStep::SendingCoins => 13,
            SenderStep::AwaitingReceived => 14,
            SenderStep::AwaitingReceipt(_) => 15,
            SenderStep::ReadingReceipt => 16,
            SenderStep::CheckingSecrets(_) => 17,
            SenderStep::AskingAgents(_) => 18,
            SenderStep::Leaving(_) => 19,
        }
    }

    /// Returns whether the step cannot go on without the end of this job.
    pub(crate) fn waits_for(&self, job: &Job) -> bool {
        match self {
            SenderStep::ClearingFolders(clearing) => {
                *job == Job::ClearFolders && *clearing != Clearing::Theirs
            }
            SenderStep::Preparing(preparing) => *job == Job::Prepare(preparing.what),
            SenderStep::Encrypting => *job == Job::Encrypt,
            SenderStep::SendingCoins => matches!(job, Job::SendCoins(_)),
            SenderStep::ReadingReceipt => *job == Job::ReadReceipt,
            SenderStep::CheckingSecrets(_) => *job == Job::CheckOldSecrets,
            SenderStep::AskingAgents(_) => *job == Job::AskAgentsAlone,
            SenderStep::Leaving(_) => *job == Job::PutBack,
            SenderStep::Meeting
            | SenderStep::AgreeingAmount
            | SenderStep::AskingReady(_)
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_) => false,
        }
    }
}
