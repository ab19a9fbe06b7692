//! Clearing folders: 2 and 3, both sides.
//!
//! ```text
//!   S                                   R
//!   │── 2 Empty_Import_Export ─────────▶│  both move what belongs to no open transfer to Suspect
//!   │◀───────── 3 Import_Export_Empty ──│
//! ```
//! Failure: nothing is at risk, the side that fails says 23. In flight the same steps are gone
//! through again and mean nothing for the batch. Crash: both begin here again.

use serde::{Deserialize, Serialize};

use crate::machine::Job;
use crate::message::{Message, Number};
use crate::receiver::{Receiver, ReceiverStep};
use crate::sender::{Sender, SenderStep};
use crate::turn::Turn;

/// Whose folders are still to be cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Clearing {
    Both,
    Ours,
    Theirs,
}

impl Sender {
    /// Says 2 and clears this side's folders meanwhile.
    pub(crate) fn clear_folders(self, turn: &mut Turn) -> Sender {
        self.say(Message::EmptyImportExport, turn);
        turn.start(Job::ClearFolders);
        self.enter(SenderStep::ClearingFolders(Clearing::Both), turn)
    }

    /// Our folders are clear.
    pub(crate) fn folders_cleared(self, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::ClearingFolders(Clearing::Both) => {
                self.enter(SenderStep::ClearingFolders(Clearing::Theirs), turn)
            }
            SenderStep::ClearingFolders(Clearing::Ours) => self.name_amount(turn),
            SenderStep::ClearingFolders(Clearing::Theirs)
            | SenderStep::Meeting
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_)
            | SenderStep::ReadingReceipt
            | SenderStep::CheckingSecrets(_)
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self,
        }
    }

    /// 3: the receiver's folders are clear.
    pub(crate) fn folders_empty(self, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::ClearingFolders(Clearing::Both) => {
                self.enter(SenderStep::ClearingFolders(Clearing::Ours), turn)
            }
            SenderStep::ClearingFolders(Clearing::Theirs) => self.name_amount(turn),
            SenderStep::ClearingFolders(Clearing::Ours)
            | SenderStep::Meeting
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_)
            | SenderStep::ReadingReceipt
            | SenderStep::CheckingSecrets(_)
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self.out_of_step(Number::ImportExportEmpty, turn),
        }
    }
}

impl Receiver {
    /// 2: clear the folders.
    pub(crate) fn asked_to_clear(self, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::AwaitingClear => {
                turn.start(Job::ClearFolders);
                self.enter(ReceiverStep::ClearingFolders, turn)
            }
            // A sender in flight begins again while the batch of the old link is being stored:
            // 14 or 23 will answer it.
            ReceiverStep::Storing(_) => self,
            // The batch became durable between this side's position and the sender's 2.
            ReceiverStep::CheckingBatch | ReceiverStep::Powning(_) => self,
            ReceiverStep::SendingReceipt | ReceiverStep::AwaitingConfirmation => self,
            ReceiverStep::Meeting
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::Banking => self.out_of_step(Number::EmptyImportExport, turn),
        }
    }

    /// The folders are clear.
    pub(crate) fn folders_cleared(self, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::ClearingFolders => {
                self.say(Message::ImportExportEmpty, turn);
                self.enter(ReceiverStep::AwaitingAmount, turn)
            }
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::Storing(_)
            | ReceiverStep::CheckingBatch
            | ReceiverStep::Powning(_)
            | ReceiverStep::SendingReceipt
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => self,
        }
    }
}
