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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use coin::Amount;

    use crate::machine::{Cause, Consent, Input, Now, Outcome, Output, Report};
    use crate::message::{DurableStep, Message, Position};
    use crate::receiver::Receiver;
    use crate::sender::Sender;
    use crate::waits::Patience;

    const NOW: Now = Now { monotonic: Duration::ZERO, wall_secs: 0 };

    fn amount(units: u64) -> Amount {
        Amount::new(units).unwrap()
    }

    fn money(units: u64) -> Input {
        Input::Heard(Message::Money { amount: amount(units), memo: None })
    }

    fn open() -> Input {
        let position = Position { step: DurableStep::Open, batch: None };
        Input::Heard(Message::Heartbeat(Some(position)))
    }

    fn sender_hears(units: u64) -> Sender {
        let done = Input::Done(Report::FoldersCleared);
        let empty = Input::Heard(Message::ImportExportEmpty);
        let inputs = [Input::Linked, open(), done, empty, money(units)];
        let sender = Sender::new(amount(3439), None, Patience::default());
        inputs.into_iter().fold(sender, |sender, input| sender.handle(NOW, input).0)
    }

    fn receiver_hears(receiver: Receiver, units: u64) -> (Receiver, Vec<Output>) {
        let clear = Input::Heard(Message::EmptyImportExport);
        let inputs = [Input::Linked, open(), clear, Input::Done(Report::FoldersCleared)];
        inputs
            .into_iter()
            .fold(receiver, |receiver, input| receiver.handle(NOW, input).0)
            .handle(NOW, money(units))
    }

    #[test]
    fn echo_of_the_same_amount_begins_the_preparations() {
        let (_, outputs) = sender_hears(3439).handle(NOW, Input::Progress);
        assert_eq!(outputs, []);
    }

    #[test]
    fn echo_of_another_amount_ends_the_session() {
        let (sender, outputs) = sender_hears(3438).handle(NOW, Input::Done(Report::PutBack));
        let returned = Outcome::Returned(Cause::OtherAmount(amount(3438)));
        assert_eq!(outputs, [Output::End(returned)]);
        assert!(sender.is_over());
    }

    #[test]
    fn an_amount_that_was_not_expected_ends_the_session_unasked() {
        for (expected, named) in [(Some(amount(3439)), 3438), (None, 0)] {
            let (receiver, _) = receiver_hears(Receiver::new(expected, Patience::default()), named);
            let returned = Outcome::Returned(Cause::OtherAmount(amount(named)));
            assert_eq!(receiver.outcome(), Some(&returned));
        }
    }

    #[test]
    fn an_accepted_amount_is_not_asked_about_again_and_no_other_is_taken() {
        let (receiver, outputs) = receiver_hears(Receiver::new(None, Patience::default()), 3439);
        assert!(matches!(outputs[..], [Output::Ask(_)]));
        let (receiver, outputs) = receiver.handle(NOW, Input::Answered(Consent::Yes));
        let confirmed = Output::Say(Message::Money { amount: amount(3439), memo: None });
        assert_eq!(outputs, [Output::Persist, confirmed.clone()]);
        let (_, outputs) = receiver_hears(receiver.clone().resumed(NOW), 3439);
        assert_eq!(outputs, [confirmed]);
        let (other, _) = receiver_hears(receiver.resumed(NOW), 34);
        let returned = Outcome::Returned(Cause::OtherAmount(amount(34)));
        assert_eq!(other.outcome(), Some(&returned));
    }

    #[test]
    fn a_question_that_stands_is_not_asked_twice_and_its_answer_is_for_its_amount() {
        let (receiver, _) = receiver_hears(Receiver::new(None, Patience::default()), 3439);
        let (again, outputs) = receiver_hears(receiver.clone(), 3439);
        assert_eq!(outputs, []);
        assert!(!again.is_over());
        let (other, _) = receiver_hears(receiver, 1);
        assert!(other.is_over());
    }
}
