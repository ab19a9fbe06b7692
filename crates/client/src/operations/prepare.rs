//! Sender, messages 5 to 12 and 21: from the wallet's coins to a batch.
//!
//! ```text
//!   Default/{Bank,Fracked} ──8──▶ .Sender/{Bank,Fracked} ──11──▶ .Sender/Export ──12──▶ batch
//! ```
//!
//! Until the batch is in flight everything can be put back; after a cut link the steps begin again from
//! the wallet as it is then. Coins that some agent refuses are chosen last.

use std::collections::HashSet;
use std::fmt;

use coin::choose::{self, ChooseError};
use coin::{AGENTS, Amount, Coin, CoinName, Letter, PownString, Rule, SerialNumber, StoredCoin};
use protocol::machine::{Fault, Preparation, Report};
use raida::Claim;
use serde::{Deserialize, Serialize};
use wallet::{AnyDisk, Folder, Operation, Place, Regrade, Wallet, WalletError, WalletName};

use super::booking::{self, SecretsNow};
use super::{Bench, broken_note, note};
use crate::desk::with_causes;

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
    clean: Vec<CoinName>,
    /// Coins that lie in Fracked.
    refused: Vec<CoinName>,
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
            Preparation::MakeChange => self.choose().await?,
            Preparation::JoinCoins => {}
            Preparation::FindChange => self.look_into_limbo().await?,
            Preparation::FixChange => self.choose_what_agents_take().await?,
            Preparation::MoveToSender => self.move_to_sender().await?,
            Preparation::Detect => self.detect_chosen().await?,
            Preparation::FixCoins => self.count_refused().await?,
            Preparation::PutInExport => self.put_in_export().await?,
        }
        Ok(Report::Prepared(step))
    }

    /// Puts back everything that has not left; also what an earlier run of these steps had moved.
    pub(super) async fn put_back(&self) -> Result<Report, Fault> {
        self.at_wallet(put_back).await?;
        Ok(Report::PutBack)
    }

    /// 5: the exact coins for the amount. Breaking a bigger coin is not possible here.
    async fn choose(&self) -> Result<(), Fault> {
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

    /// 7: coins that got lost are in Limbo; they are counted, and the person is told.
    async fn look_into_limbo(&self) -> Result<(), Fault> {
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

    /// 21: asks the agents for every chosen coin; one that some agent refuses goes to Fracked and is
    /// taken only where nothing else makes the amount. A coin that cannot be shown to be good now is
    /// left where it is, and left out.
    async fn choose_what_agents_take(&self) -> Result<(), Fault> {
        let mut left_out = HashSet::new();
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
            if look.moves.is_empty() && look.doubtful.is_empty() {
                return Ok(());
            }
            self.screen.say(&look.to_string());
            left_out.extend(look.doubtful);
            let moves = look.moves;
            self.at_wallet(move |wallet, operation| operation.regrade(wallet, &moves).map(drop))
                .await?;
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
        let letters = self.detect(&coins, "detecting").await?;
        if letters.iter().any(|pown| pown.passes() < Rule::CLOUDCOIN.own) {
            return Err(Fault::NoExactCoins);
        }
        let held: Vec<(SerialNumber, PownString)> = coins
            .iter()
            .zip(letters)
            .map(|((_, _, stored), pown)| (stored.coin.sn, pown))
            .collect();
        let text = serde_json::to_string(&held).map_err(|error| Fault::Disk(error.to_string()))?;
        self.at_wallet(move |_, operation| operation.note(note::HELD, &text)).await
    }

    /// 10: says how many of the coins some agent refuses.
    async fn count_refused(&self) -> Result<(), Fault> {
        let refused = self.at_wallet(|_, operation| Ok(chosen(operation)?.refused.len())).await?;
        if refused > 0 {
            self.screen.say(&format!(
                "{refused} of the coins are refused by some agents; they are owned all the same"
            ));
        }
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
    ) -> Result<(Vec<CoinOnFile>, Vec<CoinName>), Fault> {
        self.at_wallet(move |wallet, operation| {
            let (mut coins, mut broken) = (Vec::new(), Vec::new());
            for (place, name) in chosen(operation)?.in_places(clean, refused) {
                match wallet.read(place, name) {
                    Ok(stored) => coins.push((place, name.clone(), stored)),
                    Err(WalletError::NotThatCoin { .. }) => broken.push(name.clone()),
                    Err(error) => return Err(error),
                }
            }
            Ok((coins, broken))
        })
        .await
    }

    async fn detect(
        &self,
        coins: &[CoinOnFile],
        what: &'static str,
    ) -> Result<Vec<PownString>, Fault> {
        let plain: Vec<Coin> = coins.iter().map(|(_, _, stored)| stored.coin.clone()).collect();
        let detection = self.authority.detect(&plain, &self.meter(what)).await;
        match detection.answered >= Rule::CLOUDCOIN.own {
            true => Ok(detection.pown),
            false => Err(Fault::TooFewAgents { answered: detection.answered }),
        }
    }

    /// Looks at coins and says where they belong.
    async fn look(&self, mut coins: Vec<CoinOnFile>) -> Result<Look, Fault> {
        let letters = self.detect(&coins, "looking at the coins").await?;
        for ((_, _, stored), pown) in coins.iter_mut().zip(letters) {
            stored.pown = pown;
        }
        // A coin with proposed secrets may be held under these by agents that answered late.
        let unclear = |stored: &StoredCoin| {
            stored.pans.is_some() || stored.pown.passes() < Rule::CLOUDCOIN.own
        };
        let (unclear, clear): (Vec<_>, Vec<_>) =
            coins.into_iter().partition(|(_, _, stored)| unclear(stored));
        let mut look = Look::default();
        clear.into_iter().for_each(|coin| look.file(coin, SecretsNow::AsBefore));
        let claims: Vec<Claim> = unclear.iter().map(|(_, _, stored)| claim(stored)).collect();
        let answers = self.authority.find(&claims, &self.meter("asking for doubtful coins")).await;
        for ((place, name, stored), answers) in unclear.into_iter().zip(answers) {
            let (stored, secrets) = booking::with_what_agents_hold(stored, &answers);
            if stored.pown.passes() >= Rule::CLOUDCOIN.own {
                look.file((place, name, stored), secrets);
            } else if booking::is_counterfeit(&answers) {
                let to = WalletName::Default.place(Folder::Counterfeit);
                look.moves.push(Regrade { from: place, name, now: stored, to });
            } else {
                look.doubtful.push(name);
            }
        }
        Ok(look)
    }
}

/// A coin with its file.
type CoinOnFile = (Place, CoinName, StoredCoin);

/// What a look at coins of Default came to.
#[derive(Default)]
struct Look {
    /// Coins that belong elsewhere, or whose secrets are others than the file says.
    moves: Vec<Regrade>,
    /// Coins that stay where they are and are not paid with now.
    doubtful: Vec<CoinName>,
}

impl Look {
    /// Files an owned coin: in Fracked while some agent refuses it.
    fn file(&mut self, (from, name, now): CoinOnFile, secrets: SecretsNow) {
        let everywhere = usize::from(now.pown.passes()) == AGENTS;
        let to = match from {
            BANK if now.pown.count(Letter::Fail) > 0 => FRACKED,
            FRACKED if everywhere => BANK,
            as_it_is => as_it_is,
        };
        if to != from || secrets == SecretsNow::Others {
            let pans = if everywhere { None } else { now.pans };
            self.moves.push(Regrade { from, name, now: StoredCoin { pans, ..now }, to });
        }
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "by what the agents say, {} of the coins are filed anew and {} are left out",
            self.moves.len(),
            self.doubtful.len()
        )
    }
}

/// Returns the question which of its secrets each agent holds.
fn claim(StoredCoin { coin, pans, .. }: &StoredCoin) -> Claim {
    let pans = pans.clone().unwrap_or_else(|| coin.ans.clone());
    Claim { sn: coin.sn, ans: coin.ans.clone(), pans }
}

/// Returns what was chosen last in this operation.
fn chosen(operation: &Operation<AnyDisk>) -> Result<Chosen, WalletError> {
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

fn pick(
    wallet: &Wallet<AnyDisk>,
    amount: Amount,
    taken: &HashSet<CoinName>,
) -> Result<Result<Chosen, ChooseError>, WalletError> {
    let free = |place| -> Result<Vec<CoinName>, WalletError> {
        Ok(wallet.list(place)?.into_iter().filter(|name| !taken.contains(name)).collect())
    };
    let (mut clean, mut refused) = (free(BANK)?, free(FRACKED)?);
    // Of a coin that somebody copied inside the wallet one file is enough.
    let mut seen = HashSet::new();
    refused.retain(|name| seen.insert(name.sn));
    clean.retain(|name| seen.insert(name.sn));
    let numbers =
        |names: &[CoinName]| -> Vec<SerialNumber> { names.iter().map(|name| name.sn).collect() };
    Ok(choose::exact(amount, &numbers(&clean), &numbers(&refused)).map(|taken| {
        let taken: HashSet<SerialNumber> = taken.into_iter().collect();
        let only =
            |names: Vec<CoinName>| names.into_iter().filter(|n| taken.contains(&n.sn)).collect();
        Chosen { clean: only(clean), refused: only(refused) }
    }))
}

/// Returns whether the coins of a home make an amount exactly: asked before a connection file is written.
pub(crate) fn affordable(
    wallet: &Wallet<AnyDisk>,
    amount: Amount,
) -> Result<Result<usize, ChooseError>, WalletError> {
    Ok(pick(wallet, amount, &HashSet::new())?
        .map(|chosen| chosen.clean.len() + chosen.refused.len()))
}
