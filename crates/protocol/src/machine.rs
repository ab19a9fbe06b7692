//! What goes into a machine and what comes out of it.
//!
//! `Sender::handle(self, now, input) -> (Sender, Vec<Output>)`, the same for `Receiver`: no I/O, no
//! clock, no randomness, no keys, no coin bytes. A machine never blocks and never fails: a failure is
//! a state, because coins must still be led somewhere. The driver carries the outputs out in their
//! order; what follows a [`Output::Persist`] waits until that is durable. A machine that was made or
//! loaded gets a [`Input::Tick`] at once: its waits, and the work that needs no peer, begin with its
//! first input.
//!
//! ```text
//!   link, jobs, person, clock ──Input──▶ machine ──Output──▶ link, journal, jobs, person
//! ```

use std::time::Duration;

use coin::Amount;
use serde::{Deserialize, Serialize};

use crate::message::{BatchHash, Manifest, Message, Position};

/// The two clocks at the moment of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Now {
    /// Time since the program's start; never goes back, bounds every wait.
    pub monotonic: Duration,
    /// Seconds since 1970 UTC; only for what people read and for the file's expiry.
    pub wall_secs: u64,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A handshake ended: the link has fresh keys and nothing was said under them yet.
    Linked,
    /// The connection, the link or the peer's membership is gone; the driver connects again by itself.
    Unlinked,
    /// An authenticated message of the peer, in order.
    Heard(Message),
    /// A job was done.
    Done(Report),
    /// This job could not be done.
    Failed(Job, Fault),
    /// A job is getting on, or a frame of a stream has left: the step is not stuck.
    Progress,
    /// The person answered [`Output::Ask`].
    Answered(Consent),
    /// The person, or a signal, wants to stop.
    StopAsked,
    /// Time went by (about once a second).
    Tick,
}

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Seal this and send it. While unlinked it is dropped: after the next `Linked` the positions
    /// decide what is said again.
    Say(Message),
    /// Make the machine, as it was returned with this output, durable before going on.
    Persist,
    /// Begin a job. Its end comes back as `Done` or `Failed`. Jobs at the wallet are done one after
    /// the other, in the order of their starts; a second start of a job that is still running or
    /// waiting is one job. Every job may be started again after its end or after a crash.
    Start(Job),
    /// Stop streaming the coins or the receipt: the connection they belong to is over.
    StopStreaming,
    /// Ask the person whether to accept.
    Ask(Question),
    /// Give this connection up and make a new one.
    Relink,
    /// The transfer is over for this program. Nothing follows. Whether its journal is closed or
    /// stays open for a later session, the machine's `journal()` says.
    End(Outcome),
}

/// Work that takes time: at the wallet, at the agents, or along the link.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Job {
    /// Either side: move what belongs to no open transfer out of Import and Export, to Suspect.
    ClearFolders,
    /// Sender 5, 6, 7, 21, 8, 9, 10, 11, in this order; each ends with `Report::Prepared` of the same.
    Prepare(Preparation),
    /// Sender 12: lay out the batch and make it durable in the journal; ends with `Report::Encrypted`.
    Encrypt,
    /// Sender 24: stream the batch of this hash from its first byte; ends with `Report::CoinsSent`.
    SendCoins(BatchHash),
    /// Sender, after the last byte left: file the coins under Sent; ends with `Report::FiledInSent`.
    /// No step waits for it, and its failure stops none: closing the journal files what is not yet
    /// filed.
    FileInSent,
    /// Sender, after the last frame of 17: take the receipt in, durably; ends with `Report::ReceiptRead`.
    ReadReceipt,
    /// Sender 18: ask the agents whether the old secrets are dead; ends with `Report::Checked`. Here and
    /// below a coin that was taken back here is never dead: who holds its new secrets is this side.
    CheckOldSecrets,
    /// Sender, in doubt and without the peer: the same question about all coins; ends with
    /// `Report::CheckedAlone`.
    AskAgentsAlone,
    /// Sender, before anything left: move the coins back to Default; ends with `Report::PutBack`.
    /// Its failure stops no end: the driver puts back what is left before it closes the journal; when
    /// that fails the journal stays open.
    PutBack,
    /// Receiver 13: is there room on disk and are 13 agents there; ends with `Report::Ready`.
    GetReady,
    /// Receiver, after the last frame of 24: make coins and new secrets durable, put them in Import;
    /// ends with `Report::Stored`, or `Fault::BadBatch`. The batch is what the frames since the
    /// newest one of index 0 carried; more bytes than the manifest's coins have is a bad batch, and
    /// need not be kept.
    Store,
    /// Receiver 15: check the batch against the manifest; ends with `Report::BatchChecked`, or `Fault::BadBatch`.
    CheckBatch(Manifest),
    /// Receiver 16: pown, book every coin by its verdict, write the receipt; ends with
    /// `Report::Powned`. Done again after a crash, or while coins are undecided: same new secrets,
    /// newer receipt.
    Pown,
    /// Receiver 17: stream the receipt from its first byte; ends with `Report::ReceiptSent`.
    SendReceipt,
    /// Receiver, as soon as there is a receipt: move what is owned to Default; ends with
    /// `Report::Banked`.
    Bank,
}

/// The sender's steps before the coins are encrypted, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Preparation {
    /// 5
    MakeChange,
    /// 6
    JoinCoins,
    /// 7
    FindChange,
    /// 21
    FixChange,
    /// 8
    MoveToSender,
    /// 9
    Detect,
    /// 10
    FixCoins,
    /// 11
    PutInExport,
}

/// What a finished job found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    /// `ClearFolders`.
    FoldersCleared,
    /// `Prepare`.
    Prepared(Preparation),
    /// `Encrypt`.
    Encrypted(Manifest),
    /// `SendCoins`: the last byte was given to the connection.
    CoinsSent,
    /// `FileInSent`.
    FiledInSent,
    /// `ReadReceipt`.
    ReceiptRead(Totals),
    /// `CheckOldSecrets`.
    Checked(OldSecrets),
    /// `AskAgentsAlone`.
    CheckedAlone(OldSecrets),
    /// `PutBack`.
    PutBack,
    /// `GetReady`.
    Ready,
    /// `Store`.
    Stored(BatchHash),
    /// `CheckBatch`.
    BatchChecked,
    /// `Pown`.
    Powned(Totals),
    /// `SendReceipt`.
    ReceiptSent,
    /// `Bank`.
    Banked,
}

/// The sums of a batch by verdict. Their total is the amount of the transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Totals {
    /// Owned, of it final at 17 agents or more.
    pub last: Amount,
    /// Owned at 13 to 16 agents: settling.
    pub settling: Amount,
    /// Undecided.
    pub limbo: Amount,
    /// Conceded: 13 agents hold neither secret.
    pub counterfeit: Amount,
}

impl Totals {
    /// Returns what is owned, final or settling.
    pub fn owned(&self) -> Amount {
        self.last.checked_add(self.settling).unwrap_or(Amount::MAX)
    }

    /// Returns the sum of all verdicts, or `None` above all the money there is.
    pub fn sum(&self) -> Option<Amount> {
        Amount::try_sum([self.last, self.settling, self.limbo, self.counterfeit])
    }

    /// Returns whether every coin is owned.
    pub fn all_owned(&self) -> bool {
        self.limbo == Amount::ZERO && self.counterfeit == Amount::ZERO
    }
}

/// What the agents say of the secrets that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OldSecrets {
    /// Sum of the coins whose old secrets are dead at 13 agents or more.
    pub dead: Amount,
    /// Sum of the coins that the receipt calls owned (or, asked alone, of all) and that are not.
    pub alive_or_unknown: Amount,
}

/// Why a job could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// Fewer than 13 agents answered.
    TooFewAgents {
        /// How many answered.
        answered: u8,
    },
    /// The agents that answer are of another network than the coins: what they say is no verdict.
    OtherAgents,
    /// The coins do not make the amount, or not exactly.
    NoExactCoins,
    /// Coins of this sum were given for others, and it is not decided yet whether the agents took them.
    ExchangeOpen(Amount),
    /// The batch is not what the manifest says, or not coins. Says what is wrong.
    BadBatch(String),
    /// The receipt is not about this batch, or not a receipt.
    BadReceipt(String),
    /// The wallet's disk refused. Says what.
    Disk(String),
}

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The amount that the sender wants to send.
    pub amount: Amount,
    /// What the sender says it is for.
    pub memo: Option<String>,
}

/// What a person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Consent {
    /// Accept.
    Yes,
    /// Decline.
    No,
}

/// How a transfer ended for this program.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// All coins changed hands.
    Done(Totals),
    /// Sender: paid, but no receipt was seen. The agents show that the old secrets of all coins of
    /// this sum are dead, which says nothing of who owns them now.
    Unreceipted(Amount),
    /// Nothing changed hands and nothing is at risk.
    Returned(Cause),
    /// Coins are in flight, or may be: the transfer stays open and is taken up again by `resume`.
    /// With [`Cause::OddPosition`] a sender that has recorded no batch may have to tell its person
    /// that this home is older than the transfer: nothing was put back, and only the agents can say
    /// whose the coins of this home are.
    InDoubt(Cause),
    /// Every coin is decided; not all of them changed hands.
    Partly(Totals),
}

/// What becomes of a transfer's journal when its machine has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Journal {
    /// Nothing is left to do at the peer and at the agents: record the end, after what a failed
    /// [`Job::PutBack`] or [`Job::FileInSent`] left undone.
    Close,
    /// A later session takes the transfer up again from the machine that was persisted last.
    KeepOpen,
}

/// Why a transfer stopped before its good end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// The peer never came, or went away and did not come back in time.
    PeerAway,
    /// The peer came but a step did not get on in time; the step's message number.
    Stuck {
        /// Message number of the step.
        step: u8,
    },
    /// The person here declined.
    Declined,
    /// The person here stopped the program.
    Stopped,
    /// The peer stopped, with its reason as it said it.
    PeerStopped(String),
    /// The peer said a message that has no place here; its number.
    OutOfStep {
        /// Message number that was heard.
        heard: u8,
    },
    /// The peer confirmed or announced another amount.
    OtherAmount(Amount),
    /// A job failed.
    Fault(Fault),
    /// The connection file's time is over.
    Expired,
    /// The receiver recorded durably that it will never pown the batch.
    Refused,
    /// Coins of the batch were, or may have been, taken back: it never leaves again.
    Reclaimed,
    /// The peer says that it stands where it cannot stand, or that it holds another batch: it lies,
    /// or one of the two homes was restored from a backup that is older than the transfer.
    OddPosition(Position),
    /// Some coins are undecided, or not dead at 13 agents although the receipt calls them owned.
    Undecided(Totals),
}
