//! What folders tell by the names of the files in them.

use std::collections::BTreeSet;
use std::io;

use coin::{CoinName, SerialNumber, StoredCoin, stack};

use crate::disk::{Disk, EntryKind, Part};
use crate::error::{DiskError, WalletError};
use crate::limits::COIN_FILE_BYTES_MAX;
use crate::open_journals::OpenJournals;
use crate::place::{Folder, Place};

/// The coins that a home has booked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookings(BTreeSet<SerialNumber>);

impl Bookings {
    pub(crate) fn read(disk: &impl Disk) -> Result<Bookings, WalletError> {
        let mut booked = BTreeSet::new();
        let open = OpenJournals::read(disk)?;
        for state in open.states.iter().chain(open.damaged.iter().map(|(_, state)| state)) {
            booked.extend(state.in_flight());
            booked.extend(state.undecided());
        }
        for place in Place::all().filter(|place| is_booked(*place)) {
            booked.extend(serial_numbers(disk, place)?);
        }
        Ok(Bookings(booked))
    }

    /// Returns whether the coin is booked.
    pub fn contains(&self, sn: SerialNumber) -> bool {
        self.0.contains(&sn)
    }

    /// Returns how many coins are booked.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether no coin is booked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Lists the coins in a folder by the exact names of their files.
pub(crate) fn coin_names(disk: &impl Disk, place: Place) -> Result<Vec<CoinName>, WalletError> {
    let mut names: Vec<CoinName> =
        file_names(disk, place)?.iter().filter_map(|name| name.parse().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

/// Reads the coin in a file.
pub(crate) fn read_coin(
    disk: &impl Disk,
    place: Place,
    name: &CoinName,
) -> Result<StoredCoin, WalletError> {
    let path = place.file(&name.to_string());
    let text = match disk.read(&path, Part::Whole { max: COIN_FILE_BYTES_MAX }) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(WalletError::NotThere { place, name: name.clone() });
        }
        Err(error) => return Err(DiskError::of("read", &path)(error).into()),
    };
    let not_that_coin = |source| WalletError::NotThatCoin { place, name: name.clone(), source };
    let coins = stack::read(&text).map_err(|error| not_that_coin(Some(error.into())))?;
    match <[StoredCoin; 1]>::try_from(coins) {
        Ok([coin]) if coin.coin.sn == name.sn => Ok(coin),
        Ok(_) | Err(_) => Err(not_that_coin(None)),
    }
}

/// Lists the serial numbers in a folder. A name that is otherwise not right,
/// that lies about the value for example, counts by its serial number.
pub(crate) fn serial_numbers(
    disk: &impl Disk,
    place: Place,
) -> Result<BTreeSet<SerialNumber>, WalletError> {
    Ok(file_names(disk, place)?.iter().filter_map(|name| serial_number(name)).collect())
}

fn file_names(disk: &impl Disk, place: Place) -> Result<Vec<String>, WalletError> {
    let path = place.path();
    let entries = disk.list(&path).map_err(DiskError::of("list", &path))?;
    let files = entries.into_iter().filter(|entry| entry.kind == EntryKind::File);
    Ok(files.filter_map(|entry| entry.name.into_string().ok()).collect())
}

fn serial_number(name: &str) -> Option<SerialNumber> {
    let mut parts = name.split('.');
    let (_value, format, network, sn) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let ours = format.eq_ignore_ascii_case("CloudCoin") && network == "1";
    let is_stack = parts.next_back()?.eq_ignore_ascii_case("stack");
    (ours && is_stack).then(|| sn.parse().ok())?
}

/// Tells whether coins in this place are booked.
pub(crate) fn is_booked(place: Place) -> bool {
    match place.folder {
        Folder::Bank | Folder::Fracked | Folder::Limbo | Folder::Export => true,
        Folder::Import
        | Folder::Imported
        | Folder::Suspect
        | Folder::Counterfeit
        | Folder::Sent
        | Folder::Receipts
        | Folder::Trash => false,
    }
}

#[cfg(test)]
mod tests {
    use super::serial_number;

    fn check(name: &str, expected: Option<u32>) {
        assert_eq!(serial_number(name).map(coin::SerialNumber::get), expected, "{name}");
    }

    #[test]
    fn a_name_that_lies_about_the_value_counts_by_its_serial_number() {
        check("250.CloudCoin.1.7.ab.stack", Some(7));
        check("1.CloudCoin.1.7.ab.stack", Some(7));
        check("1.cloudcoin.1.7.stack", Some(7));
        check("1.CloudCoin.1.7..stack", Some(7));
    }

    #[test]
    fn what_is_not_named_like_a_coin_counts_for_nothing() {
        for name in ["", "notes.txt", "1.CloudCoin.2.7.ab.stack", "1.CloudCoin.1.0.ab.stack"] {
            check(name, None);
        }
        check("1.CloudCoin.1.7.ab.stack.part", None);
        check("12750.CloudCoin.tag.stack", None);
    }
}
