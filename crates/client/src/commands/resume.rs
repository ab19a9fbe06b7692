//! `coin-wallet resume`: carries on every open transfer and import of the home, all at once, as far as
//! each can go alone or with its peer; then asks for lost coins, mends refused ones, and says what is left.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use coin::reclaim::Will;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wallet::{Kind, OperationId};

use super::errand;
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::operations::errand::{Errand, Outcome};
use crate::operations::exchange::alone as exchange;
use crate::operations::reclaim::course::Course;
use crate::operations::{export, import};
use crate::record::{Open, Parked};
use crate::screen::Screen;
use crate::session::Session;
use crate::signals;
use crate::transfer::NoRelay;
use crate::words;

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
    let errand =
        |(id, kind): &(OperationId, Kind)| Errand::of_kind(*kind).map(|errand| (*id, errand));
    let errands: Vec<(OperationId, Errand)> = open.iter().filter_map(errand).collect();
    let open: Vec<_> = open.into_iter().filter(|it| errand(it).is_none()).collect();
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
    // Only now: nothing else works on the coins of this home any more.
    left += heal(&session, errands).await;
    let listed = session.desk.run(|work| work.wallet.open_operations()).await;
    let open = session.disk(listed)?.len();
    let exit = if left == 0 { Exit::Done } else { Exit::InFlight };
    let text = match (left, open) {
        (0, 0) => "nothing is left open".to_owned(),
        (0, _) => format!(
            "nothing is at risk; {open} stay open for the other person, for agents that are away, or for coins called counterfeit"
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

/// Ends a repair that was cut off: what it did not get to, the next `coin-wallet check` finds.
async fn end_repair(session: &Session, id: OperationId) -> Result<Exit, Failure> {
    let ended =
        session.desk.run(move |work| work.wallet.load(id)?.end(&mut work.wallet, "cut off")).await;
    session.disk(ended).map(|()| Exit::Done)
}

/// Carries on what was cut short of finding and fixing, and begins it where coins wait for it; returns how
/// many errands could not be done. Without enough agents the coins go on waiting, at no risk.
async fn heal(session: &Session, errands: Vec<(OperationId, Errand)>) -> usize {
    let mut left = 0;
    let mut done = Vec::new();
    for (id, errand) in errands {
        let session = session.labelled(&short(id));
        left += tell(&session, errand, errand.carry_on(&session, id).await);
        done.push(errand);
    }
    for errand in [Errand::Find, Errand::Fix] {
        let due = match errand.is_due(session).await {
            Ok(due) => due,
            Err(failure) => {
                session.screen.fail(&failure);
                return left + 1;
            }
        };
        if due && !done.contains(&errand) {
            left += tell(session, errand, errand.run(session).await);
        }
    }
    left
}

/// Says what came of an errand; returns 1 when it has to be done again, else 0.
fn tell(session: &Session, errand: Errand, outcome: Result<Outcome, Failure>) -> usize {
    match outcome {
        Ok(outcome) => {
            session.screen.say(&errand::text(errand, &outcome));
            usize::from(outcome.exit == Exit::InFlight)
        }
        Err(failure) => {
            session.screen.fail(&failure);
            usize::from(!matches!(failure.exit, Exit::Agents | Exit::Differ))
        }
    }
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
        Kind::Repair => return end_repair(&session, id).await,
        // They are done when all others are.
        Kind::Find | Kind::Fix | Kind::Detect => return Ok(Exit::Done),
        Kind::Exchange => return exchange::carry_on(&session, id).await,
        Kind::Send => "coin-send",
        Kind::Receive => "coin-receive",
        Kind::Export => return export::carry_on(&session, id).await,
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
    match carry_on_reclaims(&session, open).await? {
        ControlFlow::Break(exit) => Ok(exit),
        ControlFlow::Continue(open) => session.run(open, NoRelay::Waits, stop).await,
    }
}

/// Carries on what was taken back or yielded; begins a reclaim by itself where that is configured and the
/// file has expired. Returns how the transfer ended, if that ended it, or the transfer to go on with.
async fn carry_on_reclaims(
    session: &Session,
    mut open: Open,
) -> Result<ControlFlow<Exit, Open>, Failure> {
    let Some(course) = Course::of_transfer(session, &open) else {
        return Ok(ControlFlow::Continue(open));
    };
    let begins = session.config.reclaim_expired && course.has_expired();
    if !begins && !course.is_due().await? {
        return Ok(ControlFlow::Continue(open));
    }
    course.carry_on().await?;
    let found = course.look(Will::Automatic).await?;
    course.call_gone(&found).await?;
    if begins && !found.begin.is_empty() {
        session.screen.say(&format!(
            "its file has expired and nobody took {}: taking it back",
            found.begin_amount
        ));
        course.begin(&found).await?;
        // From here on the batch never leaves again, also in this run.
        open.machine = open.machine.reclaimed();
    }
    let tally = course.tally().await?;
    // Where all of it is the other's, the other may come with a receipt.
    if !tally.in_flight().is_zero() || tally.given() == tally.amount {
        session.screen.say(&words::homecoming(&tally));
        return Ok(ControlFlow::Continue(open));
    }
    course.close(session, &tally).await?;
    let summary = tally.summary();
    session.tell_result(course.id(), &summary, &words::homecoming(&tally), "");
    Ok(ControlFlow::Break(Exit::from_code(summary.exit)))
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
