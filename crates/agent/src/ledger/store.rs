//! One log-structured store (fjall) on disk, which a ledger replaces by a fresh one when its
//! journal has grown.
//!
//! Coins, lineages, records of requests and the ledger's own entries share one keyspace, so that none
//! can be lost without the others: a coin's key has 4 bytes, the mark of one that was given back 5, a
//! record's 17, a lineage's 33, and the names of the others have a length between 5 and 7.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use coin::{Origin, SerialNumber};
use fjall::{Database, Keyspace, PersistMode, UserKey, UserValue};
use raida::api::RequestId;

use super::engine::open_store;
use super::holding::lineage_to_bytes;
use super::{Changes, Charter, Counts, Damage, FORMAT};
use crate::data_dir::files;

/// Bytes of one change in the journal: its key, its secret and what the store writes around them.
pub(super) const CHANGE_BYTES: u64 = 4 + 16 + AROUND_BYTES;

/// Bytes that the store writes around an entry, about.
pub(super) const AROUND_BYTES: u64 = 22;

/// The first byte of a record's key; the id of the request follows.
const RECORD: u8 = b'r';

const COIN_KEY_BYTES: usize = 4;

/// The first byte of the key of a mark, which has no value; the coin's serial number follows.
const GIVEN_BACK: u8 = b'g';

/// The first byte of a lineage's key; the hash that is its origin follows.
const LINEAGE: u8 = b'o';

/// A store, open.
pub(super) struct Store {
    database: Database,
    entries: Keyspace,
}

impl Store {
    /// Makes a store with the entries of an empty ledger. On disk when this returns.
    pub(super) fn found(dir: &Path, charter: &Charter) -> Result<Store, Damage> {
        let store = Store::create_or_open(dir)?;
        let mut batch = store.database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&store.entries, "format", FORMAT.to_string());
        batch.insert(&store.entries, "network", charter.network.as_str());
        batch.insert(&store.entries, "agent", charter.agent.to_string());
        batch.insert(&store.entries, "commits", 0_u64.to_be_bytes());
        batch.insert(&store.entries, "counts", Counts::default().to_bytes());
        batch.commit()?;
        files::sync_dirs(dir)?;
        Ok(store)
    }

    /// Opens a store.
    pub(super) fn open(dir: &Path) -> Result<Store, Damage> {
        check_layout(dir)?;
        unless_it_breaks_off(|| Store::create_or_open(dir))
    }

    /// Makes a store with the entries of this one and returns how many bytes they would take in a
    /// journal, about. On disk when this returns.
    pub(super) fn copy_to(&self, dir: &Path) -> Result<(Store, u64), Damage> {
        Store::filled(dir, self.all())
    }

    /// Makes a store with these entries, which come by ascending keys, all of them in tables and
    /// none in the journal, and returns how many bytes they would take there, about. On disk when
    /// this returns.
    pub(super) fn filled<E: From<Damage>>(
        dir: &Path,
        entries: impl Iterator<Item = Result<(UserKey, UserValue), E>>,
    ) -> Result<(Store, u64), E> {
        unless_it_breaks_off(|| {
            let copy = Store::create_or_open(dir)?;
            let mut bytes = 0;
            let mut tables = copy.entries.start_ingestion().map_err(Damage::from)?;
            for entry in entries {
                let (key, value) = entry?;
                bytes += (key.len() + value.len()) as u64 + AROUND_BYTES;
                tables.write(key, value).map_err(Damage::from)?;
            }
            tables.finish().map_err(Damage::from)?;
            copy.database.persist(PersistMode::SyncAll).map_err(Damage::from)?;
            files::sync_dirs(dir).map_err(Damage::from)?;
            Ok((copy, bytes))
        })
    }

    /// Returns all entries as they are now, by ascending keys.
    pub(super) fn all(
        &self,
    ) -> impl Iterator<Item = Result<(UserKey, UserValue), Damage>> + Send + use<> {
        self.entries.iter().map(|entry| Ok(entry.into_inner()?))
    }

    pub(super) fn get(&self, sn: SerialNumber) -> fjall::Result<Option<UserValue>> {
        self.entries.get(coin_key(sn))
    }

    /// Tells whether a coin has ever been given back.
    pub(super) fn has_mark(&self, sn: SerialNumber) -> fjall::Result<bool> {
        self.entries.contains_key(mark_key(sn))
    }

    pub(super) fn get_record(&self, id: RequestId) -> fjall::Result<Option<UserValue>> {
        self.entries.get(record_key(id))
    }

    pub(super) fn get_lineage(&self, of: &[u8; Origin::BYTES]) -> fjall::Result<Option<UserValue>> {
        self.entries.get(lineage_key(of))
    }

    pub(super) fn get_counts(&self) -> fjall::Result<Option<UserValue>> {
        self.entries.get("counts")
    }

    /// Returns the coins' entries as they are now, by ascending serial numbers.
    pub(super) fn coins(&self) -> impl Iterator<Item = fjall::Result<(UserKey, UserValue)>> {
        let entries = self.entries.iter().map(fjall::Guard::into_inner);
        entries.filter(|entry| entry.as_ref().map_or(true, |(key, _)| key.len() == COIN_KEY_BYTES))
    }

    /// Makes all changes or none; on disk when this returns.
    pub(super) fn commit(&self, changes: &Changes, commits: u64) -> fjall::Result<()> {
        // A commit that grows the journal file is complete only with the file's new length;
        // fdatasync writes that down too.
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for (sn, holding) in &changes.coins {
            match holding {
                Some(holding) => {
                    batch.insert(&self.entries, coin_key(*sn), holding.to_bytes().as_slice());
                }
                None => batch.remove(&self.entries, coin_key(*sn)),
            }
        }
        for sn in &changes.given_back {
            batch.insert(&self.entries, mark_key(*sn), []);
        }
        for (origin, lineage) in &changes.lineages {
            if let Origin::Exchange(of) = origin {
                batch.insert(&self.entries, lineage_key(of), lineage_to_bytes(lineage));
            }
        }
        for (id, record) in &changes.records {
            batch.insert(&self.entries, record_key(*id), record.to_bytes());
        }
        if let Some(counts) = changes.counts {
            batch.insert(&self.entries, "counts", counts.to_bytes());
        }
        batch.insert(&self.entries, "commits", commits.to_be_bytes());
        batch.commit()
    }

    /// Makes a ledger of format 1 one of this program's: counts its coins. Calling it again does no harm.
    /// On disk when it returns; before, after a crash, it is the one or the other.
    pub(super) fn count_coins(&self) -> Result<(), Damage> {
        let mut counts = Counts::default();
        for coin in self.coins() {
            let (key, _) = coin?;
            counts.enter(read_coin_key(&key).ok_or(Damage::Entry("coin"))?.denomination());
        }
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&self.entries, "counts", counts.to_bytes());
        batch.insert(&self.entries, "format", FORMAT.to_string());
        Ok(batch.commit()?)
    }

    /// Makes a ledger of format 2 one of this program's: what it holds stays as it is. On disk when
    /// it returns; before, after a crash, it is the one or the other.
    pub(super) fn know_origins(&self) -> Result<(), Damage> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        batch.insert(&self.entries, "format", FORMAT.to_string());
        Ok(batch.commit()?)
    }

    /// Returns the format of the ledger as it stands there.
    pub(super) fn format(&self) -> Result<String, Damage> {
        self.text("format")
    }

    pub(super) fn charter(&self) -> Result<Charter, Damage> {
        let network = self.text("network")?.parse().map_err(|_| Damage::Entry("network"))?;
        let agent = self.text("agent")?.parse().map_err(|_| Damage::Entry("agent"))?;
        Ok(Charter { network, agent })
    }

    /// Returns how many commits the ledger has had.
    pub(super) fn commits(&self) -> Result<u64, Damage> {
        let bytes = self.entry("commits")?;
        let bytes = bytes.as_ref().try_into().map_err(|_| Damage::Entry("commits"))?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// Makes the ledger what a program wrote that knew coins only.
    #[cfg(test)]
    pub(super) fn forget_counts(&self) {
        self.entries.insert("format", "1").unwrap();
        self.entries.remove("counts").unwrap();
    }

    /// Changes an entry behind the ledger's back.
    #[cfg(test)]
    pub(super) fn tamper(&self, key: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => self.entries.insert(key, value).unwrap(),
            None => self.entries.remove(key).unwrap(),
        }
    }

    /// Moves what is in memory into a table, as the store does by itself when it has grown.
    #[cfg(test)]
    pub(super) fn flush(&self) {
        self.entries.rotate_memtable_and_wait().unwrap();
    }

    fn text(&self, name: &'static str) -> Result<String, Damage> {
        String::from_utf8(self.entry(name)?.to_vec()).map_err(|_| Damage::Entry(name))
    }

    fn entry(&self, name: &'static str) -> Result<UserValue, Damage> {
        unless_it_breaks_off(|| self.entries.get(name)?.ok_or(Damage::Entry(name)))
    }

    /// What is made is not wholly on disk: the directory `keyspaces` is synced before there is
    /// anything in it. Whoever makes a store syncs its directories.
    fn create_or_open(dir: &Path) -> Result<Store, Damage> {
        let (database, entries) = open_store(dir)?;
        Ok(Store { database, entries })
    }
}

fn coin_key(sn: SerialNumber) -> [u8; COIN_KEY_BYTES] {
    sn.get().to_be_bytes()
}

fn mark_key(sn: SerialNumber) -> [u8; 1 + COIN_KEY_BYTES] {
    let mut key = [GIVEN_BACK; 1 + COIN_KEY_BYTES];
    key[1..].copy_from_slice(&coin_key(sn));
    key
}

/// Tells whether this is the key of a mark.
pub(super) fn is_mark_key(key: &[u8]) -> bool {
    let sn = key.strip_prefix(&[GIVEN_BACK]);
    sn.is_some_and(|sn| sn.len() == COIN_KEY_BYTES && read_coin_key(sn).is_some())
}

/// Tells whether this is the key of a request's record.
pub(super) fn is_record_key(key: &[u8]) -> bool {
    key.len() == 1 + RequestId::BYTES && key.first() == Some(&RECORD)
}

/// Reads the key of a lineage.
pub(super) fn read_lineage_key(key: &[u8]) -> Option<Origin> {
    let of = key.strip_prefix(&[LINEAGE])?;
    of.try_into().ok().map(Origin::Exchange)
}

fn lineage_key(of: &[u8; Origin::BYTES]) -> [u8; 1 + Origin::BYTES] {
    let mut key = [LINEAGE; 1 + Origin::BYTES];
    key[1..].copy_from_slice(of);
    key
}

/// Reads the key of a coin.
pub(super) fn read_coin_key(key: &[u8]) -> Option<SerialNumber> {
    SerialNumber::new(u32::from_be_bytes(key.try_into().ok()?)).ok()
}

fn record_key(id: RequestId) -> [u8; 1 + RequestId::BYTES] {
    let mut key = [RECORD; 1 + RequestId::BYTES];
    key[1..].copy_from_slice(id.bytes());
    key
}

/// Reports what the store asserts: some kinds of damage fail its assertions instead of being
/// reported by it. What it was at work on is not used any more, or was only read.
pub(super) fn unless_it_breaks_off<T, E: From<Damage>>(
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    const { assert!(cfg!(panic = "unwind"), "damage to a ledger must not end the process") };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Damage::Assertion.into()))
}

/// Returns how long the journals of a store are that has just been opened: what a start has to
/// read.
pub(super) fn journal_bytes(dir: &Path) -> Result<u64, Damage> {
    let mut bytes = 0;
    for file in fs::read_dir(dir)? {
        let file = file?;
        if file.path().extension().is_some_and(|extension| extension == "jnl") {
            bytes += file.metadata()?.len();
        }
    }
    Ok(bytes)
}

/// Looks for the files without which the store takes what is there for the rest of an unfinished
/// creation, and deletes it; and for names at which it breaks off so that nothing can be reported.
fn check_layout(dir: &Path) -> Result<(), Damage> {
    let mut needed = vec![dir.join("version")];
    for keyspace in fs::read_dir(dir.join("keyspaces"))? {
        let keyspace = keyspace?;
        if keyspace.file_name().to_str().is_none_or(|name| name.parse::<u64>().is_err()) {
            return Err(Damage::Stray(keyspace.path()));
        }
        needed.push(keyspace.path().join("current"));
    }
    match needed.into_iter().find(|file| !file.is_file()) {
        Some(file) => Err(Damage::Missing(file)),
        None => Ok(()),
    }
}
