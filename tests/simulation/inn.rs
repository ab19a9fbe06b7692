//! The relay: it may be stopped, and another one started in its place.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use relay::{Settings, serve_over};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::network::connect;
use crate::weather::Weather;

/// Connections that wait to be accepted.
const BACKLOG: usize = 64;

/// The relay; clones are the same one.
#[derive(Clone)]
pub(crate) struct Inn {
    open: Arc<Mutex<Option<Open>>>,
    chance: Chance,
}

struct Open {
    arrivals: mpsc::Sender<(DuplexStream, SocketAddr)>,
    /// Cancelled when the process dies.
    dies: CancellationToken,
}

impl Inn {
    pub(crate) fn found(chance: Chance) -> Inn {
        let inn = Inn { open: Arc::default(), chance };
        inn.start();
        inn
    }

    /// Starts the relay, in the place of one that runs.
    pub(crate) fn start(&self) {
        self.kill();
        let (arrivals, waiting) = mpsc::channel(BACKLOG);
        let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
        let accept = move || {
            let waiting = Arc::clone(&waiting);
            async move {
                match waiting.lock().await.recv().await {
                    Some(arrival) => Ok(arrival),
                    None => std::future::pending().await,
                }
            }
        };
        let dies = CancellationToken::new();
        let settings = Settings { silence: Duration::from_secs(15), ..generous() };
        let serving = serve_over(accept, None, settings, dies.clone());
        tokio::spawn(serving);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(Open { arrivals, dies });
    }

    /// Stops the relay; nobody can reach it then.
    pub(crate) fn kill(&self) {
        if let Some(open) = self.open.lock().unwrap_or_else(PoisonError::into_inner).take() {
            open.dies.cancel();
        }
    }

    /// Returns the way to the relay through this weather, from an address.
    pub(crate) async fn reach(&self, weather: Weather, from: IpAddr) -> io::Result<DuplexStream> {
        let inn = self.clone();
        let host = Arc::new(move |stream| {
            let open = inn.open.lock().unwrap_or_else(PoisonError::into_inner);
            let open = open.as_ref().ok_or(io::ErrorKind::ConnectionRefused)?;
            let arrival = (stream, SocketAddr::new(from, 40_000));
            open.arrivals.try_send(arrival).map_err(|_| io::ErrorKind::ConnectionRefused.into())
        });
        connect(weather, self.chance.clone(), host).await
    }
}

/// The limits against floods are tested elsewhere; people who come back after each cut are no flood.
fn generous() -> Settings {
    let mut settings = Settings::default();
    settings.gate.joins_per_minute = 100_000;
    settings.gate.failures_per_minute = 100_000;
    settings
}
