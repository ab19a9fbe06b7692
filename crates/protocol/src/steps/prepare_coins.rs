//! Preparing the coins: 5 to 11, 21, and 12 with the manifest, both sides.
//!
//! ```text
//!   S                                             R
//!   │── 5, 6, 7, 21, 8, 9, 10, 11 ───────────────▶│  shows them
//!   │   each said, then done at the agents         │
//!   │   PERSIST the batch                          │
//!   │── 12 Encrypting Coins (manifest) ──────────▶│  does it make the amount?
//! ```
//! Failure: the sender puts the coins back, nothing is at risk. Crash: the sender begins at 2 again;
//! each preparation finds what was done already. The newest manifest counts.

use std::time::Duration;

use coin::Amount;
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::machine::{Cause, Fault, Job, Preparation};
use crate::message::{Manifest, Message, Number};
use crate::receiver::{Receiver, ReceiverStep};
use crate::sender::{Sender, SenderStep};
use crate::turn::Turn;

/// A preparation that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Preparing {
    pub(crate) what: Preparation,
    /// When it was last announced.
    pub(crate) announced: Duration,
}

impl Preparation {
    /// All of them, in their order.
    pub const ALL: [Preparation; 8] = [
        Preparation::MakeChange,
        Preparation::JoinCoins,
        Preparation::FindChange,
        Preparation::FixChange,
        Preparation::MoveToSender,
        Preparation::Detect,
        Preparation::FixCoins,
        Preparation::PutInExport,
    ];

    /// Returns the message that announces it.
    pub fn message(self) -> Message {
        match self {
            Preparation::MakeChange => Message::MakingChange,
            Preparation::JoinCoins => Message::JoiningCoins,
            Preparation::FindChange => Message::FindingChange,
            Preparation::FixChange => Message::FixingChange,
            Preparation::MoveToSender => Message::MovingCoinsToSender,
            Preparation::Detect => Message::DetectingCoins,
            Preparation::FixCoins => Message::FixingCoins,
            Preparation::PutInExport => Message::PuttingCoinsInExport,
        }
    }

    fn next(self) -> Option<Preparation> {
        Preparation::ALL.into_iter().skip_while(|one| *one != self).nth(1)
    }
}

impl Sender {
    /// Begins with 5.
    pub(crate) fn prepare_coins(self, turn: &mut Turn) -> Sender {
        self.prepare(Preparation::MakeChange, turn)
    }

    fn prepare(self, what: Preparation, turn: &mut Turn) -> Sender {
        self.say(what.message(), turn);
        turn.start(Job::Prepare(what));
        let announced = turn.now();
        self.enter(SenderStep::Preparing(Preparing { what, announced }), turn)
    }

    /// A preparation is done: the next one.
    pub(crate) fn prepared(self, done: Preparation, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::Preparing(preparing) if preparing.what == done => match done.next() {
                Some(next) => self.prepare(next, turn),
                None => {
                    turn.start(Job::Encrypt);
                    self.enter(SenderStep::Encrypting, turn)
                }
            },
            SenderStep::Preparing(_)
            | SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
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

    /// The batch is laid out and durable.
    pub(crate) fn encrypted(self, manifest: Manifest, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::Encrypting => match check(&manifest, self.amount) {
                Ok(()) => {
                    turn.persist();
                    self.offer(manifest, turn)
                }
                Err(why) => self.give_up(Cause::Fault(Fault::BadBatch(why)), turn),
            },
            SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
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
}

impl Receiver {
    /// 5 to 11 and 21: the driver shows them, in whatever order they come.
    pub(crate) fn preparation_seen(mut self, heard: Number, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::Watching => {
                self.renew(turn);
                self
            }
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::Storing(_)
            | ReceiverStep::CheckingBatch
            | ReceiverStep::Powning(_)
            | ReceiverStep::SendingReceipt
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => self.out_of_step(heard, turn),
        }
    }

    /// 12: what the batch will have to be.
    pub(crate) fn manifest_heard(self, manifest: Manifest, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::Watching => {
                match check(&manifest, self.accepted().unwrap_or(Amount::ZERO)) {
                    Ok(()) => self.enter(ReceiverStep::AwaitingReady(manifest), turn),
                    Err(why) => self.peer_fault(Cause::Fault(Fault::BadBatch(why)), turn),
                }
            }
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::Storing(_)
            | ReceiverStep::CheckingBatch
            | ReceiverStep::Powning(_)
            | ReceiverStep::SendingReceipt
            | ReceiverStep::AwaitingConfirmation
            | ReceiverStep::Banking => self.out_of_step(Number::EncryptingCoins, turn),
        }
    }
}

/// Checks a manifest against the amount agreed on: what a batch of coins can be at all.
fn check(manifest: &Manifest, agreed: Amount) -> Result<(), String> {
    if manifest.amount != agreed {
        return Err(format!("the manifest says {}, agreed was {agreed}", manifest.amount));
    }
    if !manifest.counts.is_sorted_by(|one, next| one.0 > next.0) {
        return Err("the manifest counts a denomination twice, or out of order".to_owned());
    }
    match manifest.coins() {
        Some(coins) if coins <= limits::BATCH_COINS_MAX => {}
        Some(_) | None => {
            return Err(format!("a batch has at most {} coins", limits::BATCH_COINS_MAX));
        }
    }
    if manifest.sum() == Some(agreed) {
        Ok(())
    } else {
        Err(format!("the counts of the manifest do not make {agreed}"))
    }
}

#[cfg(test)]
mod tests {
    use coin::{Amount, Denomination};

    use super::check;
    use crate::message::{BatchHash, Manifest};

    fn checked(amount: u64, counts: &[(Denomination, u32)]) -> bool {
        let amount = Amount::new(amount).unwrap();
        let manifest = Manifest { amount, counts: counts.to_vec(), batch: BatchHash([0; 32]) };
        check(&manifest, Amount::new(3439).unwrap()).is_ok()
    }

    #[test]
    fn a_manifest_makes_the_amount_agreed_on_and_no_other() {
        use Denomination::{Five, Hundred, One, TwentyFive, TwoHundredFifty};
        let counts = [(TwoHundredFifty, 13), (Hundred, 1), (TwentyFive, 3), (Five, 2), (One, 4)];
        assert!(checked(3439, &counts));
        assert!(checked(3439, &[(One, 3439)]));
        assert!(!checked(3438, &[(One, 3438)]));
        assert!(!checked(3438, &[(One, 3439)]));
        assert!(!checked(3439, &[(One, 3438)]));
        assert!(!checked(3439, &[]));
        assert!(!checked(3439, &[(One, 439), (One, 3000)]));
        assert!(!checked(3439, &[(One, 3339), (Hundred, 1)]));
        assert!(!checked(3439, &[(Five, u32::MAX), (One, u32::MAX)]));
    }

    #[test]
    fn a_batch_of_more_than_a_million_coins_is_none() {
        let amount = Amount::new(1_000_001).unwrap();
        let counts = vec![(Denomination::One, 1_000_001)];
        let manifest = Manifest { amount, counts, batch: BatchHash([0; 32]) };
        assert!(check(&manifest, amount).is_err());
    }
}
