//! `raida verify`: reads every ledger of a directory to its end, while the agents are stopped.

use std::io::{self, Write, stdout};

use super::args::VerifyArgs;
use super::config::Config;
use super::exit::{self, Failure, sentence};
use super::run;
use crate::data_dir::{DataDir, DataDirError};
use crate::ledger::{Verified, VerifyError};

/// What is wrong with the ledger of an agent.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Closed(#[from] DataDirError),
    #[error(transparent)]
    Damaged(#[from] VerifyError),
}

/// Says on stdout of each agent what its ledger holds or what is wrong with it.
pub(crate) fn verify(args: &VerifyArgs) -> Result<u8, Failure> {
    let config = Config::of(&args.place)?;
    let dir = DataDir::open(&run::data(&args.place, &config)?)?;
    let mut network = config.network;
    let mut code = exit::DONE;
    for agent in dir.expected_agents()? {
        let line = match one(&dir, agent, &mut network) {
            Ok(Verified { counts, commits }) => format!(
                "agent {agent}: good, {} coins worth {}, {commits} commits",
                counts.coins(),
                counts.value()
            ),
            Err(fault) => {
                code = exit::DAMAGED;
                format!("agent {agent}: damaged, {}", sentence(&fault))
            }
        };
        say(&line).map_err(Failure::System)?;
    }
    Ok(code)
}

/// Looks at one ledger; all of a directory are of one network.
fn one(
    dir: &DataDir,
    agent: usize,
    network: &mut Option<raida::NetworkId>,
) -> Result<Verified, Fault> {
    let ledger = dir.open_agent(agent, network.as_ref())?;
    network.get_or_insert_with(|| crate::ledger::Ledger::charter(&ledger).network.clone());
    Ok(ledger.verify()?)
}

fn say(line: &str) -> io::Result<()> {
    match writeln!(stdout().lock(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        said => said,
    }
}
