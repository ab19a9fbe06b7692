//! The relay at work: accepts connections, leads each to its room, and stops in an orderly way.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use protocol::room::{Code, Form};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::join::{FirstLine, read_first_line};
use crate::limits::{ACCEPT_PAUSE, BACKLOG, PROBE_AFTER, PROBE_PAUSE, REFUSALS_MAX};
use crate::member::{Connection, Newcomer};
use crate::meter::Meter;
use crate::parting::part;
use crate::room;
use crate::rooms::{Arrival, RoomKey, Rooms};
use crate::settings::Settings;

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
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` is cancelled, then tells every member `draining` and waits for the last
/// connection, at most [`Settings::drain_wait`].
pub async fn serve(listener: TcpListener, settings: Settings, stop: CancellationToken) {
    let house = Arc::new(House {
        rooms: Rooms::new(settings.rooms_max),
        tasks: TaskTracker::new(),
        settings,
        meter: Meter::default(),
        stop,
    });
    house.accept_until_stopped(listener).await;
    house.rooms.close();
    house.tasks.close();
    if timeout(house.settings.drain_wait, house.tasks.wait()).await.is_err() {
        warn!(connections = house.tasks.len(), "stopped before all connections were over");
    }
}

/// What all tasks of one relay share.
pub(crate) struct House {
    pub(crate) rooms: Rooms<Box<Newcomer>>,
    pub(crate) settings: Settings,
    pub(crate) meter: Meter,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl House {
    async fn accept_until_stopped(self: &Arc<Self>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(self.settings.connections_max));
        let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
        while let Some(accepted) = self.stop.run_until_cancelled(listener.accept()).await {
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(%error, "no connection accepted");
                    self.stop.run_until_cancelled(sleep(ACCEPT_PAUSE)).await;
                    continue;
                }
            };
            let address = address.ip().to_canonical();
            if let Ok(_counted) = Arc::clone(&places).try_acquire_owned() {
                let connection = Connection { stream, address, _counted };
                self.tasks.spawn(Arc::clone(self).welcome(connection));
            } else if let Ok(_counted) = Arc::clone(&refusals).try_acquire_owned() {
                warn!(%address, "too many connections");
                let connection = Connection { stream, address, _counted };
                self.part(connection, Vec::new(), Some((Code::TooManyConnections, Form::Tag)));
            }
        }
    }

    /// Reads the first line, and leads the newcomer to its room or runs that room.
    async fn welcome(self: Arc<Self>, mut connection: Connection) {
        if let Err(error) = tune(&connection.stream) {
            info!(%error, "connection broke at once");
            return;
        }
        let first_line = timeout(self.settings.join_wait, read_first_line(&mut connection.stream));
        let refusal = match self.stop.run_until_cancelled(first_line).await {
            None => Some((Code::Draining, Form::Tag)),
            Some(Err(_)) => Some((Code::JoinTimeout, Form::Tag)),
            Some(Ok(Err(no_join))) => no_join.refusal(),
            Some(Ok(Ok(first_line))) => return self.lead_in(connection, first_line).await,
        };
        let code = refusal.map(|(code, _)| code.wire());
        info!(address = %connection.address, code, "not joined");
        self.part(connection, Vec::new(), refusal);
    }

    async fn lead_in(self: Arc<Self>, connection: Connection, first_line: FirstLine) {
        let FirstLine { join, early } = first_line;
        let key = RoomKey { number: join.room, token: join.token.clone() };
        let newcomer = Box::new(Newcomer { connection, join, early });
        match self.rooms.enter(key.clone(), newcomer) {
            Arrival::Opened(first, door) => room::run(self, key, first, door).await,
            Arrival::Knocked => {}
            Arrival::Refused(newcomer, code) => {
                let Newcomer { connection, join, .. } = *newcomer;
                info!(room = %key.number, address = %connection.address, code = code.wire(), "refused");
                self.part(connection, Vec::new(), Some((code, join.form)));
            }
        }
    }

    /// Ends a connection in a task of its own, which lasts [`Settings::parting_wait`] at most.
    pub(crate) fn part(
        &self,
        mut connection: Connection,
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

/// Lines are short and wait for nobody; a machine that vanished is found out.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let probes = TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_PAUSE);
    SockRef::from(stream).set_tcp_keepalive(&probes)
}
