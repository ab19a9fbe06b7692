//! The sender of a transfer as a state machine.
//!
//! What is durable (`SenderDurable`) and where the conversation stands (`SenderStep`) are two
//! things: a restart keeps the first and begins the second anew. The journal is written before
//! whatever it makes possible.
//!
//! ```text
//! durable   step              goes on at                       then
//! Open      Meeting           position of the receiver         2 said ▶ ClearingFolders
//!                             the same, with a batch           END in doubt, nothing put back
//!           ClearingFolders   own folders cleared and 3        4 said ▶ AgreeingAmount
//!           AgreeingAmount    4, the same amount               5 said ▶ Preparing
//!           Preparing         job done, eight times            next said; after 11 ▶ Encrypting
//!           Encrypting        manifest                         PERSIST, 12, 22 said ▶ AskingReady
//!           AskingReady       13                               PERSIST InFlight ▶ SendingCoins
//!           Leaving           put back, or 60 s                END returned
//! InFlight  Meeting           Open: as above, without 5 to 11, or, when coins were taken
//!                             back, 23 said ▶ AskingAgents; Received, Receipted:
//!                             ▶ AwaitingReceipt; Refused: PERSIST ▶ AskingAgents, at
//!                             every start too
//!           SendingCoins      the last byte left               ▶ AwaitingReceived
//!           AwaitingReceived  14 (taken in every step before)  ▶ AwaitingReceipt
//!           AwaitingReceipt   15, 16, last frame of 17         ▶ ReadingReceipt
//!           ReadingReceipt    totals                           18 said ▶ CheckingSecrets
//!           CheckingSecrets   all dead                         PERSIST Settled, 19 said, END done
//!                             some alive                       23 said, END in doubt
//!           AskingAgents      all dead                         PERSIST Settled, END unreceipted
//!                             else, or 120 s                   END in doubt
//! Settled   Meeting           position of the receiver         19 said, END done
//! ```
//!
//! | input | Open | InFlight | Settled |
//! |---|---|---|---|
//! | `Unlinked`, silence of 15 s | Meeting, all begins at 2 again | Meeting; a receipt that is here is worked on | Meeting |
//! | `Linked` | the position is said; Meeting as above | the same | the same |
//! | a wait is over, job failed, out of step | 23 said, Leaving | AskingAgents | END done |
//! | 23 heard | Leaving | AskingAgents; a receipt that is here is worked on | END done |
//! | `StopAsked` | 23 said, Leaving; in Leaving: END returned | END in doubt | END done |
//!
//! In flight the sender says 23 only to a receiver that has its receipt, or when it took coins back. So a
//! receiver without coins that hears 23 knows that nothing is on its way.

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
    Flight, Proof, Reclaimed, Refusal, SenderDurable, SenderStep, Settlement,
};

/// The sender's side of one transfer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sender {
    pub(crate) amount: Amount,
    pub(crate) memo: Option<String>,
    pub(crate) patience: Patience,
    pub(crate) durable: SenderDurable,
    pub(crate) step: SenderStep,
    pub(crate) step_until: Duration,
    #[serde(default)]
    bound: Bound,
    pub(crate) presence: Presence,
    begun: Begun,
    pub(crate) end: Option<Outcome>,
    #[serde(default, skip_serializing_if = "Reclaimed::is_no")]
    pub(crate) reclaimed: Reclaimed,
}

impl Sender {
    /// Makes the sender of `amount`, which is not zero.
    ///
    /// Its waits begin with its first input; give it a `Tick` at once.
    pub fn new(amount: Amount, memo: Option<String>, patience: Patience) -> Sender {
        Sender {
            amount,
            memo,
            patience,
            durable: SenderDurable::Open,
            step: SenderStep::Meeting,
            step_until: patience.peer_wait,
            bound: Bound::NONE,
            presence: Presence::Away { until: patience.peer_wait },
            begun: Begun::No,
            end: None,
            reclaimed: Reclaimed::No,
        }
    }

    /// Returns the machine as a restart makes it of what the journal holds: unlinked, no job
    /// running, waits begun anew. Give it a `Tick` at once.
    pub fn resumed(self, now: Now) -> Sender {
        let until = now.monotonic.saturating_add(self.patience.peer_wait);
        Sender {
            step: SenderStep::Meeting,
            step_until: until,
            bound: Bound::NONE,
            presence: Presence::Away { until },
            begun: Begun::No,
            end: None,
            ..self
        }
    }

    /// Returns the machine with another patience for its peer.
    pub fn with_patience(self, patience: Patience) -> Sender {
        Sender { patience, ..self }
    }

    /// Returns the machine of a transfer of which some coins were, or may have been, taken back: its
    /// batch never leaves again, because who receives it now could not own it. What the journal says of
    /// reclaims is told to the machine each time it is loaded.
    pub fn reclaimed(self) -> Sender {
        Sender { reclaimed: Reclaimed::Yes, ..self }
    }

    /// Returns whether the receiver promised durably that it will never pown the batch.
    pub fn is_refused(&self) -> bool {
        match &self.durable {
            SenderDurable::InFlight(flight) => flight.refusal == Refusal::Heard,
            SenderDurable::Open | SenderDurable::Settled(_) => false,
        }
    }

    /// Takes one input and returns the machine after it, with what has to be done now, in this order.
    pub fn handle(self, now: Now, input: Input) -> (Sender, Vec<Output>) {
        let mut turn = Turn::new(now);
        let mut sender = self.begin(&mut turn);
        if sender.end.is_none() {
            sender = sender.take(input, &mut turn);
        }
        (sender, turn.into_outputs())
    }

    /// Returns the last durable step, as the first frame under new keys says it.
    pub fn position(&self) -> Position {
        match &self.durable {
            SenderDurable::Open => Position { step: DurableStep::Open, batch: None },
            SenderDurable::InFlight(flight) => {
                Position { step: DurableStep::InFlight, batch: Some(flight.manifest.batch) }
            }
            SenderDurable::Settled(settlement) => {
                Position { step: DurableStep::Settled, batch: Some(settlement.batch) }
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
    pub fn journal(&self) -> Journal {
        match &self.end {
            None | Some(Outcome::InDoubt(_)) => Journal::KeepOpen,
            Some(
                Outcome::Done(_)
                | Outcome::Unreceipted(_)
                | Outcome::Returned(_)
                | Outcome::Partly(_),
            ) => Journal::Close,
        }
    }

    fn begin(mut self, turn: &mut Turn) -> Sender {
        if self.begun == Begun::Yes {
            return self;
        }
        self.begun = Begun::Yes;
        self.presence = Presence::Away { until: turn.after(self.patience.peer_wait) };
        self.bound = Bound::begin(&waits::of_sender(&self.step), self.patience, turn.now());
        match &self.durable {
            SenderDurable::InFlight(Flight { refusal: Refusal::Heard, .. }) => {
                self.part(Cause::Refused, turn)
            }
            SenderDurable::Open | SenderDurable::InFlight(_) | SenderDurable::Settled(_) => self,
        }
    }

    fn take(self, input: Input, turn: &mut Turn) -> Sender {
        match input {
            Input::Linked => self.linked(turn),
            Input::Unlinked => self.unlinked(turn),
            Input::Heard(message) => self.heard(message, turn),
            Input::Done(report) => self.done(report, turn),
            Input::Failed(job, fault) => self.failed(&job, fault, turn),
            Input::Progress => self.progress(turn),
            // Nothing was asked: the person here has named the amount.
            Input::Answered(_) => self,
            Input::StopAsked => self.stop_asked(turn),
            Input::Tick => self.tick(turn),
        }
    }

    fn heard(mut self, message: Message, turn: &mut Turn) -> Sender {
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
            Message::ImportExportEmpty => self.folders_empty(turn),
            Message::Money { amount, .. } => self.amount_confirmed(amount, turn),
            Message::ReadyToReceive => self.receiver_ready(turn),
            Message::Received => self.coins_received(turn),
            Message::DecryptingCoins | Message::PowningCoins => {
                self.ownership_being_taken(message.number(), turn)
            }
            Message::Receipt(chunk) => self.receipt_heard(chunk, turn),
            Message::Abort(reason) => self.abort_heard(reason, turn),
            Message::EmptyImportExport
            | Message::MakingChange
            | Message::JoiningCoins
            | Message::FindingChange
            | Message::FixingChange
            | Message::MovingCoinsToSender
            | Message::DetectingCoins
            | Message::FixingCoins
            | Message::PuttingCoinsInExport
            | Message::EncryptingCoins(_)
            | Message::ReadyToSendCoins
            | Message::Coins(_)
            | Message::ConfirmingChangeOfOwnership
            | Message::CoinsConfirmed => self.out_of_step(message.number(), turn),
        }
    }

    fn done(self, report: Report, turn: &mut Turn) -> Sender {
        match report {
            Report::FoldersCleared => self.folders_cleared(turn),
            Report::Prepared(what) => self.prepared(what, turn),
            Report::Encrypted(manifest) => self.encrypted(manifest, turn),
            Report::CoinsSent => self.coins_sent(turn),
            Report::ReceiptRead(totals) => self.receipt_read(totals, turn),
            Report::Checked(secrets) => self.secrets_checked(secrets, turn),
            Report::CheckedAlone(secrets) => self.agents_answered(secrets, turn),
            Report::PutBack => self.put_back(turn),
            Report::FiledInSent => self,
            Report::Ready
            | Report::Stored(_)
            | Report::BatchChecked
            | Report::Powned(_)
            | Report::ReceiptSent
            | Report::Banked => self,
        }
    }

    fn failed(self, job: &Job, fault: Fault, turn: &mut Turn) -> Sender {
        if self.step.waits_for(job) { self.job_failed(fault, turn) } else { self }
    }

    fn progress(mut self, turn: &mut Turn) -> Sender {
        match self.awaited().what {
            WaitingFor::Work(_) => {
                self.renew(turn);
                self.announce_again(turn)
            }
            WaitingFor::Peer | WaitingFor::Message(_) | WaitingFor::Person => self,
        }
    }

    fn tick(mut self, turn: &mut Turn) -> Sender {
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
        let wait = waits::of_sender(&self.step);
        waits::waiting(&wait, &self.presence, self.step_until, self.bound)
    }

    /// Goes to a step, whose wait begins.
    pub(crate) fn enter(mut self, step: SenderStep, turn: &Turn) -> Sender {
        self.step = step;
        let (place, wait) = (self.step.place(), waits::of_sender(&self.step));
        self.bound = self.bound.reach(place, &wait, self.patience, turn.now());
        self.renew(turn);
        self
    }

    /// Begins the step's wait anew, but not its total.
    pub(crate) fn renew(&mut self, turn: &Turn) {
        self.step_until = turn.after(waits::of_sender(&self.step).length);
    }

    /// Says a message, when there is a link to say it on.
    pub(crate) fn say(&self, message: Message, turn: &mut Turn) {
        if self.presence.is_linked() {
            turn.say(message);
        }
    }

    /// Ends the machine.
    pub(crate) fn over(mut self, outcome: Outcome, turn: &mut Turn) -> Sender {
        self.end = Some(outcome.clone());
        turn.end(outcome);
        self
    }
}
