//! How the store of a ledger is opened.

use std::path::Path;

use fjall::config::PartitioningPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};

use crate::limits::{
    LEDGER_CACHE_BYTES, LEDGER_FILES, LEDGER_JOURNALS_BYTES, LEDGER_MEMTABLE_BYTES,
};

/// Opens the store in `dir`, or makes one, as every ledger does: for those who want to know what a
/// store can do without a ledger.
///
/// What is made is not wholly on disk: the directory `keyspaces` is synced before there is anything
/// in it.
///
/// Nearly every read is of a coin that is there, so that the last level needs no filter; and the
/// index is cut into blocks. Either of them as one block grows with the coins until it fits into no
/// cache, and is then read anew, as a whole, for each coin. A store keeps the form in which it was
/// made.
///
/// # Errors
///
/// When the disk fails, or what is there is no store.
pub fn open_store(dir: &Path) -> fjall::Result<(Database, Keyspace)> {
    let database = Database::builder(dir)
        .cache_size(LEDGER_CACHE_BYTES)
        .max_cached_files(Some(LEDGER_FILES))
        .max_journaling_size(LEDGER_JOURNALS_BYTES)
        .worker_threads(1)
        .open()?;
    let options = || {
        KeyspaceCreateOptions::default()
            .max_memtable_size(LEDGER_MEMTABLE_BYTES)
            .expect_point_read_hits(true)
            .index_block_partitioning_policy(PartitioningPolicy::all(true))
    };
    let entries = database.keyspace("ledger", options)?;
    Ok((database, entries))
}
