//! The five values that a coin can have.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::amount::Amount;

/// The value of a coin, which its serial number decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Denomination {
    /// 1 unit.
    One,
    /// 5 units.
    Five,
    /// 25 units.
    TwentyFive,
    /// 100 units.
    Hundred,
    /// 250 units.
    TwoHundredFifty,
}

/// A number that no coin has as its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no coin of {value}: coins are of 1, 5, 25, 100 and 250")]
pub struct UnknownDenomination {
    /// The number that was met.
    pub value: u64,
}

impl Denomination {
    /// All denominations, the largest first.
    pub const ALL: [Denomination; 5] = [
        Denomination::TwoHundredFifty,
        Denomination::Hundred,
        Denomination::TwentyFive,
        Denomination::Five,
        Denomination::One,
    ];

    /// Returns the value in units.
    pub const fn value(self) -> u32 {
        match self {
            Denomination::One => 1,
            Denomination::Five => 5,
            Denomination::TwentyFive => 25,
            Denomination::Hundred => 100,
            Denomination::TwoHundredFifty => 250,
        }
    }

    /// Returns the value as an amount.
    pub fn amount(self) -> Amount {
        Amount::new(u64::from(self.value())).expect("250 is below the largest amount")
    }

    /// Finds the denomination of a value in units.
    pub fn from_value(value: u64) -> Option<Denomination> {
        Denomination::ALL.into_iter().find(|known| u64::from(known.value()) == value)
    }
}

impl fmt::Display for Denomination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl Serialize for Denomination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.value())
    }
}

impl<'de> Deserialize<'de> for Denomination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Denomination, D::Error> {
        let value = u64::deserialize(deserializer)?;
        Denomination::from_value(value)
            .ok_or_else(|| de::Error::custom(UnknownDenomination { value }))
    }
}

#[cfg(test)]
mod tests {
    use super::Denomination;

    #[test]
    fn values_and_denominations_are_one_to_one() {
        for known in Denomination::ALL {
            assert_eq!(Denomination::from_value(u64::from(known.value())), Some(known));
            assert_eq!(known.amount().units(), u64::from(known.value()));
        }
        for value in [0, 2, 10, 50, 99, 251, 500, u64::MAX] {
            assert_eq!(Denomination::from_value(value), None);
        }
    }

    #[test]
    fn all_runs_from_the_largest_to_the_smallest() {
        assert!(Denomination::ALL.is_sorted_by(|larger, smaller| larger > smaller));
        assert_eq!(Denomination::ALL.map(Denomination::value), [250, 100, 25, 5, 1]);
    }

    #[test]
    fn json_is_the_value() {
        assert_eq!(serde_json::to_string(&Denomination::Hundred).unwrap(), "100");
        assert_eq!(serde_json::from_str::<Denomination>("25").unwrap(), Denomination::TwentyFive);
        assert!(serde_json::from_str::<Denomination>("26").is_err());
    }
}
