//! `raida backup`, `raida restore` and `raida acknowledge`.

use std::path::Path;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::args::{AcknowledgeArgs, BackupArgs, RestoreArgs};
use super::config::Config;
use super::control::{self, Outcome};
use super::exit::{self, Failure, sentence};
use super::run;
use crate::data_dir::{self, DataDir, DataDirError};
use crate::ledger::{Charter, FjallLedger, Ledger, RestoreError, read_head, restore as make};

/// Backs up every ledger of a directory, by its running agents or, while they are stopped, by
/// itself.
pub(crate) fn backup(args: &BackupArgs) -> Result<u8, Failure> {
    let data = run::data(&args.place, &Config::of(&args.place)?)?;
    let out = std::path::absolute(&args.out).map_err(Failure::System)?;
    let outcomes = match DataDir::open(&data) {
        Ok(dir) => back_up_stopped(&dir, &out)?,
        Err(DataDirError::Busy { .. }) => {
            control::ask(&data, &out).map_err(|source| Failure::NoAnswer { dir: data, source })?
        }
        Err(error) => return Err(error.into()),
    };
    let mut code = exit::DONE;
    for outcome in outcomes {
        match outcome {
            Ok(path) => println!("{}", path.display()),
            Err(why) => {
                eprintln!("raida: not backed up: {why}");
                code = exit::CONFIGURATION;
            }
        }
    }
    Ok(code)
}

fn back_up_stopped(dir: &DataDir, out: &Path) -> Result<Vec<Outcome>, Failure> {
    let stop = CancellationToken::new();
    let ledgers = dir.open_here()?;
    Ok(ledgers.iter().map(|ledger| one(ledger, out, &stop)).collect())
}

/// Backs up one ledger into `out`, which is made when it is not there.
pub(super) fn one(ledger: &FjallLedger, out: &Path, stop: &CancellationToken) -> Outcome {
    let agent = ledger.charter().agent;
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H%M%S%.3fZ");
    let path = out.join(format!("agent-{agent:02}.{now}.backup"));
    let made = data_dir::make_private_dir(out).map_err(|error| sentence(&error));
    made.and_then(|()| ledger.back_up(&path, stop).map_err(|error| sentence(&error)))
        .map(|_| path.clone())
        .map_err(|why| format!("agent {agent}, {}: {why}", path.display()))
}

/// Makes the ledger of one agent out of its backup.
pub(crate) fn restore(args: &RestoreArgs) -> Result<u8, Failure> {
    let data = run::data(&args.place, &Config::of(&args.place)?)?;
    let failed = |source| Failure::Restore { from: args.from.clone(), source };
    let head = read_head(&args.from).map_err(failed)?;
    let found = head.agent;
    if let Some(expected) = args.agent.map(usize::from).filter(|agent| *agent != found) {
        return Err(failed(RestoreError::OtherAgent { expected, found }));
    }
    let dir = DataDir::create(&data)?;
    let mark = make(&args.from, &dir.ledger(found)).map_err(failed)?;
    let Charter { network, agent } = dir.open_agent(found, None)?.charter().clone();
    eprintln!("agent {agent} of the network {network} holds what it held at {}", mark.backup);
    eprintln!(
        "it counts as forgetful: what it has answered for since then is forgotten. Up to 4 such \
         agents of 25 are survived; wallets fix the coins that changed since, with tickets of 13 \
         other agents"
    );
    eprintln!("it says so at every start, until: raida acknowledge --agent {agent} --data DIR");
    println!("{}", dir.ledger(found).display());
    Ok(exit::DONE)
}

/// Takes the mark of a forgetful ledger away.
pub(crate) fn acknowledge(args: &AcknowledgeArgs) -> Result<u8, Failure> {
    let data = run::data(&args.place, &Config::of(&args.place)?)?;
    let dir = DataDir::open(&data)?;
    let agent = usize::from(args.agent);
    let place = dir.ledger(agent);
    let acknowledged = dir.open_agent(agent, None)?.acknowledge();
    acknowledged.map_err(data_dir::failed_at(&place))?;
    eprintln!("agent {agent} does not count as forgetful any more");
    Ok(exit::DONE)
}

/// Says which of the ledgers count as forgetful.
pub(super) fn remind<'a>(ledgers: impl IntoIterator<Item = &'a FjallLedger>) {
    for ledger in ledgers {
        let agent = ledger.charter().agent;
        match ledger.forgetful() {
            Ok(None) => {}
            Ok(Some(mark)) => warn!(
                agent,
                backup = %mark.backup,
                restored = %mark.restored,
                "counts as forgetful: what came after the backup is forgotten"
            ),
            Err(error) => warn!(agent, %error, "counts as forgetful: its mark cannot be read"),
        }
    }
}
