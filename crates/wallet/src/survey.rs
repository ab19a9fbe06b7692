//! What coins lie in some folders, and which open operation put them there; read without the lock.

use std::collections::BTreeSet;

use coin::{CoinName, SerialNumber, StoredCoin};

use crate::disk::Disk;
use crate::error::WalletError;
use crate::listing;
use crate::open_journals::OpenJournals;
use crate::operation::{Kind, OperationId};
use crate::place::{Folder, Place};
use crate::wallet::Wallet;

/// The coins of some folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// The coins, folder by folder, in the order of their names.
    pub coins: Vec<Surveyed>,
    /// Files that do not hold the one coin that their names say.
    pub unreadable: Vec<(Place, CoinName)>,
    /// The coins that are booked for certain, in those folders or not: in Bank, Fracked or Export of any
    /// wallet, in flight, kept by an open operation that has yet to decide about them, or put where they are
    /// by one whose journal is damaged.
    pub booked: BTreeSet<SerialNumber>,
}

/// A coin with its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surveyed {
    /// The folder.
    pub place: Place,
    /// The name of the file.
    pub name: CoinName,
    /// What it holds.
    pub coin: StoredCoin,
    /// The open operation that has put the file there and may look for it there.
    pub holder: Option<(OperationId, Kind)>,
}

/// Reads the coins in these folders of the home on `disk`. A file that a writer moves away meanwhile is
/// left out.
///
/// # Errors
/// Those of the disk and of the journals.
pub fn survey(disk: &impl Disk, places: &[Place]) -> Result<Survey, WalletError> {
    let OpenJournals { states, damaged } = OpenJournals::read(disk)?;
    let mut survey = Survey::default();
    for state in states.iter().chain(damaged.iter().map(|(_, state)| state)) {
        survey.booked.extend(state.in_flight());
        survey.booked.extend(state.undecided());
    }
    for place in Place::all().filter(|place| is_certain(*place)) {
        survey.booked.extend(listing::serial_numbers(disk, place)?);
    }
    for &place in places {
        for name in listing::coin_names(disk, place)? {
            let text = name.to_string();
            if damaged.iter().any(|(_, state)| state.holds(place, &text)) {
                survey.booked.insert(name.sn);
            }
            let holder = states.iter().find(|state| state.holds(place, &text));
            let holder = holder.map(|state| (state.id(), state.kind()));
            match listing::read_coin(disk, place, &name) {
                Ok(coin) => survey.coins.push(Surveyed { place, name, coin, holder }),
                Err(WalletError::NotThere { .. }) => {}
                Err(WalletError::NotThatCoin { .. }) => survey.unreadable.push((place, name)),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(survey)
}

fn is_certain(place: Place) -> bool {
    matches!(place.folder, Folder::Bank | Folder::Fracked | Folder::Export)
}

impl<D: Disk> Wallet<D> {
    /// Reads the coins in these folders, see [`survey`].
    ///
    /// # Errors
    /// Those of the disk and of the journals.
    pub fn survey(&self, places: &[Place]) -> Result<Survey, WalletError> {
        survey(&self.home.disk, places)
    }
}

#[cfg(test)]
mod tests {
    use coin::{AnSet, AuthenticityNumber, Coin, Letter, PownString, SerialNumber, StoredCoin};

    use super::survey;
    use crate::{Disk, DiskFile, Folder, Kind, OperationId, SimDisk, Wallet, WalletName};

    #[test]
    fn a_survey_tells_whose_each_file_is_and_which_are_damaged() {
        let disk = SimDisk::new();
        let (mut wallet, _) = Wallet::open(disk.clone()).unwrap();
        let limbo = WalletName::Default.place(Folder::Limbo);
        let coin = |number: u32| {
            let ans = AnSet::from_fn(|_| AuthenticityNumber::from_bytes([7; 16]));
            let coin = Coin { sn: SerialNumber::new(number).unwrap(), ans };
            StoredCoin::new(coin, PownString::all(Letter::NoReply))
        };
        let ids = [1, 2].map(|byte| OperationId::from_bytes([byte; 16]));
        for (id, number) in ids.into_iter().zip([1, 2]) {
            let mut operation = wallet.begin(id, Kind::Import, "").unwrap();
            operation.place(&mut wallet, limbo, &[coin(number)]).unwrap();
            if number == 1 {
                operation.end(&mut wallet, "").unwrap();
            }
        }
        let mut torn = disk.create(&limbo.file("1.CloudCoin.1.3.ab.stack")).unwrap();
        torn.write_at(0, b"{").unwrap();

        let found = survey(&disk, &[limbo]).unwrap();
        let holders: Vec<_> =
            found.coins.iter().map(|it| (it.coin.coin.sn.get(), it.holder)).collect();
        assert_eq!(holders, [(1, None), (2, Some((ids[1], Kind::Import)))]);
        assert_eq!(found.unreadable.len(), 1);
        assert!(found.booked.is_empty());
        assert_eq!(wallet.survey(&[limbo]).unwrap(), found);
    }
}
