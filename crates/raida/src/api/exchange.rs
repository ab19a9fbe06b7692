//! Coins that are given for others of the same value, whose serial numbers were in the pool: what
//! change and join have in common.
//!
//! A value of these types is a request that could be right: whether its coins are whose they
//! should be is for each agent to say.

mod forms;

use std::collections::HashSet;

use coin::{AuthenticityNumber, SerialNumber};
use sha2::{Digest, Sha256};

use super::Dud;
use crate::limits::REQUEST_COINS_MAX;

pub use forms::{
    read_break, read_cancel, read_change, read_exchange, read_join, read_reservation, write_cancel,
    write_exchange, write_reservation, write_take_back,
};

/// A serial number with the secret that is held, or shall be held, for it.
pub type KnownCoin = (SerialNumber, AuthenticityNumber);

/// Coins for coins: both sides are worth the same, no serial number is in it twice, and it has
/// 2 to 10,000 coins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    inputs: Vec<KnownCoin>,
    outputs: Vec<KnownCoin>,
}

/// Coins, and serial numbers that shall be kept for their owner; these are not worth more than the
/// coins, no serial number is in it twice, and it has at most 10,000 of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    inputs: Vec<KnownCoin>,
    numbers: Vec<SerialNumber>,
}

/// What a request of the route `cancel` asks for beside that its id is never executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// Nothing. These coins show who asks; they may be none.
    Plain(Vec<KnownCoin>),
    /// Where it was executed, that the outputs, which are shown with the secrets that are held,
    /// are taken out and the inputs come back with the secrets that stand there.
    TakeBack(Exchange),
}

/// A coin that is given for serial numbers whose secrets the agent chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaking {
    /// The coin.
    pub coin: KnownCoin,
    /// What it is broken into; not checked so far.
    pub numbers: Vec<SerialNumber>,
}

impl Exchange {
    /// Makes an exchange of coins that are in circulation for coins with serial numbers of the
    /// pool.
    ///
    /// # Errors
    ///
    /// [`Dud::Missing`], [`Dud::TooManyCoins`], [`Dud::Twice`], [`Dud::Unequal`].
    pub fn new(inputs: Vec<KnownCoin>, outputs: Vec<KnownCoin>) -> Result<Exchange, Dud> {
        check_sides(numbers(&inputs), numbers(&outputs))?;
        Ok(Exchange { inputs, outputs })
    }

    /// Returns the coins that are given, with their ANs.
    pub fn inputs(&self) -> &[KnownCoin] {
        &self.inputs
    }

    /// Returns the coins that are taken, with the secrets that they shall have.
    pub fn outputs(&self) -> &[KnownCoin] {
        &self.outputs
    }

    /// Returns the SHA-256 of the exchange, whatever the order of its coins.
    pub fn content(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix("liveconnect/1 exchange");
        for side in [&self.inputs, &self.outputs] {
            let mut side: Vec<&KnownCoin> = side.iter().collect();
            side.sort_unstable_by_key(|(sn, _)| *sn);
            hash.update((side.len() as u64).to_be_bytes());
            for (sn, secret) in side {
                hash.update(sn.get().to_be_bytes());
                hash.update(secret.expose());
            }
        }
        hash.finalize().into()
    }
}

impl Reservation {
    /// Makes a reservation of serial numbers of the pool, which shows coins that are in
    /// circulation.
    ///
    /// # Errors
    ///
    /// [`Dud::Missing`], [`Dud::TooManyCoins`], [`Dud::Twice`], [`Dud::Unequal`].
    pub fn new(inputs: Vec<KnownCoin>, wanted: Vec<SerialNumber>) -> Result<Reservation, Dud> {
        check(numbers(&inputs), wanted.iter().copied())?;
        let (inputs_worth, outputs_worth) =
            (worth(numbers(&inputs)), worth(wanted.iter().copied()));
        if outputs_worth > inputs_worth {
            return Err(Dud::Unequal { inputs: inputs_worth, outputs: outputs_worth });
        }
        Ok(Reservation { inputs, numbers: wanted })
    }

    /// Returns the coins that are shown, with their ANs.
    pub fn inputs(&self) -> &[KnownCoin] {
        &self.inputs
    }

    /// Returns the serial numbers that shall be reserved.
    pub fn numbers(&self) -> &[SerialNumber] {
        &self.numbers
    }

    /// Returns how many coins and serial numbers it is about, at most 10,000.
    pub fn count(&self) -> usize {
        self.inputs.len() + self.numbers.len()
    }
}

impl Breaking {
    /// Makes the exchange, with the secrets that the agent has chosen.
    ///
    /// # Errors
    ///
    /// See [`Exchange::new`].
    pub fn with_secrets(
        self,
        secret: impl Fn(SerialNumber) -> AuthenticityNumber,
    ) -> Result<Exchange, Dud> {
        let outputs = self.numbers.into_iter().map(|sn| (sn, secret(sn)));
        Exchange::new(vec![self.coin], outputs.collect())
    }
}

fn numbers(coins: &[KnownCoin]) -> impl ExactSizeIterator<Item = SerialNumber> + Clone {
    coins.iter().map(|(sn, _)| *sn)
}

/// Looks whether these could be the sides of an exchange.
pub(super) fn check_sides(
    inputs: impl ExactSizeIterator<Item = SerialNumber> + Clone,
    outputs: impl ExactSizeIterator<Item = SerialNumber> + Clone,
) -> Result<(), Dud> {
    check(inputs.clone(), outputs.clone())?;
    let (inputs, outputs) = (worth(inputs), worth(outputs));
    if inputs == outputs { Ok(()) } else { Err(Dud::Unequal { inputs, outputs }) }
}

fn check(
    inputs: impl ExactSizeIterator<Item = SerialNumber>,
    outputs: impl ExactSizeIterator<Item = SerialNumber>,
) -> Result<(), Dud> {
    if inputs.len() == 0 {
        return Err(Dud::Missing { field: "sns" });
    }
    if outputs.len() == 0 {
        return Err(Dud::Missing { field: "csn" });
    }
    let coins = inputs.len() + outputs.len();
    if coins > REQUEST_COINS_MAX {
        return Err(Dud::TooManyCoins { got: coins });
    }
    let mut seen = HashSet::with_capacity(coins);
    if inputs.chain(outputs).all(|sn| seen.insert(sn)) { Ok(()) } else { Err(Dud::Twice) }
}

fn worth(coins: impl Iterator<Item = SerialNumber>) -> u64 {
    coins.map(|sn| u64::from(sn.denomination().value())).sum()
}

#[cfg(test)]
mod tests;
