//! What the journal of a transfer or an export says of the coins that left.
//!
//! ```text
//!   kept "coins"    the coins as they left            note "held"      which agents held them then
//!   kept "reclaim"  the same with secrets of one's own  note "departed"  what became of each since
//!                                                     note "receipt"   what the receiver says
//! ```
//!
//! A coin under "reclaim" is at least being reclaimed, whatever is noted: agents may hold its new secrets.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coin::reclaim::{Before, Departed};
use coin::{Amount, Coin, Grade, Letter, PownString, Rule, SerialNumber, StoredCoin};
use wallet::{AnyDisk, Folder, Operation, Place, Regrade, Wallet, WalletError, WalletName};

use crate::operations::batch::with_new_secrets;
use crate::operations::prepare::{BANK, FRACKED};
use crate::operations::{COINS, broken_note, note, receipt};

/// Label of the coins that are, or were, reclaimed: the secrets that left, and the new ones.
const RECLAIMED: &str = "reclaim";
/// Where coins that left are filed.
pub(crate) const SENT: Place = Place { wallet: WalletName::Sender, folder: Folder::Sent };

/// A coin that left.
#[derive(Clone)]
pub(crate) struct Departure {
    /// As it left; with the new secrets once it is reclaimed.
    pub(crate) stored: StoredCoin,
    /// Which agents held it at the last look before.
    pub(super) held: Option<PownString>,
    /// What became of it.
    pub(crate) state: Departed,
    /// What each agent said in the round that decided.
    pub(super) pown: PownString,
    /// What the newest receipt calls it.
    pub(crate) receipt: Option<Grade>,
}

impl Departure {
    /// Returns its number.
    pub(crate) fn sn(&self) -> SerialNumber {
        self.stored.coin.sn
    }

    /// Returns what it is worth.
    pub(crate) fn amount(&self) -> Amount {
        self.sn().denomination().amount()
    }

    /// Tells whether it is back, and not yet final.
    pub(crate) fn is_settling(&self) -> bool {
        self.state == Departed::Back && self.pown.passes() < Rule::CLOUDCOIN.last
    }

    /// Returns whether an agent held it when it left. Where nothing was noted it did, so that an agent
    /// that holds something else now is taken for a sign.
    pub(super) fn before(&self, agent: usize) -> Before {
        match self.held.map_or(Letter::Pass, |pown| pown.get(agent)) {
            Letter::Pass => Before::Held,
            Letter::Fail | Letter::Error | Letter::NoReply | Letter::Untried => Before::NotHeld,
        }
    }
}

/// Tells whether coins of this operation were, or may have been, taken back.
pub(crate) fn is_reclaimed(operation: &Operation<AnyDisk>) -> bool {
    operation.kept(RECLAIMED).is_some()
}

/// Reads what is written down of the coins that left, in the order of their numbers.
pub(crate) fn read(operation: &Operation<AnyDisk>) -> Result<Vec<Departure>, WalletError> {
    let mut new: HashMap<SerialNumber, StoredCoin> =
        by_number(operation.kept(RECLAIMED).unwrap_or_default());
    let held: BTreeMap<SerialNumber, PownString> = list(operation, note::HELD)?;
    let noted: Vec<(SerialNumber, Departed, PownString)> = notes(operation, note::DEPARTED)?;
    let noted: HashMap<_, _> =
        noted.into_iter().map(|(sn, state, pown)| (sn, (state, pown))).collect();
    let receipt = receipt::grades(operation);
    let coins = operation.kept(COINS).unwrap_or_default().into_iter();
    Ok(coins
        .map(|sent| {
            let sn = sent.coin.sn;
            let reclaimed = new.remove(&sn);
            let begun = if reclaimed.is_some() { Departed::Reclaiming } else { Departed::Away };
            let untried = PownString::all(Letter::Untried);
            let (state, pown) = noted.get(&sn).copied().unwrap_or((begun, untried));
            Departure {
                stored: reclaimed.unwrap_or(StoredCoin { pans: None, ..sent }),
                held: held.get(&sn).copied(),
                state: state.max(begun),
                pown,
                receipt: receipt.get(&sn).copied(),
            }
        })
        .collect())
}

/// Writes down what has become of the coins; those that are away need no word.
pub(super) fn write_down(
    operation: &mut Operation<AnyDisk>,
    coins: &[Departure],
) -> Result<(), WalletError> {
    let further = coins.iter().filter(|coin| coin.state != Departed::Away);
    let noted: Vec<_> = further.map(|coin| (coin.sn(), coin.state, coin.pown)).collect();
    let text = serde_json::to_string(&noted).map_err(|_| broken_note(note::DEPARTED))?;
    if operation.last_note(note::DEPARTED) == Some(text.as_str()) || noted.is_empty() {
        return Ok(());
    }
    operation.note(note::DEPARTED, &text)
}

/// Makes new secrets for these coins and keeps them. One that has some keeps those: agents may hold them.
pub(super) fn keep_new_secrets(
    operation: &mut Operation<AnyDisk>,
    begun: &BTreeSet<SerialNumber>,
) -> Result<(), WalletError> {
    let mut kept = operation.kept(RECLAIMED).unwrap_or_default();
    let before: BTreeSet<SerialNumber> = kept.iter().map(|stored| stored.coin.sn).collect();
    let sent = operation.kept(COINS).unwrap_or_default().into_iter().map(|stored| stored.coin);
    let fresh: Vec<Coin> =
        sent.filter(|coin| begun.contains(&coin.sn) && !before.contains(&coin.sn)).collect();
    if fresh.is_empty() {
        return Ok(());
    }
    kept.extend(fresh.into_iter().map(with_new_secrets));
    operation.keep(RECLAIMED, &kept)
}

/// Files what has been decided: a coin that is back goes to Default, under its new secrets; one that is gone
/// is in flight no longer. What was filed before is left where it is now, whoever owns it since.
pub(super) fn file(
    wallet: &mut Wallet<AnyDisk>,
    operation: &mut Operation<AnyDisk>,
) -> Result<(), WalletError> {
    let coins = read(operation)?;
    let in_flight: BTreeSet<SerialNumber> = operation.in_flight().collect();
    let gone: Vec<SerialNumber> = coins
        .iter()
        .filter(|coin| coin.state == Departed::Gone && in_flight.contains(&coin.sn()))
        .map(Departure::sn)
        .collect();
    operation.mark_landed(&gone)?;
    book(wallet, operation, &coins)
}

fn book(
    wallet: &mut Wallet<AnyDisk>,
    operation: &mut Operation<AnyDisk>,
    coins: &[Departure],
) -> Result<(), WalletError> {
    let booked: BTreeSet<SerialNumber> = [BANK, FRACKED]
        .iter()
        .flat_map(|place| operation.held(*place))
        .map(|name| name.sn)
        .collect();
    let names: HashMap<SerialNumber, _> =
        operation.held(SENT).into_iter().map(|name| (name.sn, name)).collect();
    let (mut moves, mut lost) = (Vec::new(), Vec::new());
    for coin in coins {
        if coin.state != Departed::Back || booked.contains(&coin.sn()) {
            continue;
        }
        let Some((to, now)) = owned(coin) else { continue };
        match names.get(&coin.sn()) {
            Some(name) if wallet.read(SENT, name).is_ok() => {
                moves.push(Regrade { from: SENT, name: name.clone(), now, to });
            }
            // Somebody took the file away, or changed it: it is written anew from the journal.
            Some(_) | None => lost.push((to, now)),
        }
    }
    operation.regrade(wallet, &moves)?;
    for (to, now) in lost {
        let sn = now.coin.sn;
        operation.place(wallet, to, &[now])?;
        operation.mark_landed(&[sn])?;
    }
    Ok(())
}

/// Returns a coin that is back, as the round that decided it left it, and where it belongs.
fn owned(coin: &Departure) -> Option<(Place, StoredCoin)> {
    let pans = coin.stored.pans.clone()?;
    let mut now = StoredCoin::new(coin.stored.coin.clone(), coin.pown);
    for agent in (0..coin::AGENTS).filter(|&agent| coin.pown.get(agent) == Letter::Pass) {
        now.coin.ans.set(agent, pans.get(agent).clone());
    }
    let everywhere = usize::from(coin.pown.passes()) == coin::AGENTS;
    now.pans = (!everywhere).then_some(pans);
    Some((if everywhere { BANK } else { FRACKED }, now))
}

fn by_number(coins: Vec<StoredCoin>) -> HashMap<SerialNumber, StoredCoin> {
    coins.into_iter().map(|stored| (stored.coin.sn, stored)).collect()
}

fn list(
    operation: &Operation<AnyDisk>,
    label: &'static str,
) -> Result<BTreeMap<SerialNumber, PownString>, WalletError> {
    Ok(notes::<(SerialNumber, PownString)>(operation, label)?.into_iter().collect())
}

fn notes<T: serde::de::DeserializeOwned>(
    operation: &Operation<AnyDisk>,
    label: &'static str,
) -> Result<Vec<T>, WalletError> {
    match operation.last_note(label) {
        Some(text) => serde_json::from_str(text).map_err(|_| broken_note(label)),
        None => Ok(Vec::new()),
    }
}
