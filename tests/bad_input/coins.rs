//! Coins for tests: real ones out of the mint, each given away once, and invented ones.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use coin::{
    Amount, AnSet, AuthenticityNumber, Coin, Denomination, Letter, PownString, SerialNumber,
    StoredCoin, batch, stack,
};
use protocol::message::{BatchHash, Manifest};
use tests::world::files_below;

/// The coins that were minted.
pub(crate) struct Purse(Mutex<Vec<Coin>>);

impl Purse {
    /// Opens the coin files of a folder.
    pub(crate) fn open(minted: &Path) -> Purse {
        let files = files_below(minted).unwrap();
        Purse(Mutex::new(files.iter().flat_map(|file| read(file)).collect()))
    }

    /// Gives away coins of these values, serial numbers ascending.
    pub(crate) fn take(&self, values: &[u32]) -> Vec<Coin> {
        let mut coins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken: Vec<Coin> = values
            .iter()
            .map(|value| {
                let found = coins.iter().position(|coin| coin.denomination().value() == *value);
                coins.swap_remove(found.expect("the mint made enough coins of each value"))
            })
            .collect();
        taken.sort_by_key(|coin| coin.sn);
        taken
    }
}

/// Reads the coins of a coin file.
pub(crate) fn read(file: &Path) -> Vec<Coin> {
    let stored = stack::read(&std::fs::read(file).unwrap()).unwrap();
    stored.into_iter().map(|stored| stored.coin).collect()
}

/// Reads the coins of all coin files below a folder, serial numbers ascending.
pub(crate) fn read_below(folder: &Path) -> Vec<Coin> {
    let mut coins: Vec<Coin> =
        files_below(folder).unwrap().iter().flat_map(|file| read(file)).collect();
    coins.sort_by_key(|coin| coin.sn);
    coins
}

/// Returns the text of a coin file.
pub(crate) fn stack(coins: &[Coin]) -> String {
    let stored = |coin: &Coin| StoredCoin::new(coin.clone(), PownString::all(Letter::Untried));
    stack::write(&coins.iter().map(stored).collect::<Vec<_>>()).to_string()
}

/// Returns the coin with secrets that no agent knows.
pub(crate) fn counterfeit(coin: &Coin) -> Coin {
    let invented = |_| AuthenticityNumber::from_bytes(rand::random());
    Coin { sn: coin.sn, ans: AnSet::from_fn(invented) }
}

/// Returns invented coins of serial numbers that were never minted, ascending.
pub(crate) fn invented(serial_numbers: impl IntoIterator<Item = u32>) -> Vec<Coin> {
    let coin = |sn| {
        let ans = AnSet::from_fn(|_| AuthenticityNumber::from_bytes(rand::random()));
        Coin { sn: SerialNumber::new(sn).unwrap(), ans }
    };
    serial_numbers.into_iter().map(coin).collect()
}

/// Returns the manifest of a batch as it should be.
pub(crate) fn manifest_of(coins: &[Coin]) -> Manifest {
    let count = |of: Denomination| coins.iter().filter(|coin| coin.denomination() == of).count();
    let counts: Vec<(Denomination, u32)> = Denomination::ALL
        .iter()
        .map(|of| (*of, count(*of) as u32))
        .filter(|(_, n)| *n > 0)
        .collect();
    let amount = Amount::try_sum(coins.iter().map(|coin| coin.denomination().amount())).unwrap();
    let bytes = batch_of(coins);
    Manifest { amount, counts, batch: BatchHash(batch::hash(&bytes)) }
}

/// Returns the bytes of coins in their order, whether or not that makes a batch.
pub(crate) fn batch_of(coins: &[Coin]) -> Vec<u8> {
    coins
        .iter()
        .flat_map(|coin| batch::encode(std::slice::from_ref(coin)).unwrap().to_vec())
        .collect()
}
