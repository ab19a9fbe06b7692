//! Taking ownership: 15, 16 and 17, both sides.
//!
//! ```text
//!   S                                  R
//!   │◀──────────── 15 Decrypting_Coins ──│  the batch is checked against the manifest
//!   │                                    │  PERSIST that it passed
//!   │◀─────────────── 16 Powning_Coins ──│  pown at the 25 agents; every coin booked by its verdict
//!   │                                    │  PERSIST Receipted; what is owned goes to Default
//!   │◀──────────── 17 receipt, 17, … ────│
//! ```
//! The receiver does all of this without the sender, if it must: on a cut link, after a restart,
//! after 23. Failure: a batch that does not pass the check is refused durably; once it passed, a
//! pown may have begun and nothing is refused any more. With fewer than 13 agents the coins stay
//! where they are, in doubt, and the next start goes on. Crash: the check or the pown is done again,
//! with the same new secrets; a receipt is said again from its first byte.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::machine::{Cause, Fault, Job, Totals};
use crate::message::{BatchHash, Chunk, Last, Message, Number};
use crate::presence::Presence;
use crate::receiver::{
    Banked, Check, Holding, Receipted, Receiver, ReceiverDurable, ReceiverStep, Refused, Told, Word,
};
use crate::sender::{Sender, SenderDurable, SenderStep};
use crate::steps::part;
use crate::turn::Turn;

/// A pown that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Powning {
    /// When it was last announced.
    pub(crate) announced: Duration,
}

/// The frames of 17 that came so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct ReceiptRun {
    /// The index of the next frame.
    pub(crate) next: u32,
}

impl Sender {
    /// The receiver has the coins from an earlier link, or before this side knew that the last byte
    /// had left: they are still to be filed under Sent.
    pub(crate) fn file_and_await_receipt(self, turn: &mut Turn) -> Sender {
        turn.start(Job::FileInSent);
        self.await_receipt(turn)
    }

    /// The receiver has the coins: waits for its receipt.
    pub(crate) fn await_receipt(self, turn: &Turn) -> Sender {
        self.enter(SenderStep::AwaitingReceipt(ReceiptRun { next: 0 }), turn)
    }

    /// 15 or 16: the receiver gets on.
    pub(crate) fn ownership_being_taken(mut self, heard: Number, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::AwaitingReceipt(_) => {
                self.renew(turn);
                self
            }
            // A restarted receiver asks once more about undecided coins while its earlier receipt
            // is being read here.
            SenderStep::ReadingReceipt | SenderStep::CheckingSecrets(_) => self,
            SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self.out_of_step(heard, turn),
        }
    }

    /// 17: one frame; the driver keeps its bytes.
    pub(crate) fn receipt_heard(self, chunk: Chunk, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::AwaitingReceipt(run) if self.takes(run, chunk) => match chunk.last {
                Last::No => {
                    let run = ReceiptRun { next: run.next + 1 };
                    self.enter(SenderStep::AwaitingReceipt(run), turn)
                }
                Last::Yes => {
                    turn.start(Job::ReadReceipt);
                    self.enter(SenderStep::ReadingReceipt, turn)
                }
            },
            // After a reconnect the receiver says again what is being read already.
            SenderStep::ReadingReceipt | SenderStep::CheckingSecrets(_) => self,
            SenderStep::AwaitingReceipt(_)
            | SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self.out_of_step(Number::Receipt, turn),
        }
    }

    /// A frame of a receipt holds many coins; a receipt of more frames than coins is none.
    fn takes(&self, run: &ReceiptRun, chunk: Chunk) -> bool {
        let coins = match &self.durable {
            SenderDurable::InFlight(flight) => flight.manifest.coins().unwrap_or(0),
            SenderDurable::Open | SenderDurable::Settled(_) => 0,
        };
        chunk.index == run.next && chunk.index <= coins
    }
}

impl Receiver {
    /// Says 15 and checks the batch.
    pub(crate) fn check_batch(self, turn: &mut Turn) -> Receiver {
        let ReceiverDurable::Received(holding) = &self.durable else { return self };
        self.say(Message::DecryptingCoins, turn);
        turn.start(Job::CheckBatch(holding.manifest.clone()));
        self.enter(ReceiverStep::CheckingBatch, turn)
    }

    /// The batch is what the manifest says: from here on it may be powned, and is not refused.
    pub(crate) fn batch_checked(mut self, turn: &mut Turn) -> Receiver {
        match (&self.step, &self.durable) {
            (ReceiverStep::CheckingBatch, ReceiverDurable::Received(holding)) => {
                let holding = Holding { check: Check::Passed, ..holding.clone() };
                self.durable = ReceiverDurable::Received(holding);
                turn.persist();
                self.pown(turn)
            }
            (
                ReceiverStep::CheckingBatch
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
                | ReceiverStep::Powning(_)
                | ReceiverStep::SendingReceipt
                | ReceiverStep::AwaitingConfirmation
                | ReceiverStep::Banking,
                ReceiverDurable::Open(_)
                | ReceiverDurable::Received(_)
                | ReceiverDurable::Receipted(_)
                | ReceiverDurable::Refused(_),
            ) => self,
        }
    }

    /// Says 16 and powns: the first time, after a restart, or because coins are undecided.
    pub(crate) fn pown(self, turn: &mut Turn) -> Receiver {
        self.say(Message::PowningCoins, turn);
        turn.start(Job::Pown);
        let announced = turn.now();
        self.enter(ReceiverStep::Powning(Powning { announced }), turn)
    }

    /// Every coin has its verdict, is booked, and stands in a receipt.
    pub(crate) fn powned(mut self, totals: Totals, turn: &mut Turn) -> Receiver {
        if !self.is_powning() {
            return self;
        }
        let (batch, word) = match &self.durable {
            ReceiverDurable::Received(holding) => (holding.manifest.batch, holding.word),
            ReceiverDurable::Receipted(old) if old.totals != totals && old.word == Word::Told => {
                // The receipt that 19 was about is out of date.
                (old.batch, Word::Awaited)
            }
            ReceiverDurable::Receipted(old) => (old.batch, old.word),
            ReceiverDurable::Open(_) | ReceiverDurable::Refused(_) => return self,
        };
        self.durable = ReceiverDurable::Receipted(Receipted { batch, totals, word });
        self.banked = Banked::No;
        turn.persist();
        self.deliver_receipt(turn)
    }

    /// There is a receipt: the sender gets it if it is here, or comes, and needs it.
    pub(crate) fn deliver_receipt(self, turn: &mut Turn) -> Receiver {
        let ReceiverDurable::Receipted(receipted) = &self.durable else { return self };
        let word = receipted.word;
        match (&self.presence, word) {
            (_, Word::Settled) | (Presence::Parted, _) => self.bank_and_end(turn),
            (Presence::Here(_), Word::Awaited | Word::Told) => self.send_receipt(turn),
            (Presence::Away { .. }, Word::Told) => self.bank_and_end(turn),
            (Presence::Away { .. }, Word::Awaited) | (Presence::Fresh { .. }, _) => {
                self.await_sender(turn)
            }
        }
    }

    /// Says 17, from its first byte; what is owned does not wait for what the sender says to it.
    pub(crate) fn send_receipt(self, turn: &mut Turn) -> Receiver {
        turn.start(Job::SendReceipt);
        self.start_banking(turn);
        self.enter(ReceiverStep::SendingReceipt, turn)
    }

    /// The last byte of the receipt left.
    pub(crate) fn receipt_sent(self, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::SendingReceipt => self.enter(ReceiverStep::AwaitingConfirmation, turn),
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
            | ReceiverStep::CheckingBatch
            | ReceiverStep::Powning(_)
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => self,
        }
    }

    /// Records that this batch will never be powned here, then says why.
    pub(crate) fn refuse(mut self, batch: BatchHash, why: String, turn: &mut Turn) -> Receiver {
        let refused = Refused { batch, why, told: Told::No };
        self.durable = ReceiverDurable::Refused(refused.clone());
        turn.persist();
        self.say(Message::Abort(refused.why.clone()), turn);
        self.over(part::refusal(&refused), turn)
    }

    /// The check could not be made, or the batch did not pass it.
    pub(crate) fn check_failed(self, fault: Fault, turn: &mut Turn) -> Receiver {
        match (&self.durable, fault) {
            (ReceiverDurable::Received(holding), Fault::BadBatch(why)) => {
                let batch = holding.manifest.batch;
                self.refuse(batch, why, turn)
            }
            (
                ReceiverDurable::Open(_)
                | ReceiverDurable::Received(_)
                | ReceiverDurable::Receipted(_)
                | ReceiverDurable::Refused(_),
                fault,
            ) => self.give_up(Cause::Fault(fault), turn),
        }
    }

    /// The pown could not be made. Of a batch that has its receipt, that receipt still holds.
    pub(crate) fn pown_failed(self, fault: Fault, turn: &mut Turn) -> Receiver {
        match &self.durable {
            ReceiverDurable::Receipted(_) => self.deliver_receipt(turn),
            ReceiverDurable::Open(_)
            | ReceiverDurable::Received(_)
            | ReceiverDurable::Refused(_) => self.give_up(Cause::Fault(fault), turn),
        }
    }

    pub(crate) fn is_powning(&self) -> bool {
        matches!(self.step, ReceiverStep::Powning(_))
    }
}
