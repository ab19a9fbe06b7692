//! Choosing coins: which to pay with, which to break so that an amount can be
//! paid, which small ones to join.
//!
//! What is looked for, the first of these that tells two choices apart:
//!
//! 1. **Exact without change.** An exchange is 25 requests that can go wrong, and
//!    its coins count for nothing until it stands.
//! 2. **Clean coins before refused ones.** A coin that some agent refuses may need
//!    to be fixed by its next owner, and is the nearer to being lost.
//! 3. **Few coins**: of the payment ([`exact`]), else few that are broken and then
//!    few new ones ([`change`]).
//!
//! Nothing depends on the order of the coins or on chance: the same wallet makes
//! the same choice, so that what was shown to a person is what is done.
//!
//! Only the numbers of coins of each denomination are searched, never sets of
//! coins, so the time is that of sorting the serial numbers.

mod change;
mod counts;
mod join;
mod purse;
#[cfg(test)]
mod tests;

pub use self::change::{ChangeError, change};
pub use self::counts::Counts;
use self::counts::fewest;
pub use self::join::{JoinPolicy, join};
use self::purse::Purse;
use crate::amount::Amount;
use crate::serial_number::SerialNumber;

/// Coins to give and how many of each denomination to take for them. Both sides
/// are worth the same; an exchange carries it out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swap {
    /// The coins that are given, in ascending order.
    pub give: Vec<SerialNumber>,
    /// The coins that are taken.
    pub take: Counts,
}

/// Why no coins can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// All the coins together are worth less than the amount.
    #[error("the coins are worth less than the amount, {have} together")]
    NotEnough {
        /// What all the coins are worth.
        have: Amount,
    },
    /// The coins are worth enough, but no set of them exactly the amount.
    #[error("no set of the coins is worth exactly the amount")]
    NoExactSet,
}

/// Chooses coins that are worth exactly `amount`, as few as possible, and
/// returns their serial numbers in ascending order.
///
/// Only coins of `clean`, which all agents pass, are taken where that is
/// possible. Where it is not, the fewest coins of both are taken, and of each
/// denomination the clean ones before those of `refused`, which some agent
/// refuses. The result depends on the two sets alone, not on their order: among
/// equal coins the smaller serial number is taken, among equally short sets the
/// one with more coins of 250. A serial number in both counts as refused.
///
/// # Errors
/// [`ChooseError::NotEnough`] when all the coins together are worth less than
/// the amount, [`ChooseError::NoExactSet`] when it needs [`change`].
///
/// ```
/// use coin::{Amount, SerialNumber, choose};
///
/// let coins = [3, 2, 1, 2_097_153].map(|sn| SerialNumber::new(sn).unwrap());
/// let amount = Amount::new(7).unwrap();
/// let chosen = choose::exact(amount, &coins, &[]).unwrap();
/// assert_eq!(chosen, [coins[2], coins[1], coins[3]]);
/// ```
pub fn exact(
    amount: Amount,
    clean: &[SerialNumber],
    refused: &[SerialNumber],
) -> Result<Vec<SerialNumber>, ChooseError> {
    let purse = Purse::of(clean, refused);
    if let Some(have) = purse.worth_less_than(amount) {
        return Err(ChooseError::NotEnough { have });
    }
    let take = fewest(amount.units(), purse.clean.counts)
        .or_else(|| fewest(amount.units(), purse.counts()))
        .ok_or(ChooseError::NoExactSet)?;
    Ok(purse.take(take))
}
