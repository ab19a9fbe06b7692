//! New coins as coin files, each with at most 3,000 coins.

use std::io;
use std::path::{Path, PathBuf};

use coin::stack::{self, MAX_COINS};
use coin::{Coin, PownString, StoredCoin};

use super::MintError;
use crate::data_dir::files;

/// New coins and what their files have in common.
pub(super) struct CoinFiles<'a> {
    pub(super) out: &'a Path,
    /// Tells these files from those of other mints.
    pub(super) tag: &'a str,
    /// When the coins expire, `month-year`.
    pub(super) expires: &'a str,
    /// What the agents are taken to say of the coins.
    pub(super) pown: PownString,
    /// By ascending serial numbers.
    pub(super) coins: &'a [Coin],
}

impl CoinFiles<'_> {
    pub(super) fn count(&self) -> usize {
        self.coins.len().div_ceil(MAX_COINS)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.count()).map(|file| self.file(file).0)
    }

    /// Returns the path of a file and its coins.
    pub(super) fn file(&self, file: usize) -> (PathBuf, &[Coin]) {
        let coins = self.coins.chunks(MAX_COINS).nth(file).unwrap_or_default();
        let total: u64 = coins.iter().map(|coin| u64::from(coin.denomination().value())).sum();
        let part = if self.count() > 1 { format!("-{}", file + 1) } else { String::new() };
        (self.out.join(format!("{total}.CloudCoin.{}{part}.stack", self.tag)), coins)
    }

    /// Writes a file unless it is there; on disk when this returns.
    pub(super) fn write(&self, file: usize) -> Result<(), MintError> {
        let (path, coins) = self.file(file);
        let stored: Vec<StoredCoin> = coins.iter().map(|coin| self.stored(coin)).collect();
        files::create(&path, stack::write(&stored).as_bytes()).map_err(|source| {
            if source.kind() == io::ErrorKind::AlreadyExists {
                MintError::FileExists { path }
            } else {
                MintError::File { path, source }
            }
        })
    }

    fn stored(&self, coin: &Coin) -> StoredCoin {
        StoredCoin {
            coin: coin.clone(),
            pans: None,
            pown: self.pown,
            expires: Some(self.expires.to_owned()),
            notes: Vec::new(),
        }
    }
}
