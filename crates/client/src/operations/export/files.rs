//! The files of an export: standard coin files, at most 3,000 coins each; one file, or a folder of several.
//!
//! ```text
//!   reserve: .NAME.TAG.unfinished, as long as it will be ─▶ (in flight) ─▶ fill ─sync─▶ NAME ─sync folder─▶
//! ```
//!
//! Nothing is ever replaced: where a file of that name has come meanwhile, nothing is written.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use coin::{Amount, StoredCoin, Tag, stack};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use zeroize::Zeroizing;

/// The files of one export.
pub(super) struct Files {
    out: PathBuf,
    unfinished: PathBuf,
    /// Each file by its name in the folder; one without a folder has none.
    texts: Vec<(Option<String>, Zeroizing<String>)>,
}

impl Files {
    /// Lays out the files of these coins, which are to lie at `out`. The same coins give the same bytes.
    pub(super) fn of(out: &Path, tag: &Tag, coins: &[StoredCoin]) -> Files {
        let mut name = OsString::from(".");
        name.push(out.file_name().unwrap_or_default());
        name.push(format!(".{}.unfinished", tag.as_str()));
        let parts: Vec<&[StoredCoin]> = coins.chunks(stack::MAX_COINS).collect();
        let of = parts.len();
        let texts = parts.into_iter().enumerate().map(|(at, part)| {
            let name = (of > 1).then(|| {
                let amounts = part.iter().map(|stored| stored.coin.denomination().amount());
                let amount = Amount::try_sum(amounts).unwrap_or(Amount::MAX);
                format!("{amount}.CloudCoin.{}-of-{of}.stack", at + 1)
            });
            (name, stack::write(part))
        });
        Files { out: out.to_owned(), unfinished: folder_of(out).join(name), texts: texts.collect() }
    }

    /// Takes the room that the files need, under another name, before anything leaves: on a full or
    /// closed disk nothing is at risk.
    pub(super) fn reserve(&self) -> io::Result<()> {
        self.clear()?;
        let reserved = self.write(|text| Zeroizing::new(vec![b'\n'; text.len()]));
        if reserved.is_err() {
            // There is no secret in it, and the error that counts is the first.
            let _ = self.clear();
        }
        reserved
    }

    /// Takes away what [`reserve`](Files::reserve) left, or an unfinished writing.
    pub(super) fn clear(&self) -> io::Result<()> {
        let removed = match fs::symlink_metadata(&self.unfinished) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&self.unfinished),
            Ok(_) => fs::remove_file(&self.unfinished),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes the files. Those of an earlier try, with the same bytes, are as good.
    ///
    /// # Errors
    /// Those of the disk; [`ErrorKind::AlreadyExists`] when something else has that name.
    ///
    /// # Crash safety
    /// They have their name only when they are whole and synced, and that is durable when it returns.
    pub(super) fn finish(&self) -> io::Result<()> {
        if !self.is_there() {
            // Over the room that was reserved: a new file could find none. What another user may have
            // put there, or can read, gets no secret.
            if !is_ours(&self.unfinished) {
                self.clear()?;
            }
            self.write(|text| Zeroizing::new(text.as_bytes().to_vec()))?;
            renameat_with(CWD, &self.unfinished, CWD, &self.out, RenameFlags::NOREPLACE)?;
        }
        self.clear()?;
        fs::File::open(folder_of(&self.out))?.sync_all()
    }

    fn write(&self, bytes: impl Fn(&str) -> Zeroizing<Vec<u8>>) -> io::Result<()> {
        let is_folder = self.texts.iter().any(|(name, _)| name.is_some());
        if is_folder {
            let made = fs::DirBuilder::new().mode(0o700).create(&self.unfinished);
            made.or_else(|error| if is_ours(&self.unfinished) { Ok(()) } else { Err(error) })?;
        }
        for (name, text) in &self.texts {
            let path = name.as_ref().map_or(self.unfinished.clone(), |n| self.unfinished.join(n));
            let no_link = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
            let mut options = fs::OpenOptions::new();
            options.write(true).mode(0o600).custom_flags(no_link);
            let mut file = options.create_new(!is_ours(&path)).open(path)?;
            file.write_all(&bytes(text))?;
            file.set_len(text.len() as u64)?;
            file.sync_all()?;
        }
        if is_folder { fs::File::open(&self.unfinished)?.sync_all() } else { Ok(()) }
    }

    fn is_there(&self) -> bool {
        self.texts.iter().all(|(name, text)| {
            let path = name.as_ref().map_or(self.out.clone(), |name| self.out.join(name));
            let same = |bytes: Vec<u8>| Zeroizing::new(bytes).as_slice() == text.as_bytes();
            fs::read(path).is_ok_and(same)
        })
    }
}

/// Tells whether something is there that is this user's and closed to all others.
fn is_ours(path: &Path) -> bool {
    let own = rustix::process::getuid().as_raw();
    fs::symlink_metadata(path)
        .is_ok_and(|found| found.uid() == own && found.permissions().mode() & 0o077 == 0)
}

/// Returns the folder in which a path lies.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
