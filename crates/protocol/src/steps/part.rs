//! Parting: 23, both sides: how every step ends that does not end well.
//!
//! | | sender | receiver |
//! |---|---|---|
//! | before InFlight / Received | 23, coins put back, returned | 23, returned |
//! | after it | asks the agents alone; settled, or in doubt | takes ownership alone, banks, ends by its verdict; in doubt where it cannot |
//!
//! Before the coins leave 23 costs nothing. After that it ends the conversation, never the money.
//! A side that was told 23, or that gave up, says nothing more in this session. Where putting the
//! coins back failed, or took too long, the driver puts back what is left before it closes the
//! journal; when that fails the journal stays open.
//! Crash: nothing here is durable but what the steps made so; a restart tries again.

use crate::machine::{Cause, Fault, Job, Outcome};
use crate::message::{Message, Number};
use crate::presence::Presence;
use crate::receiver::{Receiver, ReceiverDurable, ReceiverStep, Refused};
use crate::sender::{Sender, SenderDurable, SenderStep};
use crate::turn::Turn;
use crate::waits::{self, WaitingFor};

impl Sender {
    /// 23 of the receiver.
    pub(crate) fn abort_heard(self, reason: String, turn: &mut Turn) -> Sender {
        self.part(Cause::PeerStopped(reason), turn)
    }

    /// A message that has no place here.
    pub(crate) fn out_of_step(self, heard: Number, turn: &mut Turn) -> Sender {
        self.peer_fault(Cause::OutOfStep { heard: heard.get() }, turn)
    }

    /// The receiver does what it must not: before anything left it is told so.
    pub(crate) fn peer_fault(self, cause: Cause, turn: &mut Turn) -> Sender {
        match &self.durable {
            SenderDurable::Open => self.give_up(cause, turn),
            SenderDurable::InFlight(_) | SenderDurable::Settled(_) => self.part(cause, turn),
        }
    }

    /// This side does not go on: a wait is over, a job failed, the person stops.
    pub(crate) fn give_up(self, cause: Cause, turn: &mut Turn) -> Sender {
        match &self.durable {
            SenderDurable::Open => {
                self.say(Message::Abort(reason(&cause)), turn);
                self.part(cause, turn)
            }
            SenderDurable::InFlight(_) | SenderDurable::Settled(_) => self.part(cause, turn),
        }
    }

    /// Goes on without the receiver.
    pub(crate) fn part(mut self, cause: Cause, turn: &mut Turn) -> Sender {
        self.presence = Presence::Parted;
        match &self.durable {
            SenderDurable::Open => {
                turn.start(Job::PutBack);
                self.enter(SenderStep::Leaving(cause), turn)
            }
            SenderDurable::InFlight(_) if self.has_receipt() => self,
            SenderDurable::InFlight(_) => {
                if self.step == SenderStep::SendingCoins {
                    turn.stop_streaming();
                }
                turn.start(Job::AskAgentsAlone);
                self.enter(SenderStep::AskingAgents(cause), turn)
            }
            SenderDurable::Settled(_) => self.end_settled(turn),
        }
    }

    /// The receipt is no proof: says 23 and leaves the coins in flight.
    pub(crate) fn stop_in_doubt(self, cause: Cause, turn: &mut Turn) -> Sender {
        self.say(Message::Abort(reason(&cause)), turn);
        self.over(Outcome::InDoubt(cause), turn)
    }

    /// The coins are back in Default.
    pub(crate) fn put_back(self, turn: &mut Turn) -> Sender {
        let SenderStep::Leaving(cause) = &self.step else { return self };
        let cause = cause.clone();
        self.over(Outcome::Returned(cause), turn)
    }

    /// The job of this step failed.
    pub(crate) fn job_failed(mut self, fault: Fault, turn: &mut Turn) -> Sender {
        match self.step.clone() {
            // None has left. The driver puts back what is left before it closes the journal; when
            // that fails the journal stays open.
            SenderStep::Leaving(cause) => self.over(Outcome::Returned(cause), turn),
            SenderStep::AskingAgents(cause) => self.over(Outcome::InDoubt(cause), turn),
            SenderStep::ReadingReceipt => {
                let cause = Cause::Fault(fault);
                self.say(Message::Abort(reason(&cause)), turn);
                self.step = SenderStep::AwaitingReceived;
                self.part(cause, turn)
            }
            SenderStep::CheckingSecrets(_) => self.stop_in_doubt(Cause::Fault(fault), turn),
            SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_) => self.give_up(Cause::Fault(fault), turn),
        }
    }

    /// The wait that stands in the table is over.
    pub(crate) fn wait_over(self, what: WaitingFor, turn: &mut Turn) -> Sender {
        match self.step.clone() {
            SenderStep::Leaving(cause) => self.over(Outcome::Returned(cause), turn),
            SenderStep::AskingAgents(cause) => self.over(Outcome::InDoubt(cause), turn),
            SenderStep::ReadingReceipt | SenderStep::CheckingSecrets(_) => {
                self.stop_in_doubt(stuck(what), turn)
            }
            SenderStep::Meeting
            | SenderStep::ClearingFolders(_)
            | SenderStep::AgreeingAmount
            | SenderStep::Preparing(_)
            | SenderStep::Encrypting
            | SenderStep::AskingReady(_)
            | SenderStep::SendingCoins
            | SenderStep::AwaitingReceived
            | SenderStep::AwaitingReceipt(_) => self.give_up(stuck(what), turn),
        }
    }

    /// The person stops. What is durable is enough to go on later.
    pub(crate) fn stop_asked(self, turn: &mut Turn) -> Sender {
        match (&self.durable, &self.step) {
            (SenderDurable::Open, SenderStep::Leaving(cause)) => {
                let cause = cause.clone();
                self.over(Outcome::Returned(cause), turn)
            }
            (SenderDurable::Open, _) => self.give_up(Cause::Stopped, turn),
            (SenderDurable::InFlight(_), _) => self.over(Outcome::InDoubt(Cause::Stopped), turn),
            (SenderDurable::Settled(_), _) => self.end_settled(turn),
        }
    }
}

impl Receiver {
    /// 23 of the sender.
    pub(crate) fn abort_heard(self, reason: String, turn: &mut Turn) -> Receiver {
        self.part(Cause::PeerStopped(reason), turn)
    }

    /// A message that has no place here.
    pub(crate) fn out_of_step(self, heard: Number, turn: &mut Turn) -> Receiver {
        self.peer_fault(Cause::OutOfStep { heard: heard.get() }, turn)
    }

    /// The sender does what it must not: it is told so.
    pub(crate) fn peer_fault(self, cause: Cause, turn: &mut Turn) -> Receiver {
        self.say(Message::Abort(reason(&cause)), turn);
        self.part(cause, turn)
    }

    /// Goes on without the sender: what is here, or about to be, is taken all the same.
    fn part(mut self, cause: Cause, turn: &mut Turn) -> Receiver {
        self.presence = Presence::Parted;
        match (&self.durable, &self.step) {
            (ReceiverDurable::Open(_), ReceiverStep::Storing(_))
            | (ReceiverDurable::Received(_), _)
            | (ReceiverDurable::Receipted(_), ReceiverStep::Powning(_)) => self,
            (ReceiverDurable::Open(_), _) => self.over(Outcome::Returned(cause), turn),
            (ReceiverDurable::Receipted(_), ReceiverStep::SendingReceipt) => {
                turn.stop_streaming();
                self.bank_and_end(turn)
            }
            (ReceiverDurable::Receipted(_), _) => self.bank_and_end(turn),
            (ReceiverDurable::Refused(refused), _) => {
                let outcome = refusal(refused);
                self.over(outcome, turn)
            }
        }
    }

    /// This side does not go on: a wait is over, a job failed, the person stops or declines.
    pub(crate) fn give_up(self, cause: Cause, turn: &mut Turn) -> Receiver {
        match &self.durable {
            ReceiverDurable::Open(_) => {
                self.say(Message::Abort(reason(&cause)), turn);
                self.over(Outcome::Returned(cause), turn)
            }
            ReceiverDurable::Received(_) => {
                self.say(Message::Abort(reason(&cause)), turn);
                self.over(Outcome::InDoubt(cause), turn)
            }
            ReceiverDurable::Receipted(_) => {
                if self.step == ReceiverStep::SendingReceipt {
                    turn.stop_streaming();
                }
                self.bank_and_end(turn)
            }
            ReceiverDurable::Refused(refused) => {
                let outcome = refusal(refused);
                self.over(outcome, turn)
            }
        }
    }

    /// The job of this step failed.
    pub(crate) fn job_failed(self, fault: Fault, turn: &mut Turn) -> Receiver {
        match &self.step {
            ReceiverStep::Storing(manifest) => {
                let batch = manifest.batch;
                self.storing_failed(batch, fault, turn)
            }
            ReceiverStep::CheckingBatch => self.check_failed(fault, turn),
            ReceiverStep::Powning(_) => self.pown_failed(fault, turn),
            ReceiverStep::SendingReceipt => self.bank_and_end(turn),
            // What is owned counts where it lies; the next start moves it.
            ReceiverStep::Banking => self.end_by_verdict(turn),
            ReceiverStep::Meeting
            | ReceiverStep::AwaitingClear
            | ReceiverStep::ClearingFolders
            | ReceiverStep::AwaitingAmount
            | ReceiverStep::AskingPerson
            | ReceiverStep::Watching
            | ReceiverStep::AwaitingReady(_)
            | ReceiverStep::GettingReady(_)
            | ReceiverStep::ReceivingCoins(_)
            | ReceiverStep::AwaitingConfirmation => self.give_up(Cause::Fault(fault), turn),
        }
    }

    /// The wait that stands in the table is over.
    pub(crate) fn wait_over(self, what: WaitingFor, turn: &mut Turn) -> Receiver {
        if self.step == ReceiverStep::Banking {
            return self.end_by_verdict(turn);
        }
        self.give_up(stuck(what), turn)
    }

    /// The person stops. What is owned is banked first, unless asked twice.
    pub(crate) fn stop_asked(self, turn: &mut Turn) -> Receiver {
        if self.step == ReceiverStep::Banking {
            return self.end_by_verdict(turn);
        }
        self.give_up(Cause::Stopped, turn)
    }
}

/// How a receiver ends that refused a batch.
pub(crate) fn refusal(refused: &Refused) -> Outcome {
    Outcome::Returned(Cause::Fault(Fault::BadBatch(refused.why.clone())))
}

/// What a wait that is over is the cause of.
fn stuck(what: WaitingFor) -> Cause {
    match what {
        WaitingFor::Peer => Cause::PeerAway,
        WaitingFor::Message(_) | WaitingFor::Person | WaitingFor::Work(_) => {
            Cause::Stuck { step: waits::step_of(what) }
        }
    }
}

/// What the other person is told. What this side's disk said is none of the peer's business.
pub(crate) fn reason(cause: &Cause) -> String {
    match cause {
        Cause::PeerAway => "I waited for you in vain".to_owned(),
        Cause::Stuck { step } => format!("step {step} did not get on in time"),
        Cause::Declined => "the person here declined".to_owned(),
        Cause::Stopped => "the person here stopped the program".to_owned(),
        Cause::PeerStopped(_) => "you stopped".to_owned(),
        Cause::OutOfStep { heard } => format!("message {heard} has no place at this step"),
        Cause::OtherAmount(amount) => format!("{amount} is not the amount agreed on"),
        Cause::Fault(Fault::TooFewAgents { answered }) => {
            format!("only {answered} of my agents answered")
        }
        Cause::Fault(Fault::OtherAgents) => "my agents are not those of these coins".to_owned(),
        Cause::Fault(Fault::NoExactCoins) => "I have no coins that make the amount".to_owned(),
        Cause::Fault(Fault::ExchangeOpen(_)) => {
            "the agents have not decided yet about my change".to_owned()
        }
        Cause::Fault(Fault::BadBatch(why) | Fault::BadReceipt(why)) => why.clone(),
        Cause::Fault(Fault::Disk(_)) => "my disk failed".to_owned(),
        Cause::Expired => "the connection file has expired".to_owned(),
        Cause::Refused => "you refused the coins".to_owned(),
        Cause::Reclaimed => "the sender took the coins back".to_owned(),
        Cause::OddPosition(_) => "you cannot stand where you say you stand".to_owned(),
        Cause::Undecided(_) => "some coins are not dead under their old secrets".to_owned(),
    }
}
