//! Where bytes are read to: a buffer that belongs to the thread, or to a member while it holds a
//! long unfinished line.
//!
//! ```text
//!   ┌──────────┬──────── whole lines ────────┬─ unfinished line ─┬──── space ────┐
//!   0        start                       lines_end              end
//! ```

use memchr::memrchr;
use protocol::limits::LINE_BYTES_MAX;

use crate::limits::{CHUNK_BYTES, LITTLE_BYTES_MAX};

/// Bytes of a buffer: the longest unfinished line, its `\r`, and a chunk behind it.
pub(crate) const BUFFER_BYTES: usize = LINE_BYTES_MAX + 1 + CHUNK_BYTES;

/// A buffer and what in it is still to be forwarded.
#[derive(Debug)]
pub(crate) struct Chunk {
    bytes: Box<[u8]>,
    start: usize,
    lines_end: usize,
    end: usize,
}

impl Chunk {
    /// Makes an empty one.
    pub(crate) fn new() -> Chunk {
        let bytes = vec![0; BUFFER_BYTES].into_boxed_slice();
        Chunk { bytes, start: 0, lines_end: 0, end: 0 }
    }

    /// Puts these bytes in place of all that was there, at most a line or a chunk.
    pub(crate) fn refill(&mut self, bytes: &[u8]) {
        (self.start, self.lines_end, self.end) = (0, 0, 0);
        self.bytes[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Returns where the next bytes go: [`CHUNK_BYTES`] at least, as long as the unfinished line is
    /// no longer than a line may be.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        let held = self.end - self.start;
        let crowded = self.bytes.len() - self.end < CHUNK_BYTES;
        if self.start > 0 && (held <= LITTLE_BYTES_MAX || crowded) {
            self.bytes.copy_within(self.start..self.end, 0);
            self.lines_end -= self.start;
            (self.start, self.end) = (0, held);
        }
        let end = self.bytes.len().min(self.end + CHUNK_BYTES);
        &mut self.bytes[self.end..end]
    }

    /// Counts bytes that were written to [`Chunk::space`].
    pub(crate) fn filled(&mut self, length: usize) {
        let arrived = self.end..self.end + length;
        if let Some(last) = memrchr(b'\n', &self.bytes[arrived.clone()]) {
            self.lines_end = arrived.start + last + 1;
        }
        self.end = arrived.end;
    }

    /// Returns the whole lines.
    pub(crate) fn lines(&self) -> &[u8] {
        &self.bytes[self.start..self.lines_end]
    }

    /// Returns the beginning of a line that has no end yet.
    pub(crate) fn unfinished(&self) -> &[u8] {
        &self.bytes[self.lines_end..self.end]
    }

    /// Returns the lines and what is behind them.
    pub(crate) fn held(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Forgets the first bytes of the lines.
    pub(crate) fn take(&mut self, length: usize) {
        self.start += length;
    }
}
