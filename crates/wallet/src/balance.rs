//! What a home is worth, from the names of its files; read without the lock.
//!
//! The value of a file is that of the serial number in its name. A coin seen in
//! two folders counts once. While a writer moves coins, a reader could miss one
//! that goes from a folder not yet read to one that has been read: so the
//! folders are read until two readings in a row agree.

use std::collections::{BTreeMap, BTreeSet};

use coin::{Amount, SerialNumber};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::disk::Disk;
use crate::error::WalletError;
use crate::limits::BALANCE_READINGS_MAX;
use crate::listing;
use crate::open_journals::{DamagedJournal, OpenJournals};
use crate::place::{Folder, Place, WalletName};
use crate::provenance::{self, Provenance};

/// What a home is worth. As JSON:
/// `{"v":1,"total":n,"in_flight":n,"limbo":n,"suspect":n,"folders":{"Default/Bank":n,…}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Bank and Fracked of all three wallets, and coins on their way out that
    /// are not in flight yet.
    pub total: Amount,
    /// Coins that left and of which nobody knows yet whose they are.
    pub in_flight: Amount,
    /// Undecided coins.
    pub limbo: Amount,
    /// Coins that wait for the agents to be asked.
    pub suspect: Amount,
    /// Each folder by itself, if it holds coins; Default/Bank always. A coin
    /// seen in two folders is in both, so the sum may be more than the total.
    pub folders: BTreeMap<Place, Amount>,
    /// Whether the home was copied or restored: its coins may have been spent since.
    pub provenance: Provenance,
    /// Journals that are damaged: what is in flight by them may be more.
    pub damaged: Vec<DamagedJournal>,
}

/// One reading of a home.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reading {
    folders: BTreeMap<Place, BTreeSet<SerialNumber>>,
    in_flight: BTreeSet<SerialNumber>,
    leaving: BTreeSet<SerialNumber>,
    damaged: Vec<DamagedJournal>,
}

/// Returns what the home on `disk` is worth.
///
/// # Errors
/// Those of the disk; [`WalletError::JournalTooNew`].
pub fn balance(disk: &impl Disk) -> Result<Balance, WalletError> {
    let mut last = Reading::of(disk)?;
    for _ in 1..BALANCE_READINGS_MAX {
        let next = Reading::of(disk)?;
        if next == last {
            break;
        }
        last = next;
    }
    Ok(Balance { provenance: provenance::provenance(disk)?, ..last.balance() })
}

impl Reading {
    fn of(disk: &impl Disk) -> Result<Reading, WalletError> {
        let mut reading = Reading::default();
        let open = OpenJournals::read(disk)?;
        for state in open.states {
            reading.in_flight.extend(state.in_flight());
            reading.leaving.extend(state.leaving());
        }
        for (journal, state) in open.damaged {
            reading.in_flight.extend(state.in_flight());
            // Behind the damage it may say that they left.
            reading.in_flight.extend(state.leaving());
            reading.damaged.push(journal);
        }
        for place in Place::all().filter(|place| place.folder.is_present()) {
            reading.folders.insert(place, listing::serial_numbers(disk, place)?);
        }
        Ok(reading)
    }

    fn balance(&self) -> Balance {
        let mut counted = self.all_in(Folder::Bank);
        counted.extend(self.all_in(Folder::Fracked));
        counted.extend(self.all_in(Folder::Export).intersection(&self.leaving));
        let total = sum(&counted);
        let mut beside = |coins: &BTreeSet<SerialNumber>| {
            let coins: BTreeSet<SerialNumber> = coins.difference(&counted).copied().collect();
            counted.extend(&coins);
            sum(&coins)
        };
        Balance {
            total,
            in_flight: beside(&self.in_flight),
            limbo: beside(&self.all_in(Folder::Limbo)),
            suspect: beside(&self.all_in(Folder::Suspect)),
            folders: self.by_folder(),
            provenance: Provenance::default(),
            damaged: self.damaged.clone(),
        }
    }

    fn by_folder(&self) -> BTreeMap<Place, Amount> {
        let first = WalletName::Default.place(Folder::Bank);
        let shown =
            self.folders.iter().filter(|(place, coins)| **place == first || !coins.is_empty());
        shown.map(|(place, coins)| (*place, sum(coins))).collect()
    }

    fn all_in(&self, folder: Folder) -> BTreeSet<SerialNumber> {
        let folders = self.folders.iter().filter(|(place, _)| place.folder == folder);
        folders.flat_map(|(_, coins)| coins).copied().collect()
    }
}

impl Serialize for Balance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = serializer.serialize_struct("Balance", 6)?;
        json.serialize_field("v", &1)?;
        json.serialize_field("total", &self.total)?;
        json.serialize_field("in_flight", &self.in_flight)?;
        json.serialize_field("limbo", &self.limbo)?;
        json.serialize_field("suspect", &self.suspect)?;
        json.serialize_field("folders", &self.folders)?;
        json.end()
    }
}

fn sum(coins: &BTreeSet<SerialNumber>) -> Amount {
    let values = coins.iter().map(|sn| sn.denomination().amount());
    Amount::try_sum(values).expect("different coins are at most all the coins there are")
}
