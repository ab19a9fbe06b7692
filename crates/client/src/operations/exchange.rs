//! An exchange: coins of this home for others of the same value, as an operation with its own journal.
//!
//! ```text
//!   begin ─▶ coins in Limbo ─▶ numbers kept at 13 agents? ──no──▶ coins go back, end
//!                                  │ PERSIST forward
//!                                  ▼
//!                          asked for at all agents ──13 executed it──▶ new coins in Bank or Fracked
//!                                  │                                      └─17 did─▶ end, before: asked on
//!                                  │ PERSIST back: out of reach
//!                                  ▼
//!                          taken back everywhere ──13 said so──▶ coins in Fracked again, end
//! ```
//!
//! While it is not decided, neither the coins given nor those taken count, and no other operation has them:
//! the former lie in Limbo, held by this operation; the latter are in its journal only.
//!
//! # Crash safety
//! Coins, new secrets and the key of the requests' ids are in the journal before an agent hears of them. The
//! way is written down before the first request of it. Taken up again, the same requests go out under the
//! same ids; agents that have answered answer the same.

pub(crate) mod alone;
mod begun;
mod booked;
mod numbers;
mod words;

use std::collections::HashSet;
use std::time::Duration;

use coin::choose::{Counts, Swap};
use coin::exchange::{Direction, Exchanging, Standing};
use coin::{AGENTS, Amount, CoinName, Denomination, Rule};
use protocol::machine::Fault;
use raida::Trade;
use serde::{Deserialize, Serialize};
use wallet::{Kind, OperationId, WalletError, WalletName};

use self::begun::inputs_in_limbo;
pub(crate) use self::words::swap_in_words;
use super::Bench;
use crate::desk::{Work, with_causes};
use crate::record::{self, Summary};

/// How often other serial numbers are asked for, because rivals were faster.
const TRIES_MAX: usize = 3;
/// Pause after the first try of a step; doubled after each further one.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
/// Tries after which a step that has come to its end leaves agents that say nothing to be fixed.
const TRIES_OF_STEP: usize = 2;

/// What the exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// A coin is broken.
    Change,
    /// Small coins are joined.
    Join,
}

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchanged {
    /// The new coins are there.
    Stands,
    /// Nothing was exchanged: the coins are where they were.
    NotDone,
    /// So much is undecided: `resume` goes on with it.
    Pending(Amount),
}

/// Labels of the notes of an exchange.
mod note {
    /// What the ids of the requests are made of, 64 hex digits.
    pub(super) const KEY: &str = "key";
    /// The names of the coins that lay in Fracked, as JSON.
    pub(super) const REFUSED: &str = "refused";
    /// `forward` or `back`; before the first of them no agent was asked to execute anything.
    pub(super) const WAY: &str = "way";
    /// That it stands, and which agents executed it, as letters.
    pub(super) const STANDS: &str = "stands";
}

/// What the journal begins with.
#[derive(Serialize, Deserialize)]
struct About {
    amount: Amount,
    purpose: Purpose,
}

const FORWARD: &str = "forward";
const BACK: &str = "back";

impl Bench {
    /// Exchanges coins of Default, but none of `left_out`, and carries it as far as the agents let it.
    ///
    /// # Errors
    /// [`Fault::TooFewAgents`] before anything was begun or after it was put back; those of the disk.
    pub(super) async fn exchange(
        &self,
        swap: &Swap,
        purpose: Purpose,
        left_out: HashSet<CoinName>,
    ) -> Result<Exchanged, Fault> {
        let into = denominations(swap.take);
        let Some(mut numbers) = self.free_numbers(&into).await? else {
            self.screen.warn("too few agents have free serial numbers for the new coins");
            return Ok(Exchanged::NotDone);
        };
        let Some(begun) = self.begin_exchange(swap, purpose, left_out).await? else {
            return Ok(Exchanged::NotDone);
        };
        for _ in 0..TRIES_MAX {
            let trade = begun.propose_trade(numbers).await?;
            let reserving = begun.ask(&trade, Exchanging::reserving(Rule::CLOUDCOIN)).await;
            if let Standing::Reserved { .. } = reserving.standing() {
                begun.note_way(Direction::Forward).await?;
                self.screen.say(&words::begun(&trade));
                return begun.go(&trade, reserving.go_forward()).await;
            }
            numbers = match begun.free_numbers(&into).await {
                Ok(Some(numbers)) => numbers,
                Ok(None) => break,
                Err(fault) => {
                    begun.give_up().await?;
                    return Err(fault);
                }
            };
        }
        self.screen.warn("13 agents did not keep the same serial numbers for this wallet");
        begun.give_up().await?;
        Ok(Exchanged::NotDone)
    }

    /// Carries on the exchanges of this home that were cut short and that nothing else goes on with now, as
    /// far as coins wait for them; returns what is still undecided.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) async fn carry_exchanges_on(&self) -> Result<Amount, Fault> {
        let mut open = Vec::new();
        let mut tried = HashSet::new();
        loop {
            let before = tried.clone();
            let loaded = self.desk.run(move |work| load_waiting(work, &before)).await;
            let loaded = loaded.map_err(|stopped| Fault::Disk(stopped.to_string()))?;
            let Some(id) = loaded.map_err(|error| Fault::Disk(with_causes(&error)))? else {
                return Ok(Amount::try_sum(open).unwrap_or(Amount::MAX));
            };
            tried.insert(id);
            let bench = Bench { id, hidden_wallet: WalletName::Default, ..self.clone() };
            let carried = match bench.same_network().await {
                Ok(()) => bench.carry_exchange_on().await,
                Err(fault) => Err(fault),
            };
            if let Exchanged::Pending(worth) = bench.let_go_if_failed(carried).await? {
                open.push(worth);
            }
        }
    }

    /// Lets an exchange go that could not be carried on, so that it can be taken up again in this run.
    async fn let_go_if_failed(
        &self,
        carried: Result<Exchanged, Fault>,
    ) -> Result<Exchanged, Fault> {
        if carried.is_err() {
            let id = self.id;
            let gone = self.desk.run(move |work| drop(work.operations.remove(&id))).await;
            gone.map_err(|stopped| Fault::Disk(stopped.to_string()))?;
        }
        carried
    }

    /// Carries on an exchange whose journal is loaded, from where that stands.
    pub(super) async fn carry_exchange_on(&self) -> Result<Exchanged, Fault> {
        let way = self
            .at_wallet(|_, operation| {
                let note = |label| operation.last_note(label).map(str::to_owned);
                Ok((note(note::WAY), note(note::STANDS)))
            })
            .await?;
        match way {
            (_, Some(_)) => {
                self.book_outputs().await?;
                let trade = self.trade().await?;
                let exchanging = self.ask(&trade, Exchanging::forward(Rule::CLOUDCOIN)).await;
                self.settle(&trade, &exchanging).await
            }
            (Some(way), None) => {
                let trade = self.trade().await?;
                let exchanging = match way.as_str() {
                    BACK => Exchanging::back(Rule::CLOUDCOIN),
                    _ => Exchanging::forward(Rule::CLOUDCOIN),
                };
                self.go(&trade, exchanging).await
            }
            (None, None) => {
                self.give_up().await?;
                Ok(Exchanged::NotDone)
            }
        }
    }

    /// Goes the way of the exchange to its end, or as far as the agents answer.
    async fn go(&self, trade: &Trade, exchanging: Exchanging) -> Result<Exchanged, Fault> {
        self.note_way(exchanging.direction()).await?;
        let exchanging = self.ask(trade, exchanging).await;
        match (exchanging.standing(), exchanging.direction()) {
            (
                Standing::Stands { origin, .. } | Standing::Final { origin, .. },
                Direction::Forward,
            ) => {
                self.note_stands(words::letters(&exchanging, origin)).await?;
                self.book_outputs().await?;
                self.settle(trade, &exchanging).await
            }
            (Standing::OutOfReach, Direction::Forward) => {
                self.screen.warn(&words::turned_back(trade, &exchanging));
                Box::pin(self.go(trade, exchanging.turn_back())).await
            }
            (Standing::Returned { .. }, Direction::Back) => self.book_inputs(&exchanging).await,
            (Standing::Stands { .. } | Standing::Final { .. }, Direction::Back) => {
                self.take_outputs_over(trade).await
            }
            (_, Direction::Back) if self.stands_all_the_same(trade).await? => {
                self.take_outputs_over(trade).await
            }
            (_, Direction::Reserving | Direction::Forward | Direction::Back) => {
                self.screen.warn(&words::pending(trade, &exchanging));
                Ok(Exchanged::Pending(worth(trade)))
            }
        }
    }

    /// Asks agents for the step that comes next, until all have answered for this time, or the step has come
    /// to its end and was tried a second time at those that said nothing.
    async fn ask(&self, trade: &Trade, mut exchanging: Exchanging) -> Exchanging {
        let mut pause = PAUSE_FIRST;
        let mut tries = 0;
        loop {
            let open: Vec<usize> =
                (0..AGENTS).filter(|agent| exchanging.next_request(*agent).is_some()).collect();
            let request = exchanging.direction().request();
            let answers = self.authority.trade(request, trade, &open).await;
            for (agent, answer) in open.into_iter().zip(answers) {
                exchanging.answered(agent, request, answer);
            }
            tries += 1;
            self.progress.notify_one();
            if exchanging.is_over() || tries >= TRIES_OF_STEP && has_come_to_its_end(&exchanging) {
                return exchanging;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
}

/// Loads the next open exchange whose coins are in Limbo, that is not being worked on and was not tried.
fn load_waiting(
    work: &mut Work,
    tried: &HashSet<OperationId>,
) -> Result<Option<OperationId>, WalletError> {
    for (id, kind) in work.wallet.open_operations()? {
        let is_next = kind == Kind::Exchange && !tried.contains(&id);
        if is_next && !work.operations.contains_key(&id) {
            let operation = work.wallet.load(id)?;
            if !inputs_in_limbo(&work.wallet, &operation)?.is_empty() {
                work.operations.insert(id, operation);
                return Ok(Some(id));
            }
        }
    }
    Ok(None)
}

fn has_come_to_its_end(exchanging: &Exchanging) -> bool {
    match exchanging.standing() {
        Standing::Pending | Standing::OutOfReach => false,
        Standing::Reserved { .. }
        | Standing::Stands { .. }
        | Standing::Final { .. }
        | Standing::Returned { .. } => true,
    }
}

fn worth(trade: &Trade) -> Amount {
    let values = trade.inputs().iter().map(|coin| coin.denomination().amount());
    Amount::try_sum(values).unwrap_or(Amount::MAX)
}

fn summary(amount: Amount, exchanged: Exchanged) -> Summary {
    let (status, owned) = match exchanged {
        Exchanged::Stands => ("done", amount),
        Exchanged::NotDone => ("returned", Amount::ZERO),
        Exchanged::Pending(_) => ("in_doubt", Amount::ZERO),
    };
    Summary { status: status.to_owned(), amount, owned, exit: 0, counts: record::Counts::new() }
}

/// Lists coins by their denominations, the largest first.
fn denominations(coins: Counts) -> Vec<Denomination> {
    let each = coins.iter();
    each.flat_map(|(denomination, number)| (0..number).map(move |_| denomination)).collect()
}
