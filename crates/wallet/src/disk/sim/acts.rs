//! The acts of a simulated disk.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Course, Mutation, SimDisk, SimFile, SimLock};
use crate::disk::{Access, Disk, DiskFile, Entry, EntryKind, Found, Locked, Part, Rights};

impl Disk for SimDisk {
    type File = SimFile;
    type Lock = SimLock;

    fn now(&self) -> Timestamp {
        let mut state = self.state();
        state.seconds += 1;
        Timestamp::from_second(1_800_000_000 + state.seconds).unwrap_or(Timestamp::MAX)
    }

    fn lock(&self, file: &Path, holder: &str) -> io::Result<Locked<SimLock>> {
        let mut state = self.alive()?;
        if let Some(holder) = &state.holder {
            return Ok(Locked::Held(holder.clone()));
        }
        state.holder = Some(holder.to_owned());
        state.tree.put(file, holder.as_bytes())?;
        Ok(Locked::Ours(SimLock { disk: self.clone() }))
    }

    fn make_dir(&self, dir: &Path) -> io::Result<Found> {
        if let Some(kind) = self.alive()?.tree.kind(dir)? {
            return Ok(Found::There(kind));
        }
        self.change(Mutation::MakeDir, |tree| tree.make_dir(dir))?;
        Ok(Found::Nothing)
    }

    fn restrict(&self, path: &Path) -> io::Result<Rights> {
        match self.alive()?.tree.kind(path)? {
            None => Err(io::ErrorKind::NotFound.into()),
            Some(EntryKind::SymbolicLink) => Err(io::ErrorKind::InvalidInput.into()),
            Some(EntryKind::File | EntryKind::Directory | EntryKind::Special) => {
                Ok(Rights::OwnersOnly)
            }
        }
    }

    fn access(&self, path: &Path) -> io::Result<Access> {
        let kind = self.alive()?.tree.kind(path)?;
        kind.map(|_| Access::OwnersOnly).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn identity(&self, file: &Path) -> io::Result<Option<u128>> {
        Ok(Some(self.alive()?.tree.file(file)? as u128))
    }

    fn create(&self, file: &Path) -> io::Result<SimFile> {
        let node = self.change(Mutation::Create, |tree| tree.create(file))?;
        Ok(self.handle(node))
    }

    fn open(&self, file: &Path) -> io::Result<SimFile> {
        let node = self.alive()?.tree.file(file)?;
        Ok(self.handle(node))
    }

    fn read(&self, file: &Path, part: Part) -> io::Result<Zeroizing<Vec<u8>>> {
        let state = self.alive()?;
        let bytes = state.tree.read(state.tree.file(file)?);
        let len = bytes.len();
        let part = match part {
            Part::Whole { max } if len > max => return Err(io::ErrorKind::FileTooLarge.into()),
            Part::Whole { .. } => bytes,
            Part::Head(most) => &bytes[..len.min(most)],
            Part::Tail(most) => &bytes[len.saturating_sub(most)..],
        };
        Ok(Zeroizing::new(part.to_vec()))
    }

    fn evict(&self, file: &Path) -> io::Result<()> {
        let mut state = self.alive()?;
        let node = state.tree.file(file)?;
        state.tree.evict(node);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.alive()?.tree.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(Mutation::Rename, |tree| tree.rename(from, to))
    }

    fn sync_files(&self, files: &[PathBuf]) -> io::Result<()> {
        let (mut state, course) = self.mutate(Mutation::SyncFiles)?;
        for file in files {
            let node = state.tree.file(file)?;
            match &course {
                Course::Whole => state.tree.sync(node),
                Course::Half(_) => state.tree.fail_sync(node),
            }
        }
        finish(course)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.change(Mutation::SyncDir, |tree| tree.sync_dir(dir))
    }
}

impl DiskFile for SimFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut state, course) = self.disk.mutate(Mutation::Write)?;
        match course {
            Course::Whole => state.tree.write(self.node, at, bytes),
            Course::Half(error) => {
                state.tree.write(self.node, at, &bytes[..bytes.len() / 2])?;
                Err(error)
            }
        }
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.disk.change(Mutation::Cut, |tree| {
            tree.cut(self.node, len);
            Ok(())
        })
    }

    fn reserve(&mut self, at: u64, len: u64) -> io::Result<()> {
        self.disk.change(Mutation::Reserve, |tree| tree.reserve(self.node, at + len))
    }

    fn sync(&mut self) -> io::Result<()> {
        let (mut state, course) = self.disk.mutate(Mutation::SyncFile)?;
        match &course {
            Course::Whole => state.tree.sync(self.node),
            Course::Half(_) => state.tree.fail_sync(self.node),
        }
        finish(course)
    }
}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.life == self.disk.life {
            state.holder = None;
        }
    }
}

fn finish(course: Course) -> io::Result<()> {
    match course {
        Course::Whole => Ok(()),
        Course::Half(error) => Err(error),
    }
}
