//! Whose the coins are: what lies in the folders that count, and what the agents say of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use coin::{
    AGENTS, Amount, Answer, AuthenticityNumber, Coin, Rule, SerialNumber, StoredCoin, stack,
};
use raida::{AddressBook, Authority, Claim, Timing};
use tests::world::{Agents, Home, files_below};
use tokio::runtime::Runtime;
use wallet::{Folder, WalletName};

/// Coins by serial number, as their files hold them.
pub(crate) type Coins = BTreeMap<SerialNumber, StoredCoin>;

/// Returns the coins in the folders of a home that count for its owner; an error if one lies there twice.
pub(crate) fn owned(home: &Home) -> Result<Coins> {
    let mut coins = Coins::new();
    let places = WalletName::ALL.iter().flat_map(|wallet| {
        [Folder::Bank, Folder::Fracked].map(|folder| wallet.place(folder).to_string())
    });
    for place in places {
        for file in files_below(&home.dir.join(place))? {
            let stored =
                stack::read(&fs::read(&file)?).with_context(|| file.display().to_string())?;
            for coin in stored {
                let sn = coin.coin.sn;
                ensure!(coins.insert(sn, coin).is_none(), "coin {} lies there twice", sn.get());
            }
        }
    }
    Ok(coins)
}

/// Returns the coins of all coin files below a folder, by ascending serial number.
pub(crate) fn coins_below(dir: &Path) -> Result<Vec<Coin>> {
    let mut coins = Vec::new();
    for file in files_below(dir)? {
        coins.extend(stack::read(&fs::read(&file)?)?.into_iter().map(|stored| stored.coin));
    }
    coins.sort_by_key(|coin| coin.sn);
    Ok(coins)
}

/// Returns a secret that nobody knows.
pub(crate) fn random_an() -> AuthenticityNumber {
    AuthenticityNumber::from_bytes(rand::random::<[u8; 16]>())
}

/// Returns what coins are worth.
pub(crate) fn sum(coins: &Coins) -> u64 {
    let amounts = coins.keys().map(|sn| sn.denomination().amount());
    Amount::try_sum(amounts).map_or(u64::MAX, Amount::units)
}

/// The agents as a test asks them.
pub(crate) struct Witness {
    authority: Authority,
    runtime: Runtime,
}

impl Witness {
    /// Returns a witness that asks these agents.
    pub(crate) fn of(agents: &Agents) -> Result<Witness> {
        let book = AddressBook::parse(&fs::read_to_string(&agents.file)?)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Witness { authority: Authority::new(&book, Timing::default()), runtime })
    }

    /// Expects that all 25 agents take these coins.
    pub(crate) fn alive(&self, coins: &Coins) -> Result<()> {
        self.say('p', AGENTS, coins)
    }

    /// Expects that all 25 agents refuse the secrets of these coins.
    pub(crate) fn dead(&self, coins: &Coins) -> Result<()> {
        self.say('f', AGENTS, coins)
    }

    /// Expects that so many agents as make an owner take these coins.
    pub(crate) fn taken(&self, coins: &Coins) -> Result<()> {
        self.say('p', Rule::CLOUDCOIN.own.into(), coins)
    }

    /// The same, and that each of the other agents holds the secret that was proposed to it: all of them
    /// can be fixed.
    pub(crate) fn owned(&self, coins: &Coins) -> Result<()> {
        self.taken(coins)?;
        let claims: Vec<Claim> = coins.values().map(claim).collect();
        let found = self.runtime.block_on(self.authority.find(&claims, &|_| {}));
        for (claim, answers) in claims.iter().zip(found) {
            let sn = claim.sn.get();
            let known =
                |answer: &Answer| matches!(answer, Answer::HoldsAn(_) | Answer::HoldsPan(_));
            ensure!(answers.iter().all(known), "of coin {sn} a secret is lost: {answers:?}");
        }
        Ok(())
    }

    /// Expects that so many agents as make an owner refuse the secrets of these coins.
    pub(crate) fn given_away(&self, coins: &Coins) -> Result<()> {
        self.say('f', Rule::CLOUDCOIN.own.into(), coins)
    }

    /// Expects this letter of so many agents, or more, for each coin.
    fn say(&self, letter: char, agents: usize, coins: &Coins) -> Result<()> {
        let coins: Vec<Coin> = coins.values().map(|stored| stored.coin.clone()).collect();
        let detection = self.runtime.block_on(self.authority.detect(&coins, &|_| {}));
        for (coin, pown) in coins.iter().zip(detection.pown) {
            let (sn, said) = (coin.sn.get(), pown.to_string());
            let enough = said.matches(letter).count() >= agents;
            ensure!(enough, "of coin {sn} the agents say {said}, not {agents} times {letter}");
        }
        Ok(())
    }
}

fn claim(StoredCoin { coin, pans, .. }: &StoredCoin) -> Claim {
    let ans = coin.ans.clone();
    Claim { sn: coin.sn, pans: pans.clone().unwrap_or_else(|| ans.clone()), ans }
}
