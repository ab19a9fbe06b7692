//! `coin-wallet resume`: carries on every open transfer and import of the home, all at once, as far as
//! each can go alone or with its peer, and says what is left.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wallet::{Kind, OperationId};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::operations::import;
use crate::screen::Screen;
use crate::session::Session;
use crate::signals;
use crate::transfer::NoRelay;

/// Runs the command.
pub(crate) async fn run(common: Common, wait: u64, screen: &Screen) -> Result<Exit, Failure> {
    let session = Arc::new(Session::open(common, screen)?);
    let stop = signals::stop_token().map_err(|error| Failure::new(Exit::File, error, ""))?;
    let listed = session.desk.run(|work| work.wallet.open_operations()).await;
    let open = session.disk(listed)?;
    screen.say(&format!("{} open transfers and imports", open.len()));
    let mut running = JoinSet::new();
    for (id, kind) in open {
        let session = Arc::clone(&session);
        let stop = stop.clone();
        running.spawn(async move { (id, carry_on(&session, id, kind, wait, stop).await) });
    }
    let mut left = 0;
    while let Some(ended) = running.join_next().await {
        let (id, ended) = ended.map_err(|error| Failure::new(Exit::File, error, "run it again"))?;
        match ended {
            Ok(exit) if settled(exit) => {}
            Ok(_) => left += 1,
            Err(failure) => {
                screen.labelled(&short(id)).fail(&failure);
                left += 1;
            }
        }
    }
    let exit = if left == 0 { Exit::Done } else { Exit::InFlight };
    let text = match left {
        0 => "nothing is left open".to_owned(),
        _ => format!(
            "{left} can only wait: run coin-wallet resume again when the other person or the agents are there"
        ),
    };
    screen.result(&text, &json!({"v": 1, "event": "result", "open": left, "exit": exit.code()}));
    Ok(exit)
}

async fn carry_on(
    session: &Session,
    id: OperationId,
    kind: Kind,
    wait: u64,
    stop: CancellationToken,
) -> Result<Exit, Failure> {
    let session = session.labelled(&short(id));
    match kind {
        Kind::Import => import::carry_on(&session, id).await,
        Kind::Send | Kind::Receive => match session.load(id, Duration::from_secs(wait)).await? {
            Some(open) => session.run(open, NoRelay::Waits, stop).await,
            None => Ok(Exit::Done),
        },
    }
}

/// Every end but an open one settles a transfer, whether or not it was a payment.
fn settled(exit: Exit) -> bool {
    match exit {
        Exit::InFlight | Exit::Agents | Exit::File | Exit::Relay | Exit::Busy => false,
        Exit::Done
        | Exit::Usage
        | Exit::PeerAway
        | Exit::Differ
        | Exit::Refused
        | Exit::NotEnough
        | Exit::Returned
        | Exit::Partly => true,
    }
}

fn short(id: OperationId) -> String {
    id.to_string().chars().take(8).collect()
}
