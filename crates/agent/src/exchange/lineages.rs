//! What an exchange does to a ledger, and what undoes it.
//!
//! ```text
//! carry out   inputs (as its lineage names them) ──▶ pool     outputs, of its origin ◀── pool
//! take back   inputs (as its lineage names them) ◀── pool     outputs, of its origin ──▶ pool
//! ```
//!
//! Whatever a ledger does, its coins are some that these two steps lead to from what was minted. That
//! is why no two coins that agents own can both have come of the same one.

use coin::{AuthenticityNumber, Lineage, Origin, SerialNumber};

use crate::ledger::{Draft, Holding, LedgerError};

/// Carries out an exchange whose inputs are held and whose outputs are free, as the caller has seen.
pub(crate) fn carry_out(
    draft: &mut Draft<'_>,
    lineage: Lineage,
    mut secret: impl FnMut(SerialNumber) -> AuthenticityNumber,
) -> Result<Origin, LedgerError> {
    assert_equal_value(&lineage);
    let origin = lineage.origin();
    for (sn, origin) in lineage.inputs() {
        match origin {
            // Only a minted coin could be made a second time, by the mint or by a fix.
            Origin::Minted => draft.give_back(*sn)?,
            Origin::Exchange(_) => draft.remove(*sn)?,
        }
    }
    for sn in lineage.outputs() {
        draft.enter(*sn, Holding { an: secret(*sn), origin })?;
    }
    draft.trace(origin, lineage);
    Ok(origin)
}

/// Takes an exchange back whose outputs are held, with its origin, and whose inputs' numbers are free,
/// as the caller has seen.
pub(crate) fn take_back(
    draft: &mut Draft<'_>,
    lineage: &Lineage,
    secret: impl Fn(SerialNumber) -> AuthenticityNumber,
) -> Result<(), LedgerError> {
    assert_equal_value(lineage);
    for sn in lineage.outputs() {
        draft.remove(*sn)?;
    }
    for (sn, origin) in lineage.inputs() {
        draft.enter(*sn, Holding { an: secret(*sn), origin: *origin })?;
    }
    Ok(())
}

/// Tells whether both sides of an exchange are worth the same.
pub(crate) fn is_of_equal_value(lineage: &Lineage) -> bool {
    let worth = |sn: &SerialNumber| u64::from(sn.denomination().value());
    let given: u64 = lineage.inputs().iter().map(|(sn, _)| worth(sn)).sum();
    given == lineage.outputs().iter().map(worth).sum::<u64>()
}

fn assert_equal_value(lineage: &Lineage) {
    assert!(is_of_equal_value(lineage), "an exchange makes no value");
}
