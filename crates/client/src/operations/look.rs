//! A look at coins of one's own: what the agents say of them, and where they belong by that. It changes
//! nothing at the agents.

use std::collections::{HashMap, HashSet};
use std::fmt;

use coin::mending::{self, Holdings};
use coin::{Coin, CoinName, Letter, PownString, Rule, SerialNumber, StoredCoin};
use protocol::machine::Fault;
use raida::Claim;
use wallet::{AnyDisk, Folder, Operation, Place, Regrade, Surveyed, Wallet, WalletError};

use super::fate::Fate;
use super::{Bench, booking, prepare};

/// A coin with its file.
#[derive(Clone, Debug)]
pub(super) struct OnFile {
    /// The folder.
    pub(super) place: Place,
    /// The name of the file.
    pub(super) name: CoinName,
    /// What it holds.
    pub(super) stored: StoredCoin,
}

/// What is now known of a coin, and where it belongs.
#[derive(Clone, Debug)]
pub(super) struct Refiled {
    /// The coin as its file has it.
    pub(super) was: OnFile,
    /// The coin as it is.
    pub(super) now: StoredCoin,
    /// Where it belongs.
    pub(super) to: Place,
}

/// How one stands to a coin of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// 13 agents hold a secret of it that is known here.
    Owned,
    /// 13 agents say that they hold none.
    Counterfeit,
    /// Neither.
    Undecided,
}

/// What a look at coins came to, in the order asked.
pub(super) struct Look(pub(super) Vec<(Standing, Refiled)>);

impl Bench {
    /// Asks the agents for coins of Bank or Fracked of any wallet.
    ///
    /// # Errors
    /// [`Fault::TooFewAgents`] when fewer than 13 answered.
    pub(super) async fn look(&self, coins: Vec<OnFile>) -> Result<Look, Fault> {
        let plain: Vec<Coin> = coins.iter().map(|coin| coin.stored.coin.clone()).collect();
        let letters = self.detect(&plain, "looking at the coins").await?;
        // A coin with proposed secrets may be held under these by agents that answered late.
        let is_clear = |coin: &OnFile, letters: &PownString| {
            coin.stored.pans.is_none() && letters.passes() >= Rule::CLOUDCOIN.own
        };
        let unclear = coins.iter().zip(&letters).filter(|(coin, letters)| !is_clear(coin, letters));
        let unclear: Vec<Claim> = unclear.map(|(coin, _)| coin.claim()).collect();
        let answers = self.authority.find(&unclear, &self.meter("asking for doubtful coins")).await;
        let mut answers = answers.iter();
        let looked = coins.into_iter().zip(letters).map(|(was, letters)| {
            if is_clear(&was, &letters) {
                let now = StoredCoin { pown: letters, ..was.stored.clone() };
                return (Standing::Owned, Refiled::of_owned(was, now));
            }
            match answers.next() {
                Some(answers) => was.judged(&mending::holdings(answers)),
                None => (Standing::Undecided, Refiled::as_it_was(was)),
            }
        });
        Ok(Look(looked.collect()))
    }

    /// Asks the agents for coins as they are.
    ///
    /// # Errors
    /// [`Fault::TooFewAgents`] when fewer than 13 answered.
    pub(super) async fn detect(
        &self,
        coins: &[Coin],
        what: &'static str,
    ) -> Result<Vec<PownString>, Fault> {
        let detection = self.authority.detect(coins, &self.meter(what)).await;
        match detection.answered >= Rule::CLOUDCOIN.own {
            true => Ok(detection.pown),
            false => Err(Fault::TooFewAgents { answered: detection.answered }),
        }
    }

    /// Files coins by what is known of them now, and returns them as they lie there. A coin whose file
    /// has gone or changed since it was read is left out: somebody else works on it.
    ///
    /// # Crash safety
    /// Durable when it returns. What this operation has chosen for a payment follows its file in the
    /// next record; a crash between the two leaves a choice that is made anew.
    pub(super) async fn refile(&self, coins: Vec<Refiled>) -> Result<Vec<OnFile>, Fault> {
        self.at_wallet(move |wallet, operation| refile(wallet, operation, coins)).await
    }
}

fn refile(
    wallet: &mut Wallet<AnyDisk>,
    operation: &mut Operation<AnyDisk>,
    mut coins: Vec<Refiled>,
) -> Result<Vec<OnFile>, WalletError> {
    coins.retain(|Refiled { was, .. }| {
        matches!(wallet.read(was.place, &was.name), Ok(found) if found == was.stored)
    });
    let regrade = |coin: &Refiled| Regrade {
        from: coin.was.place,
        name: coin.was.name.clone(),
        now: coin.now.clone(),
        to: coin.to,
    };
    let moves: Vec<Regrade> = coins.iter().map(regrade).collect();
    let names = operation.regrade(wallet, &moves)?.names;
    let mut filed = HashMap::new();
    let mut there = Vec::with_capacity(coins.len());
    for (Refiled { was, now, to }, name) in coins.into_iter().zip(names) {
        if (was.place, &was.name) != (to, &name) {
            filed.insert(was.name, (to, name.clone()));
        }
        there.push(OnFile { place: to, name, stored: now });
    }
    prepare::follow(operation, &filed)?;
    Ok(there)
}

impl OnFile {
    /// Returns the question which of its secrets each agent holds.
    pub(super) fn claim(&self) -> Claim {
        let StoredCoin { coin, pans, .. } = &self.stored;
        let pans = pans.clone().unwrap_or_else(|| coin.ans.clone());
        Claim { sn: coin.sn, ans: coin.ans.clone(), pans }
    }

    /// Judges a coin by what the agents hold of it. Its secrets follow that only while it is owned: of
    /// other coins none is given up.
    pub(super) fn judged(self, holdings: &Holdings) -> (Standing, Refiled) {
        if mending::known(holdings) >= Rule::CLOUDCOIN.own {
            let now = self.stored.clone().as_held(holdings);
            (Standing::Owned, Refiled::of_owned(self, now))
        } else if booking::is_counterfeit(holdings) {
            let letters = self.stored.clone().as_held(holdings).pown;
            let now = StoredCoin { pown: letters, ..self.stored.clone() };
            let to = self.place.wallet.place(Folder::Counterfeit);
            (Standing::Counterfeit, Refiled { was: self, now, to })
        } else {
            (Standing::Undecided, Refiled::as_it_was(self))
        }
    }
}

impl From<Surveyed> for OnFile {
    fn from(Surveyed { place, name, coin, holder: _ }: Surveyed) -> OnFile {
        OnFile { place, name, stored: coin }
    }
}

impl Refiled {
    /// An owned coin lies in Fracked while some agent refuses it, and in Bank when all hold it.
    pub(super) fn of_owned(was: OnFile, now: StoredCoin) -> Refiled {
        let refused = now.pown.count(Letter::Fail) > 0;
        let folder = match was.place.folder {
            _ if now.is_whole() => Folder::Bank,
            Folder::Bank if !refused && now.pans.is_none() => Folder::Bank,
            _ => Folder::Fracked,
        };
        let to = was.place.wallet.place(folder);
        Refiled { was, now, to }
    }

    fn as_it_was(was: OnFile) -> Refiled {
        Refiled { now: was.stored.clone(), to: was.place, was }
    }

    /// Tells whether more changes than what the agents said last.
    pub(super) fn is_due(&self) -> bool {
        let Refiled { was, now, to } = self;
        *to != was.place || now.coin != was.stored.coin || now.pans != was.stored.pans
    }

    /// Tells whether some agent that answers does not hold what it should.
    pub(super) fn is_refused(&self) -> bool {
        self.now.pown.count(Letter::Fail) + self.now.pown.count(Letter::Error) > 0
    }

    /// Returns what became of the coin, by how one stands to it.
    pub(super) fn fate(&self, standing: Standing) -> Fate {
        match standing {
            Standing::Owned if self.now.is_whole() => Fate::Whole,
            Standing::Owned if self.to.folder == Folder::Bank => Fate::Whole,
            Standing::Owned => Fate::of_fracked(self.now.pown.passes()),
            Standing::Counterfeit => Fate::Counterfeit,
            Standing::Undecided => Fate::Undecided,
        }
    }

    /// Returns the coin's number.
    pub(super) fn sn(&self) -> SerialNumber {
        self.now.coin.sn
    }
}

impl Look {
    /// Returns the names of the coins of which it is not known whose they are.
    pub(super) fn undecided(&self) -> impl Iterator<Item = CoinName> {
        let undecided = self.0.iter().filter(|(standing, _)| *standing == Standing::Undecided);
        undecided.map(|(_, coin)| coin.was.name.clone())
    }

    /// Returns the owned coins that some agent refuses and that have not been tried, and notes that they are.
    pub(super) fn refused(&self, tried: &mut HashSet<SerialNumber>) -> HashSet<SerialNumber> {
        let owned = self.0.iter().filter(|(standing, _)| *standing == Standing::Owned);
        let refused = owned.filter(|(_, coin)| coin.is_refused()).map(|(_, coin)| coin.sn());
        refused.filter(|sn| tried.insert(*sn)).collect()
    }

    /// Returns the coins that have to be filed anew, and these others as they lie.
    pub(super) fn into_due(self, others: &HashSet<SerialNumber>) -> Vec<Refiled> {
        let coins = self.0.into_iter().map(|(_, coin)| coin);
        coins.filter(|coin| coin.is_due() || others.contains(&coin.sn())).collect()
    }

    /// Counts the coins that have to be filed anew.
    pub(super) fn due(&self) -> usize {
        self.0.iter().filter(|(_, coin)| coin.is_due()).count()
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "by what the agents say, {} of the coins are filed anew and {} are left out",
            self.due(),
            self.undecided().count()
        )
    }
}
