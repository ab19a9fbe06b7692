//! Operations that have ended. Of a long journal only the two ends are read.

use coin::Amount;

use crate::disk::{Disk, Part};
use crate::error::{DiskError, WalletError};
use crate::journal::format::Line;
use crate::journal::record::Record;
use crate::journal::{self, Flaw};
use crate::limits::JOURNAL_ENDS_BYTES;
use crate::open_journals::{DamagedJournal, OpenJournals};
use crate::operation::state::State;
use crate::operation::{End, Kind, OperationId};

/// An operation that has ended.
#[derive(Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its number.
    pub id: OperationId,
    /// What it was for.
    pub kind: Kind,
    /// The text it was begun with.
    pub about: String,
    /// When it began, in seconds since 1970 UTC.
    pub began_at_secs: i64,
    /// When and how it ended.
    pub end: End,
}

impl std::fmt::Debug for Ended {
    /// Hides the text that it was begun with: callers keep keys in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ended")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The operations of a home that have ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// They, in the order of their ends.
    pub ended: Vec<Ended>,
    /// Journals, of ended and of open operations, that do not begin or end as they should.
    pub damaged: Vec<DamagedJournal>,
}

/// Returns the operations that have ended. Needs no lock. What is between the ends of a journal is not
/// looked at.
///
/// # Errors
/// Those of the disk; [`WalletError::JournalTooNew`].
pub fn history(disk: &impl Disk) -> Result<History, WalletError> {
    let mut history = History::default();
    for id in journal::list(disk, journal::DONE)? {
        history.add(id, read_done(disk, id).map(Some))?;
    }
    for id in journal::list(disk, journal::OPEN)? {
        // One that ended just before a crash has not moved yet.
        if history.ended.iter().all(|ended| ended.id != id) {
            history.add(id, read_open(disk, id))?;
        }
    }
    history.ended.sort_by_key(|ended| (ended.end.at_secs, ended.id));
    Ok(history)
}

/// An operation whose coins are in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Its number.
    pub id: OperationId,
    /// What it is for.
    pub kind: Kind,
    /// When it began, in seconds since 1970 UTC.
    pub began_at_secs: i64,
    /// What its coins in flight are worth.
    pub amount: Amount,
}

/// Returns the open operations that have coins in flight, in the order of their beginnings. Needs no lock.
///
/// # Errors
/// Those of the disk; [`WalletError::JournalTooNew`].
pub fn in_flight(disk: &impl Disk) -> Result<Vec<InFlight>, WalletError> {
    let states = OpenJournals::read(disk)?.states.into_iter();
    let mut open: Vec<InFlight> = states
        .filter(|state| !state.in_flight().is_empty())
        .map(|state| InFlight {
            id: state.id(),
            kind: state.kind(),
            began_at_secs: state.began_at_secs(),
            amount: Amount::try_sum(state.in_flight().iter().map(|sn| sn.denomination().amount()))
                .expect("different coins are at most all the coins there are"),
        })
        .collect();
    open.sort_by_key(|open| (open.began_at_secs, open.id));
    Ok(open)
}

impl History {
    fn add(
        &mut self,
        id: OperationId,
        read: Result<Option<Ended>, WalletError>,
    ) -> Result<(), WalletError> {
        match read {
            Ok(ended) => self.ended.extend(ended),
            Err(error) => self.damaged.push(DamagedJournal::from_error(id, error)?),
        }
        Ok(())
    }
}

/// Returns operation `id` if it has ended.
pub(crate) fn read_ended(disk: &impl Disk, id: OperationId) -> Result<Option<Ended>, WalletError> {
    if journal::exists(disk, journal::DONE, id)? {
        return read_done(disk, id).map(Some);
    }
    if journal::exists(disk, journal::OPEN, id)? { read_open(disk, id) } else { Ok(None) }
}

fn read_done(disk: &impl Disk, id: OperationId) -> Result<Ended, WalletError> {
    let path = journal::path_in(journal::DONE, id);
    let read = |part| disk.read(&path, part).map_err(DiskError::of("read", &path));
    let (head, tail) =
        (read(Part::Head(JOURNAL_ENDS_BYTES))?, read(Part::Tail(JOURNAL_ENDS_BYTES))?);
    let begin = head.split(|byte| *byte == b'\n').nth(1).and_then(parse);
    let end = tail.strip_suffix(b"\n").and_then(|tail| tail.rsplit(|byte| *byte == b'\n').next());
    match (begin, end.and_then(parse)) {
        (Some(Record::Begin { kind, at, about }), Some(Record::End { at: ended, summary })) => {
            let end = End { at_secs: ended, summary };
            Ok(Ended { id, kind, about, began_at_secs: at, end })
        }
        (Some(_) | None, Some(_) | None) => {
            Err(WalletError::JournalDamaged { path, record: 0, flaw: Flaw::Changed })
        }
    }
}

fn read_open(disk: &impl Disk, id: OperationId) -> Result<Option<Ended>, WalletError> {
    let mut state = State::new(id);
    let tip = journal::read(disk, journal::OPEN, id, |record| state.take(record))?;
    let ended = tip.and_then(|_| state.end().cloned());
    Ok(ended.map(|end| Ended {
        id,
        kind: state.kind(),
        about: state.about().to_owned(),
        began_at_secs: state.began_at_secs(),
        end,
    }))
}

fn parse(line: &[u8]) -> Option<Record> {
    serde_json::from_slice(Line::parse(line)?.json).ok()
}
