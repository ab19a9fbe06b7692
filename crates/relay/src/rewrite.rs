//! What happens to the bytes of a member: whole lines are checked, each `#` in them becomes the
//! member's address, and everything else stays byte for byte. Nothing is parsed.
//!
//! ```text
//!   bytes as they arrive ──▶ [ unfinished line ] ──whole lines──▶ "#" → address ──▶ other member
//! ```
//!
//! Only whole lines go on, so that a connection cut in the middle of a line leaves nothing half
//! said. How the bytes were cut into pieces on the way makes no difference to what comes out.

use std::mem;

use memchr::{memchr, memchr_iter};
use protocol::limits::{DELIVERED_BYTES_MAX, LINE_BYTES_MAX};
use protocol::room::Code;

use crate::limits::BATCH_BYTES;

/// The bytes of one member that are not yet with the other one.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// The member's address as text: what stands in for a `#`.
    address: Box<str>,
    held: Vec<u8>,
    /// Bytes of `held`, from its start, that were searched for the end of a line in vain.
    searched: usize,
    rest: Rest,
}

/// What an inbox holds after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// At most an unfinished line: more bytes are needed.
    NeedsMore,
    /// Perhaps further whole lines: the batch was full.
    HasLines,
}

impl Inbox {
    /// Makes the inbox of a member with that address; `early` is what came behind its join line.
    pub(crate) fn new(address: Box<str>, early: Vec<u8>) -> Inbox {
        Inbox { address, held: early, searched: 0, rest: Rest::HasLines }
    }

    /// Returns whether there may be whole lines that wait for the next batch.
    pub(crate) fn rest(&self) -> Rest {
        self.rest
    }

    /// Adds what arrived, and appends the next batch of rewritten lines to `out`.
    ///
    /// # Errors
    /// The code of the first line that breaks a rule; the lines before it are in `out`.
    pub(crate) fn rewrite(&mut self, arrived: &[u8], out: &mut Vec<u8>) -> Result<(), Code> {
        let mut held = mem::take(&mut self.held);
        let input = if held.is_empty() {
            arrived
        } else {
            held.extend_from_slice(arrived);
            &held
        };
        let (taken, rest) = rewrite_lines(input, self.searched, &self.address, out)?;
        self.held = if taken == 0 && !held.is_empty() { held } else { input[taken..].to_vec() };
        self.searched = match rest {
            Rest::NeedsMore => self.held.len(),
            Rest::HasLines => 0,
        };
        self.rest = rest;
        Ok(())
    }
}

/// Rewrites lines until the input or the batch ends; returns the number of bytes that it took.
fn rewrite_lines(
    input: &[u8],
    mut searched: usize,
    address: &str,
    out: &mut Vec<u8>,
) -> Result<(usize, Rest), Code> {
    let mut taken = 0;
    while let Some(end) = memchr(b'\n', &input[taken + searched..]) {
        if out.len() >= BATCH_BYTES {
            return Ok((taken, Rest::HasLines));
        }
        let end = taken + searched + end;
        rewrite_line(&input[taken..end], address, out)?;
        (taken, searched) = (end + 1, 0);
    }
    if text_of(&input[taken..]).len() > LINE_BYTES_MAX {
        return Err(Code::LineTooLong);
    }
    Ok((taken, Rest::NeedsMore))
}

fn rewrite_line(line: &[u8], address: &str, out: &mut Vec<u8>) -> Result<(), Code> {
    let line = text_of(line);
    if line.len() > LINE_BYTES_MAX {
        return Err(Code::LineTooLong);
    }
    if str::from_utf8(line).is_err() {
        return Err(Code::NotUtf8);
    }
    let marks = memchr_iter(b'#', line).count();
    if line.len() - marks + marks * address.len() > DELIVERED_BYTES_MAX {
        return Err(Code::TooManyHashes);
    }
    let mut copied = 0;
    for mark in memchr_iter(b'#', line) {
        out.extend_from_slice(&line[copied..mark]);
        out.extend_from_slice(address.as_bytes());
        copied = mark + 1;
    }
    out.extend_from_slice(&line[copied..]);
    out.push(b'\n');
    Ok(())
}

/// Returns the line without the `\r` of an end `\r\n`.
fn text_of(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests;
