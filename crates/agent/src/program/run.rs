//! What `raida` does: run the agents, or mint.

use std::io::{self, Write, stdout};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;

use coin::AGENTS;
use raida::Template;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::args::{AgentsArgs, MintArgs, PlaceArgs};
use super::backup;
use super::ceremony;
use super::config::Config;
use super::control;
use super::exit::{self, Failure, Unsaid};
use super::metrics;
use super::tls;
use crate::authority::Agents;
use crate::data_dir::DataDir;
use crate::door::Limits;
use crate::ledger::{FjallLedger, Ledger};
use crate::limits::{LEDGER_THREADS, OPEN_FILES};
use crate::mint::{self, Begun};
use crate::settings::{Settings, V1Exchange, V1Fix};
use crate::tls::Tls;

/// Runs the agents until a signal.
pub(crate) fn agents(args: &AgentsArgs) -> Result<u8, Failure> {
    let config = Config::of(&args.place)?;
    let listen = args.listen.as_ref().or(config.listen.as_ref());
    let listen = listen.ok_or(Failure::Unsaid(Unsaid::Listen))?;
    let data = data(&args.place, &config)?;
    if args.agent.is_some() && config.peers.is_none() {
        return Err(Failure::Unsaid(Unsaid::Peers));
    }
    let tls = args.tls.load(&config)?;
    warn_of_v1_fix(args.v1_fix());
    warn_of_v1_exchange(args.v1_exchange());
    raise_open_files();
    let limits = args.limits.or(&config.limits).limits()?;
    let dir = DataDir::open(&data)?;
    let ledgers = match args.agent {
        Some(agent) => vec![dir.open_alone(agent.into(), config.network.as_ref())?],
        None => dir.open_all(config.network.as_ref())?,
    };
    backup::remind(&ledgers);
    let ledgers: Vec<_> = ledgers.into_iter().map(Arc::new).collect();
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(LEDGER_THREADS)
        .build()
        .map_err(Failure::System)?;
    runtime.block_on(run(&dir, ledgers, listen, &config, tls, limits, args))
}

/// Returns the directory with the ledgers that the arguments or the configuration name.
pub(crate) fn data(place: &PlaceArgs, config: &Config) -> Result<PathBuf, Failure> {
    let data = place.data.as_ref().or(config.data.as_ref());
    data.cloned().ok_or(Failure::Unsaid(Unsaid::Data))
}

async fn run(
    dir: &DataDir,
    ledgers: Vec<Arc<FjallLedger>>,
    listen: &Template,
    config: &Config,
    tls: Option<Tls>,
    limits: Limits,
    args: &AgentsArgs,
) -> Result<u8, Failure> {
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    let [terminate, interrupt] = signals.map(|signal| signal.map_err(Failure::System));
    let numbers: Vec<usize> = ledgers.iter().map(|ledger| ledger.charter().agent).collect();
    let reach = if tls.is_some() { Reach::Anywhere } else { Reach::Loopback };
    let (listeners, addresses) = listen_all(listen, &numbers, reach).await?;
    let faults = args.faults.faults(&addresses, tls.as_ref())?;
    let metrics = metrics::listen(&args.metrics, config.metrics.as_ref()).await?;
    // One agent does not know what the others' certificates are.
    let write_down = |tls: Option<&Tls>| match numbers.len() {
        AGENTS => dir.write_addresses(&tls::lines(&addresses, tls)),
        _ => Ok(()),
    };
    write_down(tls.as_ref())?;
    let peers = match &config.peers {
        Some(peers) => peers.clone(),
        None => tls::book(&addresses, tls.as_ref())?,
    };
    let (v1_fix, v1_exchange) = (args.v1_fix(), args.v1_exchange());
    let settings = Settings { peers, v1_fix, v1_exchange, tls, limits, faults };
    let stop = CancellationToken::new();
    let shared = ledgers.iter().map(|ledger| Arc::clone(ledger) as Arc<dyn Ledger>).collect();
    let mut agents = Agents::start(shared, listeners, &settings, &stop);
    if let Some(listener) = metrics {
        agents.watch(listener, &settings);
    }
    let hangup = settings.tls.is_some().then(|| signal(SignalKind::hangup()));
    let hangup = hangup.transpose().map_err(Failure::System)?;
    tls::announce(&numbers, settings.tls.as_ref());
    announce(&numbers, &addresses).map_err(Failure::System)?;
    let stopping = stop_on(terminate?, interrupt?, &stop);
    let renewing = async {
        if let Some(hangup) = hangup {
            tls::renew_on(hangup, &numbers, &settings, &stop, |tls| write_down(Some(tls))).await;
        }
    };
    let controlled = control::serve(dir.path(), &ledgers, &stop);
    let (ended, (), (), ()) = tokio::join!(
        async {
            let ended = agents.ended().await;
            stop.cancel();
            ended
        },
        stopping,
        renewing,
        controlled
    );
    ended.map_err(|_| Failure::LedgerFailed)?;
    info!("stopped");
    Ok(exit::STOPPED)
}

/// Makes coins, and says where they are.
pub(crate) fn mint(args: &MintArgs) -> Result<u8, Failure> {
    if let (Some(order), Some(agent)) = (&args.order, args.agent) {
        return ceremony::share(args, order, agent);
    }
    let (Some(coins), Some(out)) = (&args.coins, &args.out) else { return Ok(exit::USAGE) };
    let dir = DataDir::create(&data(&args.place, &Config::of(&args.place)?)?)?;
    for minted in mint::mint(&dir, coins, out)? {
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
    agents: &[usize],
    reach: Reach,
) -> Result<(Vec<TcpListener>, Vec<SocketAddr>), Failure> {
    let mut listeners = Vec::with_capacity(agents.len());
    let mut addresses = Vec::with_capacity(agents.len());
    for &agent in agents {
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
fn announce(agents: &[usize], addresses: &[SocketAddr]) -> io::Result<()> {
    let agents = agents.iter().zip(addresses);
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

fn warn_of_v1_fix(v1_fix: V1Fix) {
    match v1_fix {
        V1Fix::Refused => {}
        // On stderr whatever is logged: an operator must not overlook it.
        V1Fix::Allowed => eprintln!(
            "raida: warning: --v1-fix: coins are fixed on the tickets of 3, 4 or 5 neighbours; \
             whoever has as few as 6 old secrets of a coin can take it from its owner"
        ),
    }
}

fn warn_of_v1_exchange(v1_exchange: V1Exchange) {
    match v1_exchange {
        V1Exchange::Refused => {}
        // On stderr, like the one above.
        V1Exchange::Allowed => eprintln!(
            "raida: warning: --v1-exchange: clients that count no origins are told of coins that \
             exchanges made; whoever pays them can pay with coins that he gave nothing for; this is \
             for tests, and for communities whose members trust one another"
        ),
    }
}

/// Asks for as many open files as the system grants; with fewer, connections wait.
fn raise_open_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(OPEN_FILES, |maximum| maximum.min(OPEN_FILES));
    if current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}
