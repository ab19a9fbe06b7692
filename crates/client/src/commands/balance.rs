//! `coin-wallet balance`: what the home holds, without its lock.

use serde_json::{Map, json};
use wallet::{Provenance, RealDisk};

use crate::cli::Common;
use crate::config;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::words;

/// Runs the command.
pub(crate) fn run(common: Common, screen: &Screen) -> Result<Exit, Failure> {
    let home = config::home(common.home)?;
    config::Config::load(&home)?;
    let unreadable = |error: &dyn std::error::Error| {
        Failure::new(
            Exit::File,
            format!("the balance cannot be read: {}", crate::desk::with_causes(error)),
            "make the home readable for you",
        )
    };
    let disk = RealDisk::open(&home).map_err(|error| unreadable(&error))?;
    let balance = wallet::balance(&disk).map_err(|error| unreadable(&error))?;
    let mut folders = Map::new();
    let mut text = vec![format!("{}", balance.total)];
    for (place, amount) in &balance.folders {
        folders.insert(place.to_string(), json!(amount));
        text.push(format!("  {amount:>12}  {place}"));
    }
    if !balance.in_flight.is_zero() {
        text.push(format!("  {:>12}  in flight (not in the total)", balance.in_flight));
    }
    let object = json!({"v": 1, "total": balance.total, "folders": folders, "in_flight": balance.in_flight,
        "limbo": balance.limbo, "suspect": balance.suspect, "damaged": balance.damaged.len(),
        "verified": balance.provenance == Provenance::Original,
    });
    if balance.provenance == Provenance::Copied {
        screen.warn(words::COPIED);
    }
    for journal in &balance.damaged {
        screen.warn(&words::damaged(journal));
    }
    screen.result(&text.join("\n"), &object);
    Ok(Exit::Done)
}
