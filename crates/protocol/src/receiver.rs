//! The receiver of a transfer as a state machine.
//!
//! What is durable (`ReceiverDurable`) and where the conversation stands (`ReceiverStep`) are
//! two things: a restart keeps the first and begins the second anew. The journal is written before
//! whatever it makes possible.
//!
//! ```text
//! durable    step                  goes on at                 then
//! Open       Meeting               position of the sender     ▶ AwaitingClear
//!            AwaitingClear         2                          ▶ ClearingFolders
//!            ClearingFolders       folders cleared            3 said ▶ AwaitingAmount
//!            AwaitingAmount        4, accepted earlier        4 said ▶ Watching
//!                                  4, new                     ASK ▶ AskingPerson
//!            AskingPerson          yes                        PERSIST, 4 said ▶ Watching
//!            Watching              12 (5 to 11, 21 shown)     ▶ AwaitingReady
//!            AwaitingReady         22                         ▶ GettingReady
//!            GettingReady          ready                      13 said ▶ ReceivingCoins
//!            ReceivingCoins        last frame of 24           ▶ Storing
//!            Storing               stored                     PERSIST Received, 14, 15 said ▶ CheckingBatch
//!                                  bad batch                  PERSIST Refused, 23 said, END returned
//! Received   CheckingBatch         checked                    PERSIST, 16 said ▶ Powning
//!                                  bad batch                  PERSIST Refused, 23 said, END returned
//!            Powning               totals                     PERSIST Receipted ▶ SendingReceipt,
//!                                                             and what is owned is banked
//!                                  too few agents             23 said, END in doubt
//! Receipted  SendingReceipt        the last byte left         ▶ AwaitingConfirmation
//!            AwaitingConfirmation  18, 19                     PERSIST ▶ Banking
//!            Meeting               position of the sender     ▶ SendingReceipt; Settled: as 19
//!            Powning               (a restart with undecided coins) as above
//!            Banking               banked, or 60 s            END by verdict
//! Refused    Meeting               position of the sender     23 said, END returned
//! ```
//!
//! | input | Open | Received | Receipted | Refused |
//! |---|---|---|---|---|
//! | `Unlinked`, silence of 15 s | Meeting; Storing goes on | goes on | Meeting | Meeting |
//! | `Linked` | the position is said | the same | the same | the same |
//! | a wait is over, job failed | 23 said, END returned | 23 said, END in doubt | Banking | END returned |
//! | out of step | 23 said, END returned | 23 said, goes on alone | Banking | END returned |
//! | 23 heard | END returned; Storing goes on | goes on alone | Banking | END returned |
//! | `StopAsked` | 23 said, END returned | 23 said, END in doubt | Banking; in Banking: END | END returned |

use std::time::Duration;

use coin::Amount;
use serde::{Deserialize, Serialize};

use crate::machine::{Cause, Fault, Input, Job, Journal, Now, Outcome, Output, Report};
use crate::message::{DurableStep, Message, Position};
use crate::presence::{Beat, Presence};
use crate::turn::{Begun, Turn};
use crate::waits::{self, Bound, Patience, Waiting, WaitingFor};

mod state;

pub(crate) use self::state::{
    Agreement, Banked, Check, CoinsOut, Holding, Receipted, ReceiverDurable, ReceiverStep, Refused,
    Told, Word,
};

/// The receiver's side of one transfer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Receiver {
    pub(crate) expected: Option<Amount>,
    pub(crate) patience: Patience,
    pub(crate) durable: ReceiverDurable,
    pub(crate) step: ReceiverStep,
    pub(crate) step_until: Duration,
    #[serde(default)]
    bound: Bound,
    pub(crate) presence: Presence,
    /// The amount that the person is being asked about.
    pub(crate) asked: Option<Amount>,
    pub(crate) coins_out: CoinsOut,
    pub(crate) banked: Banked,
    begun: Begun,
    pub(crate) end: Option<Outcome>,
}

impl Receiver {
    /// Makes a receiver; with an `expected` amount it takes no other.
    ///
    /// Its waits begin with its first input; give it a `Tick` at once.
    pub fn new(expected: Option<Amount>, patience: Patience) -> Receiver {
        Receiver {
            expected,
            patience,
            durable: ReceiverDurable::Open(Agreement { accepted: None }),
            step: ReceiverStep::Meeting,
            step_until: patience.peer_wait,
            bound: Bound::NONE,
            presence: Presence::Away { until: patience.peer_wait },
            asked: None,
            coins_out: CoinsOut::No,
            banked: Banked::No,
            begun: Begun::No,
            end: None,
        }
    }

    /// Returns the machine as a restart makes it of what the journal holds: unlinked, no job
    /// running, waits begun anew. Give it a `Tick` at once: stored coins are powned without waiting
    /// for the sender.
    pub fn resumed(self, now: Now) -> Receiver {
        let until = now.monotonic.saturating_add(self.patience.peer_wait);
        let coins_out = match &self.durable {
            // 13 may have been said after the acceptance, and leaves no trace here.
            ReceiverDurable::Open(Agreement { accepted: Some(_) }) => CoinsOut::Perhaps,
            ReceiverDurable::Open(Agreement { accepted: None })
            | ReceiverDurable::Received(_)
            | ReceiverDurable::Receipted(_)
            | ReceiverDurable::Refused(_) => CoinsOut::No,
        };
        Receiver {
            step: ReceiverStep::Meeting,
            step_until: until,
            bound: Bound::NONE,
            presence: Presence::Away { until },
            asked: None,
            coins_out,
            banked: Banked::No,
            begun: Begun::No,
            end: None,
            ..self
        }
    }

    /// Returns the machine with another patience for its peer.
    pub fn with_patience(self, patience: Patience) -> Receiver {
        Receiver { patience, ..self }
    }

    /// Takes one input and returns the machine after it, with what has to be done now, in this order.
    pub fn handle(self, now: Now, input: Input) -> (Receiver, Vec<Output>) {
        let mut turn = Turn::new(now);
        let mut receiver = self.begin(&mut turn);
        if receiver.end.is_none() {
            receiver = receiver.take(input, &mut turn);
        }
        (receiver, turn.into_outputs())
    }

    /// Returns the last durable step, as the first frame under new keys says it.
    pub fn position(&self) -> Position {
        match &self.durable {
            ReceiverDurable::Open(_) => Position { step: DurableStep::Open, batch: None },
            ReceiverDurable::Received(holding) => {
                Position { step: DurableStep::Received, batch: Some(holding.manifest.batch) }
            }
            ReceiverDurable::Receipted(receipted) => {
                Position { step: DurableStep::Receipted, batch: Some(receipted.batch) }
            }
            ReceiverDurable::Refused(refused) => {
                Position { step: DurableStep::Refused, batch: Some(refused.batch) }
            }
        }
    }

    /// Returns what is waited for and until when, or `None` once it is over.
    pub fn waiting(&self) -> Option<Waiting> {
        if self.is_over() { None } else { Some(self.awaited()) }
    }

    /// Returns how the transfer ended for this program, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.end.as_ref()
    }

    /// Returns whether the transfer is over for this program.
    pub fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// Returns what becomes of the journal, as far as can be told now.
    ///
    /// It stays open where the sender may still need an answer: coins that may be in flight to here,
    /// a receipt or a refusal that it has not confirmed, coins that are undecided. So it does where
    /// what is owned is not yet in Default.
    pub fn journal(&self) -> Journal {
        let Some(outcome) = &self.end else { return Journal::KeepOpen };
        let nothing_left = match outcome {
            Outcome::Returned(Cause::PeerStopped(_)) => true,
            Outcome::Done(_) | Outcome::Returned(_) => match &self.durable {
                ReceiverDurable::Open(_) => self.coins_out == CoinsOut::No,
                ReceiverDurable::Received(_) => false,
                ReceiverDurable::Receipted(receipted) => {
                    receipted.word != Word::Awaited && self.banked == Banked::Yes
                }
                ReceiverDurable::Refused(refused) => refused.told == Told::Yes,
            },
            Outcome::Unreceipted(_) | Outcome::InDoubt(_) | Outcome::Partly(_) => false,
        };
        if nothing_left { Journal::Close } else { Journal::KeepOpen }
    }

    fn begin(mut self, turn: &mut Turn) -> Receiver {
        if self.begun == Begun::Yes {
            return self;
        }
        self.begun = Begun::Yes;
        self.presence = Presence::Away { until: turn.after(self.patience.peer_wait) };
        self.bound = Bound::begin(&waits::of_receiver(&self.step), self.patience, turn.now());
        match &self.durable {
            ReceiverDurable::Open(_) | ReceiverDurable::Refused(_) => self,
            ReceiverDurable::Received(holding) => match holding.check {
                Check::Due => self.check_batch(turn),
                Check::Passed => self.pown(turn),
            },
            ReceiverDurable::Receipted(receipted) if receipted.totals.all_owned() => {
                self.deliver_receipt(turn)
            }
            ReceiverDurable::Receipted(_) => self.pown(turn),
        }
    }

    fn take(self, input: Input, turn: &mut Turn) -> Receiver {
        match input {
            Input::Linked => self.linked(turn),
            Input::Unlinked => self.unlinked(turn),
            Input::Heard(message) => self.heard(message, turn),
            Input::Done(report) => self.done(&report, turn),
            Input::Failed(job, fault) => self.failed(&job, fault, turn),
            Input::Progress => self.progress(turn),
            Input::Answered(consent) => self.person_answered(consent, turn),
            Input::StopAsked => self.stop_asked(turn),
            Input::Tick => self.tick(turn),
        }
    }

    fn heard(mut self, message: Message, turn: &mut Turn) -> Receiver {
        self.presence.heard(turn.now());
        match self.presence {
            Presence::Away { .. } | Presence::Parted => return self,
            Presence::Fresh { .. }
                if !matches!(message, Message::Heartbeat(_) | Message::Abort(_)) =>
            {
                return self.out_of_step(message.number(), turn);
            }
            Presence::Fresh { .. } | Presence::Here(_) => {}
        }
        match message {
            Message::Heartbeat(None) => self,
            Message::Heartbeat(Some(theirs)) => self.met(theirs, turn),
            Message::EmptyImportExport => self.asked_to_clear(turn),
            Message::Money { amount, memo } => self.amount_named(amount, memo, turn),
            Message::MakingChange
            | Message::JoiningCoins
            | Message::FindingChange
            | Message::FixingChange
            | Message::MovingCoinsToSender
            | Message::DetectingCoins
            | Message::FixingCoins
            | Message::PuttingCoinsInExport => self.preparation_seen(message.number(), turn),
            Message::EncryptingCoins(manifest) => self.manifest_heard(manifest, turn),
            Message::ReadyToSendCoins => self.asked_whether_ready(turn),
            Message::Coins(chunk) => self.coins_heard(chunk, turn),
            Message::ConfirmingChangeOfOwnership => self.being_confirmed(turn),
            Message::CoinsConfirmed => self.confirmed(turn),
            Message::Abort(reason) => self.abort_heard(reason, turn),
            Message::ImportExportEmpty
            | Message::ReadyToReceive
            | Message::Received
            | Message::DecryptingCoins
            | Message::PowningCoins
            | Message::Receipt(_) => self.out_of_step(message.number(), turn),
        }
    }

    fn done(self, report: &Report, turn: &mut Turn) -> Receiver {
        match report {
            Report::FoldersCleared => self.folders_cleared(turn),
            Report::Ready => self.ready(turn),
            Report::Stored(batch) => self.stored(*batch, turn),
            Report::BatchChecked => self.batch_checked(turn),
            Report::Powned(totals) => self.powned(*totals, turn),
            Report::ReceiptSent => self.receipt_sent(turn),
            Report::Banked => self.coins_banked(turn),
            Report::Prepared(_)
            | Report::Encrypted(_)
            | Report::CoinsSent
            | Report::FiledInSent
            | Report::ReceiptRead(_)
            | Report::Checked(_)
            | Report::CheckedAlone(_)
            | Report::PutBack => self,
        }
    }

    fn failed(self, job: &Job, fault: Fault, turn: &mut Turn) -> Receiver {
        if self.step.waits_for(job) { self.job_failed(fault, turn) } else { self }
    }

    fn progress(mut self, turn: &mut Turn) -> Receiver {
        match self.awaited().what {
            WaitingFor::Work(_) => {
                self.renew(turn);
                self.announce_again(turn)
            }
            WaitingFor::Peer | WaitingFor::Message(_) | WaitingFor::Person => self,
        }
    }

    fn tick(mut self, turn: &mut Turn) -> Receiver {
        match self.presence.beat(turn.now()) {
            Beat::Rest => {}
            Beat::Say => turn.say(Message::Heartbeat(None)),
            Beat::Lost => {
                turn.relink();
                self = self.unlinked(turn);
            }
        }
        let waiting = self.awaited();
        if turn.now() < waiting.until { self } else { self.wait_over(waiting.what, turn) }
    }

    fn awaited(&self) -> Waiting {
        let wait = waits::of_receiver(&self.step);
        waits::waiting(&wait, &self.presence, self.step_until, self.bound)
    }

    /// Goes to a step, whose wait begins.
    pub(crate) fn enter(mut self, step: ReceiverStep, turn: &Turn) -> Receiver {
        self.step = step;
        let (place, wait) = (self.step.place(), waits::of_receiver(&self.step));
        self.bound = self.bound.reach(place, &wait, self.patience, turn.now());
        self.renew(turn);
        self
    }

    /// Begins the step's wait anew, but not its total.
    pub(crate) fn renew(&mut self, turn: &Turn) {
        self.step_until = turn.after(waits::of_receiver(&self.step).length);
    }

    /// Says a message, when there is a link to say it on.
    pub(crate) fn say(&self, message: Message, turn: &mut Turn) {
        if self.presence.is_linked() {
            turn.say(message);
        }
    }

    /// Ends the machine.
    pub(crate) fn over(mut self, outcome: Outcome, turn: &mut Turn) -> Receiver {
        self.end = Some(outcome.clone());
        turn.end(outcome);
        self
    }
}
