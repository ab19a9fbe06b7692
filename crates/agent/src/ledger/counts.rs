//! How many coins are in circulation, and how many exchanges there were.

use coin::Denomination;

use super::{LedgerError, Record};

/// What a ledger has counted; written in the same transaction as what it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In the order of [`Denomination::ALL`].
    coins: [u64; Denomination::ALL.len()],
    exchanged: u64,
    cancelled: u64,
}

impl Counts {
    /// Bytes of the counts on disk: seven numbers, big-endian.
    pub(super) const BYTES: usize = 8 * (Denomination::ALL.len() + 2);

    /// Returns the number of coins of a denomination.
    pub fn coins_of(&self, denomination: Denomination) -> u64 {
        self.coins[place(denomination)]
    }

    /// Returns the number of all coins.
    pub fn coins(&self) -> u64 {
        self.coins.iter().sum()
    }

    /// Returns what all coins are worth together.
    pub fn value(&self) -> u64 {
        let worth = Denomination::ALL.into_iter().zip(self.coins);
        worth.map(|(denomination, coins)| u64::from(denomination.value()) * coins).sum()
    }

    /// Returns the number of requests that were executed and not taken back.
    pub fn exchanged(&self) -> u64 {
        self.exchanged
    }

    /// Returns the number of requests that were cancelled, or taken back.
    pub fn cancelled(&self) -> u64 {
        self.cancelled
    }

    /// Counts a coin that comes into circulation.
    pub fn enter(&mut self, denomination: Denomination) {
        self.coins[place(denomination)] += 1;
    }

    pub(super) fn remove(&mut self, denomination: Denomination) -> Result<(), LedgerError> {
        let coins = &mut self.coins[place(denomination)];
        *coins = coins.checked_sub(1).ok_or(LedgerError::TornCounts)?;
        Ok(())
    }

    pub(super) fn note(&mut self, record: &Record) {
        match record {
            Record::Exchanged { .. } | Record::Hashed { .. } => self.exchanged += 1,
            Record::Cancelled => self.cancelled += 1,
        }
    }

    /// Takes back what [`note`](Counts::note) has counted.
    pub(super) fn forget(&mut self, record: &Record) -> Result<(), LedgerError> {
        let noted = match record {
            Record::Exchanged { .. } | Record::Hashed { .. } => &mut self.exchanged,
            Record::Cancelled => &mut self.cancelled,
        };
        *noted = noted.checked_sub(1).ok_or(LedgerError::TornCounts)?;
        Ok(())
    }

    pub(super) fn to_bytes(self) -> [u8; Counts::BYTES] {
        let numbers = self.coins.into_iter().chain([self.exchanged, self.cancelled]);
        let mut bytes = [0; Counts::BYTES];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Counts> {
        let bytes: [u8; Counts::BYTES] = bytes.try_into().ok()?;
        let mut numbers = bytes
            .chunks_exact(8)
            .map(|number| u64::from_be_bytes(number.try_into().expect("chunks of 8 bytes")));
        let mut next = || numbers.next().expect("seven numbers");
        let coins = std::array::from_fn(|_| next());
        Some(Counts { coins, exchanged: next(), cancelled: next() })
    }
}

fn place(denomination: Denomination) -> usize {
    let place = Denomination::ALL.into_iter().position(|known| known == denomination);
    place.expect("all denominations are in the list of all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_back_and_torn_ones_are_not() {
        let mut counts = Counts::default();
        for denomination in Denomination::ALL {
            (0..denomination.value()).for_each(|_| counts.enter(denomination));
        }
        counts.note(&Record::Cancelled);
        assert_eq!((counts.coins(), counts.cancelled(), counts.exchanged()), (381, 1, 0));
        assert_eq!(counts.value(), 1 + 25 + 625 + 10_000 + 62_500);
        assert_eq!(Counts::from_bytes(&counts.to_bytes()), Some(counts));
        assert_eq!(Counts::from_bytes(&counts.to_bytes()[1..]), None);
    }

    #[test]
    fn no_coin_is_taken_out_that_was_not_counted() {
        let mut counts = Counts::default();
        counts.enter(Denomination::Five);
        assert!(counts.remove(Denomination::Five).is_ok());
        assert!(matches!(counts.remove(Denomination::Five), Err(LedgerError::TornCounts)));
        assert!(matches!(counts.forget(&Record::Cancelled), Err(LedgerError::TornCounts)));
    }
}
