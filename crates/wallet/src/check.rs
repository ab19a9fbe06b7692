//! Looks at a whole home: whether each journal is whole, each file holds the coin that it is named
//! after, no coin is booked twice, nothing is gone that a journal has put somewhere, and nobody
//! else may read any of it. [`repair`](crate::repair) mends what needs no guess.
//!
//! What agents hold is not asked here: a home that is in order may still hold coins of which others
//! know the secrets.

mod repair;
mod salvage;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use coin::{Amount, CoinName, SerialNumber, StoredCoin};

pub use repair::{Repaired, repair};

use crate::disk::{Access, Disk, EntryKind, Locked};
use crate::error::{DiskError, Holder, OpenError, WalletError};
use crate::home::LOCK;
use crate::journal::{self, Flaw};
use crate::listing;
use crate::operation::OperationId;
use crate::operation::state::State;
use crate::place::{Folder, Place, WalletName};

/// What a look at a home found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Journals that were read, of open and of ended operations.
    pub journals: usize,
    /// Files that were read and hold the coin that they are named after.
    pub coins: usize,
    /// What the coins in Bank and Fracked are worth, each counted once.
    pub worth: Amount,
    /// What is not as the wallet would have left it.
    pub findings: Vec<Finding>,
}

/// Something in a home that is not as the wallet would have left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A journal is damaged where a power cut cannot have done it. Its operation cannot go on.
    BrokenJournal {
        /// The journal, from the home on.
        path: PathBuf,
        /// The record, from 1; 0 is the line with the version.
        record: u32,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A journal was written by a later version of this program. Nothing is wrong with it.
    NewerJournal {
        /// The journal, from the home on.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A file does not hold the one coin that it is named after.
    NotThatCoin {
        /// Where it lies.
        place: Place,
        /// Its name.
        name: CoinName,
    },
    /// An owned coin lies in a hidden wallet, and no operation that is open has put it there.
    Stranded {
        /// Where it lies.
        place: Place,
        /// Its name.
        name: CoinName,
    },
    /// Something lies in a folder of coins that is no coin's file.
    Stray {
        /// Where it lies.
        place: Place,
        /// Its name.
        name: OsString,
    },
    /// A coin is booked more than once.
    Twice {
        /// The coin.
        sn: SerialNumber,
        /// Its files.
        files: Vec<(Place, CoinName)>,
        /// Whether all these files say the same.
        same: bool,
    },
    /// A journal has put the coin somewhere, and no file of this home holds it any more.
    Gone {
        /// The coin.
        sn: SerialNumber,
        /// An operation whose journal has its secrets.
        id: OperationId,
    },
    /// Others than the owner may read or change it.
    OpenToOthers {
        /// The file or directory, from the home on.
        path: PathBuf,
    },
}

/// Looks at a home that no other process writes to; holds the writers' lock meanwhile, and changes
/// nothing.
///
/// # Errors
/// [`OpenError::Busy`], and those of the disk. What is wrong with the home is no error but a
/// [`Finding`].
pub fn check<D: Disk>(disk: &D) -> Result<Audit, OpenError> {
    let locked = disk.lock(Path::new(LOCK), &Holder::this_process());
    match locked.map_err(DiskError::of("lock", Path::new(LOCK))).map_err(WalletError::Disk)? {
        Locked::Ours(_lock) => Ok(audit(disk)?),
        Locked::Held(text) => Err(OpenError::Busy { holder: Holder::parse(&text) }),
    }
}

/// Looks at a home whose lock is held.
fn audit(disk: &impl Disk) -> Result<Audit, WalletError> {
    let mut look = Look {
        disk,
        audit: Audit::default(),
        placed: BTreeMap::new(),
        held: Some(HashSet::new()),
        found: BTreeSet::new(),
    };
    look.at_rights(Path::new(""))?;
    for folder in [journal::OPEN, journal::DONE] {
        look.at_rights(Path::new(folder))?;
        look.at_journals(folder)?;
    }
    let mut booked = BTreeMap::new();
    for place in Place::all() {
        look.at_rights(&place.path())?;
        look.at_files(place, &mut booked)?;
    }
    Ok(look.sum_up(booked))
}

struct Look<'d, D> {
    disk: &'d D,
    audit: Audit,
    /// Coins that journals have put somewhere, each with one of the journals.
    placed: BTreeMap<SerialNumber, OperationId>,
    /// The files that open operations look after; nothing is stranded while a journal cannot be read.
    held: Option<HashSet<(Place, String)>>,
    /// Coins of which there is a file that is not put aside.
    found: BTreeSet<SerialNumber>,
}

/// A coin's files among those that are booked, and what the first says.
type Booked = BTreeMap<SerialNumber, (Vec<(Place, CoinName)>, StoredCoin, bool)>;

impl<D: Disk> Look<'_, D> {
    fn at_journals(&mut self, folder: &str) -> Result<(), WalletError> {
        for id in journal::list(self.disk, folder)? {
            self.audit.journals += 1;
            self.at_rights(&journal::path_in(folder, id))?;
            let mut state = State::new(id);
            match journal::read(self.disk, folder, id, |record| state.take(record)) {
                Ok(Some(_)) => {
                    if let (true, Some(held)) = (state.end().is_none(), &mut self.held) {
                        held.extend(state.all_held());
                    }
                    for (_, sn) in state.placed().filter(|(place, _)| place.folder.is_present()) {
                        self.placed.entry(sn).or_insert(id);
                    }
                }
                Ok(None) => {}
                Err(WalletError::JournalDamaged { path, record, flaw }) => {
                    self.held = self.held.take().filter(|_| folder == journal::DONE);
                    self.finds(Finding::BrokenJournal { path, record, flaw });
                }
                Err(WalletError::JournalTooNew { path, version, .. }) => {
                    self.held = None;
                    self.finds(Finding::NewerJournal { path, version });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn at_files(&mut self, place: Place, booked: &mut Booked) -> Result<(), WalletError> {
        let path = place.path();
        let mut entries = self.disk.list(&path).map_err(DiskError::of("list", &path))?;
        entries.sort_unstable();
        for entry in entries {
            let name = entry.name.to_str().and_then(|name| name.parse::<CoinName>().ok());
            if let (EntryKind::File, Some(name)) = (entry.kind, name) {
                self.at_rights(&path.join(&entry.name))?;
                self.at_coin(place, name, booked)?;
            } else if holds_coins_only(place.folder) {
                self.finds(Finding::Stray { place, name: entry.name });
            }
        }
        Ok(())
    }

    fn at_coin(
        &mut self,
        place: Place,
        name: CoinName,
        booked: &mut Booked,
    ) -> Result<(), WalletError> {
        let coin = match listing::read_coin(self.disk, place, &name) {
            Ok(coin) => coin,
            Err(WalletError::NotThatCoin { .. }) => {
                if holds_coins_only(place.folder) {
                    self.finds(Finding::NotThatCoin { place, name });
                }
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.audit.coins += 1;
        if place.folder.is_present() {
            self.found.insert(name.sn);
        }
        let is_hidden = place.wallet != WalletName::Default && counts(place.folder);
        if let (true, Some(held)) = (is_hidden, &self.held)
            && !held.contains(&(place, name.to_string()))
        {
            self.finds(Finding::Stranded { place, name: name.clone() });
        }
        if listing::is_booked(place) {
            let first = booked.entry(name.sn).or_insert_with(|| (Vec::new(), coin.clone(), true));
            first.2 &= first.1.coin == coin.coin && first.1.pans == coin.pans;
            first.0.push((place, name));
        }
        Ok(())
    }

    fn at_rights(&mut self, path: &Path) -> Result<(), WalletError> {
        match self.disk.access(path).map_err(DiskError::of("look at", path))? {
            Access::OwnersOnly => {}
            Access::Others => self.finds(Finding::OpenToOthers { path: path.to_owned() }),
        }
        Ok(())
    }

    fn finds(&mut self, finding: Finding) {
        self.audit.findings.push(finding);
    }

    fn sum_up(mut self, booked: Booked) -> Audit {
        let owned = |(place, _): &(Place, CoinName)| counts(place.folder);
        let owned = booked.iter().filter(|(_, (files, ..))| files.iter().any(owned));
        let worth = Amount::try_sum(owned.map(|(sn, _)| sn.denomination().amount()));
        self.audit.worth = worth.expect("different coins are at most all the coins there are");
        for (sn, (files, _, same)) in booked {
            if files.len() > 1 {
                self.finds(Finding::Twice { sn, files, same });
            }
        }
        let placed = std::mem::take(&mut self.placed);
        for (sn, id) in placed {
            if !self.found.contains(&sn) {
                self.finds(Finding::Gone { sn, id });
            }
        }
        self.audit
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::BrokenJournal { path, record, flaw } => {
                write!(f, "{}: record {record}: {flaw}", path.display())
            }
            Finding::NewerJournal { path, version } => {
                write!(f, "{}: written by a later program, version {version}", path.display())
            }
            Finding::NotThatCoin { place, name } => {
                write!(f, "{place}/{name}: does not hold that one coin")
            }
            Finding::Stranded { place, name } => {
                write!(f, "{place}/{name}: an owned coin that no open transfer looks after")
            }
            Finding::Stray { place, name } => {
                write!(f, "{place}/{}: no file of a coin", name.display())
            }
            Finding::Twice { sn, files, same } => {
                let files: Vec<String> =
                    files.iter().map(|(place, name)| format!("{place}/{name}")).collect();
                let how = if *same { "with the same secrets" } else { "with other secrets" };
                write!(f, "coin {sn} is there {} times, {how}: {}", files.len(), files.join(", "))
            }
            Finding::Gone { sn, id } => {
                write!(f, "coin {sn}: its file is gone; operation {id} knows its secrets")
            }
            Finding::OpenToOthers { path } if path.as_os_str().is_empty() => {
                f.write_str("the home: open to other users")
            }
            Finding::OpenToOthers { path } => {
                write!(f, "{}: open to other users", path.display())
            }
        }
    }
}

/// Tells whether nothing but files of coins belongs into such a folder.
fn holds_coins_only(folder: Folder) -> bool {
    match folder {
        Folder::Bank
        | Folder::Fracked
        | Folder::Limbo
        | Folder::Counterfeit
        | Folder::Export
        | Folder::Sent => true,
        Folder::Import | Folder::Imported | Folder::Suspect | Folder::Receipts | Folder::Trash => {
            false
        }
    }
}

/// Tells whether coins in such a folder are owned.
fn counts(folder: Folder) -> bool {
    matches!(folder, Folder::Bank | Folder::Fracked)
}
