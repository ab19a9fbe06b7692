//! `coin-wallet find`, `fix` and `detect`; with `--dry-run` what they would do, without the home's lock.

use coin::{AGENTS, Amount, Letter};
use raida::limits::BATCH_COINS;
use serde_json::json;
use wallet::{Kind, RealDisk, Surveyed};

use crate::cli::{Common, DryRun};
use crate::config::{self, Config};
use crate::desk::with_causes;
use crate::exit::{Exit, Failure};
use crate::operations::errand::{Errand, Outcome};
use crate::operations::fate::{Fate, told};
use crate::screen::Screen;
use crate::session::Session;

/// Coins that a dry run names one by one.
const NAMED_MAX: usize = 20;

/// Runs a command.
pub(crate) async fn run(
    errand: Errand,
    DryRun { dry_run }: DryRun,
    common: Common,
    screen: &Screen,
) -> Result<Exit, Failure> {
    if dry_run {
        return plan(errand, common, screen);
    }
    perform(errand, &Session::open(common, screen)?).await
}

/// Does an errand and tells what came of it.
pub(crate) async fn perform(errand: Errand, session: &Session) -> Result<Exit, Failure> {
    let screen = &session.screen;
    let outcome = errand.run(session).await?;
    screen.advise(advice(errand, &outcome));
    screen.result(&text(errand, &outcome), &outcome.to_json(errand));
    Ok(outcome.exit)
}

/// Says in a sentence what came of an errand.
pub(crate) fn text(errand: Errand, Outcome { id, fates, .. }: &Outcome) -> String {
    let nothing = match errand {
        Errand::Find => "no coins are lost",
        Errand::Fix => "there is nothing to fix",
        Errand::Detect => "there are no coins",
    };
    if id.is_none() {
        return nothing.to_owned();
    }
    let (first, rest): (String, &[(Fate, &str)]) = match errand {
        Errand::Find => (
            format!("found {}", fates.told(&[Fate::Whole, Fate::Fracked, Fate::Settling])),
            &[
                (Fate::Undecided, "undecided"),
                (Fate::Counterfeit, "called counterfeit by 13 agents"),
                (
                    Fate::Alive,
                    "in Suspect, known to the agents: coin-wallet import takes them over",
                ),
                (Fate::Dead, "in Suspect, worth nothing to you"),
            ],
        ),
        Errand::Fix => (
            format!("fixed {}", fates.told(&[Fate::Whole])),
            &[
                (Fate::Fracked, "still refused by some agents"),
                (Fate::Settling, "held by no more than 13 to 16 agents"),
                (Fate::Undecided, "of which too few agents said anything"),
                (Fate::Counterfeit, "called counterfeit by 13 agents"),
            ],
        ),
        Errand::Detect => (
            format!("{} in Bank", fates.told(&[Fate::Whole])),
            &[
                (Fate::Fracked, "refused by some agents"),
                (Fate::Settling, "held by no more than 13 to 16 agents"),
                (Fate::Undecided, "of which too few agents said anything"),
                (Fate::Counterfeit, "called counterfeit by 13 agents"),
            ],
        ),
    };
    let rest = rest.iter().filter(|(fate, _)| fates.has(&[*fate]));
    let rest = rest.map(|(fate, words)| format!("; {} {words}", fates.told(&[*fate])));
    first + &rest.collect::<String>()
}

/// Says what comes next; empty where nothing is to be done.
fn advice(errand: Errand, Outcome { fates, .. }: &Outcome) -> &'static str {
    let refused = fates.has(&[Fate::Fracked, Fate::Settling]);
    match errand {
        Errand::Find if fates.has(&[Fate::Undecided]) => {
            "coin-wallet resume, when more agents are there: it asks again"
        }
        Errand::Find | Errand::Detect if refused => "coin-wallet fix mends what agents refuse",
        Errand::Fix if refused => {
            "they are yours and can be paid with; coin-wallet fix again when all agents are there"
        }
        Errand::Find | Errand::Fix | Errand::Detect => "",
    }
}

/// Says what would be done, from the files alone.
fn plan(errand: Errand, common: Common, screen: &Screen) -> Result<Exit, Failure> {
    let home = config::home(common.home)?;
    Config::load(&home)?;
    let unreadable = |error: &dyn std::error::Error| {
        let what = format!("the coins cannot be read: {}", with_causes(error));
        Failure::new(Exit::File, what, "make the home readable for you")
    };
    let disk = RealDisk::open(&home).map_err(|error| unreadable(&error))?;
    let survey = wallet::survey(&disk, errand.places()).map_err(|error| unreadable(&error))?;
    let coins = &survey.coins;
    let amounts = coins.iter().map(|coin| coin.coin.coin.denomination().amount());
    let amount = Amount::try_sum(amounts).unwrap_or(Amount::MAX);
    let requests = match errand {
        Errand::Find => requests_of_find(coins),
        Errand::Fix => requests_of_fix(coins, screen),
        Errand::Detect => requests_of_detect(coins),
    };
    for coin in coins.iter().filter(|_| errand != Errand::Detect).take(NAMED_MAX) {
        screen.say(&named(coin));
    }
    let at_least = if coins.is_empty() { "" } else { " at least; silent agents are asked again" };
    screen.result(
        &format!(
            "would ask for {} with {requests} requests{at_least}; nothing was done",
            told((coins.len(), amount))
        ),
        &json!({
            "v": 1, "event": "result", "status": "planned", "coins": coins.len(), "amount": amount,
            "requests": requests, "exit": 0,
        }),
    );
    Ok(Exit::Done)
}

/// One question for each coin to each agent, and once more where a secret may have to be offered again.
fn requests_of_find(coins: &[Surveyed]) -> usize {
    2 * AGENTS * batches(coins.len())
}

/// One round: a question to all, for each agent that refused coins a ticket of each other one and the fix,
/// and another question to all.
fn requests_of_fix(coins: &[Surveyed], screen: &Screen) -> usize {
    let mut requests = AGENTS * batches(coins.len());
    let mut fixes = 0;
    for agent in 0..AGENTS {
        let refused = |coin: &&Surveyed| coin.coin.pown.get(agent) == Letter::Fail;
        let refused = coins.iter().filter(refused).count();
        if refused > 0 {
            screen.say(&format!(
                "agent {agent} refused {refused} of the coins when it was asked last"
            ));
            fixes += AGENTS * batches(refused);
        }
    }
    if fixes > 0 {
        requests += fixes + AGENTS * batches(coins.len());
    }
    requests
}

/// One question for each coin, and one more for those that have two secrets.
fn requests_of_detect(coins: &[Surveyed]) -> usize {
    let doubtful = coins.iter().filter(|coin| coin.coin.pans.is_some()).count();
    AGENTS * (batches(coins.len()) + batches(doubtful))
}

fn batches(coins: usize) -> usize {
    coins.div_ceil(BATCH_COINS)
}

fn named(Surveyed { place, coin, holder, .. }: &Surveyed) -> String {
    let owner = match holder {
        Some((id, Kind::Import | Kind::Receive)) => format!(", of the open operation {id}"),
        Some(_) | None => String::new(),
    };
    let sn = coin.coin.sn;
    let said = coin.pown;
    format!(
        "coin {} ({}) in {place}{owner}; the agents said {said}",
        sn.get(),
        sn.denomination().value()
    )
}
