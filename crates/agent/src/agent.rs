//! One detection agent: what it says of coins, and how it takes new secrets for them.

mod conduct;
mod exchanges;
mod seen;
mod vouch;

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coin::{Origin, SerialNumber};
use raida::api::{CoinQuestion, Counting};
use raida::{NetworkId, Peers};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::acts::{Decided, Fix, Fixed, Fixing, Take, Taken};
pub use crate::committer::Stopped;
use crate::committer::{Committer, Witness, beside};
use crate::door::Door;
use crate::exchange::Desk;
use crate::exchange::catch_up::Heard;
use crate::faults::History;
use crate::ledger::{Holding, Ledger, LedgerError};
use crate::limits::{FIXES_AT_A_TIME, PEER_TIMING};
use crate::settings::{Settings, Shown};
use crate::tally::Tally;
use crate::tickets::Tickets;
use crate::words::Words;
pub use exchanges::Census;

/// One detection agent.
pub struct Agent {
    ledger: Arc<dyn Ledger>,
    settings: Settings,
    peers: Peers,
    committer: Committer,
    tickets: Mutex<Tickets>,
    desk: Desk,
    words: Words,
    door: Door,
    tally: Arc<Tally>,
    /// Only where the agent may be told to forget.
    history: Option<Arc<History>>,
    requests: AtomicU32,
    /// Places for requests to fix coins.
    pub(crate) fixes: Semaphore,
    failed: CancellationToken,
}

/// What an agent holds of the two secrets that it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The AN, of a coin that came from there.
    An(Origin),
    /// The PAN, of a coin that came from there.
    Pan(Origin),
    /// One of them; an exchange made the coin, and the caller does not count origins.
    Concealed,
    /// Another secret, or it does not know the coin.
    Neither,
}

impl Agent {
    /// Makes the agent of this ledger, and the work of its committer, which must run as long as
    /// the agent shall answer. When the ledger fails, `failed` is cancelled and the agent stops.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        settings: &Settings,
        failed: CancellationToken,
    ) -> (Agent, impl Future<Output = ()> + Send + use<>) {
        let tally = Arc::new(Tally::new());
        let history = settings.faults.is_some().then(Arc::<History>::default);
        let witness = Witness { tally: Arc::clone(&tally), history: history.clone() };
        let (committer, work) = Committer::new(Arc::clone(&ledger), witness, failed.clone());
        let words = Words::default();
        let agent = Agent {
            peers: Peers::new(&settings.peers, ledger.charter().agent, PEER_TIMING),
            ledger,
            settings: settings.clone(),
            committer,
            tickets: Mutex::default(),
            desk: Desk::keeping(words.clone()),
            words,
            fixes: Semaphore::new(FIXES_AT_A_TIME),
            door: Door::new(settings.limits.clone()),
            tally,
            history,
            requests: AtomicU32::new(rand::random()),
            failed,
        };
        (agent, work)
    }

    /// Returns the same agent, which asks the others in this way.
    pub fn among(self, peers: Peers) -> Agent {
        Agent { peers, ..self }
    }

    /// Returns the agent's number, 0 to 24.
    pub fn number(&self) -> usize {
        self.ledger.charter().agent
    }

    /// Returns the id of the network that the agent belongs to.
    pub fn network(&self) -> &NetworkId {
        &self.ledger.charter().network
    }

    /// Returns what the agent was told when it started.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the way to the other agents.
    pub(crate) fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Replaces the AN of each coin by its PAN where the agent holds the AN; a PAN that it holds
    /// already passes too. Answers in the order of the coins. Where the agent has just given its
    /// word for a coin this takes some seconds. A coin that an exchange made stays as it is when the
    /// caller counts passes, unless that is allowed.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed.
    ///
    /// # Crash safety
    ///
    /// What passed is on disk.
    pub async fn take(
        &self,
        coins: Vec<CoinQuestion>,
        counting: Counting,
    ) -> Result<Vec<Taken>, Stopped> {
        match self.lie() {
            Some(lie) => Ok(lie.take(&coins)),
            None => self.take_in_turn(coins, self.settings.v1_exchange.shows(counting)).await,
        }
    }

    async fn take_in_turn(
        &self,
        coins: Vec<CoinQuestion>,
        shown: Shown,
    ) -> Result<Vec<Taken>, Stopped> {
        let mut taken = vec![Taken::Fail; coins.len()];
        let mut places: Vec<usize> = (0..coins.len()).collect();
        let mut open = coins;
        while !open.is_empty() {
            let take = Take { coins: open, shown, words: self.words.clone() };
            let decided = self.committer.carry_out(take).await?;
            let (mut waiting, mut later, mut until) = (Vec::new(), Vec::new(), Instant::now());
            for (place, decided) in places.into_iter().zip(decided) {
                match decided {
                    Decided::Taken(it) => taken[place] = it,
                    Decided::Later(coin, end) => {
                        waiting.push(place);
                        later.push(coin);
                        until = until.max(end);
                    }
                }
            }
            (places, open) = (waiting, later);
            if !open.is_empty() {
                sleep_until(until).await;
            }
        }
        Ok(taken)
    }

    /// Sets new ANs of coins, also of coins that the agent does not know, as long as they are as
    /// they were seen, and not after `until`. Where an exchange is missing that made one, it is carried
    /// out, if it is one of those that were heard of. Whoever asks for it has shown at other agents that he
    /// may. Answers in the order of the coins.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed.
    ///
    /// # Crash safety
    ///
    /// What passed is on disk.
    pub(crate) async fn fix(
        &self,
        coins: Vec<Fixing>,
        heard: Heard,
        until: Instant,
    ) -> Result<Vec<Fixed>, Stopped> {
        self.committer.carry_out(Fix { coins, heard, until, words: self.words.clone() }).await
    }

    /// Returns what the agent holds of each of these coins.
    pub(crate) async fn seen(
        &self,
        coins: Vec<SerialNumber>,
    ) -> Result<Vec<Option<Holding>>, Stopped> {
        self.read(move |ledger| coins.into_iter().map(|sn| ledger.coin(sn)).collect()).await
    }

    /// Tells which of AN and PAN the agent holds of each coin; the AN where they are the same.
    /// Changes nothing. Answers in the order of the coins. What is concealed from a caller who counts
    /// passes is so unless that is allowed.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed.
    pub async fn holds(
        &self,
        coins: Vec<CoinQuestion>,
        counting: Counting,
    ) -> Result<Vec<Held>, Stopped> {
        if let Some(lie) = self.lie() {
            return Ok(lie.holds(&coins));
        }
        let shown = self.settings.v1_exchange.shows(counting);
        self.read(move |ledger| {
            let held = coins.iter().map(|CoinQuestion { sn, an, pan }| {
                let held = ledger.coin(*sn)?;
                Ok(match held.filter(|held| held.an == *an || held.an == *pan) {
                    None => Held::Neither,
                    Some(held) if !shown.includes(held.origin) => Held::Concealed,
                    Some(held) if held.an == *an => Held::An(held.origin),
                    Some(held) => Held::Pan(held.origin),
                })
            });
            held.collect()
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, Stopped> {
        if self.committer.has_stopped() {
            return Err(Stopped);
        }
        let ledger = Arc::clone(&self.ledger);
        let read = beside(ledger.lies(), move || question(ledger.as_ref())).await;
        let fault = match read {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(fault)) => Some(fault),
            Err(_) => None,
        };
        error!(agent = self.number(), ?fault, "the ledger failed; the agent stops");
        self.failed.cancel();
        Err(Stopped)
    }

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
