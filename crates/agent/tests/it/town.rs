//! 25 agents on sockets of their own, over simulated ledgers, and the wallet's view of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use agent::{
    Agents, Bounds, Charter, Ledger, Limits, Settings, SimDisk, Tls, V1Exchange, V1Fix,
    serve_connection,
};
use coin::{AGENTS, AnSet, AuthenticityNumber, Coin, SerialNumber};
use raida::api::Counting;
use raida::{AddressBook, Authority, Claim, Progress, Timing};
use tokio::io::{DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(crate) const NETWORK: &str = "town";

/// Never too short for an answer, however busy this machine is.
pub(crate) const TIMING: Timing = Timing {
    connect: Duration::from_secs(60),
    request: Duration::from_secs(60),
    round: Duration::from_secs(120),
    coin: Duration::ZERO,
};

/// Running agents; they stop when it is dropped.
pub(crate) struct Town {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) agents: Agents,
    stop: CancellationToken,
}

impl Town {
    /// Starts `agents` agents that know these coins.
    pub(crate) async fn of(agents: usize, coins: &[Coin]) -> Town {
        Town::with(agents, coins, settings).await
    }

    /// The same with other settings than usual.
    pub(crate) async fn with(
        agents: usize,
        coins: &[Coin],
        settings: impl FnOnce(&[SocketAddr]) -> Settings,
    ) -> Town {
        Town::knowing(agents, |_| coins, settings).await
    }

    /// The same with agents of which each knows its own coins.
    pub(crate) async fn knowing<'c>(
        agents: usize,
        coins: impl Fn(usize) -> &'c [Coin],
        settings: impl FnOnce(&[SocketAddr]) -> Settings,
    ) -> Town {
        let charter = |agent| Charter { network: NETWORK.parse().unwrap(), agent };
        let mut ledgers: Vec<Arc<dyn Ledger>> = Vec::new();
        let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
        for agent in 0..agents {
            let ledger = SimDisk::found(charter(agent)).open();
            let ans = coins(agent).iter().map(|coin| (coin.sn, coin.ans.get(agent).clone()));
            agent::put(&ledger, &ans.collect::<Vec<_>>()).unwrap();
            ledgers.push(Arc::new(ledger));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            addresses.push(listener.local_addr().unwrap());
            listeners.push(listener);
        }
        let stop = CancellationToken::new();
        let agents = Agents::start(ledgers, listeners, &settings(&addresses), &stop);
        Town { addresses, agents, stop }
    }

    /// Starts 25 agents that know these coins and show this certificate.
    pub(crate) async fn behind(coins: &[Coin], tls: &Tls) -> Town {
        Town::with(AGENTS, coins, |addresses| {
            let pin = tls.fingerprint();
            let pinned = addresses.iter().map(|at| format!("https://{at} {pin}\n"));
            let peers = AddressBook::parse(&pinned.collect::<String>()).unwrap();
            Settings { peers, tls: Some(tls.clone()), ..settings(addresses) }
        })
        .await
    }

    /// Starts 25 agents that know these coins.
    pub(crate) async fn new(coins: &[Coin]) -> Town {
        Town::of(AGENTS, coins).await
    }

    /// Tells the agents to stop.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    pub(crate) fn book(&self) -> AddressBook {
        settings(&self.addresses).peers
    }

    pub(crate) fn authority(&self) -> Authority {
        Authority::new(&self.book(), TIMING)
    }

    /// Returns a way to connect to agents through pipes in memory, which works under a simulated
    /// clock too.
    pub(crate) fn pipes(&self) -> impl Fn(usize) -> DuplexStream + Send + Sync + 'static + use<> {
        let (agents, bounds) = (self.agents.agents().to_vec(), Bounds::default());
        move |agent| {
            let (agent, bounds) = (Arc::clone(&agents[agent]), bounds.clone());
            let (ours, theirs) = duplex(1 << 16);
            tokio::spawn(async move {
                serve_connection(&agent, theirs, &bounds, &CancellationToken::new()).await;
            });
            ours
        }
    }

    /// Tells an agent that a coin has another AN, as if it had been fixed behind our back.
    pub(crate) async fn set(&self, agent: usize, coin: &Coin, an: AuthenticityNumber) {
        let question =
            raida::api::CoinQuestion { sn: coin.sn, an: coin.ans.get(agent).clone(), pan: an };
        let taken =
            self.agents.agents()[agent].take(vec![question], Counting::Origins).await.unwrap();
        assert!(matches!(taken[..], [agent::Taken::Pass(_)]));
    }

    /// Returns how many agents hold this secret of this coin.
    pub(crate) async fn holders(&self, sn: SerialNumber, ans: &AnSet) -> usize {
        let mut holders = 0;
        for (agent, an) in self.agents.agents().iter().zip(ans.iter()) {
            let question = raida::api::CoinQuestion { sn, an: an.clone(), pan: an.clone() };
            let held = agent.holds(vec![question], Counting::Origins).await.unwrap();
            holders += usize::from(matches!(held[..], [agent::Held::An(_)]));
        }
        holders
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The settings of agents of which the first ones are at these addresses; nobody listens where the
/// others should be.
pub(crate) fn settings(addresses: &[SocketAddr]) -> Settings {
    let nobody = (addresses.len()..AGENTS).map(|agent| format!("127.0.{agent}.1:1"));
    let lines: Vec<String> = addresses.iter().map(ToString::to_string).chain(nobody).collect();
    Settings {
        peers: AddressBook::parse(&lines.join("\n")).unwrap(),
        v1_fix: V1Fix::Refused,
        v1_exchange: V1Exchange::Refused,
        tls: None,
        limits: Limits::default(),
        faults: None,
    }
}

/// The same of agents that tell everybody of coins that exchanges made.
pub(crate) fn v1_exchange(addresses: &[SocketAddr]) -> Settings {
    Settings { v1_exchange: V1Exchange::Allowed, ..settings(addresses) }
}

pub(crate) fn quiet(_: Progress) {}

/// The secrets of one round: those of another round differ everywhere.
pub(crate) fn ans(round: u8) -> AnSet {
    AnSet::from_fn(|agent| {
        AuthenticityNumber::from_bytes([round.wrapping_mul(31).wrapping_add(agent as u8); 16])
    })
}

/// So many coins of 1 with the secrets of round 1.
pub(crate) fn coins(count: u32) -> Vec<Coin> {
    (1..=count).map(|sn| Coin { sn: SerialNumber::new(sn).unwrap(), ans: ans(1) }).collect()
}

/// Claims to these coins: from their secrets to those of a round.
pub(crate) fn claims(coins: &[Coin], round: u8) -> Vec<Claim> {
    let claim = |coin: &Coin| Claim { sn: coin.sn, ans: coin.ans.clone(), pans: ans(round) };
    coins.iter().map(claim).collect()
}
