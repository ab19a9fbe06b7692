//! `coin-wallet history`: what this home has done, the newest last, without its lock.

use serde_json::json;
use wallet::{Ended, InFlight, Kind, RealDisk};

use crate::cli::Common;
use crate::config;
use crate::exit::{Exit, Failure};
use crate::record::Summary;
use crate::screen::{Format, Screen};
use crate::words;

/// Runs the command.
pub(crate) fn run(common: Common, screen: &Screen) -> Result<Exit, Failure> {
    let home = config::home(common.home)?;
    config::Config::load(&home)?;
    let unreadable = |error: &dyn std::error::Error| {
        Failure::new(
            Exit::File,
            format!("the history cannot be read: {}", crate::desk::with_causes(error)),
            "make the home readable for you",
        )
    };
    let disk = RealDisk::open(&home).map_err(|error| unreadable(&error))?;
    let history = wallet::history(&disk).map_err(|error| unreadable(&error))?;
    for operation in &history.ended {
        tell(operation, screen);
    }
    let in_flight = wallet::in_flight(&disk).map_err(|error| unreadable(&error))?;
    for open in &in_flight {
        tell_in_flight(open, screen);
    }
    for journal in &history.damaged {
        screen.warn(&words::damaged(journal));
    }
    if history.ended.is_empty() && in_flight.is_empty() && screen.format() == Format::Text {
        screen.say("nothing has ended in this home yet");
    }
    Ok(Exit::Done)
}

fn tell_in_flight(open: &InFlight, screen: &Screen) {
    let at = jiff::Timestamp::from_second(open.began_at_secs).unwrap_or_default();
    let word = names(open.kind).0;
    screen.result(
        &format!("{at}  {word:<8} {:>10}  {:<8}  {}", open.amount, "in_flight", open.id),
        &json!({
            "v": 1, "event": "history", "kind": names(open.kind).1, "id": open.id.to_string(),
            "began": open.began_at_secs, "ended": null, "amount": open.amount, "owned": 0,
            "status": "in_flight",
        }),
    );
}

/// Returns what was done, for people, and what it was, for programs.
fn names(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Send => ("sent", "send"),
        Kind::Receive => ("received", "receive"),
        Kind::Import => ("imported", "import"),
        Kind::Export => ("exported", "export"),
        Kind::Repair => ("repaired", "repair"),
        Kind::Find => ("found", "find"),
        Kind::Fix => ("fixed", "fix"),
        Kind::Detect => ("checked", "detect"),
        Kind::Exchange => ("changed", "exchange"),
    }
}

fn tell(operation: &Ended, screen: &Screen) {
    // A summary of a later version still has its time, kind and id.
    let summary = serde_json::from_str::<Summary>(&operation.end.summary).ok();
    let (word, kind) = names(operation.kind);
    let at = jiff::Timestamp::from_second(operation.end.at_secs).unwrap_or_default();
    let (owned, status) = match &summary {
        Some(summary) => (summary.owned.to_string(), summary.status.as_str()),
        None => ("?".to_owned(), "?"),
    };
    let text = format!("{at}  {word:<8} {owned:>10}  {status:<8}  {}", operation.id);
    screen.result(
        &text,
        &json!({
            "v": 1, "event": "history", "kind": kind, "id": operation.id.to_string(),
            "began": operation.began_at_secs, "ended": operation.end.at_secs,
            "amount": summary.as_ref().map(|s| s.amount), "owned": summary.as_ref().map(|s| s.owned),
            "status": summary.as_ref().map(|s| s.status.as_str()),
        }),
    );
}
