//! `coin-wallet change` and `join`; with `--dry-run` what they would do, without the home's lock.

use coin::choose::{self, Swap};
use coin::{AGENTS, Amount, CoinName, SerialNumber};
use serde_json::json;
use wallet::{Folder, Place, RealDisk, WalletName};

use crate::cli::{Common, DryRun};
use crate::config::{self, Config};
use crate::desk::with_causes;
use crate::exit::{Exit, Failure};
use crate::operations::change::plenty;
use crate::operations::exchange::{alone, swap_in_words};
use crate::operations::join::Leaving;
use crate::screen::Screen;
use crate::send::parse_amount;
use crate::session::Session;

/// What agents are asked for one exchange, when all of them answer at once: whether the coins are good, which
/// numbers are free, to keep them, to execute it.
const STEPS: usize = 4;

/// Runs `coin-wallet change`.
pub(crate) async fn change(
    amount: &str,
    DryRun { dry_run }: DryRun,
    common: Common,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let amount = parse_amount("coin-wallet change", amount)?;
    if dry_run {
        let (clean, refused) = numbers(common)?;
        let swap = choose::change(amount, &clean, &refused, plenty());
        let swap =
            swap.map_err(|error| Failure::new(Exit::NotEnough, error, "coin-wallet balance"))?;
        let swaps = if swap.give.is_empty() { Vec::new() } else { vec![swap] };
        return Ok(tell_plan(screen, &swaps));
    }
    make_change(&Session::open(common, screen)?, amount).await
}

/// Breaks a coin of the home where an amount needs that.
pub(crate) async fn make_change(session: &Session, amount: Amount) -> Result<Exit, Failure> {
    alone::break_for(session, amount).await?;
    let text = format!("your coins make {amount} exactly");
    let object = json!({"v": 1, "event": "result", "amount": amount, "exit": 0});
    session.screen.result(&text, &object);
    Ok(Exit::Done)
}

/// Runs `coin-wallet join`.
pub(crate) async fn join(
    leaving: Leaving,
    DryRun { dry_run }: DryRun,
    common: Common,
    screen: &Screen,
) -> Result<Exit, Failure> {
    if dry_run {
        let (clean, _) = numbers(common)?;
        return Ok(tell_plan(screen, &choose::join(&clean, leaving.policy(), plenty())));
    }
    join_coins(&Session::open(common, screen)?, leaving).await
}

/// Joins the coins of the home.
pub(crate) async fn join_coins(session: &Session, leaving: Leaving) -> Result<Exit, Failure> {
    let left = alone::join_all(session, leaving).await?;
    let (text, exit) = match left.is_zero() {
        true => ("there is nothing left to join".to_owned(), Exit::Done),
        false => {
            (format!("coins of {left} could not be joined and stay as they are"), Exit::Partly)
        }
    };
    let object = json!({"v": 1, "event": "result", "not_joined": left, "exit": exit.code()});
    session.screen.result(&text, &object);
    Ok(exit)
}

fn tell_plan(screen: &Screen, swaps: &[Swap]) -> Exit {
    for swap in swaps {
        screen.say(&swap_in_words(swap));
    }
    let requests = swaps.len() * STEPS * AGENTS;
    let gives: Vec<&SerialNumber> = swaps.iter().flat_map(|swap| &swap.give).collect();
    let takes: u64 = swaps.iter().map(|swap| swap.take.coins()).sum();
    let worth = Amount::try_sum(gives.iter().map(|sn| sn.denomination().amount()));
    let text = match gives.len() {
        0 => "nothing has to be exchanged".to_owned(),
        coins => format!(
            "{coins} coins would become {}, in {requests} requests at least; silent agents are asked again",
            takes
        ),
    };
    screen.result(
        &text,
        &json!({
            "v": 1, "event": "plan", "gives": gives, "takes": takes,
            "amount": worth.unwrap_or(Amount::MAX), "requests": requests, "exit": 0,
        }),
    );
    Exit::Done
}

/// Returns the serial numbers in Bank and in Fracked.
fn numbers(common: Common) -> Result<(Vec<SerialNumber>, Vec<SerialNumber>), Failure> {
    let home = config::home(common.home)?;
    Config::load(&home)?;
    let unreadable = |error: &dyn std::error::Error| {
        let what = format!("the coins cannot be read: {}", with_causes(error));
        Failure::new(Exit::File, what, "make the home readable for you")
    };
    let disk = RealDisk::open(&home).map_err(|error| unreadable(&error))?;
    let list = |folder| -> Result<Vec<SerialNumber>, Failure> {
        let place = Place { wallet: WalletName::Default, folder };
        let names: Vec<CoinName> =
            wallet::list(&disk, place).map_err(|error| unreadable(&error))?;
        Ok(names.into_iter().map(|name| name.sn).collect())
    };
    Ok((list(Folder::Bank)?, list(Folder::Fracked)?))
}
