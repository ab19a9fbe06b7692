//! An amount of money in whole units, never more than there is in the world.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount of money: whole units, 0 to [`Amount::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(u64);

/// Why a number or a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text is not made of decimal digits alone.
    #[error("an amount is a whole number, written with digits only")]
    NotANumber,
    /// The text is a number below zero.
    #[error("an amount is never negative")]
    Negative,
    /// There is not that much money in the world.
    #[error("an amount is at most {max}, the sum of all coins there are")]
    TooLarge {
        /// The largest amount there is.
        max: Amount,
    },
}

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// The sum of all coins there are: 2,097,152 of each of 1, 5, 25 and 250,
    /// and 8,388,608 of 100.
    pub const MAX: Amount = Amount(1_428_160_512);

    /// Makes an amount of `units`.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] above [`Amount::MAX`].
    pub const fn new(units: u64) -> Result<Amount, AmountError> {
        if units > Amount::MAX.0 {
            return Err(AmountError::TooLarge { max: Amount::MAX });
        }
        Ok(Amount(units))
    }

    /// Returns the number of units, 0 to 1,428,160,512.
    pub const fn units(self) -> u64 {
        self.0
    }

    /// Tells whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Adds, unless the sum is more than [`Amount::MAX`].
    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        Amount::new(self.0 + other.0).ok()
    }

    /// Subtracts, unless `other` is more than this.
    pub fn checked_sub(self, other: Amount) -> Option<Amount> {
        self.0.checked_sub(other.0).map(Amount)
    }

    /// Sums up, unless the sum is more than [`Amount::MAX`].
    pub fn try_sum(amounts: impl IntoIterator<Item = Amount>) -> Option<Amount> {
        amounts.into_iter().try_fold(Amount::ZERO, Amount::checked_add)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads decimal digits and nothing else: no sign, blank, point or comma.
    /// Zero is an amount.
    fn from_str(text: &str) -> Result<Amount, AmountError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AmountError::NotANumber);
        }
        if digits.len() < text.len() {
            return Err(AmountError::Negative);
        }
        // Digits alone fail to parse only when they are too many for a u64.
        let units = digits.parse().map_err(|_| AmountError::TooLarge { max: Amount::MAX })?;
        Amount::new(units)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        Amount::new(u64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, AmountError};

    const TOO_LARGE: AmountError = AmountError::TooLarge { max: Amount::MAX };

    fn check(text: &str, expected: Result<u64, AmountError>) {
        assert_eq!(text.parse::<Amount>().map(Amount::units), expected, "{text:?}");
    }

    #[test]
    fn digits_alone_are_an_amount() {
        check("0", Ok(0));
        check("3439", Ok(3439));
        check("0003439", Ok(3439));
        check("1428160512", Ok(1_428_160_512));
    }

    #[test]
    fn anything_but_digits_is_no_number() {
        for text in ["", " ", "3 439", "3,439", "34.39", "+5", "1e3", "0x10", "-", "--1", "-a", "٣"]
        {
            check(text, Err(AmountError::NotANumber));
        }
    }

    #[test]
    fn a_number_below_zero_is_told_apart_from_nonsense() {
        check("-1", Err(AmountError::Negative));
        check("-99999999999999999999999", Err(AmountError::Negative));
    }

    #[test]
    fn more_than_all_the_coins_in_the_world_is_too_large() {
        check("1428160513", Err(TOO_LARGE));
        check("18446744073709551616", Err(TOO_LARGE));
        assert_eq!(Amount::new(u64::MAX), Err(TOO_LARGE));
        assert!(TOO_LARGE.to_string().contains("1428160512"));
    }

    #[test]
    fn sums_never_leave_the_range() {
        let one = Amount::new(1).unwrap();
        assert_eq!(Amount::MAX.checked_add(one), None);
        assert_eq!(Amount::ZERO.checked_sub(one), None);
        assert_eq!(Amount::try_sum([one, one, one]), Amount::new(3).ok());
        assert_eq!(Amount::try_sum([Amount::MAX, one]), None);
        assert_eq!(Amount::try_sum([]), Some(Amount::ZERO));
    }

    #[test]
    fn json_is_a_checked_number() {
        assert_eq!(serde_json::to_string(&Amount::MAX).unwrap(), "1428160512");
        assert_eq!(serde_json::from_str::<Amount>("3439").unwrap().units(), 3439);
        assert!(serde_json::from_str::<Amount>("1428160513").is_err());
        assert!(serde_json::from_str::<Amount>("-1").is_err());
    }
}
