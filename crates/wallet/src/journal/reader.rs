//! Reads a journal: every record of every complete append, in their order.

use std::fmt;

use super::format::{self, Hash, HeaderFlaw, Line};
use super::record::Record;
use crate::limits::RECORD_BYTES_MAX;
use crate::operation::OperationId;

/// Where a journal can be taken up again.
pub(crate) struct Tip {
    pub(crate) id: OperationId,
    /// Bytes that hold.
    pub(crate) len: u64,
    pub(crate) hash: Hash,
    /// Records that hold.
    pub(crate) records: u32,
    /// Bytes behind them: an append that the power cut.
    pub(crate) torn: u64,
}

/// Why a journal was not read.
pub(crate) enum Unreadable {
    /// Its creation was cut: nothing has been done under it.
    NeverBegan,
    TooNew {
        version: u32,
    },
    Damaged {
        record: u32,
        flaw: Flaw,
    },
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The first line is not that of a journal.
    Header,
    /// The journal is of another operation than its file name says.
    OtherOperation,
    /// The line is not what it was when it was written.
    Changed,
    /// The line is whole but does not belong after the one before.
    OutOfOrder,
    /// It is whole, and not understood.
    NotUnderstood,
}

/// Reads `text` and hands each record to `take`, which says what is wrong with it.
pub(crate) fn read(
    text: &[u8],
    mut take: impl FnMut(Record) -> Result<(), Flaw>,
) -> Result<Tip, Unreadable> {
    let (id, start) = read_header(text)?;
    let mut tip = Tip { id, len: 0, hash: format::header_hash(id), records: 0, torn: 0 };
    let mut append: Vec<Record> = Vec::new();
    let (mut at, mut before, mut record) = (start, tip.hash, 0);
    while at < text.len() {
        record += 1;
        let damaged = |flaw| Err(Unreadable::Damaged { record, flaw });
        let (line, next) = split_line(text, at);
        let Some(line) = line.and_then(Line::parse) else {
            if an_append_begins_in(&text[at + 1..]) {
                return damaged(Flaw::Changed);
            }
            break;
        };
        if line.before != before || line.mark.begins() != append.is_empty() {
            return damaged(Flaw::OutOfOrder);
        }
        if line.json.len() > RECORD_BYTES_MAX {
            return damaged(Flaw::NotUnderstood);
        }
        let Ok(parsed) = serde_json::from_slice(line.json) else {
            return damaged(Flaw::NotUnderstood);
        };
        append.push(parsed);
        (at, before) = (next, line.hash);
        if line.mark.ends() {
            for parsed in append.drain(..) {
                take(parsed).map_err(|flaw| Unreadable::Damaged { record, flaw })?;
            }
            (tip.len, tip.hash, tip.records) = (at as u64, before, record);
        }
    }
    if tip.records == 0 {
        return Err(Unreadable::NeverBegan);
    }
    tip.torn = text.len() as u64 - tip.len;
    Ok(tip)
}

fn read_header(text: &[u8]) -> Result<(OperationId, usize), Unreadable> {
    let (line, next) = split_line(text, 0);
    match line.map(format::parse_header) {
        Some(Ok(id)) => Ok((id, next)),
        Some(Err(HeaderFlaw::TooNew(version))) => Err(Unreadable::TooNew { version }),
        Some(Err(HeaderFlaw::Form)) | None if an_append_begins_in(text) => {
            Err(Unreadable::Damaged { record: 0, flaw: Flaw::Header })
        }
        Some(Err(HeaderFlaw::Form)) | None => Err(Unreadable::NeverBegan),
    }
}

/// Returns the line at `at` without its end, if it has one, and where the next begins.
fn split_line(text: &[u8], at: usize) -> (Option<&[u8]>, usize) {
    let rest = &text[at..];
    match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) => (Some(&rest[..end]), at + end + 1),
        None => (None, text.len()),
    }
}

/// Returns whether a whole record that begins an append ends a line of `text`,
/// also where the end of the line before was lost.
fn an_append_begins_in(text: &[u8]) -> bool {
    let mut at = 0;
    while let (Some(line), next) = split_line(text, at) {
        let starts = (0..line.len()).filter(|start| format::may_begin(&line[*start..]));
        let mut lines = starts.filter_map(|start| Line::parse(&line[start..]));
        if lines.any(|line| line.mark.begins()) {
            return true;
        }
        at = next;
    }
    false
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::Header => "not the first line of a journal",
            Flaw::OtherOperation => "a journal of another operation",
            Flaw::Changed => "not what was written",
            Flaw::OutOfOrder => "does not follow the record before",
            Flaw::NotUnderstood => "not understood",
        })
    }
}
