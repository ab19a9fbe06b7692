//! The jobs of a transfer: what they do at the wallet and at the agents.
//!
//! One file per job or pair of jobs. Each is idempotent: a crash or a cut link may make it begin again.

mod batch;
mod booking;
pub(crate) mod change;
pub(crate) mod errand;
pub(crate) mod exchange;
pub(crate) mod export;
pub(crate) mod fate;
mod find;
pub(crate) mod freight;
pub(crate) mod import;
pub(crate) mod join;
mod look;
mod mend;
mod old_secrets;
mod pown;
mod prepare;
mod receipt;
pub(crate) mod reclaim;

pub(crate) use prepare::{Affordable, affordable};

use std::future::Future;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use coin::Amount;
use protocol::link::Memory;
use protocol::machine::{Fault, Job, Preparation, Report};
use protocol::message::{DurableStep, Manifest};
use raida::{Authority, Progress};
use tokio::sync::Notify;
use wallet::{AnyDisk, Folder, Operation, OperationId, Wallet, WalletError, WalletName};
use zeroize::Zeroizing;

use self::freight::Inbox;
use crate::desk::{Desk, with_causes};
use crate::machine::Machine;
use crate::record::Counts;
use crate::screen::Screen;
use crate::session::{Numbers, Session};
use crate::transfer::Done;

/// Labels of the notes that a transfer keeps in its journal.
pub(crate) mod note {
    /// The machine, as JSON.
    pub(crate) const MACHINE: &str = "machine";
    /// The link's memory, as JSON.
    pub(crate) const LINK: &str = "link";
    /// The amount that both sides agreed on, as JSON.
    pub(crate) const AGREED: &str = "agreed";
    /// The file names of the coins that the sender chose, as JSON.
    pub(crate) const CHOSEN: &str = "chosen";
    /// Which agents held the coins' secrets at message 9.
    pub(crate) const HELD: &str = "held";
    /// The hash of the batch that was kept last.
    pub(crate) const BATCH: &str = "batch";
    /// That the received batch was checked: from then on it is never refused.
    pub(crate) const CHECKED: &str = "checked";
    /// That the peer did not come before anything was agreed: only the person takes this up again.
    pub(crate) const PARKED: &str = "parked";
    /// What the agents decided about each coin, as JSON.
    pub(crate) const VERDICTS: &str = "verdicts";
    /// How many coins were found, fixed and so on, as JSON.
    pub(crate) const COUNTS: &str = "counts";
    /// The text of the newest receipt.
    pub(crate) const RECEIPT: &str = "receipt";
    /// That the files of an export are written.
    pub(crate) const EXPORTED: &str = "exported";
    /// What became of each coin that left, as JSON: see `operations/reclaim/departures.rs`.
    pub(crate) const DEPARTED: &str = "departed";
}

/// Label of the coins that travel.
pub(crate) const COINS: &str = "coins";

/// What the jobs of one transfer work with; cheap to clone.
#[derive(Clone)]
pub(crate) struct Bench {
    /// The wallet.
    pub(crate) desk: Desk,
    /// Which operation of the wallet this is.
    pub(crate) id: OperationId,
    /// The 25 agents.
    pub(crate) authority: Authority,
    /// What the person sees.
    pub(crate) screen: Screen,
    /// Says that a job is getting on.
    pub(crate) progress: Arc<Notify>,
    /// The network of agents that the coins belong to, by its print.
    pub(crate) network: [u8; 8],
    /// The hidden wallet of this side.
    pub(crate) hidden_wallet: WalletName,
    /// Makes the numbers of operations that begin within this one.
    pub(crate) numbers: Numbers,
    /// Where the home lies.
    pub(crate) home: PathBuf,
    /// From how many coins on those of a payment are joined; never when there is no number.
    pub(crate) join_from: Option<NonZeroU32>,
    /// The amount of the transfer; zero for a receiver that does not know it yet.
    pub(crate) amount: Amount,
    /// The relay's address, for messages.
    pub(crate) relay: String,
    /// The room, for messages.
    pub(crate) room: u64,
}

impl Bench {
    /// Returns what the work of one operation needs that meets nobody.
    pub(crate) fn at_home(
        session: &Session,
        id: OperationId,
        network: [u8; 8],
        hidden_wallet: WalletName,
        amount: Amount,
    ) -> Bench {
        Bench {
            desk: session.desk.clone(),
            id,
            authority: session.authority.clone(),
            screen: session.screen.clone(),
            progress: Arc::new(Notify::new()),
            network,
            hidden_wallet,
            numbers: session.numbers(),
            home: session.home.clone(),
            join_from: session.config.join_from,
            amount,
            relay: String::new(),
            room: 0,
        }
    }

    /// Returns the work of a job.
    pub(crate) fn work(
        &self,
        job: Job,
        inbox: Inbox,
        manifest: Option<Manifest>,
    ) -> impl Future<Output = Result<Done, Fault>> + Send + 'static {
        let bench = self.clone();
        async move {
            if asks_agents(&job) {
                bench.same_network().await?;
            }
            let report = match job {
                Job::ClearFolders => bench.clear_folders().await?,
                Job::Prepare(step) => bench.prepare(step).await?,
                Job::Encrypt => bench.encrypt().await?,
                Job::SendCoins(_) => return bench.batch_stream().await.map(Done::Stream),
                Job::FileInSent => bench.file_in_sent().await?,
                Job::ReadReceipt => bench.read_receipt(inbox).await?,
                Job::CheckOldSecrets => {
                    bench.check_old_secrets(old_secrets::Which::CalledOwned).await?
                }
                Job::AskAgentsAlone => bench.check_old_secrets(old_secrets::Which::All).await?,
                Job::PutBack => bench.put_back().await?,
                Job::GetReady => bench.get_ready(manifest).await?,
                Job::Store => bench.store(inbox).await?,
                Job::CheckBatch(manifest) => bench.check_batch(manifest).await?,
                Job::Pown => bench.pown().await?,
                Job::SendReceipt => return bench.receipt_stream().await.map(Done::Stream),
                Job::Bank => bench.bank().await?,
            };
            Ok(Done::Report(report))
        }
    }

    /// Makes sure that the agents that answer now are those of the coins: to all others every coin is
    /// unknown, and what they say is no verdict.
    ///
    /// Agents that are being started again are waited for, some six seconds.
    pub(crate) async fn same_network(&self) -> Result<(), Fault> {
        let mut pause = AGENTS_PAUSE_MIN;
        loop {
            match self.authority.network().await {
                Ok(network) if network.print() == self.network => return Ok(()),
                Ok(network) => {
                    let found = hex::encode(network.print());
                    let wanted = hex::encode(self.network);
                    self.screen.warn(&format!(
                        "the agents answer as network {found}, the coins are of {wanted}"
                    ));
                    return Err(Fault::OtherAgents);
                }
                Err(few) if pause > AGENTS_PAUSE_MAX => {
                    return Err(Fault::TooFewAgents { answered: few.answered });
                }
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause *= 2;
        }
    }

    /// Makes a machine durable; the wallet learns when its coins are in flight.
    ///
    /// # Crash safety
    /// The machine is written first: a crash between the two leaves a machine that says `InFlight`, and
    /// the mark is made again when the transfer is taken up.
    pub(crate) async fn persist(&self, machine: &Machine) -> Result<(), Fault> {
        let text =
            serde_json::to_string(machine).map_err(|error| Fault::Disk(error.to_string()))?;
        let in_flight = machine.is_sender() && machine.position().step == DurableStep::InFlight;
        self.at_wallet(move |_, operation| {
            operation.note(note::MACHINE, &text)?;
            if in_flight { operation.mark_in_flight().map(drop) } else { Ok(()) }
        })
        .await
    }

    /// Makes the link's memory durable.
    pub(crate) async fn persist_link(&self, memory: &Memory) -> Result<(), Fault> {
        let text = Zeroizing::new(
            serde_json::to_string(memory).map_err(|error| Fault::Disk(error.to_string()))?,
        );
        self.at_wallet(move |_, operation| operation.note(note::LINK, &text)).await
    }

    /// Makes the amount durable that both sides have agreed on.
    pub(crate) async fn persist_agreed(&self, amount: Amount) -> Result<(), Fault> {
        self.at_wallet(move |_, operation| operation.note(note::AGREED, &amount.to_string())).await
    }

    /// Files what the end of a transfer left in the hidden wallet: what did not leave goes back to
    /// Default, what was sent to Sent, what will not be powned to Suspect. While this fails, the journal
    /// stays open.
    pub(crate) async fn tidy_up(&self, machine: &Machine) -> Result<(), Fault> {
        match (machine.is_sender(), machine.position().step) {
            (true, DurableStep::Open) => self.put_back().await.map(drop),
            (true, DurableStep::InFlight | DurableStep::Settled) => {
                self.file_in_sent().await.map(drop)
            }
            (false, DurableStep::Open | DurableStep::Refused) => self.set_aside().await,
            (true, _) | (false, _) => Ok(()),
        }
    }

    /// Files coins that were not asked for under Suspect.
    async fn set_aside(&self) -> Result<(), Fault> {
        let of = self.hidden_wallet;
        self.at_wallet(move |wallet, operation| {
            let names = operation.held(of.place(Folder::Import));
            operation
                .shift(wallet, of.place(Folder::Import), of.place(Folder::Suspect), &names)
                .map(drop)
        })
        .await
    }

    /// Message 2: what belongs to no open transfer leaves Import and Export, for Suspect.
    async fn clear_folders(&self) -> Result<Report, Fault> {
        let of = self.hidden_wallet;
        let cleared = self.at_wallet(move |wallet, _| wallet.clear(of)).await?;
        if !cleared.moved.is_empty() {
            self.screen
                .say(&format!("{} files left Import and Export for Suspect", cleared.moved.len()));
        }
        Ok(Report::FoldersCleared)
    }

    /// Does something at the wallet with the journal of this transfer.
    async fn at_wallet<R, F>(&self, task: F) -> Result<R, Fault>
    where
        R: Send + 'static,
        F: FnOnce(&mut Wallet<AnyDisk>, &mut Operation<AnyDisk>) -> Result<R, WalletError>
            + Send
            + 'static,
    {
        let id = self.id;
        let result = self
            .desk
            .run(move |work| match work.operations.get_mut(&id) {
                Some(operation) => task(&mut work.wallet, operation)
                    .map_err(|error| Fault::Disk(with_causes(&error))),
                None => Err(Fault::Disk("the operation's journal is not open".to_owned())),
            })
            .await;
        result.unwrap_or_else(|stopped| Err(Fault::Disk(stopped.to_string())))
    }

    /// Adds to what was done to coins on the way; it is told with the result.
    async fn count(&self, done: &'static str, coins: usize) -> Result<(), Fault> {
        if coins == 0 {
            return Ok(());
        }
        self.at_wallet(move |_, operation| {
            let mut counts = counts(operation)?;
            *counts.entry(done.to_owned()).or_default() += coins as u64;
            let text = serde_json::to_string(&counts).map_err(|_| broken_note(note::COUNTS))?;
            operation.note(note::COUNTS, &text)
        })
        .await
    }

    /// Returns a callback that shows how far a question to the agents has got.
    fn meter(&self, what: &'static str) -> impl Fn(Progress) + Send + Sync + 'static {
        let screen = self.screen.clone();
        let getting_on = Arc::clone(&self.progress);
        move |progress: Progress| {
            screen.progress(what, progress.settled, progress.of);
            getting_on.notify_one();
        }
    }
}

/// Pauses between two questions to agents of which fewer than 13 answer: doubled each time.
const AGENTS_PAUSE_MIN: Duration = Duration::from_millis(200);
const AGENTS_PAUSE_MAX: Duration = Duration::from_millis(3200);

/// Tells whether a job puts coins to the agents.
fn asks_agents(job: &Job) -> bool {
    match job {
        Job::Prepare(Preparation::FixChange | Preparation::Detect)
        | Job::CheckOldSecrets
        | Job::AskAgentsAlone
        | Job::GetReady
        | Job::Pown => true,
        Job::ClearFolders
        | Job::Prepare(_)
        | Job::Encrypt
        | Job::SendCoins(_)
        | Job::FileInSent
        | Job::ReadReceipt
        | Job::PutBack
        | Job::Store
        | Job::CheckBatch(_)
        | Job::SendReceipt
        | Job::Bank => false,
    }
}

/// Returns what was done to coins on the way.
pub(crate) fn counts(operation: &Operation<AnyDisk>) -> Result<Counts, WalletError> {
    match operation.last_note(note::COUNTS) {
        Some(text) => serde_json::from_str(text).map_err(|_| broken_note(note::COUNTS)),
        None => Ok(Counts::new()),
    }
}

/// Returns the error of a note that is not there or not understood: the journal was changed by hand.
fn broken_note(label: &'static str) -> WalletError {
    WalletError::BrokenNote { label }
}
