//! The serial number of a coin, which also says what the coin is worth.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::denomination::Denomination;

/// A coin's serial number: 1 to 16,777,216. It is no secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber(u32);

/// Why a number or a text is no serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SerialNumberError {
    /// The text is not made of decimal digits alone.
    #[error("a serial number is a whole number, written with digits only")]
    NotANumber,
    /// No coin has this number, so that it has no denomination either.
    #[error("there is no coin with serial number {found}: they run from 1 to {max}", max = SerialNumber::MAX)]
    OutOfRange {
        /// The number that was met; the largest u64 stands for any above it.
        found: u64,
    },
}

/// The last serial number of each denomination, the smallest first.
const LAST_OF_EACH: [(u32, Denomination); 5] = [
    (2_097_152, Denomination::One),
    (4_194_304, Denomination::Five),
    (6_291_456, Denomination::TwentyFive),
    (14_680_064, Denomination::Hundred),
    (SerialNumber::MAX.0, Denomination::TwoHundredFifty),
];

impl SerialNumber {
    /// The smallest serial number.
    pub const MIN: SerialNumber = SerialNumber(1);

    /// The largest serial number.
    pub const MAX: SerialNumber = SerialNumber(16_777_216);

    /// Makes a serial number.
    ///
    /// # Errors
    /// [`SerialNumberError::OutOfRange`] unless it is 1 to 16,777,216.
    pub const fn new(number: u32) -> Result<SerialNumber, SerialNumberError> {
        if number < SerialNumber::MIN.0 || number > SerialNumber::MAX.0 {
            return Err(SerialNumberError::OutOfRange { found: number as u64 });
        }
        Ok(SerialNumber(number))
    }

    /// Returns the number, 1 to 16,777,216.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns what the coin of this number is worth.
    pub fn denomination(self) -> Denomination {
        LAST_OF_EACH
            .into_iter()
            .find_map(|(last, denomination)| (self.0 <= last).then_some(denomination))
            .expect("the last range ends at the largest serial number")
    }
}

impl TryFrom<u64> for SerialNumber {
    type Error = SerialNumberError;

    fn try_from(number: u64) -> Result<SerialNumber, SerialNumberError> {
        let out_of_range = SerialNumberError::OutOfRange { found: number };
        u32::try_from(number).map_err(|_| out_of_range).and_then(SerialNumber::new)
    }
}

impl FromStr for SerialNumber {
    type Err = SerialNumberError;

    /// Reads decimal digits and nothing else.
    fn from_str(text: &str) -> Result<SerialNumber, SerialNumberError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SerialNumberError::NotANumber);
        }
        SerialNumber::try_from(text.parse().unwrap_or(u64::MAX))
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for SerialNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

impl<'de> Deserialize<'de> for SerialNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SerialNumber, D::Error> {
        SerialNumber::try_from(u64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{SerialNumber, SerialNumberError};
    use crate::amount::Amount;
    use crate::denomination::Denomination;

    fn check(number: u32, expected: u32) {
        assert_eq!(SerialNumber::new(number).unwrap().denomination().value(), expected, "{number}");
    }

    #[test]
    fn the_serial_number_decides_the_denomination() {
        for (first, last, value) in [
            (1, 2_097_152, 1),
            (2_097_153, 4_194_304, 5),
            (4_194_305, 6_291_456, 25),
            (6_291_457, 14_680_064, 100),
            (14_680_065, 16_777_216, 250),
        ] {
            check(first, value);
            check(last, value);
        }
    }

    #[test]
    fn all_the_coins_together_are_the_largest_amount() {
        let each = |denomination| match denomination {
            Denomination::Hundred => 8_388_608,
            Denomination::One
            | Denomination::Five
            | Denomination::TwentyFive
            | Denomination::TwoHundredFifty => 2_097_152,
        };
        let sum: u64 =
            Denomination::ALL.map(|kind| each(kind) * kind.amount().units()).iter().sum();
        assert_eq!(sum, Amount::MAX.units());
    }

    #[test]
    fn numbers_outside_of_the_range_are_refused() {
        for found in [0, 16_777_217, u64::from(u32::MAX), u64::MAX] {
            let refused = Err(SerialNumberError::OutOfRange { found });
            assert_eq!(SerialNumber::try_from(found), refused);
            assert_eq!(found.to_string().parse::<SerialNumber>(), refused);
            assert!(serde_json::from_str::<SerialNumber>(&found.to_string()).is_err());
        }
    }

    #[test]
    fn text_is_digits_only() {
        assert_eq!("16777216".parse::<SerialNumber>(), Ok(SerialNumber::MAX));
        for text in ["", "-1", "+1", " 1", "1.0", "0x1"] {
            assert_eq!(text.parse::<SerialNumber>(), Err(SerialNumberError::NotANumber), "{text}");
        }
    }
}
