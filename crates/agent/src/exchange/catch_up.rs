//! Catching up on an exchange that others have executed and this agent has not, on the word of 13 of
//! them that they hold what it made.
//!
//! ```text
//! minted X ──E──▶ 1 2 3 4 5 ──F──▶ Y      the others hold Y, this agent holds X
//!                                         E, then F, are carried out here: X is gone, Y is held
//! ```
//!
//! Whatever the exchanges made beside the coin that is fixed has a secret that nobody knows: its owner
//! has it fixed too. All is done or nothing.

use std::collections::{HashMap, HashSet};

use coin::{AuthenticityNumber, Lineage, Origin, SerialNumber};

use super::lineages;
use crate::ledger::{Draft, LedgerError};
use crate::words::Given;

/// Exchanges that an agent has heard of, by their origins.
pub(crate) type Heard = HashMap<Origin, Lineage>;

/// Why an exchange is not carried out here; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotMade {
    /// The agent has not heard what the exchange, or one before it, was.
    Unheard,
    /// The exchange did not make this coin.
    OtherCoins,
    /// What it gives is not held here, nor was it made by an exchange that could be carried out.
    InputGone,
    /// A serial number that it makes is in circulation.
    OutputTaken,
    /// The agent has given its word that it holds what the exchange gives.
    Vouched,
}

/// Carries out the exchange that made this coin, and those before it that it needs. Returns the serial
/// numbers that came into circulation by them and are in it still.
pub(crate) fn catch_up(
    draft: &mut Draft<'_>,
    (sn, origin): (SerialNumber, Origin),
    heard: &Heard,
    words: &mut Given,
) -> Result<Result<Vec<SerialNumber>, NotMade>, LedgerError> {
    if heard.get(&origin).is_some_and(|lineage| lineage.outputs().binary_search(&sn).is_err()) {
        return Ok(Err(NotMade::OtherCoins));
    }
    let mut plan = Plan::over(draft, heard);
    if let Err(not_made) = plan.add(origin)? {
        return Ok(Err(not_made));
    }
    for sn in plan.changed.keys() {
        if draft.coin(*sn)?.is_some() && words.wait_for(*sn).is_some() {
            return Ok(Err(NotMade::Vouched));
        }
    }
    let Plan { changed, order, .. } = plan;
    for lineage in order {
        lineages::carry_out(draft, lineage.clone(), |_| nobodys_secret())?;
    }
    let made = changed.into_iter().filter_map(|(sn, origin)| origin.map(|_| sn));
    Ok(Ok(made.collect()))
}

fn nobodys_secret() -> AuthenticityNumber {
    AuthenticityNumber::from_bytes(rand::random())
}

/// Exchanges in the order in which they can be carried out, and where what would be held then came
/// from.
struct Plan<'d, 'h, 'l> {
    draft: &'d Draft<'l>,
    heard: &'h Heard,
    begun: HashSet<Origin>,
    changed: HashMap<SerialNumber, Option<Origin>>,
    order: Vec<&'h Lineage>,
}

impl<'d, 'h, 'l> Plan<'d, 'h, 'l> {
    fn over(draft: &'d Draft<'l>, heard: &'h Heard) -> Plan<'d, 'h, 'l> {
        let (begun, changed) = (HashSet::new(), HashMap::new());
        Plan { draft, heard, begun, changed, order: Vec::new() }
    }

    /// Adds an exchange behind those that it needs, as deep as exchanges were heard of.
    fn add(&mut self, origin: Origin) -> Result<Result<(), NotMade>, LedgerError> {
        let Some(lineage) = self.heard.get(&origin) else { return Ok(Err(NotMade::Unheard)) };
        if !self.begun.insert(origin) {
            // What it made has been given already.
            return Ok(Err(NotMade::InputGone));
        }
        for (sn, of) in lineage.inputs() {
            if self.held(*sn)? != Some(*of)
                && *of != Origin::Minted
                && let Err(not_made) = self.add(*of)?
            {
                return Ok(Err(not_made));
            }
        }
        // What was held may have been given for another input.
        for (sn, of) in lineage.inputs() {
            if self.held(*sn)? != Some(*of) {
                return Ok(Err(NotMade::InputGone));
            }
        }
        for sn in lineage.outputs() {
            if self.held(*sn)?.is_some() {
                return Ok(Err(NotMade::OutputTaken));
            }
        }
        self.changed.extend(lineage.inputs().iter().map(|(sn, _)| (*sn, None)));
        self.changed.extend(lineage.outputs().iter().map(|sn| (*sn, Some(origin))));
        self.order.push(lineage);
        Ok(Ok(()))
    }

    fn held(&self, sn: SerialNumber) -> Result<Option<Origin>, LedgerError> {
        match self.changed.get(&sn) {
            Some(origin) => Ok(*origin),
            None => Ok(self.draft.coin(sn)?.map(|held| held.origin)),
        }
    }
}
