//! Carries out a recorded act: now, or again after a crash, to the same end.
//!
//! For each file there is one question, what is at the target:
//!
//! | target | a file to be written | a file to be moved |
//! |---|---|---|
//! | nothing | write it | rename; if there is no source either, write it from the journal |
//! | the same | done | done; a source that is still there goes to Trash |
//! | a torn text | that goes to Trash, write it | the same, then as above |
//! | something else | both are kept: the next free name, reported | the same |
//!
//! # Crash safety
//! The journal has every byte, durably, before this begins, and syncs come in
//! the order of [`Unsynced`]. So in no state that a crash can leave is a file
//! that moved missing from both folders, and if a disk breaks that promise, the
//! journal makes it again.

use std::io;
use std::path::{Path, PathBuf};

use super::contents::{Content, Contents, Likeness};
use super::state::Step;
use super::unsynced::Unsynced;
use crate::disk::{Disk, DiskFile, Part};
use crate::error::{DiskError, WalletError};
use crate::home::Home;
use crate::journal::record::{MovedFile, Renamed};
use crate::limits::{COIN_FILE_BYTES_MAX, NAMES_TRIED_MAX};
use crate::naming;
use crate::place::{Folder, Place};

/// Something else had a file's name: both are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The folder.
    pub place: Place,
    /// The name that was taken by other contents.
    pub name: String,
    /// The name that this operation's file got.
    pub kept_as: String,
}

/// Whether an act is done for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    First,
    /// A file that is there may be one that memory remembers and the disk does not have.
    Again,
}

/// What was seen while an act was carried out.
#[derive(Debug, Default)]
pub(crate) struct Performed {
    pub(crate) renamed: Vec<Renamed>,
    /// Files that were in neither folder and were made again.
    pub(crate) restored: Vec<PathBuf>,
    /// Torn or superfluous files that went to Trash.
    pub(crate) set_aside: Vec<PathBuf>,
}

struct Performance<'a, D: Disk> {
    home: &'a Home<D>,
    contents: &'a Contents,
    effort: Effort,
    done: Performed,
    unsynced: Unsynced<D::File>,
}

/// What is at a path.
enum There {
    Nothing,
    File(Likeness),
}

/// What became of a name that was to be given to a new file.
enum Slot {
    Filled,
    Taken,
}

/// Under which name a file is there now.
enum Landed {
    Made(String),
    Found(String),
}

/// Carries out `steps`. Durable when it returns.
pub(crate) fn perform<D: Disk>(
    home: &Home<D>,
    contents: &Contents,
    steps: &[Step],
    effort: Effort,
) -> Result<Performed, WalletError> {
    home.health.ask()?;
    let (done, unsynced) = (Performed::default(), Unsynced::new());
    let mut performance = Performance { home, contents, effort, done, unsynced };
    if effort == Effort::Again {
        performance.settle_memory(steps)?;
    }
    for step in steps {
        performance.step(step)?;
    }
    performance.unsynced.sync(home)?;
    Ok(performance.done)
}

impl<'a, D: Disk> Performance<'a, D> {
    /// Lets what memory still has for the files of `steps` reach the disk, so
    /// that what is read afterwards is what the disk holds.
    fn settle_memory(&self, steps: &[Step]) -> Result<(), WalletError> {
        let mut files = Vec::new();
        for (place, name) in steps.iter().flat_map(targets_of) {
            let file = place.file(name);
            match self.home.disk.read(&file, Part::Head(0)) {
                Ok(_) => files.push(file),
                Err(error) if is_no_file(&error) => {}
                Err(error) => return Err(disk_error("read", &file)(error)),
            }
        }
        let Some(first) = files.first() else { return Ok(()) };
        let synced = self.home.disk.sync_files(&files).map_err(DiskError::of("sync", first));
        self.home.health.check(synced)?;
        let evict = |file| self.home.disk.evict(file).map_err(disk_error("read", file));
        files.iter().map(PathBuf::as_path).try_for_each(evict)
    }

    fn step(&mut self, step: &Step) -> Result<(), WalletError> {
        match step {
            Step::Write { to, files } => {
                self.unsynced.writes_to(*to);
                for file in files {
                    let (Landed::Made(kept_as) | Landed::Found(kept_as)) =
                        self.write(*to, &file.name, self.content(file.content))?;
                    self.note_name(*to, &file.name, kept_as);
                }
            }
            Step::Move { from, to, files } => {
                self.unsynced.moves(*from, *to);
                for file in files {
                    let kept_as = self.shift(*from, *to, file)?;
                    self.note_name(*to, file.new_name(), kept_as);
                }
            }
        }
        Ok(())
    }

    /// Writes a file under the first of the name's variants that is free, or
    /// has the same contents already.
    fn write(&mut self, to: Place, name: &str, content: &Content) -> Result<Landed, WalletError> {
        for name in variants(name) {
            let path = to.file(&name);
            if let Slot::Filled = self.create(&path, content)? {
                return Ok(Landed::Made(name));
            }
            match self.there(&path, content)? {
                There::File(Likeness::Same) => {
                    self.unsynced.found(path);
                    return Ok(Landed::Found(name));
                }
                There::File(Likeness::Torn) => {
                    self.set_aside(to, &name)?;
                    if let Slot::Filled = self.create(&path, content)? {
                        return Ok(Landed::Made(name));
                    }
                }
                There::File(Likeness::Other) | There::Nothing => {}
            }
        }
        Err(WalletError::NoFreeName { place: to, name: name.to_owned() })
    }

    fn shift(&mut self, from: Place, to: Place, file: &MovedFile) -> Result<String, WalletError> {
        let content = self.content(file.content);
        let source = from.file(&file.name);
        for name in variants(file.new_name()) {
            let target = to.file(&name);
            match self.home.disk.rename(&source, &target) {
                Ok(()) => return self.arrived(to, name, content),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return self.without_source(to, file.new_name(), content);
                }
                Err(error) => return Err(disk_error("move", &source)(error)),
            }
            match self.there(&target, content)? {
                There::File(Likeness::Same) => {
                    if let There::File(Likeness::Same) = self.there(&source, content)? {
                        self.set_aside(from, &file.name)?;
                    }
                    self.unsynced.found(target);
                    return Ok(name);
                }
                There::File(Likeness::Torn) => {
                    self.set_aside(to, &name)?;
                    let moved = self.home.disk.rename(&source, &target);
                    moved.map_err(disk_error("move", &source))?;
                    return self.arrived(to, name, content);
                }
                There::File(Likeness::Other) | There::Nothing => {}
            }
        }
        Err(WalletError::NoFreeName { place: to, name: file.new_name().to_owned() })
    }

    /// A file that was renamed at another time may have lost its contents in
    /// between: whoever put it there may not have synced it.
    fn arrived(
        &mut self,
        to: Place,
        name: String,
        content: &Content,
    ) -> Result<String, WalletError> {
        let path = to.file(&name);
        if self.effort == Effort::Again
            && matches!(self.there(&path, content)?, There::File(Likeness::Torn))
        {
            self.set_aside(to, &name)?;
            self.create(&path, content)?;
            self.done.restored.push(path);
            return Ok(name);
        }
        self.unsynced.found(path);
        Ok(name)
    }

    /// The file has moved already, or else is in neither folder: then the
    /// journal makes it again.
    fn without_source(
        &mut self,
        to: Place,
        name: &str,
        content: &Content,
    ) -> Result<String, WalletError> {
        match self.write(to, name, content)? {
            Landed::Found(name) => Ok(name),
            Landed::Made(name) => {
                self.done.restored.push(to.file(&name));
                Ok(name)
            }
        }
    }

    fn create(&mut self, path: &Path, content: &Content) -> Result<Slot, WalletError> {
        let mut file = match self.home.disk.create(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Slot::Taken),
            Err(error) => return Err(disk_error("create", path)(error)),
        };
        file.write_at(0, &content.to_bytes()).map_err(disk_error("write to", path))?;
        self.unsynced.made(path.to_owned(), file);
        Ok(Slot::Filled)
    }

    /// Moves a file to the Trash of its wallet.
    fn set_aside(&mut self, place: Place, name: &str) -> Result<(), WalletError> {
        let trash = place.wallet.place(Folder::Trash);
        self.done.set_aside.push(self.move_aside(place, name, trash)?);
        self.unsynced.moves(place, trash);
        Ok(())
    }

    fn move_aside(&self, place: Place, name: &str, trash: Place) -> Result<PathBuf, WalletError> {
        let from = place.file(name);
        for name in variants(name) {
            let to = trash.file(&name);
            match self.home.disk.rename(&from, &to) {
                Ok(()) => return Ok(to),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(disk_error("move", &from)(error)),
            }
        }
        Err(WalletError::NoFreeName { place: trash, name: name.to_owned() })
    }

    fn there(&self, path: &Path, content: &Content) -> Result<There, WalletError> {
        let bytes = content.to_bytes();
        let max = COIN_FILE_BYTES_MAX.max(bytes.len());
        match self.home.disk.read(path, Part::Whole { max }) {
            Ok(found) => Ok(There::File(content.likeness(&found))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(There::Nothing),
            // Too long, or a directory or link: not one of ours.
            Err(error) if is_no_file(&error) || error.kind() == io::ErrorKind::FileTooLarge => {
                Ok(There::File(Likeness::Other))
            }
            Err(error) => Err(disk_error("read", path)(error)),
        }
    }

    fn note_name(&mut self, place: Place, name: &str, kept_as: String) {
        if kept_as != name {
            let name = name.to_owned();
            self.done.renamed.push(Renamed { place, name, new_name: kept_as });
        }
    }

    fn content(&self, number: u32) -> &'a Content {
        self.contents.get(number).expect("a record names only contents before it")
    }
}

impl From<Renamed> for Conflict {
    fn from(renamed: Renamed) -> Conflict {
        let Renamed { place, name, new_name } = renamed;
        Conflict { place, name, kept_as: new_name }
    }
}

fn targets_of(step: &Step) -> Vec<(Place, &str)> {
    match step {
        Step::Write { to, files } => files.iter().map(|file| (*to, file.name.as_str())).collect(),
        Step::Move { to, files, .. } => files.iter().map(|file| (*to, file.new_name())).collect(),
    }
}

fn variants(name: &str) -> impl Iterator<Item = String> {
    (1..=NAMES_TRIED_MAX).map(move |n| {
        naming::variant(name.as_ref(), n).into_string().expect("a suffix of digits after text")
    })
}

/// Nothing there, or something else than a regular file.
fn is_no_file(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput)
}

fn disk_error(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WalletError {
    let of = DiskError::of(act, path);
    move |source| WalletError::Disk(of(source))
}
