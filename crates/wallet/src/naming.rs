//! Names that are not taken: a move never replaces a file.
//!
//! `250.CloudCoin.1.16777215.3f2a9c01.stack` → `….3f2a9c01-2.stack`, and of any
//! other file `notes.txt` → `notes-2.txt`.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use coin::limits::TAG_CHARS_MAX;
use coin::{CoinName, Tag};

use crate::disk::Disk;
use crate::error::{DiskError, WalletError};
use crate::limits::NAMES_TRIED_MAX;
use crate::place::Place;

/// The names in a folder.
pub(crate) struct Names(HashSet<OsString>);

impl Names {
    /// Lists the names in `place`.
    pub(crate) fn in_place(disk: &impl Disk, place: Place) -> Result<Names, WalletError> {
        let path = place.path();
        let entries = disk.list(&path).map_err(DiskError::of("list", &path))?;
        Ok(Names(entries.into_iter().map(|entry| entry.name).collect()))
    }

    /// Returns `name`, or the first of its variants that is free, and takes it.
    pub(crate) fn take_free(
        &mut self,
        place: Place,
        name: &CoinName,
    ) -> Result<CoinName, WalletError> {
        let mut variants = (1..=NAMES_TRIED_MAX).map(|n| coin_variant(name, n));
        let free = variants.find(|variant| self.0.insert(variant.to_string().into()));
        free.ok_or_else(|| WalletError::NoFreeName { place, name: name.to_string() })
    }

    /// Returns `name`, or the first of its variants that is free.
    pub(crate) fn free(&self, place: Place, name: &str) -> Result<OsString, WalletError> {
        let mut variants = (1..=NAMES_TRIED_MAX).map(|n| variant(name.as_ref(), n));
        let free = variants.find(|variant| !self.0.contains(variant));
        free.ok_or_else(|| WalletError::NoFreeName { place, name: name.to_owned() })
    }
}

/// Returns the `n`-th variant of a name: itself, then with the suffixes -2, -3 …
pub(crate) fn variant(name: &OsStr, n: u32) -> OsString {
    match (n, name.to_str().and_then(|text| text.parse::<CoinName>().ok())) {
        (1, _) => name.to_owned(),
        (_, Some(coin)) => coin_variant(&coin, n).to_string().into(),
        (_, None) => {
            let path = Path::new(name);
            let mut variant = path.file_stem().unwrap_or(name).to_owned();
            variant.push(format!("-{n}"));
            if let Some(extension) = path.extension() {
                variant.push(".");
                variant.push(extension);
            }
            variant
        }
    }
}

fn coin_variant(name: &CoinName, n: u32) -> CoinName {
    if n == 1 {
        return name.clone();
    }
    let suffix = format!("-{n}");
    let kept = name.tag.as_str().len().min(TAG_CHARS_MAX - suffix.len());
    let tag = format!("{}{suffix}", &name.tag.as_str()[..kept]);
    CoinName::new(name.sn, tag.parse::<Tag>().expect("a tag's characters, a hyphen and digits"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::variant;

    fn check(name: &str, n: u32, expected: &str) {
        assert_eq!(variant(OsStr::new(name), n), expected);
    }

    #[test]
    fn a_coin_file_stays_a_coin_file_of_the_same_coin() {
        check("1.CloudCoin.1.7.ab.stack", 1, "1.CloudCoin.1.7.ab.stack");
        check("1.CloudCoin.1.7.ab.stack", 2, "1.CloudCoin.1.7.ab-2.stack");
        check("1.CloudCoin.1.7..stack", 3, "1.CloudCoin.1.7.-3.stack");
        let long = "t".repeat(32);
        check(
            &format!("1.CloudCoin.1.7.{long}.stack"),
            10,
            &format!("1.CloudCoin.1.7.{}-10.stack", &long[3..]),
        );
    }

    #[test]
    fn other_names_keep_their_extension() {
        check("notes.txt", 2, "notes-2.txt");
        check("notes", 2, "notes-2");
        check(".hidden", 2, ".hidden-2");
        check("a.b.", 2, "a.b-2.");
        check("2.CloudCoin.1.7.ab.stack", 2, "2.CloudCoin.1.7.ab-2.stack");
    }
}
