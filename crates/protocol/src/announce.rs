//! Long steps, announced again: after a reconnect, and every 20 s while they get on.
//!
//! The other side's wait for a step without progress starts anew with each announcement, and its
//! person sees that something is being done.

use std::time::Duration;

use crate::message::Message;
use crate::receiver::{Receiver, ReceiverStep};
use crate::sender::{Sender, SenderStep};
use crate::turn::Turn;
use crate::waits;

impl Sender {
    /// Says what is under way.
    pub(crate) fn announce(mut self, turn: &mut Turn) -> Sender {
        let now = turn.now();
        if let Some((message, announced)) = self.under_way() {
            *announced = now;
            self.say(message, turn);
        }
        self
    }

    /// Says what is under way, when that was last said long ago.
    pub(crate) fn announce_again(mut self, turn: &mut Turn) -> Sender {
        match self.under_way() {
            Some((_, announced)) if is_due(*announced, turn) => self.announce(turn),
            Some(_) | None => self,
        }
    }

    fn under_way(&mut self) -> Option<(Message, &mut Duration)> {
        match &mut self.step {
            SenderStep::Preparing(preparing) => {
                Some((preparing.what.message(), &mut preparing.announced))
            }
            SenderStep::CheckingSecrets(checking) => {
                Some((Message::ConfirmingChangeOfOwnership, &mut checking.announced))
            }
            SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_)
            | SenderStep::ReadingReceipt
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => None,
        }
    }
}

impl Receiver {
    /// Says what is under way.
    pub(crate) fn announce(mut self, turn: &mut Turn) -> Receiver {
        let now = turn.now();
        match &mut self.step {
            ReceiverStep::Powning(powning) => {
                powning.announced = now;
                self.say(Message::PowningCoins, turn);
            }
            ReceiverStep::CheckingBatch => self.say(Message::DecryptingCoins, turn),
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::Storing(_)
            | ReceiverStep::SendingReceipt
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => {}
        }
        self
    }

    /// Says 16 again, when that was last said long ago.
    pub(crate) fn announce_again(self, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::Powning(powning) if is_due(powning.announced, turn) => {
                self.announce(turn)
            }
            ReceiverStep::Powning(_)
            | ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::Storing(_)
            | ReceiverStep::CheckingBatch
            | ReceiverStep::SendingReceipt
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => self,
        }
    }
}

fn is_due(announced: Duration, turn: &Turn) -> bool {
    turn.now() >= announced.saturating_add(waits::ANNOUNCE_AGAIN)
}
