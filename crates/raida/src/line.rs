//! The line to one agent: two requests at a time over kept connections, and an answer that is
//! believed only when it is about what was asked.

mod exchanging;
mod fixing;

use std::time::Duration;

use bytes::Bytes;
use coin::Origin;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tracing::debug;
use zeroize::Zeroizing;

use crate::api::{
    AboutCoin, Audit, COUNTS_ORIGINS, CoinReply, Reply, Route, Status, write_coins_with,
};
use crate::authority::Counted;
use crate::backoff::Jitter;
use crate::connector::{Connector, Dial};
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_COIN_BYTES_MAX, IDLE_CONNECTION, QUESTIONS_OUT};
use crate::tls::Layer;
use crate::trouble::Board;
use crate::{AgentAddress, NetworkId, Timing};

/// The line to one agent.
pub(crate) struct Line {
    agent: usize,
    /// How the agent signs its answers.
    signature: String,
    address: String,
    client: Client<Connector, Full<Bytes>>,
    patience: Duration,
    jitter: Jitter,
    places: Semaphore,
}

/// What an agent says of a coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) status: Status,
    /// Where the coin came from that it speaks of; of no meaning where it knows none.
    pub(crate) origin: Origin,
}

/// Why an agent counts as silent. It is never a verdict on a coin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Silence {
    #[error("no connection, or it broke")]
    Connection(#[from] hyper_util::client::legacy::Error),
    #[error("no request can be made of this address")]
    Address(#[from] hyper::http::Error),
    #[error("no answer in time")]
    Deadline,
    #[error("the answer broke off, or has more than {max} bytes")]
    Body { max: usize },
    #[error("http status {0}")]
    HttpStatus(StatusCode),
    #[error("not the json of an answer")]
    NotAnAnswer(#[from] serde_json::Error),
    #[error("an answer about {got} coins instead of {asked}")]
    OtherLength { asked: usize, got: usize },
    #[error("an answer about another coin in place {place}")]
    OtherCoin { place: usize },
    #[error("an answer signed by another agent")]
    OtherAgent,
    #[error("no list of the coins' origins in the answer")]
    NoOrigins,
    #[error("no serial numbers in the answer")]
    NoOffer,
    #[error("no hints in the answer")]
    NoHint,
    #[error("not the lineage that was asked for")]
    NoLineage,
    #[error("no network id in the answer")]
    NoNetwork,
}

impl Line {
    pub(crate) fn new(
        agent: usize,
        address: &AgentAddress,
        timing: Timing,
        dial: Dial,
        board: Board,
    ) -> Line {
        let jitter = dial.jitter;
        let connector =
            Connector { agent, dial, layer: Layer::of(address), deadline: timing.connect, board };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(QUESTIONS_OUT)
            .build(connector);
        let signature = Reply::server_name(agent);
        Line {
            agent,
            signature,
            address: address.authority(),
            client,
            patience: timing.request,
            jitter,
            places: Semaphore::new(QUESTIONS_OUT),
        }
    }

    /// Returns how pauses before another question are cut.
    pub(crate) fn jitter(&self) -> Jitter {
        self.jitter
    }

    /// Asks about coins and returns what the agent says of each, in the order asked; `None`
    /// for a word without meaning, and where the origin is none.
    pub(crate) async fn ask_coins<'a>(
        &self,
        route: Route,
        coins: impl ExactSizeIterator<Item = AboutCoin<'a>> + Clone,
        round_ends: Instant,
    ) -> Result<Vec<Option<Word>>, Silence> {
        let bytes_max = ANSWER_BYTES_MAX + coins.len() * ANSWER_COIN_BYTES_MAX;
        let body = write_coins_with(COUNTS_ORIGINS, coins.clone());
        let heard = self.post(route, body, bytes_max, round_ends).await;
        let said = heard.and_then(|answer| self.read_coins(&answer, coins));
        match &said {
            Ok(said) => {
                debug!(agent = self.agent, route = route.name(), coins = said.len(), "answered");
            }
            Err(silence) => debug!(agent = self.agent, route = route.name(), %silence, "silent"),
        }
        said
    }

    /// Asks for the id of the network that the agent belongs to.
    pub(crate) async fn ask_network(&self, round_ends: Instant) -> Result<NetworkId, Silence> {
        let nothing = Zeroizing::default();
        let answer = self.post(Route::Version, nothing, ANSWER_BYTES_MAX, round_ends).await?;
        let reply: Reply<'_> = serde_json::from_slice(&answer)?;
        self.check_signature(&reply.server)?;
        let network = reply.network.ok_or(Silence::NoNetwork)?;
        network.parse().map_err(|_| Silence::NoNetwork)
    }

    /// Asks what the agent has counted.
    pub(crate) async fn ask_audit(&self, round_ends: Instant) -> Result<Counted, Silence> {
        let nothing = Zeroizing::default();
        let answer = self.post(Route::Audit, nothing, ANSWER_BYTES_MAX, round_ends).await?;
        let audit: Audit<'_> = serde_json::from_slice(&answer)?;
        self.check_signature(&audit.reply.server)?;
        Ok((audit.circulation, audit.exchanges))
    }

    fn read_coins<'a>(
        &self,
        answer: &[u8],
        coins: impl ExactSizeIterator<Item = AboutCoin<'a>>,
    ) -> Result<Vec<Option<Word>>, Silence> {
        let replies: Vec<CoinReply<'_>> = serde_json::from_slice(answer)?;
        let (asked, got) = (coins.len(), replies.len());
        if asked != got {
            return Err(Silence::OtherLength { asked, got });
        }
        let pairs = coins.zip(&replies).enumerate();
        let said = pairs.map(|(place, (coin, reply))| {
            self.check_signature(&reply.server)?;
            if reply.sn != Some(u64::from(coin.sn.get())) {
                return Err(Silence::OtherCoin { place });
            }
            let word = reply.status().zip(reply.origin());
            Ok(word.map(|(status, origin)| Word { status, origin }))
        });
        said.collect()
    }

    /// An address book in another order would make every coin look counterfeit.
    fn check_signature(&self, server: &str) -> Result<(), Silence> {
        if server.is_empty() || server.eq_ignore_ascii_case(&self.signature) {
            Ok(())
        } else {
            Err(Silence::OtherAgent)
        }
    }

    async fn post(
        &self,
        route: Route,
        body: Zeroizing<Vec<u8>>,
        bytes_max: usize,
        round_ends: Instant,
    ) -> Result<Bytes, Silence> {
        let uri = Uri::builder()
            .scheme("http")
            .authority(self.address.as_str())
            .path_and_query(route.path())
            .build()?;
        let request = Request::post(uri)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from_owner(body)))?;
        let place = timeout_at(round_ends, self.places.acquire()).await;
        let _place = place.map_err(|_| Silence::Deadline)?.expect("the semaphore is never closed");
        let until = round_ends.min(Instant::now() + self.patience);
        let exchange = self.exchange(request, bytes_max);
        timeout_at(until, exchange).await.unwrap_or(Err(Silence::Deadline))
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<Bytes, Silence> {
        let response = self.client.request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(Silence::HttpStatus(response.status()));
        }
        match Limited::new(response.into_body(), bytes_max).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(_) => Err(Silence::Body { max: bytes_max }),
        }
    }
}
