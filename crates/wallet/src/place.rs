//! Where a coin can lie: a folder of one of the three wallets of a home.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One of the three wallets of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WalletName {
    /// The wallet that its owner sees: `Default`.
    Default,
    /// The hidden wallet through which coins leave: `.Sender`.
    Sender,
    /// The hidden wallet through which coins come: `.Receiver`.
    Receiver,
}

/// A folder of a wallet. The names are those of the existing wallets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Folder {
    /// Coins that have arrived and are not yet taken over.
    Import,
    /// Files that were imported, and old contents of coins that got new ones.
    Imported,
    /// What counts for nothing until the agents were asked.
    Suspect,
    /// Coins that all 25 agents confirmed.
    Bank,
    /// Owned coins that some agent does not confirm.
    Fracked,
    /// Undecided coins, with both their secrets per agent.
    Limbo,
    /// Coins that 13 agents or more know neither secret of.
    Counterfeit,
    /// Coins on their way out.
    Export,
    /// Coins that were sent.
    Sent,
    /// Receipts of transfers.
    Receipts,
    /// Unreadable and superfluous files; nothing is ever deleted.
    Trash,
}

/// A folder of a certain wallet, shown as its path in the home: `Default/Bank`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The wallet.
    pub wallet: WalletName,
    /// The folder in it.
    pub folder: Folder,
}

/// A text that names no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no folder of a wallet: {text:?}")]
pub struct UnknownPlace {
    /// The text, at most 64 characters of it.
    pub text: String,
}

impl WalletName {
    /// All three, in the order in which they are shown.
    pub const ALL: [WalletName; 3] =
        [WalletName::Default, WalletName::Sender, WalletName::Receiver];

    /// Returns the name of its directory in the home.
    pub const fn directory(self) -> &'static str {
        match self {
            WalletName::Default => "Default",
            WalletName::Sender => ".Sender",
            WalletName::Receiver => ".Receiver",
        }
    }

    /// Returns the place `folder` of this wallet.
    pub const fn place(self, folder: Folder) -> Place {
        Place { wallet: self, folder }
    }
}

impl Folder {
    /// All eleven, in the order in which a coin may see them.
    pub const ALL: [Folder; 11] = [
        Folder::Import,
        Folder::Imported,
        Folder::Suspect,
        Folder::Bank,
        Folder::Fracked,
        Folder::Limbo,
        Folder::Counterfeit,
        Folder::Export,
        Folder::Sent,
        Folder::Receipts,
        Folder::Trash,
    ];

    /// Tells whether it holds coins as they are now. Imported and Trash hold what they were before.
    pub(crate) const fn is_present(self) -> bool {
        match self {
            Folder::Import
            | Folder::Suspect
            | Folder::Bank
            | Folder::Fracked
            | Folder::Limbo
            | Folder::Counterfeit
            | Folder::Export
            | Folder::Sent => true,
            Folder::Imported | Folder::Receipts | Folder::Trash => false,
        }
    }

    /// Returns the name of its directory in a wallet.
    pub const fn directory(self) -> &'static str {
        match self {
            Folder::Import => "Import",
            Folder::Imported => "Imported",
            Folder::Suspect => "Suspect",
            Folder::Bank => "Bank",
            Folder::Fracked => "Fracked",
            Folder::Limbo => "Limbo",
            Folder::Counterfeit => "Counterfeit",
            Folder::Export => "Export",
            Folder::Sent => "Sent",
            Folder::Receipts => "Receipts",
            Folder::Trash => "Trash",
        }
    }
}

impl Place {
    /// Returns every place of a home: 33.
    pub fn all() -> impl Iterator<Item = Place> {
        WalletName::ALL
            .into_iter()
            .flat_map(|wallet| Folder::ALL.map(|folder| wallet.place(folder)))
    }

    /// Returns the path of the directory in the home.
    pub(crate) fn path(self) -> PathBuf {
        PathBuf::from(self.wallet.directory()).join(self.folder.directory())
    }

    /// Returns the path of a file in it.
    pub(crate) fn file(self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.wallet.directory(), self.folder.directory())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Place {
    type Err = UnknownPlace;

    fn from_str(text: &str) -> Result<Place, UnknownPlace> {
        let unknown = || UnknownPlace { text: text.chars().take(64).collect() };
        let (wallet, folder) = text.split_once('/').ok_or_else(unknown)?;
        let wallet = WalletName::ALL.into_iter().find(|it| it.directory() == wallet);
        let folder = Folder::ALL.into_iter().find(|it| it.directory() == folder);
        match (wallet, folder) {
            (Some(wallet), Some(folder)) => Ok(Place { wallet, folder }),
            (None, _) | (_, None) => Err(unknown()),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Place, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn every_place_reads_what_it_shows() {
        assert_eq!(Place::all().count(), 33);
        for place in Place::all() {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
    }

    #[test]
    fn other_texts_are_no_places() {
        for text in ["", "Default", "Default/", "default/Bank", "Default/Bank/x", "../Bank"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}
