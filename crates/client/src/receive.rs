//! `coin-receive`: meets the sender of a connection file and takes the coins; or continues, or says how
//! it ended.

use std::time::Duration;

use coin::Amount;
use protocol::conn_file::ConnFile;
use protocol::receiver::Receiver;
use protocol::waits::Patience;
use tokio_util::sync::CancellationToken;

use crate::cli::ReceiveArgs;
use crate::conn;
use crate::exit::{Exit, Failure};
use crate::machine::Machine;
use crate::record::Open;
use crate::screen::Screen;
use crate::send::other_side;
use crate::session::{Session, operation_id};
use crate::signals;
use crate::transfer::NoRelay;

/// Runs the program.
pub(crate) async fn run(args: ReceiveArgs, screen: &Screen) -> Result<Exit, Failure> {
    if !screen.can_ask() {
        return Err(Failure::new(
            Exit::Usage,
            "there is no terminal to ask whether you accept",
            "--yes accepts whatever the sender of this file sends",
        ));
    }
    let file = conn::read_given(&args.conn)?.ok_or_else(|| {
        Failure::new(
            Exit::File,
            format!("{} does not exist", args.conn.display()),
            "the sender's coin-send writes it: let them give it to you",
        )
    })?;
    let session = Session::open(args.common.clone(), screen)?;
    let stop = signals::stop_token().map_err(|error| Failure::new(Exit::File, error, ""))?;
    meet(&session, file, Duration::from_secs(args.wait), stop).await
}

/// Takes part in the transfer of a file: begins it, goes on with it, or says how it ended.
pub(crate) async fn meet(
    session: &Session,
    file: ConnFile,
    peer_wait: Duration,
    stop: CancellationToken,
) -> Result<Exit, Failure> {
    let id = operation_id(&file);
    if let Some(summary) = session.ended(id).await? {
        return Ok(session.tell_ended(id, &summary));
    }
    if let Some(open) = session.load(id, peer_wait).await? {
        if open.machine.is_sender() {
            return Err(other_side(id, "coin-send"));
        }
        session.screen.say(&format!("continuing the transfer {id}"));
        return session.run(open, NoRelay::Fails, stop).await;
    }
    session.not_expired(&file)?;
    session.same_network(&file).await?;
    let machine = Machine::Receiver(Receiver::new(None, Patience { peer_wait }));
    let open = Open::new(machine, file, Amount::ZERO);
    session.begin(&open).await?;
    session.run(open, NoRelay::Fails, stop).await
}
