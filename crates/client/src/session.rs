//! An open home with its agents: what coin-send, coin-receive, import and resume work with.

use std::path::PathBuf;
use std::sync::Arc;

use protocol::conn_file::ConnFile;
use raida::{Authority, NetworkId, PlainHttp, Timing};
use wallet::{OperationId, Provenance, RecoveryReport, WalletError};

use crate::cli::Common;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::connection::Dial;
use crate::desk::{Desk, Seat, Stopped, with_causes};
use crate::exit::{Exit, Failure};
use crate::ground::Ground;
use crate::screen::Screen;
use crate::troubles::{self, Troubles};
use crate::words;

/// Makes the numbers of operations; no two are the same.
pub(crate) type Numbers = Arc<dyn Fn() -> OperationId + Send + Sync>;

/// An open home with its agents.
#[derive(Clone)]
pub(crate) struct Session {
    /// Where it is.
    pub(crate) home: PathBuf,
    /// What it is configured to.
    pub(crate) config: Config,
    /// The wallet.
    pub(crate) desk: Desk,
    /// The agents.
    pub(crate) authority: Authority,
    /// The way to the relay.
    pub(crate) relay: Dial,
    /// Makes the numbers of operations.
    numbers: Numbers,
    /// Which of the agents' troubles the person knows.
    troubles: Troubles,
    /// What the person sees.
    pub(crate) screen: Screen,
}

impl Session {
    /// Opens the home: reads its configuration, takes its lock, mends what a crash left.
    pub(crate) fn open(common: Common, screen: &Screen) -> Result<Session, Failure> {
        let home = config::home(common.home)?;
        let config = Config::load(&home)?;
        let authority = Authority::new(&config.address_book()?, Timing::default());
        if config.plain_http() == PlainHttp::Anywhere {
            screen.warn(words::INSECURE_HTTP);
        }
        let disk = Desk::disk(&home)?;
        let opened = Desk::open(&home, disk, Seat::OwnThread, Clock::of_the_machine())?;
        let numbers: Numbers = Arc::new(|| OperationId::from_bytes(rand::random()));
        Ok(Session::with(home, config, opened, authority, Dial::tcp(), numbers, screen))
    }

    /// Opens the home on a ground that is given.
    pub(crate) fn over(ground: Ground, screen: &Screen) -> Result<Session, Failure> {
        let Ground { home, disk, relay, agents, clock, numbers, .. } = ground;
        let config = Config::load(&home)?;
        let opened = Desk::open(&home, disk, Seat::Here, clock)?;
        Ok(Session::with(home, config, opened, agents, relay, numbers, screen))
    }

    fn with(
        home: PathBuf,
        config: Config,
        (desk, report): (Desk, RecoveryReport),
        authority: Authority,
        relay: Dial,
        numbers: Numbers,
        screen: &Screen,
    ) -> Session {
        tell(screen, &report);
        let troubles = Troubles::default();
        let screen = screen.clone();
        Session { home, config, desk, authority, relay, numbers, troubles, screen }
    }

    /// Returns the number of an operation that begins now.
    pub(crate) fn new_operation(&self) -> OperationId {
        (self.numbers)()
    }

    /// Returns what makes the numbers of operations.
    pub(crate) fn numbers(&self) -> Numbers {
        Arc::clone(&self.numbers)
    }

    /// Returns the same session with a label before each line that the person sees.
    pub(crate) fn labelled(&self, label: &str) -> Session {
        Session { screen: self.screen.labelled(label), ..self.clone() }
    }

    /// Asks the agents which network they are. A home belongs to the network that it has asked first:
    /// other agents know none of its coins.
    ///
    /// # Errors
    /// Exit 9 for fewer than 13 answers, exit 6 for another network than the home's.
    pub(crate) async fn network(&self) -> Result<NetworkId, Failure> {
        let network = self.authority.network().await;
        let (book, troubles) = (self.config.address_book()?, self.authority.troubles());
        let network = network.map_err(|few| {
            Failure::new(
                Exit::Agents,
                format!("{few}{}", troubles::reasons(&book, &troubles)),
                "start the agents, or correct their addresses in config.toml of the home",
            )
        })?;
        self.troubles.warn(&self.screen, &book, &troubles);
        let print = hex::encode(network.print());
        match config::network(&self.home)? {
            Some(own) if own != print => Err(Failure::new(
                Exit::Differ,
                format!(
                    "the agents answer as network {print}, the coins of this home are of {own}"
                ),
                "correct `agents` in config.toml of the home (its network stands in the file `network` beside it), \
                 or use another --home for these agents",
            )),
            Some(_) => Ok(network),
            None => {
                config::bind_to_network(&self.home, &print)?;
                Ok(network)
            }
        }
    }

    /// Refuses a connection file of another network of agents.
    pub(crate) async fn same_network(&self, file: &ConnFile) -> Result<(), Failure> {
        let own = self.network().await?.print();
        match *file.network.as_bytes() == own {
            true => Ok(()),
            false => Err(Failure::new(
                Exit::Differ,
                format!(
                    "the connection file is for the agents' network {}, yours is {}",
                    file.network,
                    hex::encode(own)
                ),
                "sender and receiver must use the same 25 agents: compare `agents` in config.toml of both homes",
            )),
        }
    }

    /// Turns what the wallet's thread answered into a result or a failure of the disk.
    pub(crate) fn disk<R>(
        &self,
        answer: Result<Result<R, WalletError>, Stopped>,
    ) -> Result<R, Failure> {
        let flat = answer
            .map_err(|stopped| stopped.to_string())
            .and_then(|result| result.map_err(|error| with_causes(&error)));
        flat.map_err(|what| {
            Failure::new(
                Exit::File,
                format!("the wallet: {what}"),
                "mend the disk or the home, then run: coin-wallet resume",
            )
        })
    }
}

/// Returns the operation that a connection file stands for: one file, one transfer.
pub(crate) fn operation_id(file: &ConnFile) -> OperationId {
    OperationId::from_bytes(*file.transfer_id().as_bytes())
}

fn tell(screen: &Screen, report: &RecoveryReport) {
    let RecoveryReport {
        replayed,
        conflicts,
        restored,
        set_aside,
        filed: _,
        never_began: _,
        damaged,
        provenance,
        closed_to_others,
    } = report;
    if *provenance == Provenance::Copied {
        screen.warn(words::COPIED);
    }
    if !replayed.is_empty() {
        screen.say(&format!(
            "finished what an interruption had left in {} operations",
            replayed.len()
        ));
    }
    for conflict in conflicts {
        screen.warn(&format!(
            "{} in {} was taken by another file: both are kept, one as {}",
            conflict.name, conflict.place, conflict.kept_as
        ));
    }
    for path in restored {
        screen
            .warn(&format!("{} had vanished and was made again from the journal", path.display()));
    }
    for path in set_aside {
        screen.warn(&format!("{} was set aside: it is torn or superfluous", path.display()));
    }
    for journal in damaged {
        screen.warn(&words::damaged(journal));
    }
    for path in closed_to_others {
        screen.warn(&format!(
            "the folder {:?} was open to other users; it is closed now",
            path.display()
        ));
    }
}
