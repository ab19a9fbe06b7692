//! The relay at work: accepts connections, leads each to its room, and stops in an orderly way.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use protocol::room::{Code, Form, JoinLine};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::gate::Gate;
use crate::join::{FirstLine, read_first_line};
use crate::limits::{ACCEPT_PAUSE, BACKLOG, PROBE_AFTER, PROBE_PAUSE, REFUSALS_MAX};
use crate::member::{Connection, Newcomer, Stream};
use crate::meter::Meter;
use crate::parting::part;
use crate::room;
use crate::rooms::{Arrival, RoomKey, Rooms};
use crate::settings::Settings;
use crate::watch;

/// Opens the port; `[::]` takes IPv4 too, and port 0 picks a free one.
///
/// # Errors
/// Those of the system: the port is in use, the address is not of this machine, no permission.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if address.is_ipv6() {
        SockRef::from(&socket).set_only_v6(false)?;
    }
    // Lets a relay that was just stopped start again at once; on Windows it would mean sharing.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    tune(&socket)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The ports of a relay.
#[derive(Debug)]
pub struct Listeners {
    /// For members.
    pub chat: TcpListener,
    /// For those who watch: `/metrics`, `/healthz`, `/readyz`.
    pub metrics: Option<TcpListener>,
}

/// Serves until `stop` is cancelled, lets the rooms that are there go on for [`Settings::grace`],
/// tells every member `draining`, and waits for the last connection, at most
/// [`Settings::drain_wait`].
pub async fn serve(listeners: Listeners, settings: Settings, stop: CancellationToken) {
    let Listeners { chat, metrics } = listeners;
    let chat = Arc::new(chat);
    let accept = move || {
        let chat = Arc::clone(&chat);
        async move { chat.accept().await }
    };
    serve_over(accept, metrics, settings, stop).await;
}

/// The same over connections of any kind, as `accept` hands them over: for a simulated network.
pub async fn serve_over<S, A>(
    accept: impl FnMut() -> A + Send,
    metrics: Option<TcpListener>,
    settings: Settings,
    stop: CancellationToken,
) where
    S: Stream,
    A: Future<Output = io::Result<(S, SocketAddr)>> + Send,
{
    let house = Arc::new(House {
        rooms: Rooms::new(settings.rooms_max),
        gate: Arc::new(Gate::new(settings.gate)),
        meter: Meter::new(),
        tasks: TaskTracker::new(),
        settings,
        closing: CancellationToken::new(),
    });
    let mut watching = JoinSet::new();
    if let Some(listener) = metrics {
        watching.spawn(watch::answer(Arc::clone(&house), listener));
    }
    tokio::join!(house.accept_until_closing(accept), house.close_after(stop));
    house.tasks.close();
    if timeout(house.settings.drain_wait, house.tasks.wait()).await.is_err() {
        warn!(connections = house.tasks.len(), "stopped before all connections were over");
    }
}

/// What all tasks of one relay share.
pub(crate) struct House<S> {
    pub(crate) rooms: Rooms<Box<Newcomer<S>>>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) meter: Meter,
    pub(crate) settings: Settings,
    tasks: TaskTracker,
    /// Cancelled when everybody has to go.
    closing: CancellationToken,
}

impl<S: Stream> House<S> {
    async fn close_after(&self, stop: CancellationToken) {
        stop.cancelled().await;
        // Whether or not they all went by themselves.
        let _ = timeout(self.settings.grace, self.rooms.drain()).await;
        self.closing.cancel();
        self.rooms.close();
    }

    async fn accept_until_closing<A>(self: &Arc<Self>, mut accept: impl FnMut() -> A)
    where
        A: Future<Output = io::Result<(S, SocketAddr)>>,
    {
        let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
        while let Some(accepted) = self.closing.run_until_cancelled(accept()).await {
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "no connection accepted");
                    self.closing.run_until_cancelled(sleep(ACCEPT_PAUSE)).await;
                    continue;
                }
            };
            let address = address.ip().to_canonical();
            match self.gate.enter(address, Instant::now().into_std()) {
                Ok(visit) => {
                    let connection = Connection { stream, address, visit };
                    self.tasks.spawn(Arc::clone(self).welcome(connection));
                }
                Err(code) => {
                    debug!(%address, code = code.wire(), "refused at the gate");
                    self.meter.refused(Some(code));
                    if let Ok(told) = Arc::clone(&refusals).try_acquire_owned() {
                        self.turn_away(stream, code, told);
                    }
                }
            }
        }
    }

    /// Reads the first line, and leads the newcomer to its room or runs that room.
    async fn welcome(self: Arc<Self>, mut connection: Connection<S>) {
        let first_line = timeout(self.settings.join_wait, read_first_line(&mut connection.stream));
        let refusal = match self.closing.run_until_cancelled(first_line).await {
            None => Some((Code::Draining, Form::Tag)),
            Some(Err(_)) => Some((Code::JoinTimeout, Form::Tag)),
            Some(Ok(Err(no_join))) => no_join.refusal(),
            Some(Ok(Ok(first_line))) => return self.lead_in(connection, first_line),
        };
        let code = refusal.map(|(code, _)| code);
        if code != Some(Code::Draining) {
            connection.visit.fail(Instant::now().into_std());
        }
        self.meter.refused(code);
        debug!(address = %connection.address, code = code.map(Code::wire), "not joined");
        self.part(connection, Vec::new(), refusal);
    }

    fn lead_in(self: Arc<Self>, connection: Connection<S>, first_line: FirstLine) {
        let FirstLine { join, early } = first_line;
        let key = RoomKey { number: join.room, token: join.token.clone() };
        if let Err(code) = connection.visit.join(Instant::now().into_std()) {
            return self.refuse(connection, &join, code);
        }
        let newcomer = Box::new(Newcomer { connection, join, early });
        match self.rooms.enter(key.clone(), newcomer) {
            // A task of its own is smaller than this one, which waited for the first line.
            Arrival::Opened(first, door) => {
                self.tasks.spawn(room::run(Arc::clone(&self), key, first, door));
            }
            Arrival::Knocked => {}
            Arrival::Refused(newcomer, code) => {
                let Newcomer { connection, join, .. } = *newcomer;
                self.refuse(connection, &join, code);
            }
        }
    }

    /// Sends a newcomer away that gets no seat. It is counted; only those who sit are worth a line in
    /// the log, or strangers could fill it.
    pub(crate) fn refuse(&self, connection: Connection<S>, join: &JoinLine, code: Code) {
        debug!(room = %join.room, address = %connection.address, code = code.wire(), "refused");
        self.meter.refused(Some(code));
        self.part(connection, Vec::new(), Some((code, join.form)));
    }

    /// Tells a connection that is counted nowhere why it cannot come in.
    fn turn_away(&self, mut stream: S, code: Code, told: OwnedSemaphorePermit) {
        let wait = self.settings.parting_wait;
        self.tasks.spawn(async move {
            part(&mut stream, Vec::new(), Some((code, Form::Tag)), wait).await;
            drop(told);
        });
    }

    /// Ends a connection in a task of its own, which lasts [`Settings::parting_wait`] at most.
    pub(crate) fn part(
        &self,
        mut connection: Connection<S>,
        waiting: Vec<u8>,
        refusal: Option<(Code, Form)>,
    ) {
        if waiting.is_empty() && refusal.is_none() {
            return;
        }
        let wait = self.settings.parting_wait;
        self.tasks.spawn(async move { part(&mut connection.stream, waiting, refusal, wait).await });
    }
}

/// Lines are short and wait for nobody; a machine that vanished is found out. Connections take this
/// over from the port that they came in by.
fn tune(socket: &TcpSocket) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let probes = TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_PAUSE);
    SockRef::from(socket).set_tcp_keepalive(&probes)
}
