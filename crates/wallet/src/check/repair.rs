//! Mends what needs no guess. Nothing is deleted, and nothing that was mended counts before the
//! agents were asked: coins are written to Suspect.
//!
//! ```text
//!   damaged journal              ──▶ its coins to Suspect, itself to .journal/damaged
//!   file that is gone or broken  ──▶ what journals know of the coin to Suspect, the file to Trash
//!   owned, in a hidden wallet    ──▶ the same folder of Default
//!   the same coin twice          ──▶ all files but the first to Trash
//!   open to others               ──▶ closed
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coin::{CoinName, SerialNumber, StoredCoin};
use sha2::{Digest, Sha256};

use super::{Audit, Finding, audit, salvage};
use crate::disk::{Disk, Part};
use crate::error::{DiskError, OpenError, WalletError};
use crate::home::Home;
use crate::journal;
use crate::limits::{JOURNAL_BYTES_MAX, NAMES_TRIED_MAX};
use crate::listing;
use crate::naming::{self, Names};
use crate::operation::state::State;
use crate::operation::{Kind, Operation, OperationId};
use crate::place::{Folder, Place, WalletName};
use crate::recovery;
use crate::wallet::Wallet;

/// Where damaged journals are kept.
const DAMAGED: &str = ".journal/damaged";
const SUSPECT: Place = WalletName::Default.place(Folder::Suspect);

/// What a repair did, and what it left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Damaged journals that were set aside, where they are now.
    pub journals: Vec<PathBuf>,
    /// Coins whose secrets were written to Default/Suspect: the agents have to be asked about them.
    pub suspects: Vec<SerialNumber>,
    /// Owned coins that went from a hidden wallet to Default.
    pub brought_home: Vec<SerialNumber>,
    /// Files that went to Trash, where they were.
    pub trashed: Vec<(Place, CoinName)>,
    /// Files and directories that were closed to others.
    pub closed_to_others: Vec<PathBuf>,
    /// What the home is like now.
    pub left: Audit,
}

/// Where a coin must have a file so that what a journal knows of it needs none in Suspect.
#[derive(Clone, Copy)]
enum Unless {
    /// Anywhere, if it says the same.
    TheSameAnywhere,
    /// Where it is as it is now. What left lies in Export or Sent, and is never put back: who takes it
    /// is not known without its journal.
    Present,
}

/// Mends a home that no other process writes to.
///
/// # Errors
/// [`OpenError::Busy`], and those of the disk.
///
/// # Crash safety
/// Coins are durable in the journal of the repair, and in files, before anything is set aside. A
/// crash anywhere is made good by the next call: what was mended is in order, and the rest is mended
/// then.
pub fn repair<D: Disk>(disk: D) -> Result<Repaired, OpenError> {
    let (home, closed_to_others) = Home::open(disk)?;
    let mut wallet = Wallet { home: Arc::new(home) };
    let mut repaired = Repaired { closed_to_others, ..Repaired::default() };
    set_journals_aside(&mut wallet, &mut repaired)?;
    recovery::recover(&wallet)?;
    mend_files(&mut wallet, &mut repaired)?;
    bring_home(&mut wallet, &mut repaired)?;
    end_earlier(&mut wallet)?;
    repaired.left = audit(&wallet.home.disk)?;
    Ok(repaired)
}

/// Moves owned coins that lie in a hidden wallet for no operation to Default, where they can be used.
fn bring_home<D: Disk>(wallet: &mut Wallet<D>, repaired: &mut Repaired) -> Result<(), WalletError> {
    let mut stranded: BTreeMap<Place, Vec<CoinName>> = BTreeMap::new();
    for finding in audit(&wallet.home.disk)?.findings {
        if let Finding::Stranded { place, name } = finding {
            stranded.entry(place).or_default().push(name);
        }
    }
    if stranded.is_empty() {
        return Ok(());
    }
    let names = stranded.values().flatten();
    let seed: Vec<u8> = names.flat_map(|name| name.to_string().into_bytes()).collect();
    let mut operation = begin_or_load(wallet, &seed)?;
    for (from, names) in stranded {
        let to = WalletName::Default.place(from.folder);
        operation.shift(wallet, from, to, &names)?;
        repaired.brought_home.extend(names.iter().map(|name| name.sn));
    }
    operation.end(wallet, "owned coins to Default")
}

/// Ends repairs that were cut off: what they had not written yet was found missing again.
fn end_earlier<D: Disk>(wallet: &mut Wallet<D>) -> Result<(), WalletError> {
    for (id, kind) in wallet.open_operations()? {
        if kind == Kind::Repair {
            let operation = wallet.load(id)?;
            operation.end(wallet, "cut off")?;
        }
    }
    Ok(())
}

fn set_journals_aside<D: Disk>(
    wallet: &mut Wallet<D>,
    repaired: &mut Repaired,
) -> Result<(), WalletError> {
    for finding in audit(&wallet.home.disk)?.findings {
        let Finding::BrokenJournal { path, .. } = finding else { continue };
        let text = wallet.home.disk.read(&path, Part::Whole { max: JOURNAL_BYTES_MAX });
        let text = text.map_err(DiskError::of("read", &path))?;
        let unless = match path.parent() == Some(Path::new(journal::OPEN)) {
            true => Unless::Present,
            false => Unless::TheSameAnywhere,
        };
        suspect(wallet, salvage::coins(&text), unless, &text, repaired)?;
        repaired.journals.push(set_aside(wallet, &path)?);
    }
    Ok(())
}

/// Moves a damaged journal out of the way, under a name that is free.
fn set_aside<D: Disk>(wallet: &Wallet<D>, path: &Path) -> Result<PathBuf, WalletError> {
    let (disk, health) = (&wallet.home.disk, &wallet.home.health);
    let damaged = Path::new(DAMAGED);
    disk.make_dir(damaged).map_err(DiskError::of("make", damaged))?;
    let (Some(from), Some(name)) = (path.parent(), path.file_name()) else {
        unreachable!("a journal is a file in a directory");
    };
    for n in 1..=NAMES_TRIED_MAX {
        let to = damaged.join(naming::variant(name, n));
        match disk.rename(path, &to) {
            Ok(()) => {
                for dir in [damaged, from, Path::new(journal::OPEN)] {
                    health.check(disk.sync_dir(dir).map_err(DiskError::of("sync", dir)))?;
                }
                return Ok(to);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(DiskError::of("move", path)(error).into()),
        }
    }
    Err(DiskError::of("move", path)(io::ErrorKind::AlreadyExists.into()).into())
}

fn mend_files<D: Disk>(wallet: &mut Wallet<D>, repaired: &mut Repaired) -> Result<(), WalletError> {
    let mut wanted = BTreeSet::new();
    let mut broken = Vec::new();
    for finding in audit(&wallet.home.disk)?.findings {
        match finding {
            Finding::Gone { sn, .. } => {
                wanted.insert(sn);
            }
            Finding::NotThatCoin { place, name } => {
                wanted.insert(name.sn);
                broken.push((place, name));
            }
            Finding::Twice { files, same: true, .. } => {
                for (place, name) in files.into_iter().skip(1) {
                    trash(wallet, place, name, repaired)?;
                }
            }
            Finding::OpenToOthers { path } => {
                let disk = &wallet.home.disk;
                disk.restrict(&path).map_err(DiskError::of("close to others", &path))?;
                repaired.closed_to_others.push(path);
            }
            Finding::Twice { same: false, .. }
            | Finding::BrokenJournal { .. }
            | Finding::NewerJournal { .. }
            | Finding::Stranded { .. }
            | Finding::Stray { .. } => {}
        }
    }
    let known = known_contents(&wallet.home.disk, &wanted)?;
    let of_known: BTreeSet<SerialNumber> = known.iter().map(|coin| coin.coin.sn).collect();
    let seed: Vec<u8> = wanted.iter().flat_map(|sn| sn.get().to_be_bytes()).collect();
    suspect(wallet, known, Unless::TheSameAnywhere, &seed, repaired)?;
    // A broken file of which nothing else is known stays: somebody may still read it.
    for (place, name) in broken.into_iter().filter(|(_, name)| of_known.contains(&name.sn)) {
        trash(wallet, place, name, repaired)?;
    }
    Ok(())
}

/// Returns all that whole journals know of these coins.
fn known_contents(
    disk: &impl Disk,
    wanted: &BTreeSet<SerialNumber>,
) -> Result<Vec<StoredCoin>, WalletError> {
    let mut known = Vec::new();
    let folders = if wanted.is_empty() { [].iter() } else { [journal::OPEN, journal::DONE].iter() };
    for folder in folders {
        for id in journal::list(disk, folder)? {
            let mut state = State::new(id);
            match journal::read(disk, folder, id, |record| state.take(record)) {
                Ok(_) | Err(WalletError::JournalTooNew { .. }) => {}
                Err(error) => return Err(error),
            }
            let coins = state.contents.coins().filter(|coin| wanted.contains(&coin.coin.sn));
            known.extend(coins.cloned());
        }
    }
    Ok(known)
}

/// Writes coins to Suspect, those apart of which there is a file. `seed` tells one repair from
/// another, so that a repair that was cut off goes on.
fn suspect<D: Disk>(
    wallet: &mut Wallet<D>,
    coins: Vec<StoredCoin>,
    unless: Unless,
    seed: &[u8],
    repaired: &mut Repaired,
) -> Result<(), WalletError> {
    let files = coin_files(&wallet.home.disk)?;
    let mut missing: HashMap<SerialNumber, Vec<StoredCoin>> = HashMap::new();
    for coin in coins {
        let files = files.get(&coin.coin.sn).map_or(&[][..], Vec::as_slice);
        let known = missing.entry(coin.coin.sn).or_default();
        if !known.iter().any(|it| same(it, &coin)) && !has_file(wallet, files, unless, &coin)? {
            known.push(coin);
        }
    }
    let mut missing: Vec<StoredCoin> = missing.into_values().flatten().collect();
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_by_key(|coin| coin.coin.sn);
    let mut operation = begin_or_load(wallet, seed)?;
    operation.keep("coins", &missing)?;
    operation.place(wallet, SUSPECT, &missing)?;
    operation.end(wallet, &format!("{} coins to {SUSPECT}", missing.len()))?;
    repaired.suspects.extend(missing.iter().map(|coin| coin.coin.sn));
    Ok(())
}

type Files = HashMap<SerialNumber, Vec<(Place, CoinName)>>;

fn coin_files(disk: &impl Disk) -> Result<Files, WalletError> {
    let mut files = Files::new();
    for place in Place::all() {
        for name in listing::coin_names(disk, place)? {
            files.entry(name.sn).or_default().push((place, name));
        }
    }
    Ok(files)
}

fn has_file<D: Disk>(
    wallet: &Wallet<D>,
    files: &[(Place, CoinName)],
    unless: Unless,
    coin: &StoredCoin,
) -> Result<bool, WalletError> {
    for (place, name) in files {
        match (wallet.read(*place, name), unless) {
            (Ok(found), Unless::TheSameAnywhere) if same(&found, coin) => return Ok(true),
            (Ok(_), Unless::Present) if is_known_there(place.folder) => return Ok(true),
            (Ok(_) | Err(WalletError::NotThatCoin { .. }), _) => {}
            (Err(error), _) => return Err(error),
        }
    }
    Ok(false)
}

fn is_known_there(folder: Folder) -> bool {
    match folder {
        Folder::Suspect
        | Folder::Bank
        | Folder::Fracked
        | Folder::Limbo
        | Folder::Export
        | Folder::Sent => true,
        Folder::Import
        | Folder::Imported
        | Folder::Counterfeit
        | Folder::Receipts
        | Folder::Trash => false,
    }
}

fn same(one: &StoredCoin, other: &StoredCoin) -> bool {
    one.coin == other.coin && one.pans == other.pans
}

/// Takes the repair of this seed up where it was cut off, or begins the next one of it.
fn begin_or_load<D: Disk>(
    wallet: &mut Wallet<D>,
    seed: &[u8],
) -> Result<Operation<D>, WalletError> {
    let mut n = 0_u32;
    loop {
        let mut hash = Sha256::new_with_prefix("liveconnect repair ");
        hash.update(n.to_be_bytes());
        hash.update(seed);
        let hash: [u8; 32] = hash.finalize().into();
        let id = OperationId::from_bytes(std::array::from_fn(|at| hash[at]));
        let begun = match wallet.begin(id, Kind::Repair, "") {
            Err(WalletError::BegunBefore { .. }) => wallet.load(id),
            begun => begun,
        };
        match begun {
            Err(WalletError::Ended { .. }) => n += 1,
            begun => return begun,
        }
    }
}

fn trash<D: Disk>(
    wallet: &Wallet<D>,
    place: Place,
    name: CoinName,
    repaired: &mut Repaired,
) -> Result<(), WalletError> {
    let (disk, health) = (&wallet.home.disk, &wallet.home.health);
    let to = place.wallet.place(Folder::Trash);
    let free = Names::in_place(disk, to)?.free(to, &name.to_string())?;
    let from = place.file(&name.to_string());
    disk.rename(&from, &to.path().join(free)).map_err(DiskError::of("move", &from))?;
    for dir in [to.path(), place.path()] {
        health.check(disk.sync_dir(&dir).map_err(DiskError::of("sync", &dir)))?;
    }
    repaired.trashed.push((place, name));
    Ok(())
}
