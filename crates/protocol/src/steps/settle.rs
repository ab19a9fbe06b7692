//! Settling: 18 and 19, both sides.
//!
//! ```text
//!   S                                              R
//!   │── 18 Confirming Change of Ownership ────────▶│
//!   │   is every coin that the receipt calls owned  │
//!   │   dead under its old secret?                  │
//!   │   PERSIST Settled                             │
//!   │── 19 Coins confirmed. ──────────────────────▶│  PERSIST that it is closed
//! ```
//! Where coins stay undecided 19 closes the conversation all the same: the sender stays InFlight with
//! the receipt it has seen, the receiver Receipted, and a later session brings a newer receipt.
//! Failure: some old secret is alive although the receipt calls its coin owned: the sender says 23
//! and stays in doubt. The receiver banks what it owns before 19 and without it. Crash: a settled sender
//! says 19 again, a receiver its receipt.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::machine::{Cause, Fault, Job, OldSecrets, Outcome, Totals};
use crate::message::{Message, Number};
use crate::presence::Presence;
use crate::receiver::{Banked, Receipted, Receiver, ReceiverDurable, ReceiverStep, Word};
use crate::sender::{Flight, Proof, Sender, SenderDurable, SenderStep, Settlement};
use crate::turn::Turn;

/// The old secrets are being asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Checking {
    /// What the receipt says.
    pub(crate) totals: Totals,
    /// When 18 was last said.
    pub(crate) announced: Duration,
}

impl Sender {
    /// The receipt is in: says 18 and asks the agents.
    pub(crate) fn receipt_read(self, totals: Totals, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::ReadingReceipt if totals.sum() == Some(self.amount) => {
                self.say(Message::ConfirmingChangeOfOwnership, turn);
                turn.start(Job::CheckOldSecrets);
                let announced = turn.now();
                self.enter(SenderStep::CheckingSecrets(Checking { totals, announced }), turn)
            }
            SenderStep::ReadingReceipt => {
                let why = "the sums of the receipt do not make the amount".to_owned();
                self.job_failed(Fault::BadReceipt(why), turn)
            }
            SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_)
            | SenderStep::CheckingSecrets(_)
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self,
        }
    }

    /// The agents answered about the coins that the receipt calls owned.
    pub(crate) fn secrets_checked(mut self, secrets: OldSecrets, turn: &mut Turn) -> Sender {
        let (totals, flight) = match (&self.step, &self.durable) {
            (SenderStep::CheckingSecrets(checking), SenderDurable::InFlight(flight)) => {
                (checking.totals, flight.clone())
            }
            (
                SenderStep::CheckingSecrets(_)
                | SenderStep::Meeting
                | SenderStep::ClearingFolders(_)
                | SenderStep::AgreeingAmount
                | SenderStep::Preparing(_)
                | SenderStep::Encrypting
                | SenderStep::AskingReady(_)
                | SenderStep::SendingCoins
                | SenderStep::AwaitingReceived
                | SenderStep::AwaitingReceipt(_)
                | SenderStep::ReadingReceipt
                | SenderStep::AskingAgents(_)
                | SenderStep::Leaving(_),
                SenderDurable::Open | SenderDurable::InFlight(_) | SenderDurable::Settled(_),
            ) => return self,
        };
        if !secrets.alive_or_unknown.is_zero() {
            return self.stop_in_doubt(Cause::Undecided(totals), turn);
        }
        if totals.all_owned() {
            return self.settle(&flight, Proof::Receipt(totals), turn);
        }
        self.durable = SenderDurable::InFlight(Flight { receipt: Some(totals), ..flight });
        turn.persist();
        self.say(Message::CoinsConfirmed, turn);
        self.over(Outcome::InDoubt(Cause::Undecided(totals)), turn)
    }

    /// The agents answered about all coins, without the peer.
    pub(crate) fn agents_answered(self, secrets: OldSecrets, turn: &mut Turn) -> Sender {
        let SenderStep::AskingAgents(cause) = &self.step else { return self };
        let SenderDurable::InFlight(flight) = &self.durable else { return self };
        // Nobody holds the old secret of a counterfeit coin either, which proves no payment.
        let disputed = flight.receipt.is_some_and(|totals| !totals.counterfeit.is_zero());
        if secrets.alive_or_unknown.is_zero() && !disputed {
            let flight = flight.clone();
            return self.settle(&flight, Proof::Agents, turn);
        }
        let cause = cause.clone();
        self.over(Outcome::InDoubt(cause), turn)
    }

    fn settle(mut self, flight: &Flight, proof: Proof, turn: &mut Turn) -> Sender {
        let batch = flight.manifest.batch;
        self.durable = SenderDurable::Settled(Settlement { batch, proof });
        turn.persist();
        self.confirm(turn)
    }

    /// Settled: says 19, to a receiver that is here or that comes within the wait.
    pub(crate) fn confirm(self, turn: &mut Turn) -> Sender {
        match &self.presence {
            Presence::Here(_) => {
                self.say(Message::CoinsConfirmed, turn);
                self.end_settled(turn)
            }
            Presence::Parted => self.end_settled(turn),
            Presence::Away { .. } | Presence::Fresh { .. } => self.enter(SenderStep::Meeting, turn),
        }
    }

    pub(crate) fn end_settled(self, turn: &mut Turn) -> Sender {
        let outcome = match &self.durable {
            SenderDurable::Settled(Settlement { proof: Proof::Receipt(totals), .. }) => {
                Outcome::Done(*totals)
            }
            SenderDurable::Settled(Settlement { proof: Proof::Agents, .. }) => {
                Outcome::Unreceipted(self.amount)
            }
            SenderDurable::Open | SenderDurable::InFlight(_) => return self,
        };
        self.over(outcome, turn)
    }

    /// Returns whether a whole receipt is here and worked on: the peer is not needed for that.
    pub(crate) fn has_receipt(&self) -> bool {
        matches!(self.step, SenderStep::ReadingReceipt | SenderStep::CheckingSecrets(_))
    }
}

impl Receiver {
    /// 18: the sender asks the agents.
    pub(crate) fn being_confirmed(self, turn: &mut Turn) -> Receiver {
        match &self.step {
            // The last frame of 17 may be heard, and read, before this side is told that it left.
            ReceiverStep::SendingReceipt => {
                turn.stop_streaming();
                self.enter(ReceiverStep::AwaitingConfirmation, turn)
            }
            ReceiverStep::AwaitingConfirmation => {
                self.enter(ReceiverStep::AwaitingConfirmation, turn)
            }
            // About the receipt of an earlier session.
            ReceiverStep::Powning(_) if self.is_receipted() => self,
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
            | ReceiverStep::Banking => self.out_of_step(Number::ConfirmingChangeOfOwnership, turn),
        }
    }

    /// 19: closed on both sides.
    pub(crate) fn confirmed(mut self, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::SendingReceipt => {
                turn.stop_streaming();
                self.note(self.told(), turn);
                self.bank_and_end(turn)
            }
            ReceiverStep::AwaitingConfirmation => {
                self.note(self.told(), turn);
                self.bank_and_end(turn)
            }
            ReceiverStep::CheckingBatch | ReceiverStep::Powning(_) if self.is_settled() => self,
            ReceiverStep::Powning(_) if self.is_receipted() => {
                self.note(self.told(), turn);
                self
            }
            ReceiverStep::Powning(_)
            | ReceiverStep::CheckingBatch
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
            | ReceiverStep::Banking => self.out_of_step(Number::CoinsConfirmed, turn),
        }
    }

    /// What 19 means for the receipt that is durable here.
    fn told(&self) -> Word {
        match &self.durable {
            ReceiverDurable::Receipted(receipted) if receipted.totals.all_owned() => Word::Settled,
            ReceiverDurable::Receipted(_)
            | ReceiverDurable::Open(_)
            | ReceiverDurable::Received(_)
            | ReceiverDurable::Refused(_) => Word::Told,
        }
    }

    /// Records the sender's last word.
    pub(crate) fn note(&mut self, heard: Word, turn: &mut Turn) {
        match &mut self.durable {
            ReceiverDurable::Received(holding) => holding.word = heard,
            ReceiverDurable::Receipted(receipted) => receipted.word = heard,
            ReceiverDurable::Open(_) | ReceiverDurable::Refused(_) => return,
        }
        turn.persist();
    }

    fn is_receipted(&self) -> bool {
        matches!(self.durable, ReceiverDurable::Receipted(_))
    }

    fn is_settled(&self) -> bool {
        match &self.durable {
            ReceiverDurable::Received(holding) => holding.word == Word::Settled,
            ReceiverDurable::Receipted(receipted) => receipted.word == Word::Settled,
            ReceiverDurable::Open(_) | ReceiverDurable::Refused(_) => false,
        }
    }

    /// The conversation is over: moves what is owned to Default, then ends by the verdict.
    pub(crate) fn bank_and_end(mut self, turn: &mut Turn) -> Receiver {
        self.presence = Presence::Parted;
        match self.banked {
            Banked::Yes => self.end_by_verdict(turn),
            Banked::No => {
                self.start_banking(turn);
                self.enter(ReceiverStep::Banking, turn)
            }
        }
    }

    /// What is owned is in Default.
    pub(crate) fn coins_banked(mut self, turn: &mut Turn) -> Receiver {
        self.banked = Banked::Yes;
        if self.step == ReceiverStep::Banking { self.end_by_verdict(turn) } else { self }
    }

    pub(crate) fn end_by_verdict(self, turn: &mut Turn) -> Receiver {
        let ReceiverDurable::Receipted(Receipted { totals, .. }) = &self.durable else {
            return self;
        };
        let totals = *totals;
        let outcome = if totals.all_owned() {
            Outcome::Done(totals)
        } else if totals.limbo.is_zero() {
            Outcome::Partly(totals)
        } else {
            Outcome::InDoubt(Cause::Undecided(totals))
        };
        self.over(outcome, turn)
    }
}
