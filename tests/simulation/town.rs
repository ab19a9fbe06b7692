//! The 25 agents, each over a ledger that keeps what was committed and forgets the rest.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use agent::{
    Agent, Bounds, Charter, Faults, Ledger, Limits, Settings, SimDisk, SimLedger, Switch,
    V1Exchange, V1Fix, serve_connection,
};
use coin::{AGENTS, AuthenticityNumber, Coin, SerialNumber};
use raida::{AddressBook, Authority, Peers, Stream, Timing};
use tokio::io::DuplexStream;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::network::connect;
use crate::weather::Weather;

/// The waits of an agent that asks another one.
const PEER_TIMING: Timing = Timing {
    connect: Duration::from_secs(2),
    request: Duration::from_secs(3),
    round: Duration::from_secs(3),
    coin: Duration::ZERO,
};

/// The agents; clones are the same ones.
#[derive(Clone)]
pub(crate) struct Town {
    places: Arc<Vec<Mutex<Place>>>,
    faults: Faults,
    chance: Chance,
}

struct Place {
    disk: SimDisk,
    /// What audits read.
    ledger: Arc<SimLedger>,
    living: Option<Living>,
}

struct Living {
    agent: Arc<Agent>,
    /// Cancelled when the agent dies.
    dies: CancellationToken,
}

impl Town {
    /// Founds 25 agents that know these coins.
    pub(crate) fn found(coins: &[Coin], chance: Chance) -> Town {
        let charter = |agent| Charter { network: "simulated".parse().unwrap(), agent };
        let places = (0..AGENTS).map(|agent| {
            let disk = SimDisk::found(charter(agent));
            let ledger = Arc::new(disk.open());
            let ans = coins.iter().map(|coin| (coin.sn, coin.ans.get(agent).clone()));
            agent::put(ledger.as_ref(), &ans.collect::<Vec<_>>()).unwrap();
            Mutex::new(Place { disk, ledger, living: None })
        });
        let faults = Faults::new(&[], Switch::Fixed);
        let town = Town { places: Arc::new(places.collect()), faults, chance };
        (0..AGENTS).for_each(|agent| town.start(agent));
        town
    }

    /// Returns the addresses that stand for the agents.
    pub(crate) fn book() -> AddressBook {
        AddressBook::parse(TEMPLATE).unwrap()
    }

    /// Starts an agent that does not live.
    pub(crate) fn start(&self, number: usize) {
        let mut place = self.place(number);
        if place.living.is_some() {
            return;
        }
        place.ledger = Arc::new(place.disk.open());
        let settings = Settings {
            peers: Town::book(),
            v1_fix: V1Fix::Refused,
            v1_exchange: V1Exchange::Refused,
            tls: None,
            limits: Limits::default(),
            faults: Some(self.faults.clone()),
        };
        let dies = CancellationToken::new();
        let ledger = Arc::clone(&place.ledger) as Arc<dyn Ledger>;
        let (agent, work) = Agent::new(ledger, &settings, CancellationToken::new());
        let agent = Arc::new(agent.among(self.peers_of(number)));
        tokio::spawn(dies.clone().run_until_cancelled_owned(work));
        place.living = Some(Living { agent, dies });
    }

    /// Kills an agent: what was committed is there when it starts again, nothing else.
    pub(crate) fn kill(&self, number: usize) {
        if let Some(living) = self.place(number).living.take() {
            living.dies.cancel();
        }
    }

    /// Lets agents do something wrong on purpose, in the words of `raida --fault`.
    pub(crate) fn misbehave(&self, fault: &str) {
        self.faults.set(&fault.parse().unwrap());
    }

    /// Returns the way to an agent through this weather.
    pub(crate) async fn reach(&self, number: usize, weather: Weather) -> io::Result<DuplexStream> {
        let town = self.clone();
        let host = Arc::new(move |stream| town.let_in(number, stream));
        connect(weather, self.chance.clone(), host).await
    }

    /// Returns the agents as a wallet sees them.
    pub(crate) fn seen_through(
        &self,
        weathers: Vec<Weather>,
        wrap: impl Fn(DuplexStream) -> Stream + Clone + Send + Sync + 'static,
    ) -> Authority {
        let town = self.clone();
        Authority::over(&Town::book(), Timing::default(), move |agent| {
            let (town, weather, wrap) = (town.clone(), weathers[agent].clone(), wrap.clone());
            async move { town.reach(agent, weather).await.map(wrap) }
        })
    }

    /// Returns the secrets that the agents hold of a coin.
    pub(crate) fn held(&self, sn: SerialNumber) -> Vec<Option<AuthenticityNumber>> {
        (0..AGENTS).map(|agent| self.place(agent).ledger.an(sn).unwrap()).collect()
    }

    /// Returns the coins that an agent has in circulation.
    pub(crate) fn circulation(&self, agent: usize) -> Vec<SerialNumber> {
        let mut coins = Vec::new();
        self.place(agent).ledger.scan(&mut |sn, _| coins.push(sn)).unwrap();
        coins
    }

    /// Returns every coin that some agent has in circulation.
    pub(crate) fn in_circulation(&self) -> BTreeSet<SerialNumber> {
        (0..AGENTS).flat_map(|agent| self.circulation(agent)).collect()
    }

    fn let_in(&self, number: usize, stream: DuplexStream) -> io::Result<()> {
        let place = self.place(number);
        let living = place.living.as_ref().ok_or(io::ErrorKind::ConnectionRefused)?;
        let (agent, dies) = (Arc::clone(&living.agent), living.dies.clone());
        tokio::spawn(dies.run_until_cancelled_owned(async move {
            let stop = CancellationToken::new();
            serve_connection(&agent, stream, &Bounds::default(), &stop).await;
        }));
        Ok(())
    }

    fn peers_of(&self, number: usize) -> Peers {
        let town = self.clone();
        Peers::over(&Town::book(), number, PEER_TIMING, move |agent| {
            let town = town.clone();
            async move { town.reach(agent, Weather::fair(5)).await.map(Stream::new) }
        })
    }

    fn place(&self, number: usize) -> MutexGuard<'_, Place> {
        self.places[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Addresses of which only the numbers matter.
pub(crate) const TEMPLATE: &str = "127.0.0.1:90{i:02}";
