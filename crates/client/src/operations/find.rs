//! Finding: coins of which it is not known whose they are.
//!
//! ```text
//!   Limbo, Counterfeit ──which of AN and PAN does each agent hold?──▶ 13 hold a secret of one's own: Bank, Fracked
//!                        └ the AN: pown it to the same PAN, ask again ▶ 13 hold neither: Counterfeit
//!                                                                       else Limbo, asked again next time
//!   Suspect ─────────────asked only, never powned───────────────────▶ 13 hold the PAN: Bank, Fracked
//! ```
//!
//! What an open operation has put there is its own: an import or a transfer asks for its coins again with
//! the secrets that its journal keeps. A coin that is booked elsewhere in the home is left alone: an older
//! copy of it may know secrets that are somebody else's by now.
//!
//! # Crash safety
//! No new secret is made here. The PANs that are offered stand in the coin's file.

use std::collections::{BTreeSet, HashSet};

use coin::mending::{self, Holdings};
use coin::{AGENTS, Grade, Holding, Ownership, Rule, SerialNumber, StoredCoin};
use protocol::machine::Fault;
use raida::Claim;
use wallet::{Folder, Kind, OperationId, Place, Surveyed, WalletError, WalletName};

use super::Bench;
use super::fate::{Fate, Fates};
use super::look::{OnFile, Refiled, Standing};
use super::pown::{self, Verdict, Verdicts};
use crate::desk::{Stopped, with_causes};

/// Where lost coins may lie. What is in the sender's hidden wallet belongs to its transfers.
pub(crate) const LOST: [Place; 6] = [
    WalletName::Default.place(Folder::Limbo),
    WalletName::Receiver.place(Folder::Limbo),
    WalletName::Default.place(Folder::Counterfeit),
    WalletName::Receiver.place(Folder::Counterfeit),
    WalletName::Default.place(Folder::Suspect),
    WalletName::Receiver.place(Folder::Suspect),
];

/// The same without Suspect: what counts for nothing until somebody asks for it.
pub(super) const UNDECIDED: [Place; 4] = [LOST[0], LOST[1], LOST[2], LOST[3]];

/// Coins about which the person is told one by one.
const TOLD_MAX: usize = 20;

impl Bench {
    /// Asks for the lost coins of these places that belong to no open operation, and files them by what the
    /// agents hold.
    ///
    /// # Errors
    /// [`Fault::TooFewAgents`] when fewer than 13 said anything of any coin; those of the disk.
    pub(super) async fn find_lost(&self, places: &'static [Place]) -> Result<Fates, Fault> {
        let lost = self.at_wallet(|wallet, _| wallet.survey(places)).await?;
        let mut seen = HashSet::new();
        let coins: Vec<OnFile> = lost
            .coins
            .into_iter()
            .filter(|coin| is_lost(coin, &lost.booked))
            .filter(|coin| seen.insert(coin.coin.coin.sn))
            .map(OnFile::from)
            .collect();
        if coins.is_empty() {
            return Ok(Fates::default());
        }
        self.same_network().await?;
        let found = self.ask_for_lost(coins).await?;
        let mut fates = Fates::default();
        let mut told = 0;
        for Found { holdings, fate, coin } in &found {
            fates.note(coin.sn(), *fate);
            if matches!(fate, Fate::Undecided | Fate::Counterfeit) && told < TOLD_MAX {
                told += 1;
                self.screen.say(&reason(coin, holdings));
            }
        }
        self.refile(found.into_iter().map(|found| found.coin).collect()).await?;
        Ok(fates)
    }

    async fn ask_for_lost(&self, coins: Vec<OnFile>) -> Result<Vec<Found>, Fault> {
        let claims: Vec<Claim> = coins.iter().map(OnFile::claim).collect();
        let answers = self.authority.find(&claims, &self.meter("asking for lost coins")).await;
        let mut held: Vec<Holdings> = answers.iter().map(mending::holdings).collect();
        let answered = held.iter().map(said).max().unwrap_or(0);
        if answered < Rule::CLOUDCOIN.own {
            return Err(Fault::TooFewAgents { answered });
        }
        // The same secrets are offered again where the one that was given with the coin is held.
        let again: Vec<usize> =
            (0..coins.len()).filter(|at| is_to_be_powned(&coins[*at], &held[*at])).collect();
        let claims: Vec<Claim> = again.iter().map(|at| claims[*at].clone()).collect();
        let round = self.authority.pown(&claims, &self.meter("powning")).await;
        for (at, round) in again.into_iter().zip(&round.coins) {
            held[at] = holdings_of(round);
        }
        Ok(coins.into_iter().zip(held).map(|(coin, held)| Found::judge(coin, held)).collect())
    }

    /// Lets an open import or receipt of coins ask for what it has not decided, as `resume` does. Returns
    /// what became of its coins; nothing where it has none to ask for.
    ///
    /// # Errors
    /// Those of [`take_ownership`](Bench::take_ownership).
    pub(super) async fn find_in(&self, id: OperationId, kind: Kind) -> Result<Fates, Fault> {
        let home = match kind {
            Kind::Import => WalletName::Default,
            Kind::Receive => WalletName::Receiver,
            _ => return Ok(Fates::default()),
        };
        let bench = Bench { id, hidden_wallet: home, ..self.clone() };
        if bench.take_up(kind).await? == TakenUp::No {
            return Ok(Fates::default());
        }
        let verdicts = bench.take_ownership(home).await;
        bench.put_down().await?;
        let mut fates = Fates::default();
        for (sn, Verdict { grade, pown }) in verdicts? {
            let fate = match grade {
                Grade::Final | Grade::Settling if usize::from(pown.passes()) == AGENTS => {
                    Fate::Whole
                }
                Grade::Final | Grade::Settling => Fate::of_fracked(pown.passes()),
                Grade::Limbo => Fate::Undecided,
                Grade::Counterfeit => Fate::Counterfeit,
            };
            fates.note(sn, fate);
        }
        Ok(fates)
    }

    /// Loads the journal of an operation that has coins to ask for. One that has not powned its coins yet
    /// is left to whoever carries it on: it may still refuse them.
    async fn take_up(&self, kind: Kind) -> Result<TakenUp, Fault> {
        let id = self.id;
        let loaded = self.desk.run(move |work| {
            if work.operations.contains_key(&id) {
                return Ok(TakenUp::No);
            }
            let operation = work.wallet.load(id)?;
            let verdicts = pown::verdicts(&operation)?;
            let is_undecided = match kind {
                Kind::Import => verdicts.is_empty() || !all_owned(&verdicts),
                _ => !all_owned(&verdicts),
            };
            if !is_undecided {
                return Ok(TakenUp::No);
            }
            work.operations.insert(id, operation);
            Ok(TakenUp::Yes)
        });
        on_disk(loaded.await)
    }

    /// Lets the journal go again; `resume` ends the operation when nothing of it is left.
    async fn put_down(&self) -> Result<(), Fault> {
        let id = self.id;
        let done = self.desk.run(move |work| {
            work.operations.remove(&id);
            Ok(())
        });
        on_disk(done.await)
    }
}

/// Whether a journal was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TakenUp {
    Yes,
    No,
}

fn all_owned(verdicts: &Verdicts) -> bool {
    verdicts.values().all(|verdict| verdict.grade.is_owned())
}

fn on_disk<R>(done: Result<Result<R, WalletError>, Stopped>) -> Result<R, Fault> {
    let done = done.map_err(|stopped| Fault::Disk(stopped.to_string()))?;
    done.map_err(|error| Fault::Disk(with_causes(&error)))
}

/// A lost coin with what the agents say of it.
struct Found {
    holdings: Holdings,
    fate: Fate,
    coin: Refiled,
}

impl Found {
    fn judge(was: OnFile, holdings: Holdings) -> Found {
        let own = usize::from(Rule::CLOUDCOIN.own);
        let in_suspect = was.place.folder == Folder::Suspect;
        let owned = (0..holdings.len()).filter(|agent| is_own(&was, &holdings, *agent)).count();
        let now = was.stored.clone().as_held(&holdings);
        let as_said = StoredCoin { pown: now.pown, ..was.stored.clone() };
        let default = WalletName::Default;
        let (fate, now, to) = if owned >= own {
            let whole = now.is_whole();
            let fate = if whole { Fate::Whole } else { Fate::of_fracked(now.pown.passes()) };
            (fate, now, default.place(if whole { Folder::Bank } else { Folder::Fracked }))
        } else if in_suspect {
            let is_alive = mending::known(&holdings) >= Rule::CLOUDCOIN.own;
            let fate = if is_alive { Fate::Alive } else { Fate::Dead };
            (fate, was.stored.clone(), was.place)
        } else {
            let standing = was.clone().judged(&holdings).0;
            match standing {
                Standing::Counterfeit => {
                    (Fate::Counterfeit, as_said, was.place.wallet.place(Folder::Counterfeit))
                }
                Standing::Owned | Standing::Undecided => {
                    (Fate::Undecided, as_said, was.place.wallet.place(Folder::Limbo))
                }
            }
        };
        Found { holdings, fate, coin: Refiled { was, now, to } }
    }
}

/// Tells whether no open operation looks after a coin, and it is not booked elsewhere. Errands put nothing
/// aside for later.
pub(super) fn is_lost(coin: &Surveyed, booked: &BTreeSet<SerialNumber>) -> bool {
    let is_nobodys = match coin.holder {
        None => true,
        Some((_, kind)) => matches!(kind, Kind::Find | Kind::Fix | Kind::Detect),
    };
    is_nobodys && !booked.contains(&coin.coin.coin.sn)
}

/// Tells whether an agent holds a secret that nobody but the owner of this home has known. In Suspect that
/// is a proposed one alone: what else lies there came from others.
fn is_own(coin: &OnFile, holdings: &Holdings, agent: usize) -> bool {
    let was_proposed = coin.stored.pans.is_some();
    let may_be = was_proposed || coin.place.folder != Folder::Suspect;
    match holdings[agent] {
        Holding::HoldsPan => may_be,
        Holding::HoldsAn => may_be && coin.stored.proposal(agent).is_none(),
        Holding::Neither | Holding::OtherOrigin | Holding::Unknown => false,
    }
}

fn is_to_be_powned(coin: &OnFile, holdings: &Holdings) -> bool {
    let given =
        |agent: usize| holdings[agent] == Holding::HoldsAn && coin.stored.proposal(agent).is_some();
    coin.place.folder != Folder::Suspect && (0..holdings.len()).any(given)
}

fn holdings_of(round: &Ownership) -> Holdings {
    std::array::from_fn(|agent| round.holding(agent))
}

fn said(holdings: &Holdings) -> u8 {
    holdings.iter().filter(|holding| **holding != Holding::Unknown).map(|_| 1).sum()
}

/// Says why a coin is not owned, and what comes next.
fn reason(coin: &Refiled, holdings: &Holdings) -> String {
    let count = |of: Holding| holdings.iter().filter(|holding| **holding == of).count();
    let own = (0..holdings.len()).filter(|agent| is_own(&coin.was, holdings, *agent)).count();
    let sn: SerialNumber = coin.sn();
    format!(
        "coin {} ({}): {own} agents hold your secret, {} another one that came with it, {} neither, {} said \
         nothing; 13 are needed, and it is asked for again at every find and resume",
        sn.get(),
        sn.denomination().value(),
        count(Holding::HoldsAn) + count(Holding::HoldsPan) - own,
        count(Holding::Neither),
        count(Holding::Unknown)
    )
}
