//! Whose the coins are: what lies in the folders that count, and what the agents say of it.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use coin::{AGENTS, Amount, Coin, SerialNumber, stack};
use raida::{AddressBook, Authority, Timing};
use tests::world::{Agents, Home, files_below};
use tokio::runtime::Runtime;
use wallet::{Folder, WalletName};

/// Coins by serial number.
pub(crate) type Coins = BTreeMap<SerialNumber, Coin>;

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
            for coin in stored.into_iter().map(|stored| stored.coin) {
                let sn = coin.sn;
                ensure!(coins.insert(sn, coin).is_none(), "coin {} lies there twice", sn.get());
            }
        }
    }
    Ok(coins)
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
        self.all_say('p', coins)
    }

    /// Expects that all 25 agents refuse the secrets of these coins.
    pub(crate) fn dead(&self, coins: &Coins) -> Result<()> {
        self.all_say('f', coins)
    }

    fn all_say(&self, letter: char, coins: &Coins) -> Result<()> {
        let coins: Vec<Coin> = coins.values().cloned().collect();
        let detection = self.runtime.block_on(self.authority.detect(&coins, &|_| {}));
        let wanted = letter.to_string().repeat(AGENTS);
        for (coin, pown) in coins.iter().zip(detection.pown) {
            let sn = coin.sn.get();
            ensure!(pown.to_string() == wanted, "of coin {sn} the agents say {pown}, not {wanted}");
        }
        Ok(())
    }
}
