//! What is to be minted: `13x250,1x100,3x25,2x5,4x1`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use coin::{Denomination, SerialNumber};

use super::MintError;
use crate::limits::MINT_COINS_MAX;

/// How many coins of each denomination; at least one coin, at most 1,000,000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order(Vec<(u32, Denomination)>);

/// Why a text is no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// A part is not of the form COUNTxDENOMINATION.
    #[error("{part:?} is not of the form COUNTxDENOMINATION, such as 13x250")]
    NotAPart {
        /// The part.
        part: String,
    },
    /// There are no coins of that value.
    #[error("there are no coins of {value}: coins are of 1, 5, 25, 100 and 250")]
    NoSuchDenomination {
        /// The value.
        value: u64,
    },
    /// A count of 0.
    #[error("{part:?} orders no coin")]
    Nothing {
        /// The part.
        part: String,
    },
    /// A denomination stands there twice.
    #[error("coins of {0} are ordered twice")]
    Twice(Denomination),
    /// More coins than one mint makes.
    #[error("{coins} coins are ordered, one mint makes at most {MINT_COINS_MAX}")]
    TooMany {
        /// Coins in all.
        coins: u64,
    },
}

impl Order {
    /// Returns the number of coins.
    pub fn coins(&self) -> u64 {
        self.0.iter().map(|(count, _)| u64::from(*count)).sum()
    }

    /// Returns what they are worth together.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(count, of)| u64::from(*count) * u64::from(of.value())).sum()
    }
}

impl FromStr for Order {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Order, OrderError> {
        let mut parts: Vec<(u32, Denomination)> = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (count, of) = read_part(part)?;
            if parts.iter().any(|(_, known)| *known == of) {
                return Err(OrderError::Twice(of));
            }
            parts.push((count, of));
        }
        let order = Order(parts);
        let coins = order.coins();
        if coins > MINT_COINS_MAX as u64 {
            return Err(OrderError::TooMany { coins });
        }
        Ok(order)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(count, of)| format!("{count}x{of}")).collect();
        f.write_str(&parts.join(","))
    }
}

fn read_part(part: &str) -> Result<(u32, Denomination), OrderError> {
    let not_a_part = || OrderError::NotAPart { part: part.to_owned() };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (count, value) = part.split_once('x').ok_or_else(not_a_part)?;
    if !digits(count) || !digits(value) {
        return Err(not_a_part());
    }
    let count: u32 = count.parse().map_err(|_| not_a_part())?;
    let value: u64 = value.parse().map_err(|_| not_a_part())?;
    let of = Denomination::from_value(value).ok_or(OrderError::NoSuchDenomination { value })?;
    if count == 0 {
        return Err(OrderError::Nothing { part: part.to_owned() });
    }
    Ok((count, of))
}

/// Chooses random serial numbers that are free, in ascending order.
pub(crate) fn choose(
    order: &Order,
    is_free: impl Fn(SerialNumber) -> Result<bool, MintError>,
) -> Result<BTreeSet<SerialNumber>, MintError> {
    let mut chosen = BTreeSet::new();
    for (count, of) in &order.0 {
        for _ in 0..*count {
            let sn = find(*of, |sn| Ok(!chosen.contains(&sn) && is_free(sn)?))?;
            chosen.insert(sn);
        }
    }
    Ok(chosen)
}

/// Takes the first free one from a random place on, so that it ends when few are left.
fn find(
    of: Denomination,
    is_free: impl Fn(SerialNumber) -> Result<bool, MintError>,
) -> Result<SerialNumber, MintError> {
    let count = SerialNumber::MAX.get();
    let start = loop {
        let start = rand::random_range(0..count);
        if numbered(start).denomination() == of {
            break start;
        }
    };
    for step in 0..count {
        let sn = numbered((start + step) % count);
        if sn.denomination() == of && is_free(sn)? {
            return Ok(sn);
        }
    }
    Err(MintError::Exhausted(of))
}

fn numbered(from_zero: u32) -> SerialNumber {
    SerialNumber::new(from_zero + 1).expect("serial numbers run from 1 to their maximum")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_counted_and_written_back() {
        let order: Order = "13x250, 1x100,3x25,2x5,4x1".parse().unwrap();
        assert_eq!((order.coins(), order.total()), (23, 3439));
        assert_eq!(order.to_string(), "13x250,1x100,3x25,2x5,4x1");
        assert_eq!("1000000x1".parse::<Order>().unwrap().coins(), 1_000_000);
    }

    #[test]
    fn what_is_no_order_is_refused_with_its_reason() {
        let cases = [
            ("", "\"\" is not of the form COUNTxDENOMINATION, such as 13x250"),
            ("13", "\"13\" is not of the form COUNTxDENOMINATION, such as 13x250"),
            ("13x", "\"13x\" is not of the form COUNTxDENOMINATION, such as 13x250"),
            ("x5", "\"x5\" is not of the form COUNTxDENOMINATION, such as 13x250"),
            ("-1x5", "\"-1x5\" is not of the form COUNTxDENOMINATION, such as 13x250"),
            ("+1x5", "\"+1x5\" is not of the form COUNTxDENOMINATION, such as 13x250"),
            ("1x5,", "\"\" is not of the form COUNTxDENOMINATION, such as 13x250"),
            (
                "99999999999x5",
                "\"99999999999x5\" is not of the form COUNTxDENOMINATION, such as 13x250",
            ),
            ("1x7", "there are no coins of 7: coins are of 1, 5, 25, 100 and 250"),
            ("0x5", "\"0x5\" orders no coin"),
            ("1x5,2x5", "coins of 5 are ordered twice"),
            ("999999x1,2x5", "1000001 coins are ordered, one mint makes at most 1000000"),
        ];
        for (text, reason) in cases {
            assert_eq!(text.parse::<Order>().unwrap_err().to_string(), reason, "{text}");
        }
    }

    #[test]
    fn chosen_coins_are_free_and_of_the_ordered_values() {
        let order: Order = "3x250,2x5".parse().unwrap();
        let chosen = choose(&order, |sn| Ok(sn.get() % 2 == 0)).unwrap();
        let total: u32 = chosen.iter().map(|sn| sn.denomination().value()).sum();
        assert_eq!((chosen.len(), total), (5, 760));
        assert!(chosen.iter().all(|sn| sn.get() % 2 == 0));
    }

    #[test]
    fn the_last_free_number_is_found_and_then_there_is_none() {
        let only = SerialNumber::new(3_000_000).unwrap();
        let one: Order = "1x5".parse().unwrap();
        assert!(choose(&one, |sn| Ok(sn == only)).unwrap().contains(&only));
        let two: Order = "2x5".parse().unwrap();
        let none = choose(&two, |sn| Ok(sn == only)).unwrap_err();
        assert!(matches!(none, MintError::Exhausted(Denomination::Five)));
    }
}
