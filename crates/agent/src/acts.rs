//! What may be done to single coins: taking them with their secret, and fixing them.

use coin::{AuthenticityNumber, SerialNumber};
use raida::api::CoinQuestion;

use crate::committer::Act;
use crate::ledger::{Draft, LedgerError};

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The agent holds the PAN, from now on or since an earlier request.
    Pass,
    /// The agent held another secret than the AN, and still does.
    Fail,
}

/// Replaces the AN of each coin by its PAN where the agent holds the AN. Each coin is decided by
/// itself, in the order of the proposals.
pub(crate) struct Take(pub(crate) Vec<CoinQuestion>);

/// Sets the ANs of coins, whatever they were, also of coins that the agent does not know. Whoever
/// asks for it has shown elsewhere that he may.
pub(crate) struct Fix(pub(crate) Vec<(SerialNumber, AuthenticityNumber)>);

impl Act for Take {
    type Outcome = Vec<Taken>;

    fn coins(&self) -> usize {
        self.0.len()
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<Vec<Taken>, LedgerError> {
        let mut taken = Vec::with_capacity(self.0.len());
        for CoinQuestion { sn, an, pan } in self.0 {
            taken.push(match draft.an(sn)? {
                Some(held) if held == pan => Taken::Pass,
                Some(held) if held == an => {
                    draft.replace(sn, pan);
                    Taken::Pass
                }
                Some(_) | None => Taken::Fail,
            });
        }
        Ok(taken)
    }
}

impl Act for Fix {
    type Outcome = ();

    fn coins(&self) -> usize {
        self.0.len()
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<(), LedgerError> {
        self.0.into_iter().try_for_each(|(sn, an)| draft.set(sn, an))
    }
}

#[cfg(test)]
mod tests;
