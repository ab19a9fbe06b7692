//! Does a ledger hold what it says it holds?

use std::collections::HashSet;

use coin::{Denomination, Origin};

use super::holding::lineage_from_bytes;
use super::store::{
    is_mark_key, is_record_key, read_coin_key, read_lineage_key, unless_it_breaks_off,
};
use super::{Counts, Damage, FjallLedger, Holding, Ledger, LedgerError, Record};

/// What was found in a ledger that is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it holds, counted anew.
    pub counts: Counts,
    /// Commits that it has had.
    pub commits: u64,
}

/// Why a ledger is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read to its end.
    #[error(transparent)]
    Unreadable(#[from] Damage),
    /// Its counts cannot be read.
    #[error(transparent)]
    Counts(#[from] LedgerError),
    /// An entry has a form that none has.
    #[error("its entry with the key {key} is torn")]
    TornEntry {
        /// Its key, in hexadecimal digits.
        key: String,
    },
    /// Coins are missing or too many.
    #[error("it has {found} coins of {of} and has counted {counted}")]
    Miscounted {
        /// Their denomination.
        of: Denomination,
        /// As it has counted.
        counted: u64,
        /// As they are.
        found: u64,
    },
    /// A coin came from an exchange that was never executed here.
    #[error("it has coins of origin {origin} and no lineage of it")]
    NoLineage {
        /// Their origin.
        origin: Origin,
    },
    /// Records of requests are missing or too many.
    #[error("it has {found} records of requests and has counted {counted}")]
    Records {
        /// As it has counted.
        counted: u64,
        /// As they are.
        found: u64,
    },
}

/// The entries of which there is one each.
const NAMED: [&[u8]; 5] = [b"format", b"network", b"agent", b"commits", b"counts"];

impl FjallLedger {
    /// Reads every entry, and compares what is there with what the ledger has counted. That no
    /// commit is missing was seen when it was opened.
    ///
    /// # Errors
    ///
    /// The first thing that is not as it should be.
    pub fn verify(&self) -> Result<Verified, VerifyError> {
        let (mut entries, commits) = self.at_rest(|store, commits| (store.all(), commits));
        let mut found = Found::default();
        while let Some(entry) = unless_it_breaks_off(|| entries.next().transpose())? {
            found.count(&entry.0, &entry.1)?;
        }
        if let Some(&origin) = found.origins.difference(&found.lineages).next() {
            return Err(VerifyError::NoLineage { origin });
        }
        let found = found.counts;
        let counted = self.counts()?;
        for of in Denomination::ALL {
            let (counted, found) = (counted.coins_of(of), found.coins_of(of));
            if counted != found {
                return Err(VerifyError::Miscounted { of, counted, found });
            }
        }
        let records = |counts: &Counts| counts.exchanged() + counts.cancelled();
        if counted != found {
            let (counted, found) = (records(&counted), records(&found));
            return Err(VerifyError::Records { counted, found });
        }
        Ok(Verified { counts: found, commits })
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    counts: Counts,
    /// Of coins that exchanges made.
    origins: HashSet<Origin>,
    /// The origins of which the lineage is known.
    lineages: HashSet<Origin>,
}

impl Found {
    fn count(&mut self, key: &[u8], value: &[u8]) -> Result<(), VerifyError> {
        let torn = || VerifyError::TornEntry { key: hex::encode(key) };
        if is_record_key(key) {
            self.counts.note(&Record::from_bytes(value).ok_or_else(torn)?);
        } else if let Some(sn) = read_coin_key(key) {
            let Holding { origin, .. } = Holding::from_bytes(value).ok_or_else(torn)?;
            if origin != Origin::Minted {
                self.origins.insert(origin);
            }
            self.counts.enter(sn.denomination());
        } else if let Some(origin) = read_lineage_key(key) {
            lineage_from_bytes(origin, value).ok_or_else(torn)?;
            self.lineages.insert(origin);
        } else if is_mark_key(key) {
            if !value.is_empty() {
                return Err(torn());
            }
        } else if !NAMED.contains(&key) {
            return Err(torn());
        }
        Ok(())
    }
}
