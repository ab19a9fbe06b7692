//! The tree of a simulated disk: each directory with its durable and its present entries.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::Loss;
use super::file_node::FileNode;
use crate::disk::{Entry, EntryKind};

pub(super) type NodeId = usize;
type Entries = BTreeMap<OsString, NodeId>;

/// What becomes of the name in the directory: a node, or nothing.
type Change = (NodeId, OsString, Option<NodeId>);

const ROOT: NodeId = 0;

#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Changes of entries that are not durable yet. Those of one act come
    /// together when the system writes them of its own accord.
    unsynced: Vec<Vec<Change>>,
    /// Bytes that can still be written, if that is limited.
    pub(super) free: Option<u64>,
}

#[derive(Clone, Debug)]
enum Node {
    File(FileNode),
    Directory { durable: Entries, present: Entries },
    Link,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree { nodes: vec![directory()], unsynced: Vec::new(), free: None }
    }
}

impl Tree {
    pub(super) fn kind(&self, path: &Path) -> io::Result<Option<EntryKind>> {
        match self.find(path) {
            Ok(node) => Ok(Some(self.kind_of(node))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn make_dir(&mut self, path: &Path) -> io::Result<()> {
        self.add(path, directory()).map(drop)
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<NodeId> {
        self.add(path, Node::File(FileNode::default()))
    }

    pub(super) fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let node = match self.find(path) {
            Ok(node) => node,
            Err(_) => self.create(path)?,
        };
        self.change(node, |file| file.present = bytes.to_vec());
        self.sync(node);
        self.sync_dir(path.parent().unwrap_or(Path::new("")))
    }

    pub(super) fn put_link(&mut self, path: &Path) -> io::Result<()> {
        self.add(path, Node::Link)?;
        self.sync_dir(path.parent().unwrap_or(Path::new("")))
    }

    pub(super) fn lose(&mut self, path: &Path) -> io::Result<()> {
        let (dir, name) = self.parent(path)?;
        self.find(path)?;
        self.enter(vec![(dir, name.to_owned(), None)]);
        self.sync_dir(path.parent().unwrap_or(Path::new("")))
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<NodeId> {
        let node = self.find(path)?;
        match &self.nodes[node] {
            Node::File(_) => Ok(node),
            Node::Directory { .. } | Node::Link => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    pub(super) fn read(&self, node: NodeId) -> &[u8] {
        match &self.nodes[node] {
            Node::File(file) => &file.present,
            Node::Directory { .. } | Node::Link => &[],
        }
    }

    pub(super) fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let entries = self.entries(self.find(path)?)?;
        let entry = |(name, node): (&OsString, &NodeId)| Entry {
            name: name.clone(),
            kind: self.kind_of(*node),
        };
        Ok(entries.iter().map(entry).collect())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (from_dir, from_name) = self.parent(from)?;
        let (to_dir, to_name) = self.parent(to)?;
        let node = *self.entries(from_dir)?.get(from_name).ok_or(io::ErrorKind::NotFound)?;
        if self.entries(to_dir)?.contains_key(to_name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.enter(vec![
            (to_dir, to_name.to_owned(), Some(node)),
            (from_dir, from_name.to_owned(), None),
        ]);
        Ok(())
    }

    pub(super) fn write(&mut self, node: NodeId, at: u64, bytes: &[u8]) -> io::Result<()> {
        let at = usize::try_from(at).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let fits = self.reserve(node, (at + bytes.len()) as u64);
        self.change(node, |file| match &fits {
            Ok(()) => file.write(at, bytes),
            Err(_) => file.write_within(at, bytes),
        });
        fits
    }

    pub(super) fn cut(&mut self, node: NodeId, len: u64) {
        let mut given_back = 0;
        self.change(node, |file| given_back = file.cut(len));
        if let Some(free) = &mut self.free {
            *free += given_back;
        }
    }

    pub(super) fn reserve(&mut self, node: NodeId, end: u64) -> io::Result<()> {
        let Node::File(file) = &mut self.nodes[node] else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let more = end.saturating_sub(file.reserved);
        if let Some(free) = &mut self.free {
            *free = free.checked_sub(more).ok_or(io::ErrorKind::StorageFull)?;
        }
        file.reserved += more;
        Ok(())
    }

    pub(super) fn sync(&mut self, node: NodeId) {
        self.change(node, FileNode::sync);
    }

    pub(super) fn fail_sync(&mut self, node: NodeId) {
        self.change(node, FileNode::fail_sync);
    }

    pub(super) fn evict(&mut self, node: NodeId) {
        self.change(node, FileNode::evict);
    }

    pub(super) fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        let dir = self.find(path)?;
        let Node::Directory { durable, present } = &mut self.nodes[dir] else {
            return Err(io::ErrorKind::NotADirectory.into());
        };
        durable.clone_from(present);
        for change in &mut self.unsynced {
            change.retain(|(of, ..)| *of != dir);
        }
        self.unsynced.retain(|change| !change.is_empty());
        Ok(())
    }

    pub(super) fn crash(&mut self, loss: Loss) {
        match loss {
            Loss::Nothing => {}
            Loss::Unsynced => self.forget(),
            Loss::Some { seed } => self.forget_some(&mut SmallRng::seed_from_u64(seed)),
        }
    }

    pub(super) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut dirs = vec![(PathBuf::new(), ROOT)];
        while let Some((path, dir)) = dirs.pop() {
            let Ok(entries) = self.entries(dir) else { continue };
            for (name, node) in entries {
                match &self.nodes[*node] {
                    Node::File(file) => files.push((path.join(name), file.present.clone())),
                    Node::Directory { .. } => dirs.push((path.join(name), *node)),
                    Node::Link => {}
                }
            }
        }
        files
    }

    fn forget(&mut self) {
        self.unsynced.clear();
        for node in &mut self.nodes {
            match node {
                Node::File(file) => file.forget(),
                Node::Directory { durable, present } => present.clone_from(durable),
                Node::Link => {}
            }
        }
    }

    fn forget_some(&mut self, random: &mut SmallRng) {
        let until = random.random_range(0..=self.unsynced.len());
        for (dir, name, to) in self.unsynced.drain(..until).flatten() {
            if let Node::Directory { durable, .. } = &mut self.nodes[dir] {
                set(durable, name, to);
            }
        }
        for node in &mut self.nodes {
            if let Node::File(file) = node {
                file.keep_some(random);
            }
        }
        self.forget();
    }

    fn add(&mut self, path: &Path, node: Node) -> io::Result<NodeId> {
        let (dir, name) = self.parent(path)?;
        if self.entries(dir)?.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let name = name.to_owned();
        self.nodes.push(node);
        let id = self.nodes.len() - 1;
        self.enter(vec![(dir, name, Some(id))]);
        Ok(id)
    }

    fn enter(&mut self, changes: Vec<Change>) {
        for (dir, name, to) in &changes {
            if let Node::Directory { present, .. } = &mut self.nodes[*dir] {
                set(present, name.clone(), *to);
            }
        }
        self.unsynced.push(changes);
    }

    fn change(&mut self, node: NodeId, change: impl FnOnce(&mut FileNode)) {
        if let Node::File(file) = &mut self.nodes[node] {
            change(file);
        }
    }

    fn find(&self, path: &Path) -> io::Result<NodeId> {
        let mut node = ROOT;
        for step in path.components() {
            let Component::Normal(name) = step else {
                return Err(io::ErrorKind::InvalidFilename.into());
            };
            node = *self.entries(node)?.get(name).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(node)
    }

    fn parent<'p>(&self, path: &'p Path) -> io::Result<(NodeId, &'p OsStr)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        Ok((self.find(path.parent().unwrap_or(Path::new("")))?, name))
    }

    fn entries(&self, node: NodeId) -> io::Result<&Entries> {
        match &self.nodes[node] {
            Node::Directory { present, .. } => Ok(present),
            Node::File(_) | Node::Link => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn kind_of(&self, node: NodeId) -> EntryKind {
        match &self.nodes[node] {
            Node::File(_) => EntryKind::File,
            Node::Directory { .. } => EntryKind::Directory,
            Node::Link => EntryKind::SymbolicLink,
        }
    }
}

fn directory() -> Node {
    Node::Directory { durable: Entries::new(), present: Entries::new() }
}

fn set(entries: &mut Entries, name: OsString, to: Option<NodeId>) {
    match to {
        Some(node) => entries.insert(name, node),
        None => entries.remove(&name),
    };
}
