//! The states of the receiver: what is durable, and where the conversation stands.

use coin::Amount;
use serde::{Deserialize, Serialize};

use crate::machine::{Job, Totals};
use crate::message::{BatchHash, Manifest};
use crate::steps::hand_over::CoinsRun;
use crate::steps::take_ownership::Powning;

/// What a restart finds. Whatever changes it persists it in the same turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum ReceiverDurable {
    /// Nothing is here but, perhaps, the agreement on the amount.
    Open(Agreement),
    /// Coins and new secrets are stored.
    Received(Holding),
    /// Every coin has its verdict.
    Receipted(Receipted),
    /// The batch will never be powned here.
    Refused(Refused),
}

/// What the person accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Agreement {
    pub(crate) accepted: Option<Amount>,
}

/// A batch that is stored here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Holding {
    pub(crate) manifest: Manifest,
    /// A checked batch may have been powned, and is never refused any more.
    pub(crate) check: Check,
    pub(crate) word: Word,
}

/// Whether a batch was found to be what its manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Check {
    Due,
    Passed,
}

/// A batch with its verdicts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Receipted {
    pub(crate) batch: BatchHash,
    pub(crate) totals: Totals,
    pub(crate) word: Word,
}

/// The sender's last word about the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Word {
    /// Not yet heard.
    Awaited,
    /// 19 was heard for this receipt, which leaves coins undecided.
    Told,
    /// The sender has settled: no receipt is needed any more.
    Settled,
}

/// A batch that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) batch: BatchHash,
    pub(crate) why: String,
    pub(crate) told: Told,
}

/// Whether the sender heard of a refusal by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Told {
    No,
    Yes,
}

/// Whether the sender may have coins in flight to here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum CoinsOut {
    No,
    Perhaps,
}

/// Whether what is owned was moved to Default by this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Banked {
    No,
    Yes,
}

/// Where the conversation stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum ReceiverStep {
    Meeting,
    AwaitingClear,
    ClearingFolders,
    AwaitingAmount,
    AskingPerson,
    Watching,
    AwaitingReady(Manifest),
    GettingReady(Manifest),
    ReceivingCoins(CoinsRun),
    Storing(Manifest),
    CheckingBatch,
    Powning(Powning),
    SendingReceipt,
    AwaitingConfirmation,
    Banking,
}

impl ReceiverStep {
    /// Returns how far the step is on the way.
    pub(crate) fn place(&self) -> u8 {
        match self {
            ReceiverStep::Meeting => 0,
            ReceiverStep::AwaitingClear => 1,
            ReceiverStep::ClearingFolders => 2,
            ReceiverStep::AwaitingAmount => 3,
            ReceiverStep::AskingPerson => 4,
            ReceiverStep::Watching => 5,
            ReceiverStep::AwaitingReady(_) => 6,
            ReceiverStep::GettingReady(_) => 7,
            ReceiverStep::ReceivingCoins(_) => 8,
            ReceiverStep::Storing(_) => 9,
            ReceiverStep::CheckingBatch => 10,
            ReceiverStep::Powning(_) => 11,
            ReceiverStep::SendingReceipt => 12,
            ReceiverStep::AwaitingConfirmation => 13,
            ReceiverStep::Banking => 14,
        }
    }

    /// Returns whether the step cannot go on without the end of this job.
    pub(crate) fn waits_for(&self, job: &Job) -> bool {
        match self {
            ReceiverStep::ClearingFolders => *job == Job::ClearFolders,
            ReceiverStep::GettingReady(_) => *job == Job::GetReady,
            ReceiverStep::Storing(_) => *job == Job::Store,
            ReceiverStep::CheckingBatch => matches!(job, Job::CheckBatch(_)),
            ReceiverStep::Powning(_) => *job == Job::Pown,
            ReceiverStep::SendingReceipt => *job == Job::SendReceipt,
            ReceiverStep::Banking => *job == Job::Bank,
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::AwaitingConfirmation => false,
        }
    }
}
