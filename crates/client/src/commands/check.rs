//! `coin-wallet check`: whether the home is in order, and with `--repair` mends what needs no guess.
//! The agents are not asked: `coin-wallet detect` does that.

use std::path::Path;

use serde_json::json;
use wallet::{Audit, Finding, OpenError, RealDisk, Repaired, Wallet, WalletError};

use crate::cli::Common;
use crate::config;
use crate::desk;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;

/// What to do with what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mending {
    /// Nothing: it is said only.
    No,
    /// What needs no guess is mended.
    Yes,
}

/// Runs the command.
pub(crate) fn run(common: Common, mending: Mending, screen: &Screen) -> Result<Exit, Failure> {
    let home = config::home(common.home)?;
    config::Config::load(&home)?;
    let failed = |error: OpenError| desk::open_failure(&home, &error);
    finish_cut_acts(&home).map_err(failed)?;
    let audit = match mending {
        Mending::No => wallet::check(&disk(&home)?).map_err(failed)?,
        Mending::Yes => {
            let repaired = wallet::repair(disk(&home)?).map_err(failed)?;
            tell(&repaired, &home, screen);
            repaired.left
        }
    };
    for finding in &audit.findings {
        say(finding, mending, screen);
    }
    Ok(sum_up(&audit, screen))
}

/// Does what every start of a program does first: an act that a crash cut in two is no finding. A
/// journal of a later version keeps it from that.
fn finish_cut_acts(home: &Path) -> Result<(), OpenError> {
    let Ok(disk) = RealDisk::open(home) else { return Ok(()) };
    match Wallet::open(disk) {
        Ok(_) | Err(OpenError::Wallet(WalletError::JournalTooNew { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

fn disk(home: &Path) -> Result<RealDisk, Failure> {
    RealDisk::open(home).map_err(|error| desk::no_home(home, &error))
}

fn tell(repaired: &Repaired, home: &Path, screen: &Screen) {
    let Repaired { journals, suspects, brought_home, trashed, closed_to_others, left: _ } =
        repaired;
    for journal in journals {
        screen.say(&format!("a damaged journal is kept as {}", journal.display()));
    }
    for (place, name) in trashed {
        screen.say(&format!("{place}/{name} went to Trash"));
    }
    if !brought_home.is_empty() {
        screen.say(&format!(
            "{} owned coins went from a hidden wallet to Default",
            brought_home.len()
        ));
    }
    for path in closed_to_others {
        screen.say(&format!("{} is closed to others now", home.join(path).display()));
    }
    if !suspects.is_empty() {
        screen.say(&format!(
            "what is known of {} coins lies in Default/Suspect and counts for nothing before the agents were \
             asked: coin-wallet find",
            suspects.len()
        ));
    }
}

fn say(finding: &Finding, mending: Mending, screen: &Screen) {
    let advice = match (mendable(finding), mending) {
        (true, Mending::No) => "mended by: coin-wallet check --repair",
        (true, Mending::Yes) | (false, _) => by_hand(finding),
    };
    let text = format!("{finding} ({advice})");
    let object = json!({
        "v": 1, "event": "finding", "kind": kind(finding), "text": finding.to_string(), "advice": advice,
    });
    screen.result(&text, &object);
}

fn sum_up(audit: &Audit, screen: &Screen) -> Exit {
    let Audit { journals, coins, worth, findings } = audit;
    let exit = if findings.is_empty() { Exit::Done } else { Exit::File };
    let looked = format!("{journals} journals and {coins} coins were looked at; {worth} are owned");
    let text = match findings.len() {
        0 => format!("the home is in order: {looked}"),
        1 => format!("1 thing is not as it should be: {looked}"),
        n => format!("{n} things are not as they should be: {looked}"),
    };
    let object = json!({
        "v": 1, "event": "result", "journals": journals, "coins": coins, "owned": worth,
        "findings": findings.len(), "exit": exit.code(),
    });
    screen.result(&text, &object);
    exit
}

/// Tells whether a repair does something about it, unless nothing is known of the coin.
fn mendable(finding: &Finding) -> bool {
    match finding {
        Finding::BrokenJournal { .. }
        | Finding::NotThatCoin { .. }
        | Finding::Gone { .. }
        | Finding::Stranded { .. }
        | Finding::OpenToOthers { .. }
        | Finding::Twice { same: true, .. } => true,
        Finding::NewerJournal { .. }
        | Finding::Stray { .. }
        | Finding::Twice { same: false, .. } => false,
    }
}

fn by_hand(finding: &Finding) -> &'static str {
    match finding {
        Finding::NewerJournal { .. } => "use the program that wrote it, or a later one",
        Finding::Stray { .. } => "move it somewhere else",
        Finding::Twice { .. } => "the agents know which one is right: coin-wallet detect",
        Finding::NotThatCoin { .. } => {
            "no journal knows this coin: take the file from a backup, or move it away"
        }
        Finding::BrokenJournal { .. }
        | Finding::Gone { .. }
        | Finding::Stranded { .. }
        | Finding::OpenToOthers { .. } => "make the disk writable, and try again",
    }
}

fn kind(finding: &Finding) -> &'static str {
    match finding {
        Finding::BrokenJournal { .. } => "broken_journal",
        Finding::NewerJournal { .. } => "newer_journal",
        Finding::NotThatCoin { .. } => "not_that_coin",
        Finding::Stray { .. } => "stray",
        Finding::Twice { .. } => "twice",
        Finding::Gone { .. } => "gone",
        Finding::Stranded { .. } => "stranded",
        Finding::OpenToOthers { .. } => "open_to_others",
    }
}
