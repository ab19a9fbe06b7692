//! The one writer of a ledger: it takes what is waiting, decides one act after the other, and
//! writes all changes in one commit, so that a hundred small requests cost one sync.
//!
//! ```text
//! acts ──▶ queue (128) ──▶ group ──▶ read, compare, set ──▶ one synced commit ──▶ outcomes
//! ```
//!
//! An act sees what those before it in its group have changed. Nobody hears an outcome before
//! the commit of his group is on disk, not even those whose act changed nothing: what they are
//! told may rest on a change of the same group.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::faults::History;
use crate::ledger::{Draft, Ledger, LedgerError, Lies};
use crate::limits::{COMMIT_COINS, COMMIT_QUEUE};
use crate::tally::Tally;

/// Something that may change the ledger.
pub(crate) trait Act: Send + 'static {
    /// What came of it.
    type Outcome: Send + 'static;

    /// Returns how many coins it is about; a group of acts is closed when they are many.
    fn coins(&self) -> usize;

    /// Decides and puts the changes into the draft; an act that is to be done wholly or not at
    /// all puts in nothing before it knows that it can be done.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the ledger fails; then nothing of the group is done.
    fn decide(self, draft: &mut Draft<'_>) -> Result<Self::Outcome, LedgerError>;
}

/// The agent's ledger failed: it answers nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the agent has stopped because its ledger failed")]
pub struct Stopped;

/// The way to the one writer of a ledger.
#[derive(Clone)]
pub(crate) struct Committer(mpsc::Sender<Request>);

/// Who looks on while commits are made.
#[derive(Clone)]
pub(crate) struct Witness {
    pub(crate) tally: Arc<Tally>,
    /// Only where an agent may be told to forget.
    pub(crate) history: Option<Arc<History>>,
}

struct Request {
    coins: usize,
    decide: Box<Decide>,
}

type Decide = dyn FnOnce(&mut Draft<'_>) -> Result<Box<Tell>, LedgerError> + Send;

/// Tells whoever asked what came of it.
type Tell = dyn FnOnce() + Send;

impl Committer {
    /// Makes a committer and the work that it does, which ends when the last committer is
    /// dropped, or when a commit fails; then it cancels `failed`.
    pub(crate) fn new(
        ledger: Arc<dyn Ledger>,
        witness: Witness,
        failed: CancellationToken,
    ) -> (Committer, impl Future<Output = ()> + Send) {
        let (requests, waiting) = mpsc::channel(COMMIT_QUEUE);
        (Committer(requests), work(ledger, waiting, witness, failed))
    }

    /// Has an act decided and returns what came of it, when all of it is on disk.
    pub(crate) async fn carry_out<A: Act>(&self, act: A) -> Result<A::Outcome, Stopped> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Request::new(act, answer)).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }

    /// Returns how many acts wait, those being decided left out.
    pub(crate) fn queue(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }

    /// Tells whether a commit has failed.
    pub(crate) fn has_stopped(&self) -> bool {
        self.0.is_closed()
    }
}

impl Request {
    fn new<A: Act>(act: A, answer: oneshot::Sender<A::Outcome>) -> Request {
        let coins = act.coins();
        let decide = |draft: &mut Draft<'_>| -> Result<Box<Tell>, LedgerError> {
            let outcome = act.decide(draft)?;
            // Whoever asked may have gone; what was committed stands all the same.
            Ok(Box::new(|| drop(answer.send(outcome))))
        };
        Request { coins, decide: Box::new(decide) }
    }
}

async fn work(
    ledger: Arc<dyn Ledger>,
    mut waiting: mpsc::Receiver<Request>,
    witness: Witness,
    failed: CancellationToken,
) {
    while let Some(first) = waiting.recv().await {
        let group = gather(first, &mut waiting);
        let (ledger, witness) = (Arc::clone(&ledger), witness.clone());
        let agent = ledger.charter().agent;
        let lies = ledger.lies();
        // The disk would hold up every other agent on this thread.
        let done = beside(lies, move || decide(ledger.as_ref(), group, &witness)).await;
        let fault = match done {
            Ok(Ok(())) => continue,
            Ok(Err(fault)) => Some(fault),
            Err(_) => None,
        };
        error!(agent, ?fault, "the ledger failed; the agent stops");
        failed.cancel();
        return;
    }
}

/// Does something with a ledger where it holds up nobody, and returns what came of it.
pub(crate) async fn beside<T: Send + 'static>(
    lies: Lies,
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    match lies {
        Lies::OnDisk => tokio::task::spawn_blocking(act).await,
        Lies::InMemory => Ok(act()),
    }
}

fn gather(first: Request, waiting: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let mut coins = first.coins;
    let mut group = vec![first];
    while coins < COMMIT_COINS
        && let Ok(next) = waiting.try_recv()
    {
        coins += next.coins;
        group.push(next);
    }
    group
}

fn decide(ledger: &dyn Ledger, group: Vec<Request>, witness: &Witness) -> Result<(), LedgerError> {
    let mut draft = Draft::over(ledger);
    let decided = group.into_iter().map(|request| (request.decide)(&mut draft));
    let outcomes: Vec<Box<Tell>> = decided.collect::<Result<_, _>>()?;
    if let Some(history) = &witness.history {
        history.note(&draft)?;
    }
    match draft.coins() {
        0 => draft.commit()?,
        coins => witness.tally.commit(coins, || draft.commit())?,
    }
    outcomes.into_iter().for_each(|tell| tell());
    Ok(())
}

#[cfg(test)]
mod tests;
