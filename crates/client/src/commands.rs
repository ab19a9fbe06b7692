//! The commands of `coin-wallet`, one file each.

mod balance;
mod check;
pub(crate) mod errand;
pub(crate) mod exchange;
mod export;
mod history;
pub(crate) mod import;
mod init;
pub(crate) mod reclaim;
pub(crate) mod resume;

use coin::reclaim::Will;
use raida::PlainHttp;

use self::reclaim::{Extent, Wish};
use crate::cli::WalletCommand;
use crate::exit::{Exit, Failure};
use crate::operations::errand::Errand;
use crate::operations::join::Leaving;
use crate::screen::Screen;

/// Runs a command.
pub(crate) async fn run(command: WalletCommand, screen: &Screen) -> Result<Exit, Failure> {
    match command {
        WalletCommand::Init { agents, insecure_http, relay, common } => {
            let plain_http =
                if insecure_http { PlainHttp::Anywhere } else { PlainHttp::ToLoopback };
            init::run(&agents, relay, plain_http, common, screen).await
        }
        WalletCommand::Balance { common } => balance::run(common, screen),
        WalletCommand::Check { repair, common } => {
            let mending = if repair { check::Mending::Yes } else { check::Mending::No };
            check::run(common, mending, screen)
        }
        WalletCommand::Import { paths, common } => import::run(&paths, common, screen).await,
        WalletCommand::Find { common, dry_run } => {
            errand::run(Errand::Find, dry_run, common, screen).await
        }
        WalletCommand::Fix { common, dry_run } => {
            errand::run(Errand::Fix, dry_run, common, screen).await
        }
        WalletCommand::Detect { common, dry_run } => {
            errand::run(Errand::Detect, dry_run, common, screen).await
        }
        WalletCommand::Export { amount, out, common } => {
            export::run(&amount, &out, common, screen).await
        }
        WalletCommand::Change { amount, common, dry_run } => {
            exchange::change(&amount, dry_run, common, screen).await
        }
        WalletCommand::Join { all, common, dry_run } => {
            let leaving = if all { Leaving::Nothing } else { Leaving::SmallChange };
            exchange::join(leaving, dry_run, common, screen).await
        }
        WalletCommand::History { common } => history::run(common, screen),
        WalletCommand::Reclaim { transfer, dry_run, insist, common } => {
            let extent = if dry_run { Extent::DryRun } else { Extent::All };
            let will = if insist { Will::Insisted } else { Will::Asked };
            reclaim::run(Wish { transfer, extent, will }, common, screen).await
        }
        WalletCommand::Resume { common, wait } => resume::run(common, wait, screen).await,
    }
}
