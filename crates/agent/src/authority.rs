//! Agents that run together in one process, from their start to their end.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::agent::{Agent, Stopped};
use crate::ledger::Ledger;
use crate::limits::STOP_WAIT;
use crate::server::{Bounds, serve};
use crate::settings::Settings;
use crate::watch::{View, watch};

/// Running agents. They stop when their token is cancelled, or all of them when the ledger of one
/// fails: the disk of the others is the same.
pub struct Agents {
    agents: Vec<Arc<Agent>>,
    serving: JoinSet<()>,
    committing: JoinSet<()>,
    /// Ends with the agents, not before: it says that they are stopping.
    watching: JoinSet<()>,
    stopping: CancellationToken,
    failed: CancellationToken,
}

impl Agents {
    /// Starts an agent for each ledger, on the listener in the same place.
    pub fn start(
        ledgers: Vec<Arc<dyn Ledger>>,
        listeners: Vec<TcpListener>,
        settings: &Settings,
        stop: &CancellationToken,
    ) -> Agents {
        let bounds = Bounds::default();
        let failed = CancellationToken::new();
        let mut running = Agents {
            agents: Vec::with_capacity(ledgers.len()),
            serving: JoinSet::new(),
            committing: JoinSet::new(),
            watching: JoinSet::new(),
            stopping: stop.child_token(),
            failed,
        };
        // An agent whose ledger failed answers `error` until all have stopped.
        let stop_all = running.stopping.clone();
        for (ledger, listener) in ledgers.into_iter().zip(listeners) {
            let (agent, work) = Agent::new(ledger, settings, running.failed.clone());
            let agent = Arc::new(agent);
            running.committing.spawn(work);
            running.serving.spawn(serve(
                Arc::clone(&agent),
                listener,
                bounds.clone(),
                stop_all.clone(),
            ));
            running.agents.push(agent);
        }
        let failed = running.failed.clone();
        running.committing.spawn(async move {
            stop_all.run_until_cancelled(failed.cancelled()).await;
            stop_all.cancel();
        });
        running
    }

    /// Shows on a listener how the agents do: `/metrics`, `/healthz` and `/readyz`, until they have
    /// ended.
    pub fn watch(&mut self, listener: TcpListener, settings: &Settings) {
        let view = View {
            agents: self.agents.iter().map(Arc::downgrade).collect(),
            stopping: self.stopping.clone(),
            faults: settings.faults.clone(),
        };
        self.watching.spawn(watch(listener, view));
    }

    /// Returns the agents in the order in which they were started.
    pub fn agents(&self) -> &[Arc<Agent>] {
        &self.agents
    }

    /// Waits until the agents have stopped, and closes their ledgers.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when it was a ledger that failed.
    pub async fn ended(mut self) -> Result<(), Stopped> {
        while self.serving.join_next().await.is_some() {}
        // A committer ends when nobody can ask it any more.
        self.agents.clear();
        let committed = async { while self.committing.join_next().await.is_some() {} };
        if timeout(STOP_WAIT, committed).await.is_err() {
            warn!("commits under way were not waited for");
        }
        if self.failed.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }
}
