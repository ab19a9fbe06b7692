//! What lies in a folder, byte by byte: for tests in which nothing must happen.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Every file and folder below a folder, with its rights and its bytes.
#[derive(PartialEq, Eq)]
pub(crate) struct Listing(BTreeMap<PathBuf, Entry>);

#[derive(PartialEq, Eq)]
struct Entry {
    mode: u32,
    bytes: Vec<u8>,
}

impl Listing {
    /// Lists a folder; one that is not there is an empty listing. The lock file, which names its last
    /// holder, is left out.
    pub(crate) fn of(folder: &Path) -> Listing {
        let mut entries = BTreeMap::new();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            let Ok(inside) = std::fs::read_dir(&folder) else { continue };
            for path in inside.map(|entry| entry.unwrap().path()) {
                if path.file_name().is_some_and(|name| name == ".lock") {
                    continue;
                }
                let meta = std::fs::symlink_metadata(&path).unwrap();
                let bytes = if meta.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
                entries.insert(path.clone(), Entry { mode: meta.permissions().mode(), bytes });
                if meta.is_dir() {
                    open.push(path);
                }
            }
        }
        Listing(entries)
    }

    /// Lists only what is money: the coin files.
    pub(crate) fn of_coins(folder: &Path) -> Listing {
        let Listing(mut entries) = Listing::of(folder);
        entries.retain(|path, _| path.extension().is_some_and(|extension| extension == "stack"));
        Listing(entries)
    }

    /// Returns the names of the files in a folder of the listing.
    pub(crate) fn files_in(&self, folder: &Path) -> Vec<&str> {
        let inside = self.0.keys().filter(|path| path.parent() == Some(folder));
        inside.filter_map(|path| path.file_name()?.to_str()).collect()
    }
}

impl fmt::Debug for Listing {
    /// Shows names and lengths: the bytes are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(path, entry): (&PathBuf, &Entry)| {
            format!("{} {:o} {} bytes", path.display(), entry.mode, entry.bytes.len())
        };
        f.debug_list().entries(self.0.iter().map(shown)).finish()
    }
}

/// Does something, and nothing in the folder may have changed by it.
pub(crate) fn unchanged<R>(folder: &Path, act: impl FnOnce() -> R) -> R {
    let before = Listing::of(folder);
    let done = act();
    assert_eq!(Listing::of(folder), before, "something in {} has changed", folder.display());
    done
}
