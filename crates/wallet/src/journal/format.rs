//! The text of a journal: a line with the version, then a line for each record.
//!
//! ```text
//!   liveconnect-journal 1 <32 hex digits of the operation>
//!   = <hash before> <JSON> <hash>      one append of one record
//!   < <hash before> <JSON> <hash>      an append of several: its first …
//!   - <hash before> <JSON> <hash>      … its next …
//!   > <hash before> <JSON> <hash>      … and its last
//! ```
//!
//! Hashes are SHA-256 in hex. That of a record is over everything before it in
//! its line, so that it covers the hash before; the first record goes on from
//! the hash of the version's line. As each line states the hash before, it can
//! be told by itself whether it is whole: that tells a torn end (the power went
//! during the last append) from damage in the middle (a later append is whole).
//! An append counts as a whole or not at all.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::operation::OperationId;

/// The version that is written, and the highest that is read.
pub(crate) const VERSION: u32 = 1;

const NAME: &str = "liveconnect-journal";
const HASH_DIGITS: usize = 64;

/// The hash of a line.
pub(crate) type Hash = [u8; 32];

/// Where a record stands in the append that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Whole,
    First,
    Next,
    Last,
}

/// A line that is whole in itself.
pub(crate) struct Line<'a> {
    pub(crate) mark: Mark,
    pub(crate) before: Hash,
    pub(crate) hash: Hash,
    pub(crate) json: &'a [u8],
}

/// Why the first line is no beginning of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFlaw {
    Form,
    TooNew(u32),
}

impl Mark {
    const ALL: [Mark; 4] = [Mark::Whole, Mark::First, Mark::Next, Mark::Last];

    /// Returns the mark of record `n` of `count` of one append.
    pub(crate) fn of(n: usize, count: usize) -> Mark {
        match (n, count - n) {
            (0, 1) => Mark::Whole,
            (0, _) => Mark::First,
            (_, 1) => Mark::Last,
            (_, _) => Mark::Next,
        }
    }

    const fn byte(self) -> u8 {
        match self {
            Mark::Whole => b'=',
            Mark::First => b'<',
            Mark::Next => b'-',
            Mark::Last => b'>',
        }
    }

    /// Returns whether an append begins here: everything before it was synced.
    pub(crate) const fn begins(self) -> bool {
        matches!(self, Mark::Whole | Mark::First)
    }

    /// Returns whether an append is complete with this record.
    pub(crate) const fn ends(self) -> bool {
        matches!(self, Mark::Whole | Mark::Last)
    }
}

impl Line<'_> {
    /// Reads a line, without its end, if it is whole.
    pub(crate) fn parse(line: &[u8]) -> Option<Line<'_>> {
        let (covered, hash) = line.split_at_checked(line.len().checked_sub(HASH_DIGITS)?)?;
        let hash = parse_hash(hash)?;
        let mark = *Mark::ALL.iter().find(|mark| covered.first() == Some(&mark.byte()))?;
        let (before, json) = covered.get(2..)?.split_at_checked(HASH_DIGITS)?;
        let json = json.strip_prefix(b" ")?.strip_suffix(b" ")?;
        let whole = covered[1] == b' ' && hash == hash_of(covered);
        whole.then_some(Line { mark, before: parse_hash(before)?, hash, json })
    }
}

/// Returns whether a line of a record may begin here: cheap, before its hash is looked at.
pub(crate) fn may_begin(text: &[u8]) -> bool {
    let (Some([mark, b' ']), Some(hash)) = (text.first_chunk(), text.get(2..2 + HASH_DIGITS))
    else {
        return false;
    };
    Mark::ALL.iter().any(|it| it.byte() == *mark) && parse_hash(hash).is_some()
}

/// Returns the first line of a journal, with its end.
pub(crate) fn header(id: OperationId) -> String {
    format!("{NAME} {VERSION} {id}\n")
}

/// Returns the hash that the first record goes on from.
pub(crate) fn header_hash(id: OperationId) -> Hash {
    hash_of(header(id).as_bytes())
}

/// Reads the first line of a journal, without its end.
pub(crate) fn parse_header(line: &[u8]) -> Result<OperationId, HeaderFlaw> {
    let text = std::str::from_utf8(line).map_err(|_| HeaderFlaw::Form)?;
    let rest = text.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(' '));
    let (version, rest) = rest.and_then(|rest| rest.split_once(' ')).ok_or(HeaderFlaw::Form)?;
    let version: u32 = version.parse().map_err(|_| HeaderFlaw::Form)?;
    if version > VERSION {
        return Err(HeaderFlaw::TooNew(version));
    }
    let id = rest.parse().map_err(|_| HeaderFlaw::Form)?;
    // One journal has one first line: its hash is what the records go on from.
    if header(id).strip_suffix('\n') == Some(text) { Ok(id) } else { Err(HeaderFlaw::Form) }
}

/// Appends the line of a record to `text` and returns its hash.
pub(crate) fn write_line(
    text: &mut Zeroizing<Vec<u8>>,
    mark: Mark,
    before: &Hash,
    json: &[u8],
) -> Hash {
    let start = text.len();
    text.push(mark.byte());
    text.push(b' ');
    text.extend_from_slice(hex::encode(before).as_bytes());
    text.push(b' ');
    text.extend_from_slice(json);
    text.push(b' ');
    let hash = hash_of(&text[start..]);
    text.extend_from_slice(hex::encode(hash).as_bytes());
    text.push(b'\n');
    hash
}

/// Bytes of a line beside its JSON.
pub(crate) const LINE_BYTES_BESIDE: usize = 2 * HASH_DIGITS + 5;

fn hash_of(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

fn parse_hash(digits: &[u8]) -> Option<Hash> {
    let mut hash = [0; 32];
    hex::decode_to_slice(digits, &mut hash).ok()?;
    Some(hash)
}
