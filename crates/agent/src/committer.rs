//! The one writer of a ledger: it takes what is waiting, compares, and writes all changes in one
//! commit, so that a hundred small requests cost one sync.
//!
//! ```text
//! requests ──▶ queue (128) ──▶ group ──▶ read, compare, set ──▶ one synced commit ──▶ answers
//! ```
//!
//! Two requests for one coin in one group are decided one after the other. Nobody hears an
//! answer before the commit of his group is on disk, not even those whose coin was not changed:
//! what they were told may rest on a change of the same group.

use std::collections::HashMap;
use std::sync::Arc;

use coin::{AuthenticityNumber, SerialNumber};
use raida::api::CoinQuestion;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::ledger::{Ledger, LedgerError};
use crate::limits::{COMMIT_COINS, COMMIT_QUEUE};

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The agent holds the PAN, from now on or since an earlier request.
    Pass,
    /// The agent held another secret than the AN, and still does.
    Fail,
}

/// The agent's ledger failed: it answers nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the agent has stopped because its ledger failed")]
pub struct Stopped;

/// The way to the one writer of a ledger.
#[derive(Clone)]
pub(crate) struct Committer(mpsc::Sender<Request>);

struct Request {
    proposals: Vec<CoinQuestion>,
    answer: oneshot::Sender<Vec<Taken>>,
}

impl Committer {
    /// Makes a committer and the work that it does, which ends when the last committer is
    /// dropped, or when a commit fails; then it cancels `failed`.
    pub(crate) fn new(
        ledger: Arc<dyn Ledger>,
        failed: CancellationToken,
    ) -> (Committer, impl Future<Output = ()> + Send) {
        let (requests, waiting) = mpsc::channel(COMMIT_QUEUE);
        (Committer(requests), work(ledger, waiting, failed))
    }

    /// Replaces the AN of each coin by its PAN where the agent holds the AN. Answers in the
    /// order of the proposals, when all of it is on disk.
    pub(crate) async fn take(&self, proposals: Vec<CoinQuestion>) -> Result<Vec<Taken>, Stopped> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Request { proposals, answer }).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }

    /// Tells whether a commit has failed.
    pub(crate) fn has_stopped(&self) -> bool {
        self.0.is_closed()
    }
}

async fn work(
    ledger: Arc<dyn Ledger>,
    mut waiting: mpsc::Receiver<Request>,
    failed: CancellationToken,
) {
    while let Some(first) = waiting.recv().await {
        let group = gather(first, &mut waiting);
        let ledger = Arc::clone(&ledger);
        let agent = ledger.charter().agent;
        // The disk would hold up every other agent on this thread.
        let done = tokio::task::spawn_blocking(move || decide(ledger.as_ref(), group)).await;
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

fn gather(first: Request, waiting: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let mut coins = first.proposals.len();
    let mut group = vec![first];
    while coins < COMMIT_COINS
        && let Ok(next) = waiting.try_recv()
    {
        coins += next.proposals.len();
        group.push(next);
    }
    group
}

fn decide(ledger: &dyn Ledger, group: Vec<Request>) -> Result<(), LedgerError> {
    let mut changes: HashMap<SerialNumber, AuthenticityNumber> = HashMap::new();
    let mut answers = Vec::with_capacity(group.len());
    for Request { proposals, answer } in group {
        let mut taken = Vec::with_capacity(proposals.len());
        for CoinQuestion { sn, an, pan } in proposals {
            let held = match changes.get(&sn) {
                Some(changed) => Some(changed.clone()),
                None => ledger.an(sn)?,
            };
            taken.push(match held {
                Some(held) if held == pan => Taken::Pass,
                Some(held) if held == an => {
                    changes.insert(sn, pan);
                    Taken::Pass
                }
                Some(_) | None => Taken::Fail,
            });
        }
        answers.push((answer, taken));
    }
    let changes: Vec<_> = changes.into_iter().collect();
    if !changes.is_empty() {
        ledger.commit(&changes)?;
    }
    for (answer, taken) in answers {
        // Whoever asked may have gone; what was committed stands all the same.
        let _ = answer.send(taken);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
