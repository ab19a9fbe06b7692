//! Taking ownership: pown, verdict and booking, for a received batch (message 16) and for an import.
//!
//! ```text
//!   Import ─pown─▶ Bank, Fracked, Limbo or Counterfeit of the same wallet      (this file)
//!   .Receiver/{Bank,Fracked} ─19─▶ Default/{Bank,Fracked}                      (`bank`)
//! ```
//!
//! A crash at any point leads back here: the same new secrets are offered again, an agent that already
//! holds them says so. Coins without a good verdict are asked for again each time; no secret is dropped.

use std::collections::{BTreeMap, HashMap, HashSet};

use coin::{Amount, CoinName, Grade, Ownership, PownString, Rule, SerialNumber, StoredCoin};
use protocol::machine::{Fault, Report, Totals};
use raida::Claim;
use serde::{Deserialize, Serialize};
use wallet::{AnyDisk, Folder, Operation, Place, Regrade, Wallet, WalletError, WalletName};

use super::prepare::{BANK, FRACKED};
use super::{Bench, COINS, booking, broken_note, note};

/// Where a coin without a good verdict may lie.
const OPEN: [Folder; 4] = [Folder::Import, Folder::Suspect, Folder::Limbo, Folder::Counterfeit];

/// What the agents decided about a coin in the last round that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    /// The grade.
    pub(crate) grade: Grade,
    /// What each agent said of it.
    pub(crate) pown: PownString,
}

/// The verdicts of a batch by serial number.
pub(crate) type Verdicts = BTreeMap<SerialNumber, Verdict>;

impl Bench {
    /// 16: powns and books the batch, and writes the receipt.
    pub(super) async fn pown(&self) -> Result<Report, Fault> {
        let verdicts = self.take_ownership(WalletName::Receiver).await?;
        let totals = totals(&verdicts);
        self.write_receipt(verdicts).await?;
        Ok(Report::Powned(totals))
    }

    /// At the end of a transfer: what is owned goes to Default.
    pub(super) async fn bank(&self) -> Result<Report, Fault> {
        self.at_wallet(|wallet, operation| {
            for (folder, to) in [(Folder::Bank, BANK), (Folder::Fracked, FRACKED)] {
                let from = WalletName::Receiver.place(folder);
                let names = operation.held(from);
                operation.shift(wallet, from, to, &names)?;
            }
            Ok(())
        })
        .await?;
        Ok(Report::Banked)
    }

    /// Powns the coins of this operation that have no good verdict yet and books each by its own.
    ///
    /// # Errors
    /// [`Fault::TooFewAgents`]: nothing was booked; what was powned meanwhile is found again next time.
    ///
    /// # Crash safety
    /// The new secrets were durable before. The verdicts are written down before a file changes; files
    /// that a crash left where they were are asked for again.
    pub(crate) async fn take_ownership(&self, home: WalletName) -> Result<Verdicts, Fault> {
        let open = self.at_wallet(move |_, operation| Ok(open_coins(operation, home))).await?;
        if !open.is_empty() {
            let rounds = self.pown_round(&open).await?;
            let fracked = rounds.iter().filter(|round| booking::folder(round) == Folder::Fracked);
            match fracked.count() {
                0 => {}
                coins => self.screen.say(&format!(
                    "{coins} coins are yours and not yet held by all agents: they lie in Fracked, and \
                     coin-wallet resume or fix mends them when the agents are there"
                )),
            }
            self.book(home, open, rounds).await?;
        }
        self.at_wallet(|_, operation| verdicts(operation)).await
    }

    async fn pown_round(
        &self,
        open: &[(Place, CoinName, StoredCoin)],
    ) -> Result<Vec<Ownership>, Fault> {
        let claims: Vec<Claim> = open
            .iter()
            .filter_map(|(_, _, stored)| {
                let pans = stored.pans.clone()?;
                Some(Claim { sn: stored.coin.sn, ans: stored.coin.ans.clone(), pans })
            })
            .collect();
        if claims.len() != open.len() {
            return Err(Fault::Disk("the journal has coins without new secrets".to_owned()));
        }
        let round = self.authority.pown(&claims, &self.meter("powning")).await;
        // Each coin settles by itself: what is decided is booked, however many agents were too slow.
        let nothing_decided = round.coins.iter().all(|coin| coin.grade() == Grade::Limbo);
        match round.answered < Rule::CLOUDCOIN.own && nothing_decided {
            true => Err(Fault::TooFewAgents { answered: round.answered }),
            false => Ok(round.coins),
        }
    }

    async fn book(
        &self,
        home: WalletName,
        open: Vec<(Place, CoinName, StoredCoin)>,
        rounds: Vec<Ownership>,
    ) -> Result<(), Fault> {
        self.at_wallet(move |wallet, operation| {
            let mut all = verdicts(operation)?;
            let mut moves = Vec::with_capacity(open.len());
            for ((from, name, stored), round) in open.into_iter().zip(&rounds) {
                let verdict = Verdict { grade: round.grade(), pown: round.pown_string() };
                all.insert(stored.coin.sn, verdict);
                let to = home.place(booking::folder(round));
                let StoredCoin { coin, pans: Some(pans), .. } = stored else { continue };
                if to != from {
                    moves.push(Regrade {
                        from,
                        name,
                        now: StoredCoin::after_round(coin, pans, round),
                        to,
                    });
                }
            }
            let text = serde_json::to_string(&all.iter().collect::<Vec<_>>())
                .map_err(|_| broken_note(note::VERDICTS))?;
            // A coin that stays undecided is asked for at every resume: the journal must not grow by that.
            if operation.last_note(note::VERDICTS) != Some(text.as_str()) {
                operation.note(note::VERDICTS, &text)?;
            }
            // A file that somebody took away keeps no other where it is; an owned coin is written anew.
            let mut there = HashSet::new();
            for place in OPEN.map(|folder| home.place(folder)) {
                there.extend(wallet.list(place)?.into_iter().map(|name| (place, name)));
            }
            let (moves, vanished): (Vec<_>, Vec<_>) = moves
                .into_iter()
                .partition(|regrade| there.contains(&(regrade.from, regrade.name.clone())));
            operation.regrade(wallet, &moves)?;
            for Regrade { now, to, .. } in vanished {
                if matches!(to.folder, Folder::Bank | Folder::Fracked) {
                    operation.place(wallet, to, &[now])?;
                }
            }
            let last = moves.iter().map(|regrade| regrade.name.sn);
            let last =
                last.filter(|sn| all.get(sn).is_some_and(|v| v.grade == Grade::Final)).collect();
            file_older_copies(wallet, operation, &last)
        })
        .await
    }
}

/// Returns the coins of this operation that it does not own yet, with their files and the secrets that the
/// journal keeps. A coin that it has booked once is not asked for again: it may be somebody else's by now.
fn open_coins(
    operation: &Operation<AnyDisk>,
    home: WalletName,
) -> Vec<(Place, CoinName, StoredCoin)> {
    let kept = operation.kept(COINS).unwrap_or_default();
    let mut coins: HashMap<SerialNumber, StoredCoin> =
        kept.into_iter().map(|stored| (stored.coin.sn, stored)).collect();
    for place in [home.place(Folder::Bank), home.place(Folder::Fracked), BANK, FRACKED] {
        for name in operation.held(place) {
            coins.remove(&name.sn);
        }
    }
    let mut open = Vec::new();
    for place in OPEN.map(|folder| home.place(folder)) {
        for name in operation.held(place) {
            if let Some(stored) = coins.remove(&name.sn) {
                open.push((place, name, stored));
            }
        }
    }
    open
}

/// A home books a coin once. Of a coin that is final now under new secrets, an older copy is worth
/// nothing; it is kept under Suspect. One that cannot be read is left for the person to look at.
fn file_older_copies(
    wallet: &mut Wallet<AnyDisk>,
    operation: &mut Operation<AnyDisk>,
    last: &HashSet<SerialNumber>,
) -> Result<(), WalletError> {
    for of in [WalletName::Default, WalletName::Receiver] {
        for folder in [Folder::Bank, Folder::Fracked, Folder::Limbo] {
            let from = of.place(folder);
            let ours: HashSet<CoinName> = operation.held(from).into_iter().collect();
            let mut older = wallet.list(from)?;
            older.retain(|name| {
                last.contains(&name.sn) && !ours.contains(name) && wallet.read(from, name).is_ok()
            });
            if !older.is_empty() {
                operation.shift(wallet, from, of.place(Folder::Suspect), &older)?;
            }
        }
    }
    Ok(())
}

/// Returns the verdicts that this operation has written down.
pub(super) fn verdicts(operation: &Operation<AnyDisk>) -> Result<Verdicts, WalletError> {
    match operation.last_note(note::VERDICTS) {
        Some(text) => serde_json::from_str::<Vec<(SerialNumber, Verdict)>>(text)
            .map(|list| list.into_iter().collect())
            .map_err(|_| broken_note(note::VERDICTS)),
        None => Ok(Verdicts::new()),
    }
}

/// Returns the sums of a batch by verdict.
pub(crate) fn totals(verdicts: &Verdicts) -> Totals {
    let sum = |grade: Grade| {
        let amounts = verdicts
            .iter()
            .filter(|(_, v)| v.grade == grade)
            .map(|(sn, _)| sn.denomination().amount());
        Amount::try_sum(amounts).unwrap_or(Amount::MAX)
    };
    Totals {
        last: sum(Grade::Final),
        settling: sum(Grade::Settling),
        limbo: sum(Grade::Limbo),
        counterfeit: sum(Grade::Counterfeit),
    }
}
