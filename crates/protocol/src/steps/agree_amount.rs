//! Agreeing on the amount: 4, both sides.
//!
//! ```text
//!   S                        R
//!   │── 4 amount, memo ─────▶│  is it the amount expected? the person is asked, once
//!   │                        │  PERSIST the acceptance
//!   │◀──────────── 4 amount ─│
//! ```
//! An amount that was accepted is not asked about again after a reconnect or a restart. Another one
//! ends the conversation: one file, one transfer, one amount. Crash: both begin at 2 again.

use coin::Amount;

use crate::machine::{Cause, Consent, Question};
use crate::message::{Message, Number};
use crate::receiver::{Agreement, Receiver, ReceiverDurable, ReceiverStep};
use crate::sender::{Sender, SenderDurable, SenderStep};
use crate::turn::Turn;

impl Sender {
    /// Says 4.
    pub(crate) fn name_amount(self, turn: &mut Turn) -> Sender {
        let money = Message::Money { amount: self.amount, memo: self.memo.clone() };
        self.say(money, turn);
        self.enter(SenderStep::AgreeingAmount, turn)
    }

    /// 4 of the receiver: is it the same amount?
    pub(crate) fn amount_confirmed(self, amount: Amount, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::AgreeingAmount if amount == self.amount => self.agreed(turn),
            SenderStep::AgreeingAmount => self.peer_fault(Cause::OtherAmount(amount), turn),
            SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_)
            | SenderStep::ReadingReceipt
            | SenderStep::CheckingSecrets(_)
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self.out_of_step(Number::Money, turn),
        }
    }

    /// A batch in flight is the batch for ever: it is not prepared anew.
    fn agreed(self, turn: &mut Turn) -> Sender {
        match &self.durable {
            SenderDurable::Open => self.prepare_coins(turn),
            SenderDurable::InFlight(flight) => {
                let manifest = flight.manifest.clone();
                self.offer(manifest, turn)
            }
            SenderDurable::Settled(_) => self.confirm(turn),
        }
    }
}

impl Receiver {
    /// 4 of the sender.
    pub(crate) fn amount_named(
        self,
        amount: Amount,
        memo: Option<String>,
        turn: &mut Turn,
    ) -> Receiver {
        match &self.step {
            ReceiverStep::AwaitingAmount => self.weigh(Question { amount, memo }, turn),
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
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
            | ReceiverStep::Banking => self.out_of_step(Number::Money, turn),
        }
    }

    fn weigh(mut self, question: Question, turn: &mut Turn) -> Receiver {
        let amount = question.amount;
        if amount.is_zero() || self.expected.is_some_and(|expected| expected != amount) {
            return self.peer_fault(Cause::OtherAmount(amount), turn);
        }
        match (self.accepted(), self.asked) {
            (Some(accepted), _) if accepted == amount => self.accept(amount, turn),
            (None, Some(asked)) if asked == amount => self.enter(ReceiverStep::AskingPerson, turn),
            (None, None) => {
                self.asked = Some(amount);
                turn.ask(question);
                self.enter(ReceiverStep::AskingPerson, turn)
            }
            // The answer to one question must not be taken for the answer to another.
            (Some(_), _) | (None, Some(_)) => self.peer_fault(Cause::OtherAmount(amount), turn),
        }
    }

    /// The person's answer, which may come while the sender is away.
    pub(crate) fn person_answered(mut self, consent: Consent, turn: &mut Turn) -> Receiver {
        let Some(amount) = self.asked.take() else { return self };
        match consent {
            Consent::No => self.give_up(Cause::Declined, turn),
            Consent::Yes => {
                self.durable = ReceiverDurable::Open(Agreement { accepted: Some(amount) });
                turn.persist();
                if self.step == ReceiverStep::AskingPerson {
                    self.accept(amount, turn)
                } else {
                    self
                }
            }
        }
    }

    /// Says 4; the acceptance is durable.
    fn accept(self, amount: Amount, turn: &mut Turn) -> Receiver {
        self.say(Message::Money { amount, memo: None }, turn);
        self.enter(ReceiverStep::Watching, turn)
    }

    /// Returns the amount that the person accepted durably.
    pub(crate) fn accepted(&self) -> Option<Amount> {
        match &self.durable {
            ReceiverDurable::Open(agreement) => agreement.accepted,
            ReceiverDurable::Received(_)
            | ReceiverDurable::Receipted(_)
            | ReceiverDurable::Refused(_) => None,
        }
    }
}
