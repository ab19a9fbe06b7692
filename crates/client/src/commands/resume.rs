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
use crate::record::Parked;
use crate::screen::Screen;
use crate::session::Session;
use crate::signals;
use crate::transfer::NoRelay;

/// Runs the command.
pub(crate) async fn run(common: Common, wait: u64, screen: &Screen) -> Result<Exit, Failure> {
    let session = Session::open(common, screen)?;
    let stop = signals::stop_token().map_err(|error| Failure::new(Exit::File, error, ""))?;
    all(&session, Duration::from_secs(wait), stop).await
}

/// Carries on whatever is open in a home.
pub(crate) async fn all(
    session: &Session,
    wait: Duration,
    stop: CancellationToken,
) -> Result<Exit, Failure> {
    let (session, screen) = (Arc::new(session.clone()), &session.screen);
    let listed = session
        .desk
        .run(|work| Ok((work.wallet.open_operations()?, work.wallet.damaged_journals()?)))
        .await;
    let (open, damaged) = session.disk(listed)?;
    screen.say(&format!("{} open transfers and imports", open.len()));
    let mut running = JoinSet::new();
    for (id, kind) in open {
        let session = Arc::clone(&session);
        let stop = stop.clone();
        running.spawn(async move { (id, carry_on(&session, id, kind, wait, stop).await) });
    }
    // The person was told of these when the home was opened.
    let mut left = damaged.len();
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
    let listed = session.desk.run(|work| work.wallet.open_operations()).await;
    let open = session.disk(listed)?.len();
    let exit = if left == 0 { Exit::Done } else { Exit::InFlight };
    let text = match (left, open) {
        (0, 0) => "nothing is left open".to_owned(),
        (0, _) => format!(
            "nothing is at risk; {open} stay open for the other person, or for coins called counterfeit"
        ),
        (_, _) => format!(
            "{left} can only wait: run coin-wallet resume again when the other person or the agents are there"
        ),
    };
    screen.result(
        &text,
        &json!({"v": 1, "event": "result", "open": open, "waiting": left, "exit": exit.code()}),
    );
    Ok(exit)
}

async fn carry_on(
    session: &Session,
    id: OperationId,
    kind: Kind,
    wait: Duration,
    stop: CancellationToken,
) -> Result<Exit, Failure> {
    let session = session.labelled(&short(id));
    let program = match kind {
        Kind::Import => return import::carry_on(&session, id).await,
        Kind::Send => "coin-send",
        Kind::Receive => "coin-receive",
    };
    let Some(open) = session.load(id, wait).await? else {
        return Ok(Exit::Done);
    };
    if open.parked == Parked::Yes && session.desk.clock.now_secs() <= open.file.expires_secs {
        session.screen.say(&format!(
            "nothing was agreed: only {program} with its --conn file goes on with it"
        ));
        return Ok(Exit::PeerAway);
    }
    if kind == Kind::Receive && open.agreed.is_none() && !session.screen.can_ask() {
        session
            .screen
            .warn("you have not accepted this one yet, and there is no terminal to ask: use --yes");
        return Ok(Exit::PeerAway);
    }
    session.run(open, NoRelay::Waits, stop).await
}

/// Every end but an open one settles a transfer, whether or not it was a payment.
fn settled(exit: Exit) -> bool {
    match exit {
        Exit::InFlight
        | Exit::Agents
        | Exit::File
        | Exit::Relay
        | Exit::Busy
        | Exit::Differ
        | Exit::Usage => false,
        Exit::Done
        | Exit::PeerAway
        | Exit::Refused
        | Exit::NotEnough
        | Exit::Returned
        | Exit::Partly => true,
    }
}

fn short(id: OperationId) -> String {
    id.to_string().chars().take(8).collect()
}
