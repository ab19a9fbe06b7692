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

/// Sets new ANs of coins, also of coins that the agent does not know. Each coin is decided by
/// itself. Whoever asks for it has shown at other agents that he may.
pub(crate) struct Fix(pub(crate) Vec<Fixing>);

/// A coin that is to be fixed.
pub(crate) struct Fixing {
    pub(crate) sn: SerialNumber,
    /// What the agent held before the others were asked. Whoever took the coin since then took it
    /// from the one who asks, and keeps it.
    pub(crate) seen: Option<AuthenticityNumber>,
    /// What it shall hold.
    pub(crate) pan: AuthenticityNumber,
}

/// What became of a coin that was to be fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fixed {
    /// The agent holds the new AN, from now on or since an earlier request.
    Pass,
    /// It has come to hold another since the others were asked, and still does.
    Changed,
    /// It was given back here for others: fixing it would bring its value into circulation again.
    GivenBack,
}

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
    type Outcome = Vec<Fixed>;

    fn coins(&self) -> usize {
        self.0.len()
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<Vec<Fixed>, LedgerError> {
        let mut fixed = Vec::with_capacity(self.0.len());
        for Fixing { sn, seen, pan } in self.0 {
            let held = draft.an(sn)?;
            fixed.push(if held.as_ref() == Some(&pan) {
                Fixed::Pass
            } else if held != seen {
                Fixed::Changed
            } else if held.is_none() && draft.was_given_back(sn)? {
                Fixed::GivenBack
            } else {
                draft.set(sn, pan)?;
                Fixed::Pass
            });
        }
        Ok(fixed)
    }
}

#[cfg(test)]
mod tests;
