//! Sender, messages 5 to 12 and 21: from the wallet's coins to a batch.
//!
//! ```text
//!   Default/{Bank,Fracked} ──8──▶ .Sender/{Bank,Fracked} ──11──▶ .Sender/Export ──12──▶ batch
//! ```
//!
//! Until the batch is in flight everything can be put back; after a cut link the steps begin again from
//! the wallet as it is then. Coins that some agent refuses are fixed there, or chosen last.

use std::collections::{HashMap, HashSet};

use coin::choose::{self, ChooseError};
use coin::{Amount, Coin, CoinName, Letter, PownString, Rule, SerialNumber};
use protocol::machine::{Fault, Preparation, Report};
use serde::{Deserialize, Serialize};
use wallet::{AnyDisk, Folder, Operation, OperationId, Place, Wallet, WalletError, WalletName};

use super::fate::Fate;
use super::find::UNDECIDED;
use super::look::OnFile;
use super::{Bench, broken_note, note};
use crate::desk::{Work, with_causes};

/// How often the choice is made anew because an agent refused a chosen coin.
const CHOICES_MAX: usize = 8;

pub(super) const BANK: Place = Place { wallet: WalletName::Default, folder: Folder::Bank };
pub(super) const FRACKED: Place = Place { wallet: WalletName::Default, folder: Folder::Fracked };
pub(super) const SENDER_BANK: Place = Place { wallet: WalletName::Sender, folder: Folder::Bank };
pub(super) const SENDER_FRACKED: Place =
    Place { wallet: WalletName::Sender, folder: Folder::Fracked };
pub(super) const EXPORT: Place = Place { wallet: WalletName::Sender, folder: Folder::Export };

/// The coins that were chosen, by the names of their files.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Chosen {
    /// Coins that no agent is known to refuse.
    pub(super) clean: Vec<CoinName>,
    /// Coins that lie in Fracked.
    pub(super) refused: Vec<CoinName>,
}

impl Chosen {
    fn in_places(&self, clean: Place, refused: Place) -> impl Iterator<Item = (Place, &CoinName)> {
        let clean = self.clean.iter().map(move |name| (clean, name));
        clean.chain(self.refused.iter().map(move |name| (refused, name)))
    }
}

impl Bench {
    /// Does one of the steps 5 to 11 and 21.
    pub(super) async fn prepare(&self, step: Preparation) -> Result<Report, Fault> {
        match step {
            Preparation::MakeChange => self.make_change().await?,
            Preparation::JoinCoins => self.join_chosen().await?,
            Preparation::FindChange => self.find_change().await?,
            Preparation::FixChange => self.choose_what_agents_take().await?,
            Preparation::MoveToSender => self.move_to_sender().await?,
            Preparation::Detect => self.detect_chosen().await?,
            Preparation::FixCoins => self.fix_chosen().await?,
            Preparation::PutInExport => self.put_in_export().await?,
        }
        Ok(Report::Prepared(step))
    }

    /// Puts back everything that has not left; also what an earlier run of these steps had moved.
    pub(super) async fn put_back(&self) -> Result<Report, Fault> {
        self.at_wallet(put_back).await?;
        Ok(Report::PutBack)
    }

    /// Chooses the exact coins for the amount from all that there are.
    pub(super) async fn choose(&self) -> Result<(), Fault> {
        self.at_wallet(put_back).await?;
        self.choose_anew(HashSet::new()).await
    }

    /// Chooses among the coins of Default, but for these, and writes the choice down. What another
    /// transfer that runs here has chosen and not yet moved is left to it; and nothing is chosen while an
    /// act of another operation waits to be done again: it would move the same files.
    async fn choose_anew(&self, mut left_out: HashSet<CoinName>) -> Result<(), Fault> {
        let (id, amount) = (self.id, self.amount);
        let found = self.desk.run(move |work| {
            work.settle()?;
            for (_, other) in work.operations.iter().filter(|(other, _)| **other != id) {
                let Chosen { clean, refused } = chosen(other)?;
                left_out.extend(clean.into_iter().chain(refused));
            }
            let chosen = match pick(&work.wallet, amount, &left_out)? {
                Ok(chosen) => chosen,
                Err(error) => return Ok(Err(error)),
            };
            let text = serde_json::to_string(&chosen).map_err(|_| broken_note(note::CHOSEN))?;
            match work.operations.get_mut(&id) {
                Some(operation) => operation.note(note::CHOSEN, &text).map(Ok),
                None => Err(WalletError::UnknownOperation { id }),
            }
        });
        let found = found.await.map_err(|stopped| Fault::Disk(stopped.to_string()))?;
        found.map_err(|error| Fault::Disk(with_causes(&error)))?.map_err(|_| Fault::NoExactCoins)
    }

    /// 7: coins that got lost are asked for; those that turn out to be one's own can be chosen.
    async fn find_change(&self) -> Result<(), Fault> {
        let fates = self.find_lost(&UNDECIDED).await?;
        let found = [Fate::Whole, Fate::Fracked, Fate::Settling];
        self.count("found", fates.sum(&found).0).await?;
        if fates.has(&found) {
            self.screen.say(&format!("found {} again", fates.told(&found)));
        }
        let lost = self
            .at_wallet(|wallet, _| {
                let places = WalletName::ALL.map(|name| name.place(Folder::Limbo));
                places.iter().try_fold(0, |lost, place| Ok(lost + wallet.list(*place)?.len()))
            })
            .await?;
        if lost > 0 {
            self.screen.say(&format!("{lost} coins are in Limbo and stay out of this payment"));
        }
        Ok(())
    }

    /// 21: asks the agents for every chosen coin; one that some agent refuses is fixed there. What cannot be
    /// fixed lies in Fracked and is taken only where nothing else makes the amount. A coin that cannot be
    /// shown to be good now is left where it is, and left out.
    async fn choose_what_agents_take(&self) -> Result<(), Fault> {
        let (mut left_out, mut tried) = (HashSet::new(), HashSet::new());
        for _ in 0..CHOICES_MAX {
            let (coins, broken) = self.read_chosen(BANK, FRACKED).await?;
            if !broken.is_empty() {
                for name in &broken {
                    self.screen
                        .warn(&format!("{name} does not hold that coin; it is left where it is"));
                }
                left_out.extend(broken);
                self.choose_anew(left_out.clone()).await?;
                continue;
            }
            let look = self.look(coins).await?;
            let due = look.due() > 0 || look.undecided().next().is_some();
            if due {
                self.screen.say(&look.to_string());
            }
            left_out.extend(look.undecided());
            let refused = look.refused(&mut tried);
            let filed = self.refile(look.into_due(&refused)).await?;
            let refused = filed.into_iter().filter(|coin| refused.contains(&coin.stored.coin.sn));
            let refused: Vec<OnFile> = refused.collect();
            if !due && refused.is_empty() {
                return Ok(());
            }
            self.fix_for_payment(refused).await?;
            self.choose_anew(left_out.clone()).await?;
        }
        Err(Fault::NoExactCoins)
    }

    /// 8: the chosen coins go to the hidden wallet.
    async fn move_to_sender(&self) -> Result<(), Fault> {
        self.at_wallet(|wallet, operation| {
            let chosen = chosen(operation)?;
            operation.shift(wallet, BANK, SENDER_BANK, &chosen.clean)?;
            operation.shift(wallet, FRACKED, SENDER_FRACKED, &chosen.refused).map(drop)
        })
        .await
    }

    /// 9: the health check. Which agents hold each coin is written down: a coin whose agents forget
    /// while it is in flight must be told from one that was taken.
    async fn detect_chosen(&self) -> Result<(), Fault> {
        let (coins, broken) = self.read_chosen(SENDER_BANK, SENDER_FRACKED).await?;
        if !broken.is_empty() {
            return Err(Fault::NoExactCoins);
        }
        let plain: Vec<Coin> = coins.iter().map(|coin| coin.stored.coin.clone()).collect();
        let letters = self.detect(&plain, "detecting").await?;
        if letters.iter().any(|pown| pown.passes() < Rule::CLOUDCOIN.own) {
            return Err(Fault::NoExactCoins);
        }
        let held: Held = plain.iter().map(|coin| coin.sn).zip(letters).collect();
        let text = serde_json::to_string(&held).map_err(|error| Fault::Disk(error.to_string()))?;
        self.at_wallet(move |_, operation| operation.note(note::HELD, &text)).await
    }

    /// 10: what an agent refused at 9 is fixed there; then 9 is done again, so that what is written down of
    /// the coins is what leaves.
    async fn fix_chosen(&self) -> Result<(), Fault> {
        let held: Held = self.at_wallet(|_, operation| read_held(operation)).await?;
        let refuses = |pown: &PownString| pown.count(Letter::Fail) > 0;
        let refused: HashSet<SerialNumber> =
            held.iter().filter(|(_, pown)| refuses(pown)).map(|(sn, _)| *sn).collect();
        if refused.is_empty() {
            return Ok(());
        }
        let (mut coins, _) = self.read_chosen(SENDER_BANK, SENDER_FRACKED).await?;
        coins.retain(|coin| refused.contains(&coin.stored.coin.sn));
        self.fix_for_payment(coins).await?;
        self.detect_chosen().await?;
        let held = self.at_wallet(|_, operation| read_held(operation)).await?;
        match held.iter().filter(|(_, pown)| refuses(pown)).count() {
            0 => {}
            left => self.screen.say(&format!(
                "{left} of the coins are refused by some agents; they are owned all the same"
            )),
        }
        Ok(())
    }

    /// Fixes coins that are to be paid with, and counts them.
    async fn fix_for_payment(&self, coins: Vec<OnFile>) -> Result<(), Fault> {
        if coins.is_empty() {
            return Ok(());
        }
        self.same_network().await?;
        let fates = self.mend(coins).await?;
        self.count("fixed", fates.sum(&[Fate::Whole]).0).await?;
        self.screen.say(&format!(
            "of the coins that some agents refused, {} are fixed and {} are not",
            fates.told(&[Fate::Whole]),
            fates.told(&[Fate::Fracked, Fate::Settling, Fate::Undecided, Fate::Counterfeit])
        ));
        Ok(())
    }

    /// 11: the coins go to Export.
    async fn put_in_export(&self) -> Result<(), Fault> {
        self.at_wallet(|wallet, operation| {
            let chosen = chosen(operation)?;
            operation.shift(wallet, SENDER_BANK, EXPORT, &chosen.clean)?;
            operation.shift(wallet, SENDER_FRACKED, EXPORT, &chosen.refused).map(drop)
        })
        .await
    }

    /// Reads the chosen coins; apart from them it names the files that do not hold the coin in their name.
    async fn read_chosen(
        &self,
        clean: Place,
        refused: Place,
    ) -> Result<(Vec<OnFile>, Vec<CoinName>), Fault> {
        self.at_wallet(move |wallet, operation| {
            let (mut coins, mut broken) = (Vec::new(), Vec::new());
            for (place, name) in chosen(operation)?.in_places(clean, refused) {
                match wallet.read(place, name) {
                    Ok(stored) => coins.push(OnFile { place, name: name.clone(), stored }),
                    Err(WalletError::NotThatCoin { .. }) => broken.push(name.clone()),
                    Err(error) => return Err(error),
                }
            }
            Ok((coins, broken))
        })
        .await
    }
}

/// Which agents held which coin at message 9.
type Held = Vec<(SerialNumber, PownString)>;

fn read_held(operation: &Operation<AnyDisk>) -> Result<Held, WalletError> {
    let text = operation.last_note(note::HELD).ok_or_else(|| broken_note(note::HELD))?;
    serde_json::from_str(text).map_err(|_| broken_note(note::HELD))
}

/// Lets the choice of an operation follow files that it has filed anew: by the old names, where each lies.
pub(super) fn follow(
    operation: &mut Operation<AnyDisk>,
    filed: &HashMap<CoinName, (Place, CoinName)>,
) -> Result<(), WalletError> {
    let before = chosen(operation)?;
    let mut now = Chosen::default();
    for (place, name) in before.in_places(BANK, FRACKED) {
        let there = (place, name.clone());
        let (place, name) = filed.get(name).cloned().unwrap_or(there);
        match place.folder {
            Folder::Bank => now.clean.push(name),
            Folder::Fracked => now.refused.push(name),
            // It is not paid with any more.
            _ => {}
        }
    }
    if !before.in_places(BANK, FRACKED).any(|(_, name)| filed.contains_key(name)) {
        return Ok(());
    }
    let text = serde_json::to_string(&now).map_err(|_| broken_note(note::CHOSEN))?;
    operation.note(note::CHOSEN, &text)
}

/// Returns the coins of Default that no other operation of this run has chosen and that are not left out:
/// those in Bank, and those in Fracked. Of a coin that lies there twice one file is enough.
pub(super) fn free_coins(
    work: &Work,
    own: OperationId,
    left_out: &HashSet<CoinName>,
) -> Result<(Vec<CoinName>, Vec<CoinName>), WalletError> {
    let mut taken = left_out.clone();
    for (_, other) in work.operations.iter().filter(|(other, _)| **other != own) {
        let Chosen { clean, refused } = chosen(other)?;
        taken.extend(clean.into_iter().chain(refused));
    }
    free(&work.wallet, &taken)
}

/// Returns what was chosen last in this operation.
pub(super) fn chosen(operation: &Operation<AnyDisk>) -> Result<Chosen, WalletError> {
    match operation.last_note(note::CHOSEN) {
        Some(text) => serde_json::from_str(text).map_err(|_| broken_note(note::CHOSEN)),
        None => Ok(Chosen::default()),
    }
}

/// Moves what this operation itself has moved out of Default, and nothing else, back to where it was:
/// other transfers of this home have their coins in the same folders.
fn put_back(
    wallet: &mut Wallet<AnyDisk>,
    operation: &mut Operation<AnyDisk>,
) -> Result<(), WalletError> {
    let chosen = chosen(operation)?;
    let clean: HashSet<&CoinName> = chosen.clean.iter().collect();
    for from in [EXPORT, SENDER_BANK, SENDER_FRACKED] {
        let (to_bank, to_fracked): (Vec<_>, Vec<_>) =
            operation.held(from).into_iter().partition(|name| clean.contains(name));
        for (to, names) in [(BANK, to_bank), (FRACKED, to_fracked)] {
            if !names.is_empty() {
                operation.shift(wallet, from, to, &names)?;
            }
        }
    }
    Ok(())
}

fn free(
    wallet: &Wallet<AnyDisk>,
    taken: &HashSet<CoinName>,
) -> Result<(Vec<CoinName>, Vec<CoinName>), WalletError> {
    let free = |place| -> Result<Vec<CoinName>, WalletError> {
        Ok(wallet.list(place)?.into_iter().filter(|name| !taken.contains(name)).collect())
    };
    let (mut clean, mut refused) = (free(BANK)?, free(FRACKED)?);
    // Of a coin that somebody copied inside the wallet one file is enough.
    let mut seen = HashSet::new();
    refused.retain(|name| seen.insert(name.sn));
    clean.retain(|name| seen.insert(name.sn));
    Ok((clean, refused))
}

fn pick(
    wallet: &Wallet<AnyDisk>,
    amount: Amount,
    taken: &HashSet<CoinName>,
) -> Result<Result<Chosen, ChooseError>, WalletError> {
    let (clean, refused) = free(wallet, taken)?;
    let numbers =
        |names: &[CoinName]| -> Vec<SerialNumber> { names.iter().map(|name| name.sn).collect() };
    Ok(choose::exact(amount, &numbers(&clean), &numbers(&refused)).map(|taken| {
        let taken: HashSet<SerialNumber> = taken.into_iter().collect();
        let only =
            |names: Vec<CoinName>| names.into_iter().filter(|n| taken.contains(&n.sn)).collect();
        Chosen { clean: only(clean), refused: only(refused) }
    }))
}

/// How the coins of a home make an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affordable {
    /// With so many coins as they are.
    AsTheyAre(usize),
    /// After one of them was broken.
    WithChange,
}

/// Returns how the coins of a home make an amount: asked before a connection file is written.
pub(crate) fn affordable(
    wallet: &Wallet<AnyDisk>,
    amount: Amount,
) -> Result<Result<Affordable, ChooseError>, WalletError> {
    Ok(match pick(wallet, amount, &HashSet::new())? {
        Ok(chosen) => Ok(Affordable::AsTheyAre(chosen.clean.len() + chosen.refused.len())),
        // Coins that are worth enough can be broken.
        Err(ChooseError::NoExactSet) => Ok(Affordable::WithChange),
        Err(error @ ChooseError::NotEnough { .. }) => Err(error),
    })
}
