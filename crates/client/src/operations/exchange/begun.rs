//! The beginning of an exchange: its journal, its coins in Limbo, its proposals; and the end of one that never
//! went forward.

use std::collections::HashSet;

use coin::choose::Swap;
use coin::exchange::{Direction, Request};
use coin::{AGENTS, Amount, Coin, CoinName, Letter, PownString, SerialNumber, StoredCoin};
use protocol::machine::Fault;
use raida::{Trade, TradeKey};
use wallet::{AnyDisk, Folder, Kind, Operation, Place, Wallet, WalletError, WalletName};

use super::{About, BACK, Exchanged, FORWARD, Purpose, note, summary, worth};
use crate::desk::{Work, with_causes};
use crate::operations::batch::new_secrets;
use crate::operations::prepare::{self, BANK, FRACKED};
use crate::operations::{Bench, broken_note};
use crate::record::Summary;

/// Where the coins lie that are given, until it is decided.
pub(super) const LIMBO: Place = Place { wallet: WalletName::Default, folder: Folder::Limbo };
/// Label of the coins that are given.
pub(super) const INPUTS: &str = "inputs";
/// Label of the coins that are taken, with their secrets.
pub(super) const OUTPUTS: &str = "outputs";

impl Bench {
    /// Begins the journal and moves the coins to Limbo; `None` when a coin is not there, or another transfer
    /// that runs here has chosen it. Returns the bench of the new operation.
    ///
    /// # Crash safety
    /// What a crash leaves is an exchange that never went forward: `resume` puts the coins back.
    pub(super) async fn begin_exchange(
        &self,
        swap: &Swap,
        purpose: Purpose,
        left_out: HashSet<CoinName>,
    ) -> Result<Option<Bench>, Fault> {
        let (own, id) = (self.id, (self.numbers)());
        let wanted: HashSet<SerialNumber> = swap.give.iter().copied().collect();
        let begun = self.desk.run(move |work| {
            work.settle()?;
            let (clean, refused) = prepare::free_coins(work, own, &left_out)?;
            let (clean, refused) = (only(clean, &wanted), only(refused, &wanted));
            if clean.len() + refused.len() != wanted.len() {
                return Ok(false);
            }
            begin(work, id, purpose, &clean, &refused)
        });
        let begun = begun.await.map_err(|stopped| Fault::Disk(stopped.to_string()))?;
        let begun = begun.map_err(|error| Fault::Disk(with_causes(&error)))?;
        let bench = Bench { id, hidden_wallet: WalletName::Default, ..self.clone() };
        Ok(begun.then_some(bench))
    }

    /// Makes new coins with these serial numbers and secrets that nobody knows; durable when it returns. An
    /// earlier proposal counts no more: no agent was asked to execute it.
    pub(super) async fn propose_trade(&self, numbers: Vec<SerialNumber>) -> Result<Trade, Fault> {
        let coin = |sn| Coin { sn, ans: new_secrets() };
        let outputs: Vec<StoredCoin> = numbers
            .into_iter()
            .map(|sn| StoredCoin::new(coin(sn), PownString::all(Letter::Untried)))
            .collect();
        self.at_wallet(move |_, operation| operation.keep(OUTPUTS, &outputs)).await?;
        self.trade().await
    }

    /// Returns the exchange as the journal has it.
    pub(super) async fn trade(&self) -> Result<Trade, Fault> {
        self.at_wallet(|_, operation| trade(operation)).await
    }

    /// Writes the way down, unless it is the one that it goes already.
    pub(super) async fn note_way(&self, direction: Direction) -> Result<(), Fault> {
        let way = match direction {
            Direction::Reserving => return Ok(()),
            Direction::Forward => FORWARD,
            Direction::Back => BACK,
        };
        self.at_wallet(move |_, operation| match operation.last_note(note::WAY) {
            Some(BACK) => Ok(()),
            Some(before) if before == way => Ok(()),
            Some(_) | None => operation.note(note::WAY, way),
        })
        .await
    }

    /// Ends an exchange that no agent was asked to execute: the coins go back to where they were. Agents that
    /// keep numbers for it are told once; they forget in a minute.
    pub(super) async fn give_up(&self) -> Result<(), Fault> {
        if let Ok(trade) = self.trade().await {
            let agents: Vec<usize> = (0..AGENTS).collect();
            self.authority.trade(Request::Cancel, &trade, &agents).await;
        }
        self.at_wallet(|wallet, operation| put_back(wallet, operation, Back::WhereTheyWere))
            .await?;
        let amount = self.at_wallet(|_, operation| Ok(amount(operation))).await?;
        self.end_exchange(summary(amount, Exchanged::NotDone)).await
    }

    /// Records the end.
    pub(super) async fn end_exchange(&self, summary: Summary) -> Result<(), Fault> {
        let id = self.id;
        let text =
            serde_json::to_string(&summary).map_err(|error| Fault::Disk(error.to_string()))?;
        let ended = self.desk.run(move |work| match work.operations.remove(&id) {
            Some(operation) => operation.end(&mut work.wallet, &text),
            None => Ok(()),
        });
        let ended = ended.await.map_err(|stopped| Fault::Disk(stopped.to_string()))?;
        ended.map_err(|error| Fault::Disk(with_causes(&error)))
    }
}

fn begin(
    work: &mut Work,
    id: wallet::OperationId,
    purpose: Purpose,
    clean: &[CoinName],
    refused: &[CoinName],
) -> Result<bool, WalletError> {
    let mut inputs = Vec::with_capacity(clean.len() + refused.len());
    for (place, names) in [(BANK, clean), (FRACKED, refused)] {
        for name in names {
            match work.wallet.read(place, name) {
                Ok(stored) => inputs.push(stored),
                Err(WalletError::NotThatCoin { .. } | WalletError::NotThere { .. }) => {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
    }
    let values = inputs.iter().map(|stored| stored.coin.denomination().amount());
    let about = About { amount: Amount::try_sum(values).unwrap_or(Amount::MAX), purpose };
    let about = serde_json::to_string(&about).map_err(|_| broken_note("about"))?;
    let key = TradeKey::from_bytes(rand::random());
    let mut operation = work.wallet.begin(id, Kind::Exchange, &about)?;
    operation.keep(INPUTS, &inputs)?;
    operation.note(note::KEY, &hex::encode(key.expose()))?;
    let names = serde_json::to_string(refused).map_err(|_| broken_note(note::REFUSED))?;
    operation.note(note::REFUSED, &names)?;
    operation.shift(&mut work.wallet, BANK, LIMBO, clean)?;
    operation.shift(&mut work.wallet, FRACKED, LIMBO, refused)?;
    work.operations.insert(id, operation);
    Ok(true)
}

/// Where coins go that were given for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// To where they were: no agent has executed the exchange.
    WhereTheyWere,
    /// To Fracked: some agent may not hold them.
    ToFracked,
}

/// Moves the coins that were given, as far as they left, out of Limbo.
pub(super) fn put_back(
    wallet: &mut Wallet<AnyDisk>,
    operation: &mut Operation<AnyDisk>,
    back: Back,
) -> Result<(), WalletError> {
    let refused: HashSet<CoinName> = match operation.last_note(note::REFUSED) {
        Some(text) => serde_json::from_str(text).map_err(|_| broken_note(note::REFUSED))?,
        None => HashSet::new(),
    };
    let is_fracked = |name: &CoinName| back == Back::ToFracked || refused.contains(name);
    let (to_fracked, to_bank): (Vec<_>, Vec<_>) =
        inputs_in_limbo(wallet, operation)?.into_iter().partition(is_fracked);
    operation.shift(wallet, LIMBO, BANK, &to_bank)?;
    operation.shift(wallet, LIMBO, FRACKED, &to_fracked).map(drop)
}

/// Returns the files of the coins that were given; one that somebody took away keeps nothing open.
pub(super) fn inputs_in_limbo(
    wallet: &Wallet<AnyDisk>,
    operation: &Operation<AnyDisk>,
) -> Result<Vec<CoinName>, WalletError> {
    let inputs = operation.kept(INPUTS).unwrap_or_default();
    let inputs: HashSet<SerialNumber> = inputs.iter().map(|stored| stored.coin.sn).collect();
    let there: HashSet<CoinName> = wallet.list(LIMBO)?.into_iter().collect();
    let mut names = operation.held(LIMBO);
    names.retain(|name| inputs.contains(&name.sn) && there.contains(name));
    Ok(names)
}

pub(super) fn amount(operation: &Operation<AnyDisk>) -> Amount {
    serde_json::from_str(operation.about()).map_or(Amount::ZERO, |About { amount, .. }| amount)
}

fn trade(operation: &Operation<AnyDisk>) -> Result<Trade, WalletError> {
    let mut key = [0; TradeKey::BYTES];
    let noted = operation.last_note(note::KEY).ok_or_else(|| broken_note(note::KEY))?;
    hex::decode_to_slice(noted, &mut key).map_err(|_| broken_note(note::KEY))?;
    let kept = |label| -> Vec<Coin> {
        let kept = operation.kept(label).unwrap_or_default().into_iter();
        kept.map(|stored| stored.coin).collect()
    };
    let trade = Trade::new(TradeKey::from_bytes(key), kept(INPUTS), kept(OUTPUTS));
    let trade = trade.map_err(|_| broken_note(note::KEY))?;
    debug_assert!(worth(&trade) == amount(operation));
    Ok(trade)
}

fn only(names: Vec<CoinName>, wanted: &HashSet<SerialNumber>) -> Vec<CoinName> {
    names.into_iter().filter(|name| wanted.contains(&name.sn)).collect()
}
