//! A file of a simulated disk, with its durable and its present contents.

use std::ops::Range;

use rand::RngExt;
use rand::rngs::SmallRng;

const SECTOR_BYTES: usize = 512;

#[derive(Clone, Debug, Default)]
pub(super) struct FileNode {
    durable: Vec<u8>,
    /// What a reader sees.
    pub(super) present: Vec<u8>,
    /// Bytes that the disk has set aside for it.
    pub(super) reserved: u64,
    /// Bytes of a failed sync: memory shows them, the disk does not have them,
    /// and no later sync writes them.
    lost: Option<Range<usize>>,
}

impl FileNode {
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if self.present.len() < end {
            self.present.resize(end, 0);
        }
        self.present[at..end].copy_from_slice(bytes);
        self.lost.take_if(|lost| at <= lost.start && lost.end <= end);
    }

    /// Writes only what needs no space.
    pub(super) fn write_within(&mut self, at: usize, bytes: &[u8]) {
        let room = usize::try_from(self.reserved).unwrap_or(usize::MAX).saturating_sub(at);
        self.write(at, &bytes[..bytes.len().min(room)]);
    }

    /// Returns the space that it gives back.
    pub(super) fn cut(&mut self, len: u64) -> u64 {
        self.present.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        let reserved = std::mem::replace(&mut self.reserved, self.present.len() as u64);
        reserved.saturating_sub(self.reserved)
    }

    pub(super) fn sync(&mut self) {
        self.durable = self.on_disk();
    }

    pub(super) fn fail_sync(&mut self) {
        let pairs = self.durable.iter().zip(&self.present);
        let same = pairs.take_while(|(durable, present)| durable == present).count();
        if same < self.present.len() {
            self.lost = Some(same..self.present.len());
        }
    }

    pub(super) fn evict(&mut self) {
        if self.lost.is_some() {
            self.present = self.on_disk();
            self.lost = None;
        }
    }

    /// Forgets what is not durable.
    pub(super) fn forget(&mut self) {
        self.present.clone_from(&self.durable);
        self.lost = None;
    }

    /// Makes some of what is not durable so: some sectors are old, some new,
    /// some were given to the file and never written.
    pub(super) fn keep_some(&mut self, random: &mut SmallRng) {
        let (old, new) = (&self.durable, self.on_disk());
        if *old == new {
            return;
        }
        let len = random.random_range(old.len().min(new.len())..=old.len().max(new.len()));
        let mut mixed = vec![0; len];
        for (n, sector) in mixed.chunks_mut(SECTOR_BYTES).enumerate() {
            let from = if random.random_bool(0.5) { &new } else { old };
            let from = from.get(n * SECTOR_BYTES..).unwrap_or(&[]);
            let take = sector.len().min(from.len());
            sector[..take].copy_from_slice(&from[..take]);
        }
        self.durable = mixed;
    }

    /// Returns what the disk has when everything is written: not what is lost.
    fn on_disk(&self) -> Vec<u8> {
        let Some(lost) = &self.lost else { return self.present.clone() };
        let byte = |(at, byte): (usize, &u8)| match lost.contains(&at) {
            true => self.durable.get(at).copied().unwrap_or(0),
            false => *byte,
        };
        self.present.iter().enumerate().map(byte).collect()
    }
}
