//! What `raida` does: run the agents, or mint.

use std::io::{self, Write, stdout};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use raida::Template;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::args::{AgentsArgs, MintArgs};
use super::exit::{self, Failure};
use super::tls;
use crate::authority::Agents;
use crate::data_dir::DataDir;
use crate::ledger::Ledger;
use crate::limits::{LEDGER_THREADS, OPEN_FILES};
use crate::mint::{self, Begun};
use crate::settings::{Settings, V1Fix};
use crate::tls::Tls;

/// Runs the agents until a signal.
pub(crate) fn agents(args: &AgentsArgs) -> Result<u8, Failure> {
    let (Some(data), Some(listen)) = (&args.data, &args.listen) else { return Ok(exit::USAGE) };
    let tls = args.tls.load()?;
    raise_open_files();
    let dir = DataDir::open(data)?;
    let ledgers = dir.open_ledgers()?.into_iter();
    let ledgers: Vec<Arc<dyn Ledger>> = ledgers.map(|ledger| Arc::new(ledger) as _).collect();
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(LEDGER_THREADS)
        .build()
        .map_err(Failure::System)?;
    runtime.block_on(run(&dir, ledgers, listen, tls))
}

async fn run(
    dir: &DataDir,
    ledgers: Vec<Arc<dyn Ledger>>,
    listen: &Template,
    tls: Option<Tls>,
) -> Result<u8, Failure> {
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    let [terminate, interrupt] = signals.map(|signal| signal.map_err(Failure::System));
    let numbers: Vec<usize> = ledgers.iter().map(|ledger| ledger.charter().agent).collect();
    let reach = if tls.is_some() { Reach::Anywhere } else { Reach::Loopback };
    let (listeners, addresses) = listen_all(listen, ledgers.len(), reach).await?;
    dir.write_addresses(&tls::lines(&addresses, tls.as_ref()))?;
    let peers = tls::book(&addresses, tls.as_ref())?;
    let settings = Settings { peers, v1_fix: V1Fix::Refused, tls };
    let stop = CancellationToken::new();
    let agents = Agents::start(ledgers, listeners, &settings, &stop);
    let hangup = settings.tls.is_some().then(|| signal(SignalKind::hangup()));
    let hangup = hangup.transpose().map_err(Failure::System)?;
    tls::announce(&numbers, settings.tls.as_ref());
    announce(&addresses).map_err(Failure::System)?;
    let stopping = stop_on(terminate?, interrupt?, &stop);
    let renewing = async {
        if let Some(hangup) = hangup {
            let write_down = |tls: &Tls| dir.write_addresses(&tls::lines(&addresses, Some(tls)));
            tls::renew_on(hangup, &numbers, &settings, &stop, write_down).await;
        }
    };
    let (ended, (), ()) = tokio::join!(
        async {
            let ended = agents.ended().await;
            stop.cancel();
            ended
        },
        stopping,
        renewing
    );
    ended.map_err(|_| Failure::LedgerFailed)?;
    info!("stopped");
    Ok(exit::STOPPED)
}

/// Makes coins, and says where they are.
pub(crate) fn mint(args: &MintArgs) -> Result<u8, Failure> {
    let dir = DataDir::create(&args.data)?;
    for minted in mint::mint(&dir, &args.coins, &args.out)? {
        let (coins, total) = (minted.order.coins(), minted.order.total());
        if minted.begun == Begun::Earlier {
            eprintln!("finished a mint of {total} that was cut off");
        }
        // The print is what wallets and connection files show of a network.
        let network = hex::encode(minted.network.print());
        eprintln!("minted {total} in {coins} coins of the network {network}");
        for file in minted.files {
            println!("{}", file.display());
        }
    }
    Ok(exit::DONE)
}

/// Whom agents may listen to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// This machine.
    Loopback,
    /// All machines.
    Anywhere,
}

async fn listen_all(
    listen: &Template,
    agents: usize,
    reach: Reach,
) -> Result<(Vec<TcpListener>, Vec<SocketAddr>), Failure> {
    let mut listeners = Vec::with_capacity(agents);
    let mut addresses = Vec::with_capacity(agents);
    for agent in 0..agents {
        let address = listen.at(agent);
        let failed = |source| Failure::Listen { agent, address: address.clone(), source };
        let sockets: Vec<_> = address.to_socket_addrs().map_err(failed)?.collect();
        if reach == Reach::Loopback && !sockets.iter().all(|socket| socket.ip().is_loopback()) {
            return Err(Failure::NotLoopback { address });
        }
        let listener = TcpListener::bind(sockets.as_slice()).await.map_err(failed)?;
        addresses.push(listener.local_addr().map_err(failed)?);
        listeners.push(listener);
    }
    Ok((listeners, addresses))
}

/// Says on stdout that the agents are up. Whoever started them may have closed it; they run all
/// the same.
fn announce(addresses: &[SocketAddr]) -> io::Result<()> {
    let agents = addresses.iter().enumerate();
    let lines: String =
        agents.map(|(agent, address)| format!("agent {agent} listening on {address}\n")).collect();
    let mut stdout = stdout().lock();
    let written = stdout.write_all(lines.as_bytes()).and_then(|()| stdout.write_all(b"ready\n"));
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

async fn stop_on(mut terminate: Signal, mut interrupt: Signal, stop: &CancellationToken) {
    tokio::select! {
        _ = terminate.recv() => info!("stopping on SIGTERM"),
        _ = interrupt.recv() => info!("stopping on SIGINT"),
        () = stop.cancelled() => {}
    }
    stop.cancel();
}

/// Asks for as many open files as the system grants; with fewer, connections wait.
fn raise_open_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(OPEN_FILES, |maximum| maximum.min(OPEN_FILES));
    if current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}
