//! The programs over a ground that is given: a disk, the ways to the relay and to the agents, a clock.
//! In a process of its own a program stands on those of the machine; a simulation brings its own, and
//! runs several people's programs beside each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use coin::reclaim::Will;
use coin::{Amount, Coin};
use protocol::conn_file::ConnFile;
use raida::Authority;
use tokio_util::sync::CancellationToken;
use wallet::{AnyDisk, OperationId};

use crate::clock::Clock;
use crate::commands::reclaim::{self, Extent, Wish};
use crate::commands::{errand, exchange, import, resume};
use crate::connection::Dial;
use crate::exit::{Exit, Failure};
use crate::operations::errand::Errand;
use crate::operations::export;
use crate::operations::join::Leaving;
use crate::screen::{Format, Questions, Screen};
use crate::session::Session;
use crate::{receive, send};

/// What one run of a program stands on. It lives as long as a process does: the home's lock is taken when
/// it begins and given back when its future ends or is dropped.
pub struct Ground {
    /// Where `config.toml` lies.
    pub home: PathBuf,
    /// Where the wallet lies.
    pub disk: AnyDisk,
    /// The way to the relay.
    pub relay: Dial,
    /// The 25 agents.
    pub agents: Authority,
    /// The time of day.
    pub clock: Clock,
    /// Makes the numbers of operations; no two may be the same.
    pub numbers: Arc<dyn Fn() -> OperationId + Send + Sync>,
    /// Takes each line that a person would see.
    pub lines: Arc<dyn Fn(&str) + Send + Sync>,
    /// Asks the program to stop in good order, as a signal does.
    pub stop: CancellationToken,
}

impl Ground {
    /// Pays with the coins of the home, or goes on with it, as `coin-send --yes` does with a connection
    /// file that is there. Returns the exit code.
    pub async fn send(self, file: &ConnFile, amount: Amount, wait: Duration) -> u8 {
        let stop = self.stop.clone();
        self.run(async |session| {
            if let Some(exit) = send::go_on(session, file, amount, wait, stop.clone()).await? {
                return Ok(exit);
            }
            send::exact_coins(session, amount).await?;
            session.same_network(file).await?;
            send::begin(session, file.clone(), amount, None, wait, stop).await
        })
        .await
    }

    /// Accepts what the sender of a connection file sends, or goes on with it, as `coin-receive --yes`
    /// does. Returns the exit code.
    pub async fn receive(self, file: ConnFile, wait: Duration) -> u8 {
        let stop = self.stop.clone();
        self.run(async |session| receive::meet(session, file, wait, stop).await).await
    }

    /// Takes the ownership of coins that are new to the home, as `coin-wallet import` does. Returns the
    /// exit code.
    pub async fn import(self, coins: Vec<Coin>) -> u8 {
        self.run(async |session| import::take_in(session, coins).await).await
    }

    /// Carries on whatever is open, as `coin-wallet resume --yes` does. Returns the exit code.
    pub async fn resume(self, wait: Duration) -> u8 {
        let stop = self.stop.clone();
        self.run(async |session| resume::all(session, wait, stop).await).await
    }

    /// Looks for lost coins, as `coin-wallet find` does. Returns the exit code.
    pub async fn find(self) -> u8 {
        self.run(async |session| errand::perform(Errand::Find, session).await).await
    }

    /// Mends coins that some agent refuses, as `coin-wallet fix` does. Returns the exit code.
    pub async fn fix(self) -> u8 {
        self.run(async |session| errand::perform(Errand::Fix, session).await).await
    }

    /// Asks for all coins and files them, as `coin-wallet detect` does. Returns the exit code.
    pub async fn detect(self) -> u8 {
        self.run(async |session| errand::perform(Errand::Detect, session).await).await
    }

    /// Takes back whatever left and may be taken back, as `coin-wallet reclaim --yes` does, and with
    /// `--insist` where the will is that. Returns the exit code.
    pub async fn reclaim(self, will: Will) -> u8 {
        let wish = Wish { transfer: None, extent: Extent::All, will };
        self.run(async |session| reclaim::take_back(session, &wish).await).await
    }

    /// Breaks a coin where an amount needs that, as `coin-wallet change` does. Returns the exit code.
    pub async fn change(self, amount: Amount) -> u8 {
        self.run(async |session| exchange::make_change(session, amount).await).await
    }

    /// Joins the coins of the home, as `coin-wallet join --all` does. Returns the exit code.
    pub async fn join(self) -> u8 {
        self.run(async |session| exchange::join_coins(session, Leaving::Nothing).await).await
    }

    /// Exports an amount into a file of the machine's own disk that is not there yet, as `coin-wallet export
    /// --yes` does. Returns the exit code.
    pub async fn export(self, amount: Amount, out: &Path) -> u8 {
        self.run(async |session| {
            send::exact_coins(session, amount).await?;
            export::begin(session, amount, out).await
        })
        .await
    }

    async fn run(self, program: impl AsyncFnOnce(&Session) -> Result<Exit, Failure>) -> u8 {
        let screen = Screen::new(Format::Text, Questions::Yes).heard_by(Arc::clone(&self.lines));
        let ended = match Session::over(self, &screen) {
            Ok(session) => program(&session).await,
            Err(failure) => Err(failure),
        };
        let exit = ended.unwrap_or_else(|failure| {
            screen.fail(&failure);
            failure.exit
        });
        exit.code()
    }
}
