//! The journal of one operation: an append-only file of hash-chained records.
//!
//! ```text
//!   .journal/<32 hex>.journal ──── end ────▶ .journal/done/<32 hex>.journal
//! ```
//!
//! [`format`] is its text, [`record`] what a record says, [`reader`] reads it.
//! A journal carries the bytes of every coin that its operation touches, so
//! that each file can be made again from it. It keeps them for good: they are
//! in the same hands as the coins themselves, under the same rights.

pub(crate) mod format;
pub(crate) mod reader;
pub(crate) mod record;

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::disk::{Disk, DiskFile, Part};
use crate::error::{DiskError, WalletError};
use crate::home::Health;
use crate::limits::{JOURNAL_BYTES_MAX, RECORD_BYTES_MAX, RESERVED_BYTES};
use crate::operation::OperationId;
use format::{Hash, Mark};
pub use reader::Flaw;
use reader::{Tip, Unreadable};
use record::Record;

/// The folder of the journals of open operations, from the home on.
pub(crate) const OPEN: &str = ".journal";
/// The folder of the journals of ended operations.
pub(crate) const DONE: &str = ".journal/done";
const SUFFIX: &str = ".journal";

/// An open journal: the only writer of its file.
#[derive(Debug)]
pub(crate) struct Journal<F> {
    file: F,
    path: PathBuf,
    health: Health,
    len: u64,
    hash: Hash,
}

/// What space an append takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// What was reserved before, and more if there is.
    InReserve,
    /// Its own, and the reserve behind it once more.
    Ahead,
    /// As much again behind it, for what the coins in it will become.
    Double,
}

impl<F: DiskFile> Journal<F> {
    /// Makes the journal of operation `id` with its first record.
    ///
    /// # Crash safety
    /// When this returns, the file, its first record and its entry in the
    /// directory are durable. A crash before leaves a file in which nothing
    /// begins, and which the next start puts aside.
    pub(crate) fn create<D: Disk<File = F>>(
        disk: &D,
        health: &Health,
        id: OperationId,
        begin: &Record,
    ) -> Result<Journal<F>, WalletError> {
        let path = path_in(OPEN, id);
        let file = disk.create(&path).map_err(DiskError::of("create", &path))?;
        let (health, hash) = (health.clone(), format::header_hash(id));
        let mut journal = Journal { file, path, health, len: 0, hash };
        let head = Zeroizing::new(format::header(id).into_bytes());
        journal.write(head, std::slice::from_ref(begin), Room::Ahead)?;
        let synced = disk.sync_dir(Path::new(OPEN));
        journal.health.check(synced.map_err(DiskError::of("sync", Path::new(OPEN))))?;
        Ok(journal)
    }

    /// Takes up the journal at its `tip`, and cuts off a torn append.
    pub(crate) fn take_up<D: Disk<File = F>>(
        disk: &D,
        health: &Health,
        tip: &Tip,
    ) -> Result<Journal<F>, WalletError> {
        let path = path_in(OPEN, tip.id);
        let file = disk.open(&path).map_err(DiskError::of("open", &path))?;
        let mut journal =
            Journal { file, path, health: health.clone(), len: tip.len, hash: tip.hash };
        if tip.torn > 0 {
            journal.cut_to_length()?;
        }
        Ok(journal)
    }

    /// Appends records that count as one: all of them or none.
    ///
    /// # Crash safety
    /// Durable when this returns. When it fails without a failed sync, nothing
    /// was appended and the journal can go on.
    pub(crate) fn append(&mut self, records: &[Record], room: Room) -> Result<(), WalletError> {
        self.health.ask()?;
        self.write(Zeroizing::default(), records, room)
    }

    /// Gives back the space that was reserved and not used.
    pub(crate) fn give_back_space(&mut self) -> Result<(), WalletError> {
        self.cut_to_length()
    }

    fn write(
        &mut self,
        mut text: Zeroizing<Vec<u8>>,
        records: &[Record],
        room: Room,
    ) -> Result<(), WalletError> {
        let mut hash = self.hash;
        for (n, record) in records.iter().enumerate() {
            let json = to_json(record)?;
            grow(&mut text, json.len() + format::LINE_BYTES_BESIDE);
            hash = format::write_line(&mut text, Mark::of(n, records.len()), &hash, &json);
        }
        // What these coins become has to stay readable: one journal that is too long would close the home.
        if room == Room::Double && self.len + 4 * text.len() as u64 > JOURNAL_BYTES_MAX as u64 {
            let found = usize::try_from(self.len).unwrap_or(usize::MAX).saturating_add(text.len());
            return Err(WalletError::TooLong { what: "a journal", found, max: JOURNAL_BYTES_MAX });
        }
        // Before the write: an append that did not get its room must not count.
        self.reserve(text.len() as u64, room)?;
        if let Err(error) = self.file.write_at(self.len, &text) {
            let error = DiskError { act: "write to", path: self.path.clone(), source: error };
            // A part may stand there; the next append must not follow it.
            self.cut_to_length()?;
            return Err(error.into());
        }
        let synced = self.file.sync();
        self.health.check(synced.map_err(DiskError::of("sync", &self.path)))?;
        self.len += text.len() as u64;
        self.hash = hash;
        Ok(())
    }

    fn reserve(&mut self, bytes: u64, room: Room) -> Result<(), WalletError> {
        let bytes = match room {
            Room::InReserve => return Ok(()),
            Room::Ahead => bytes + RESERVED_BYTES,
            Room::Double => 2 * bytes + RESERVED_BYTES,
        };
        let reserved = self.file.reserve(self.len, bytes);
        Ok(reserved.map_err(DiskError::of("reserve space for", &self.path))?)
    }

    /// Whatever follows would stand behind a torn record if this failed, so
    /// that is taken like a failed sync.
    fn cut_to_length(&mut self) -> Result<(), WalletError> {
        let cut = self.file.cut(self.len);
        self.health.check(cut.map_err(DiskError::of("cut", &self.path)))
    }
}

/// Reads the journal of operation `id` in `folder` ([`OPEN`] or [`DONE`]), and
/// hands each record to `take`. `None` when its creation was cut.
pub(crate) fn read(
    disk: &impl Disk,
    folder: &str,
    id: OperationId,
    take: impl FnMut(Record) -> Result<(), Flaw>,
) -> Result<Option<Tip>, WalletError> {
    let path = path_in(folder, id);
    let text = disk.read(&path, Part::Whole { max: JOURNAL_BYTES_MAX });
    let text = text.map_err(DiskError::of("read", &path))?;
    match reader::read(&text, take) {
        Ok(tip) if tip.id == id => Ok(Some(tip)),
        Ok(_) => Err(WalletError::JournalDamaged { path, record: 0, flaw: Flaw::OtherOperation }),
        Err(Unreadable::NeverBegan) => Ok(None),
        Err(Unreadable::TooNew { version }) => {
            Err(WalletError::JournalTooNew { path, version, known: format::VERSION })
        }
        Err(Unreadable::Damaged { record, flaw }) => {
            Err(WalletError::JournalDamaged { path, record, flaw })
        }
    }
}

/// Lists the operations whose journals lie in `folder`, in the order of their numbers.
pub(crate) fn list(disk: &impl Disk, folder: &str) -> Result<Vec<OperationId>, WalletError> {
    let entries = disk.list(Path::new(folder)).map_err(DiskError::of("list", Path::new(folder)))?;
    let id = |name: &str| name.strip_suffix(SUFFIX).and_then(|digits| digits.parse().ok());
    let mut ids: Vec<OperationId> =
        entries.iter().filter_map(|entry| entry.name.to_str().and_then(id)).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// Returns whether operation `id` has a journal in `folder`.
pub(crate) fn exists(disk: &impl Disk, folder: &str, id: OperationId) -> Result<bool, WalletError> {
    let path = path_in(folder, id);
    match disk.read(&path, Part::Head(0)) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(DiskError::of("read", &path)(error).into()),
    }
}

/// Returns the path of the journal of operation `id` in `folder`.
pub(crate) fn path_in(folder: &str, id: OperationId) -> PathBuf {
    Path::new(folder).join(file_name(id))
}

/// Returns the name of the journal of operation `id`.
pub(crate) fn file_name(id: OperationId) -> String {
    format!("{id}{SUFFIX}")
}

/// Text that is wiped, also where it moved from when it grew.
struct WipedText(Zeroizing<Vec<u8>>);

impl io::Write for WipedText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        grow(&mut self.0, bytes.len());
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn to_json(record: &Record) -> Result<Zeroizing<Vec<u8>>, WalletError> {
    let mut json = WipedText(Zeroizing::default());
    serde_json::to_writer(&mut json, record).expect("a record is plain data, written to memory");
    match json.0.len() {
        found if found > RECORD_BYTES_MAX => {
            Err(WalletError::TooLong { what: "a record", found, max: RECORD_BYTES_MAX })
        }
        _ => Ok(json.0),
    }
}

fn grow(text: &mut Zeroizing<Vec<u8>>, more: usize) {
    if text.capacity() - text.len() < more {
        let mut larger = Vec::with_capacity((text.len() + more) * 2);
        larger.extend_from_slice(text);
        *text = Zeroizing::new(larger);
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::path::Path;

    use super::record::{Part, Record};
    use super::{Journal, OPEN, Room, read};
    use crate::disk::{Disk, SimDisk};
    use crate::home::Health;
    use crate::operation::{Kind, OperationId};

    fn note(text: &str) -> Record {
        Record::Note(Part { label: "n".to_owned(), text: text.to_owned(), continued: false })
    }

    #[test]
    fn what_a_failed_append_left_is_not_read_behind_the_next_one() {
        let (disk, id) = (SimDisk::new(), OperationId::from_bytes([1; 16]));
        disk.make_dir(Path::new(OPEN)).unwrap();
        let begin = Record::Begin { kind: Kind::Send, at: 1, about: String::new() };
        let mut journal = Journal::create(&disk, &Health::default(), id, &begin).unwrap();
        // Half of this append is two whole lines, the first as long as the next append.
        let records = [note("1"), note("2"), note(&"3".repeat(1_000))];
        disk.fail_at(1, ErrorKind::StorageFull);
        journal.append(&records, Room::InReserve).unwrap_err();
        journal.append(&[note("4")], Room::InReserve).unwrap();
        let mut notes = 0;
        let tip = read(&disk, OPEN, id, |record| {
            notes += usize::from(matches!(record, Record::Note(_)));
            Ok(())
        });
        let tip = tip.unwrap().unwrap();
        assert_eq!((notes, tip.records, tip.torn), (1, 2, 0));
    }
}
