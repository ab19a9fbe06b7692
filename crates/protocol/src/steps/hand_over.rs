//! Handing over: 22, 13, 24 and 14, both sides. Here the coins become the receiver's to take.
//!
//! ```text
//!   S                                R
//!   │── 22 Ready_To_Send_Coins ─────▶│  room on disk? 13 agents?
//!   │◀──────── 13 Ready_To_Receive ──│
//!   │   PERSIST InFlight             │
//!   │── 24 Coins, 24, … ────────────▶│  coins and new secrets durable in Import
//!   │   coins filed under Sent       │  PERSIST Received
//!   │◀──────────────── 14 Received ──│
//! ```
//! InFlight is durable before the first byte of a coin leaves, Received before 14 is said.
//! Failure: before InFlight both give up freely. After it the sender is in doubt; a receiver that has
//! not stored the batch has nothing of its own at risk, and may be sent it again. A batch that is not
//! what the manifest says is refused durably, then 23 says so.
//! Crash: the sender in flight sends the same batch again from its first byte.

use serde::{Deserialize, Serialize};

use crate::machine::{Cause, Fault, Job};
use crate::message::{BatchHash, Chunk, Last, Manifest, Message, Number};
use crate::receiver::{Check, CoinsOut, Holding, Receiver, ReceiverDurable, ReceiverStep, Word};
use crate::sender::{Flight, Refusal, Sender, SenderDurable, SenderStep};
use crate::turn::Turn;

/// The frames of 24 that came so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct CoinsRun {
    pub(crate) manifest: Manifest,
    /// The index of the next frame.
    pub(crate) next: u32,
}

impl Sender {
    /// Says 12 and 22.
    pub(crate) fn offer(self, manifest: Manifest, turn: &mut Turn) -> Sender {
        self.say(Message::EncryptingCoins(manifest.clone()), turn);
        self.say(Message::ReadyToSendCoins, turn);
        self.enter(SenderStep::AskingReady(manifest), turn)
    }

    /// 13: from here on the coins may be the receiver's.
    pub(crate) fn receiver_ready(self, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::AskingReady(manifest) => {
                let manifest = manifest.clone();
                self.send_coins(manifest, turn)
            }
            SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_)
            | SenderStep::ReadingReceipt
            | SenderStep::CheckingSecrets(_)
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self.out_of_step(Number::ReadyToReceive, turn),
        }
    }

    fn send_coins(mut self, manifest: Manifest, turn: &mut Turn) -> Sender {
        let batch = manifest.batch;
        if self.durable == SenderDurable::Open {
            let flight = Flight { manifest, refusal: Refusal::NotHeard, receipt: None };
            self.durable = SenderDurable::InFlight(flight);
            turn.persist();
        }
        turn.start(Job::SendCoins(batch));
        self.enter(SenderStep::SendingCoins, turn)
    }

    /// The last byte left.
    pub(crate) fn coins_sent(self, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::SendingCoins => {
                turn.start(Job::FileInSent);
                self.enter(SenderStep::AwaitingReceived, turn)
            }
            SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_)
            | SenderStep::ReadingReceipt
            | SenderStep::CheckingSecrets(_)
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self,
        }
    }

    /// 14: the receiver has them durably. It may have them from an earlier link, so that 14 comes
    /// while this side goes through the steps again.
    pub(crate) fn coins_received(self, turn: &mut Turn) -> Sender {
        if !matches!(self.durable, SenderDurable::InFlight(_)) {
            return self.out_of_step(Number::Received, turn);
        }
        match &self.step {
            SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::AskingReady(_) => self.file_and_await_receipt(turn),
            SenderStep::SendingCoins => {
                turn.stop_streaming();
                self.file_and_await_receipt(turn)
            }
            SenderStep::AwaitingReceived => self.await_receipt(turn),
            SenderStep::Meeting
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AwaitingReceipt(_)
            | SenderStep::ReadingReceipt
            | SenderStep::CheckingSecrets(_)
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self.out_of_step(Number::Received, turn),
        }
    }
}

impl Receiver {
    /// 22: is this side ready?
    pub(crate) fn asked_whether_ready(self, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::AwaitingReady(manifest) => {
                let manifest = manifest.clone();
                turn.start(Job::GetReady);
                self.enter(ReceiverStep::GettingReady(manifest), turn)
            }
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::Storing(_)
            | ReceiverStep::CheckingBatch
            | ReceiverStep::Powning(_)
            | ReceiverStep::SendingReceipt
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => self.out_of_step(Number::ReadyToSendCoins, turn),
        }
    }

    /// Ready: says 13.
    pub(crate) fn ready(mut self, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::GettingReady(manifest) => {
                let run = CoinsRun { manifest: manifest.clone(), next: 0 };
                self.coins_out = CoinsOut::Perhaps;
                self.say(Message::ReadyToReceive, turn);
                self.enter(ReceiverStep::ReceivingCoins(run), turn)
            }
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::Storing(_)
            | ReceiverStep::CheckingBatch
            | ReceiverStep::Powning(_)
            | ReceiverStep::SendingReceipt
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => self,
        }
    }

    /// 24: one frame; the driver keeps its bytes.
    pub(crate) fn coins_heard(self, chunk: Chunk, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::ReceivingCoins(run) if run.takes(chunk) => match chunk.last {
                Last::No => {
                    let run = CoinsRun { manifest: run.manifest.clone(), next: run.next + 1 };
                    self.enter(ReceiverStep::ReceivingCoins(run), turn)
                }
                Last::Yes => {
                    let manifest = run.manifest.clone();
                    turn.start(Job::Store);
                    self.enter(ReceiverStep::Storing(manifest), turn)
                }
            },
            ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::Storing(_)
            | ReceiverStep::CheckingBatch
            | ReceiverStep::Powning(_)
            | ReceiverStep::SendingReceipt
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => self.out_of_step(Number::Coins, turn),
        }
    }

    /// Coins and new secrets are durable: says 14, and 15 with the check that follows.
    pub(crate) fn stored(mut self, batch: BatchHash, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::Storing(manifest) if manifest.batch == batch => {
                let manifest = manifest.clone();
                let holding = Holding { manifest, check: Check::Due, word: Word::Awaited };
                self.durable = ReceiverDurable::Received(holding);
                turn.persist();
                self.say(Message::Received, turn);
                self.check_batch(turn)
            }
            ReceiverStep::Storing(_) => {
                let why = "the batch is not the one of the manifest".to_owned();
                self.job_failed(Fault::BadBatch(why), turn)
            }
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::CheckingBatch
            | ReceiverStep::Powning(_)
            | ReceiverStep::SendingReceipt
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => self,
        }
    }

    /// The batch could not be stored: a bad one is refused for ever, a full disk is no refusal.
    pub(crate) fn storing_failed(
        self,
        batch: BatchHash,
        fault: Fault,
        turn: &mut Turn,
    ) -> Receiver {
        match fault {
            Fault::BadBatch(why) => self.refuse(batch, why, turn),
            Fault::TooFewAgents { .. }
            | Fault::OtherAgents
            | Fault::NoExactCoins
            | Fault::ExchangeOpen(_)
            | Fault::BadReceipt(_)
            | Fault::Disk(_) => self.give_up(Cause::Fault(fault), turn),
        }
    }
}

impl CoinsRun {
    /// Returns whether a frame is the next one. No frame is empty, so a batch has no more of them
    /// than it has bytes.
    fn takes(&self, chunk: Chunk) -> bool {
        let coins = self.manifest.coins().unwrap_or(0);
        let bytes = u64::from(coins) * coin::batch::COIN_BYTES as u64;
        chunk.index == self.next && u64::from(chunk.index) < bytes
    }
}

#[cfg(test)]
mod tests {
    use coin::{Amount, Denomination};

    use super::CoinsRun;
    use crate::message::{BatchHash, Chunk, Last, Manifest};

    #[test]
    fn frames_come_one_after_the_other_and_no_more_than_there_are_bytes() {
        let amount = Amount::new(1).unwrap();
        let counts = vec![(Denomination::One, 1)];
        let manifest = Manifest { amount, counts, batch: BatchHash([0; 32]) };
        let takes = |next: u32, index: u32| {
            let run = CoinsRun { manifest: manifest.clone(), next };
            run.takes(Chunk { index, last: Last::No })
        };
        assert!(takes(0, 0) && takes(1, 1) && takes(404, 404));
        assert!(!takes(0, 1) && !takes(1, 0) && !takes(2, 1));
        assert!(!takes(405, 405));
    }
}
