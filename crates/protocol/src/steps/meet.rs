//! Meeting: 20 and 1, both sides.
//!
//! 20 is between each side and the relay. Once a handshake has made keys, each side's first frame is
//! a heartbeat that says the last step it made durable; from then on heartbeats are empty.
//!
//! ```text
//!   S                                R
//!   │── 1 (position) ───────────────▶│   each says its own at once,
//!   │◀─────────────── 1 (position) ──│   and goes on when it has heard the other's
//! ```
//! | sender | receiver | then |
//! |---|---|---|
//! | Open, InFlight | Open | from 2; in flight without preparing anew |
//! | InFlight, taken back | Open | the sender says 23: this batch never leaves again |
//! | Open | Received, Receipted, Refused | the sender is in doubt and moves nothing |
//! | InFlight | Received | the receiver powns, the sender waits for 17 |
//! | InFlight | Receipted | the receiver says 17 again, from its first byte |
//! | InFlight | Refused | the sender asks the agents alone; the receiver says 23 with its reason |
//! | Settled | any with coins | the sender says 19 again; its position alone confirms |
//!
//!
//! Any other pair cannot be, and nor can another batch: the conversation ends, never the money. A
//! sender that knows of no batch hears of one when its home was restored from an old backup: what
//! this home calls its own may have left, so that nothing is put back on the receiver's word, and
//! nothing is called safe. Or the receiver lies: a session that does not hear this from it puts the
//! coins back as ever.
//! Failure: nobody comes, or the peer does not come back, within the peer wait. Crash: a restart
//! stands here.

use crate::machine::{Cause, Job, Outcome};
use crate::message::{BatchHash, DurableStep, Message, Position};
use crate::presence::Presence;
use crate::receiver::{
    Banked, CoinsOut, Receiver, ReceiverDurable, ReceiverStep, Refused, Told, Word,
};
use crate::sender::{Flight, Reclaimed, Refusal, Sender, SenderDurable, SenderStep};
use crate::steps::part;
use crate::turn::Turn;

impl Sender {
    /// `Linked`: what was under way on the old link is void.
    pub(crate) fn linked(mut self, turn: &mut Turn) -> Sender {
        self = self.hang_up(turn);
        self.presence = self.presence.linked(turn.now(), self.patience.peer_wait);
        self.say(Message::Heartbeat(Some(self.position())), turn);
        self
    }

    /// `Unlinked`, or nothing was heard for too long.
    pub(crate) fn unlinked(mut self, turn: &mut Turn) -> Sender {
        self = self.hang_up(turn);
        self.presence = self.presence.unlinked(turn.now(), self.patience.peer_wait);
        self
    }

    /// Leaves the steps that need a link; work on a receipt that is here goes on without.
    fn hang_up(self, turn: &mut Turn) -> Sender {
        match &self.step {
            SenderStep::Meeting
            | SenderStep::ReadingReceipt
            | SenderStep::CheckingSecrets(_)
            | SenderStep::AskingAgents(_)
            | SenderStep::Leaving(_) => self,
            SenderStep::SendingCoins => {
                turn.stop_streaming();
                self.enter(SenderStep::Meeting, turn)
            }
            SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_) => self.enter(SenderStep::Meeting, turn),
        }
    }

    /// 1 with a position: the receiver is here.
    pub(crate) fn met(mut self, theirs: Position, turn: &mut Turn) -> Sender {
        if matches!(self.presence, Presence::Here(_)) {
            return self;
        }
        self.presence = self.presence.met();
        match self.durable.clone() {
            SenderDurable::Open => match theirs {
                Position { step: DurableStep::Open, batch: None } => self.clear_folders(turn),
                Position {
                    step: DurableStep::Received | DurableStep::Receipted | DurableStep::Refused,
                    batch: Some(_),
                } => self.over(Outcome::InDoubt(Cause::OddPosition(theirs)), turn),
                Position { .. } => self.impossible(theirs, turn),
            },
            SenderDurable::InFlight(flight) => self.met_in_flight(flight, theirs, turn),
            SenderDurable::Settled(_) => self.confirm(turn),
        }
    }

    fn met_in_flight(self, flight: Flight, theirs: Position, turn: &mut Turn) -> Sender {
        let ours = flight.manifest.batch;
        match theirs.step {
            DurableStep::Open if theirs.batch.is_none() => {
                match (self.has_receipt(), self.reclaimed) {
                    (true, _) => self,
                    (false, Reclaimed::No) => self.clear_folders(turn),
                    (false, Reclaimed::Yes) => self.never_again(turn),
                }
            }
            DurableStep::Received | DurableStep::Receipted if theirs.batch == Some(ours) => {
                if self.has_receipt() {
                    self.announce(turn)
                } else {
                    self.file_and_await_receipt(turn)
                }
            }
            DurableStep::Refused if theirs.batch == Some(ours) => self.refused(flight, turn),
            DurableStep::Open
            | DurableStep::InFlight
            | DurableStep::Received
            | DurableStep::Receipted
            | DurableStep::Settled
            | DurableStep::Refused => self.impossible(theirs, turn),
        }
    }

    /// The receiver promised durably that it will never pown the batch. A promise is no proof: the
    /// agents are asked now and at every start, until they show that it was broken.
    fn refused(mut self, flight: Flight, turn: &mut Turn) -> Sender {
        self.durable = SenderDurable::InFlight(Flight { refusal: Refusal::Heard, ..flight });
        turn.persist();
        self.part(Cause::Refused, turn)
    }

    /// The receiver has no coins, and what the batch holds is being taken back: it hears that nothing is
    /// on its way any more.
    fn never_again(self, turn: &mut Turn) -> Sender {
        self.say(Message::Abort(part::reason(&Cause::Reclaimed)), turn);
        self.part(Cause::Reclaimed, turn)
    }

    fn impossible(self, theirs: Position, turn: &mut Turn) -> Sender {
        self.peer_fault(Cause::OddPosition(theirs), turn)
    }
}

impl Receiver {
    /// `Linked`: what was under way on the old link is void.
    pub(crate) fn linked(mut self, turn: &mut Turn) -> Receiver {
        self = self.hang_up(turn);
        self.presence = self.presence.linked(turn.now(), self.patience.peer_wait);
        self.say(Message::Heartbeat(Some(self.position())), turn);
        self
    }

    /// `Unlinked`, or nothing was heard for too long.
    pub(crate) fn unlinked(mut self, turn: &mut Turn) -> Receiver {
        self = self.hang_up(turn);
        self.presence = self.presence.unlinked(turn.now(), self.patience.peer_wait);
        self
    }

    /// Leaves the steps that need a link; from the last byte of 24 on the work goes on without.
    fn hang_up(self, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::Meeting
            | ReceiverStep::Storing(_)
            | ReceiverStep::CheckingBatch
            | ReceiverStep::Powning(_)
            | ReceiverStep::Banking => self,
            ReceiverStep::SendingReceipt => {
                turn.stop_streaming();
                self.await_sender(turn)
            }
            ReceiverStep::AwaitingConfirmation => self.await_sender(turn),
            ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_) => self.enter(ReceiverStep::Meeting, turn),
        }
    }

    /// Waits for the sender with a receipt in hand; what is owned does not wait with it.
    pub(crate) fn await_sender(self, turn: &mut Turn) -> Receiver {
        self.start_banking(turn);
        self.enter(ReceiverStep::Meeting, turn)
    }

    /// 1 with a position: the sender is here.
    pub(crate) fn met(mut self, theirs: Position, turn: &mut Turn) -> Receiver {
        if matches!(self.presence, Presence::Here(_)) {
            return self;
        }
        self.presence = self.presence.met();
        match self.durable.clone() {
            ReceiverDurable::Open(_) => self.met_open(theirs, turn),
            ReceiverDurable::Received(holding) => {
                let word = self.sender_word(theirs, holding.manifest.batch);
                self.met_received(word, theirs, turn)
            }
            ReceiverDurable::Receipted(receipted) => {
                let word = self.sender_word(theirs, receipted.batch);
                self.met_receipted(word, theirs, turn)
            }
            ReceiverDurable::Refused(refused) => self.tell_refusal(refused, theirs, turn),
        }
    }

    fn met_open(mut self, theirs: Position, turn: &mut Turn) -> Receiver {
        self.coins_out = match theirs {
            Position { step: DurableStep::Open, batch: None } => CoinsOut::No,
            Position { step: DurableStep::InFlight, batch: Some(_) } => CoinsOut::Perhaps,
            Position { .. } => return self.impossible(theirs, turn),
        };
        match self.step {
            // The last byte came over the old link: 14 will say so.
            ReceiverStep::Storing(_) => self,
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
            | ReceiverStep::Banking => self.enter(ReceiverStep::AwaitingClear, turn),
        }
    }

    /// Returns what a sender's position says about our batch, or `None` where it cannot be.
    fn sender_word(&self, theirs: Position, ours: BatchHash) -> Option<Word> {
        match theirs.step {
            DurableStep::InFlight if theirs.batch == Some(ours) => Some(Word::Awaited),
            DurableStep::Settled if theirs.batch == Some(ours) => Some(Word::Settled),
            DurableStep::Open
            | DurableStep::InFlight
            | DurableStep::Received
            | DurableStep::Receipted
            | DurableStep::Settled
            | DurableStep::Refused => None,
        }
    }

    fn met_received(mut self, word: Option<Word>, theirs: Position, turn: &mut Turn) -> Receiver {
        match word {
            None => self.impossible(theirs, turn),
            Some(Word::Awaited | Word::Told) => self.announce(turn),
            Some(Word::Settled) => {
                self.note(Word::Settled, turn);
                self
            }
        }
    }

    fn met_receipted(mut self, word: Option<Word>, theirs: Position, turn: &mut Turn) -> Receiver {
        match word {
            None => self.impossible(theirs, turn),
            Some(Word::Awaited | Word::Told) if self.is_powning() => self.announce(turn),
            Some(Word::Awaited | Word::Told) => self.send_receipt(turn),
            Some(Word::Settled) => {
                self.note(Word::Settled, turn);
                if self.is_powning() { self } else { self.bank_and_end(turn) }
            }
        }
    }

    /// The position said it; 23 adds the reason, and the sender ends.
    fn tell_refusal(mut self, refused: Refused, theirs: Position, turn: &mut Turn) -> Receiver {
        let told = match theirs.step {
            DurableStep::InFlight if theirs.batch == Some(refused.batch) => Told::Yes,
            DurableStep::Open
            | DurableStep::InFlight
            | DurableStep::Received
            | DurableStep::Receipted
            | DurableStep::Settled
            | DurableStep::Refused => refused.told,
        };
        self.say(Message::Abort(refused.why.clone()), turn);
        let outcome = part::refusal(&refused);
        self.durable = ReceiverDurable::Refused(Refused { told, ..refused });
        self.over(outcome, turn)
    }

    fn impossible(self, theirs: Position, turn: &mut Turn) -> Receiver {
        self.peer_fault(Cause::OddPosition(theirs), turn)
    }

    /// Moves what is owned to Default, unless this program has done so.
    pub(crate) fn start_banking(&self, turn: &mut Turn) {
        match self.banked {
            Banked::No => turn.start(Job::Bank),
            Banked::Yes => {}
        }
    }
}
