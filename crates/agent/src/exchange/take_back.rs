//! Taking an exchange back: whoever holds all that it made gives it up and has again what he gave.

use std::collections::HashMap;

use coin::{AuthenticityNumber, Origin, SerialNumber};
use raida::api::{Exchange, KnownCoin};

use super::lineages;
use crate::ledger::{Draft, LedgerError};
use crate::words::Words;

/// Why an exchange that was executed is not taken back; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    /// It was executed by a version that did not remember what an exchange was.
    #[error("what was exchanged is not known any more")]
    Forgotten,
    /// It was about other coins.
    #[error("it was about other coins")]
    OtherCoins,
    /// Not all coins that it made are held as they are shown.
    #[error("coin {sn}, which it made, is not held with this secret")]
    NotHeld {
        /// The coin.
        sn: SerialNumber,
    },
    /// The agent has given its word that it holds a coin that it made.
    #[error("coin {sn} is being vouched for, ask again in some seconds")]
    Vouched {
        /// The coin.
        sn: SerialNumber,
    },
    /// The serial number of a coin that was given is in circulation again.
    #[error("serial number {sn} is not in the pool")]
    NotInPool {
        /// The serial number.
        sn: SerialNumber,
    },
}

/// Takes the exchange of this origin back: the outputs leave, which are shown with the secrets that
/// are held, and the inputs come back, with the origins that they had and the secrets that stand
/// there.
pub(super) fn take_back(
    draft: &mut Draft<'_>,
    origin: Option<Origin>,
    back: &Exchange,
    words: &Words,
) -> Result<Result<(), Kept>, LedgerError> {
    let lineage = match origin {
        Some(origin) => draft.lineage(origin)?.map(|lineage| (origin, lineage)),
        None => None,
    };
    let Some((origin, lineage)) = lineage else { return Ok(Err(Kept::Forgotten)) };
    let (given, made) = (by_number(back.inputs()), by_number(back.outputs()));
    let is_given = lineage.inputs().iter().all(|(sn, _)| given.contains_key(sn));
    let is_made = lineage.outputs().iter().all(|sn| made.contains_key(sn));
    let counts = (lineage.inputs().len(), lineage.outputs().len());
    if !is_given || !is_made || counts != (given.len(), made.len()) {
        return Ok(Err(Kept::OtherCoins));
    }
    for (&sn, &an) in &made {
        if draft.coin(sn)?.is_none_or(|held| held.an != *an || held.origin != origin) {
            return Ok(Err(Kept::NotHeld { sn }));
        }
    }
    for &sn in given.keys() {
        if draft.coin(sn)?.is_some() {
            return Ok(Err(Kept::NotInPool { sn }));
        }
    }
    let mut words = words.open();
    if let Some(&sn) = made.keys().find(|sn| words.wait_for(**sn).is_some()) {
        return Ok(Err(Kept::Vouched { sn }));
    }
    lineages::take_back(draft, &lineage, |sn| given[&sn].clone())?;
    Ok(Ok(()))
}

fn by_number(coins: &[KnownCoin]) -> HashMap<SerialNumber, &AuthenticityNumber> {
    coins.iter().map(|(sn, secret)| (*sn, secret)).collect()
}
