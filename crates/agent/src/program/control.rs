//! How another `raida` on this machine speaks with the running agents: a socket in their directory,
//! open to their owner alone.
//!
//! ```text
//! raida backup ──▶ "backup /abs/out"          one line
//!              ◀── "done PATH", "failed WHY"   a line for each ledger, then "end"
//! ```

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream as Caller;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::backup;
use crate::ledger::FjallLedger;
use crate::limits::{BACKUP_WAIT, CONTROL_LINE_BYTES_MAX, CONTROL_WAIT};

const NAME: &str = "control";
const BACKUP: &[u8] = b"backup ";

/// What became of one ledger.
pub(super) type Outcome = Result<PathBuf, String>;

/// Answers callers, one after the other, until `stop`. Where there can be no socket the agents run
/// without.
pub(super) async fn serve(dir: &Path, ledgers: &[Arc<FjallLedger>], stop: &CancellationToken) {
    let path = dir.join(NAME);
    // Left by a run that was killed; the lock of the directory is ours.
    let _ = std::fs::remove_file(&path);
    let listener = match UnixListener::bind(&path) {
        Ok(listener) => listener,
        Err(error) => {
            warn!(%error, path = %path.display(), "no socket: backups need stopped agents");
            return;
        }
    };
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let answered = match accepted {
            Ok((caller, _)) => answer(caller, ledgers, stop).await,
            Err(error) => Err(error),
        };
        if let Err(error) = answered {
            warn!(%error, "a caller was not answered");
        }
    }
    let _ = std::fs::remove_file(&path);
}

async fn answer(
    mut caller: UnixStream,
    ledgers: &[Arc<FjallLedger>],
    stop: &CancellationToken,
) -> io::Result<()> {
    let out = timeout(CONTROL_WAIT, read_request(&mut caller)).await??;
    for ledger in ledgers {
        let (ledger, out, stop) = (Arc::clone(ledger), out.clone(), stop.clone());
        let work = move || backup::one(&ledger, &out, &stop);
        let outcome = tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?;
        match &outcome {
            Ok(path) => info!(path = %path.display(), "backed up"),
            Err(why) => warn!(%why, "not backed up"),
        }
        timeout(CONTROL_WAIT, caller.write_all(&encode(&outcome))).await??;
    }
    timeout(CONTROL_WAIT, caller.write_all(b"end\n")).await?
}

async fn read_request(caller: &mut UnixStream) -> io::Result<PathBuf> {
    let mut line = Vec::new();
    let mut bounded = tokio::io::BufReader::new(caller).take(CONTROL_LINE_BYTES_MAX);
    bounded.read_until(b'\n', &mut line).await?;
    let out = line.strip_suffix(b"\n").and_then(|line| line.strip_prefix(BACKUP));
    match out.map(|out| PathBuf::from(OsString::from_vec(out.to_vec()))) {
        Some(out) if out.is_absolute() => Ok(out),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Asks the running agents of a directory for backups into `out`, an absolute path.
///
/// # Errors
///
/// When they do not answer to the end.
pub(super) fn ask(dir: &Path, out: &Path) -> io::Result<Vec<Outcome>> {
    let mut agents = Caller::connect(dir.join(NAME))?;
    agents.set_read_timeout(Some(BACKUP_WAIT))?;
    agents.set_write_timeout(Some(CONTROL_WAIT))?;
    agents.write_all(&[BACKUP, out.as_os_str().as_bytes(), b"\n"].concat())?;
    let mut outcomes = Vec::new();
    let mut lines = BufReader::new(agents.take(25 * CONTROL_LINE_BYTES_MAX)).split(b'\n');
    loop {
        let line = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
        if line == b"end" {
            return Ok(outcomes);
        }
        outcomes.push(decode(&line).ok_or(io::ErrorKind::InvalidData)?);
    }
}

fn encode(outcome: &Outcome) -> Vec<u8> {
    match outcome {
        Ok(path) => [b"done ", path.as_os_str().as_bytes(), b"\n"].concat(),
        Err(why) => format!("failed {}\n", why.replace('\n', " ")).into_bytes(),
    }
}

fn decode(line: &[u8]) -> Option<Outcome> {
    if let Some(path) = line.strip_prefix(b"done ") {
        return Some(Ok(PathBuf::from(OsString::from_vec(path.to_vec()))));
    }
    let why = line.strip_prefix(b"failed ")?;
    Some(Err(String::from_utf8_lossy(why).into_owned()))
}
