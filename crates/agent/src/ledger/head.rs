//! The head of a ledger on disk: which store is the current one, and how many commits it has had
//! at least.
//!
//! The store cuts a journal off where it stops making sense, which is right after a power cut and
//! wrong after damage. The count of commits, kept apart from the store, tells the two apart.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Damage;
use crate::data_dir::files;

/// The head of a ledger; the file `head` in its directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Counts the stores of this ledger, from 1.
    pub(super) generation: u64,
    /// Commits that were made, at least.
    pub(super) commits: u64,
}

impl Head {
    /// Returns the directory of the current store.
    pub(super) fn store(self, dir: &Path) -> PathBuf {
        dir.join(format!("store-{}", self.generation))
    }

    pub(super) fn read(dir: &Path) -> Result<Head, Damage> {
        let path = Head::path(dir);
        if !path.exists() {
            return Err(Damage::Missing(path));
        }
        let text = fs::read_to_string(path)?;
        let words: Vec<u64> =
            text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match words.as_slice() {
            [generation, commits] if text.ends_with('\n') => {
                Ok(Head { generation: *generation, commits: *commits })
            }
            _ => Err(Damage::Head),
        }
    }

    /// Writes the head in place of the one that is there. After a crash there is the one or the
    /// other; this one when it has returned.
    pub(super) fn write(self, dir: &Path) -> io::Result<()> {
        let Head { generation, commits } = self;
        files::replace(&Head::path(dir), format!("{generation} {commits}\n").as_bytes())
    }

    fn path(dir: &Path) -> PathBuf {
        dir.join("head")
    }
}
