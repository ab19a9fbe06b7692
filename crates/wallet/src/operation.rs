//! One operation on a wallet: a transfer, an import. It has one journal, and
//! everything it does to files goes through these acts.
//!
//! Every act records first and acts second:
//!
//! ```text
//!   record, with the coin bytes ──sync──▶ the files ──sync──▶ "done" ──sync──▶ returned
//!                 │                          │
//!        crash: nothing happened     crash: the next start does it again, to the same end
//! ```
//!
//! When a call has returned, what it did survives a power cut. The number of
//! syncs of a call does not depend on the number of coins. When a call fails
//! half-way on a full or failing disk, the next act of the operation, or the
//! next start, does it again before anything else.

mod act;
pub(crate) mod contents;
mod files;
mod id;
mod perform;
pub(crate) mod state;
mod unsynced;

use std::fmt;
use std::sync::Arc;

use coin::{CoinName, SerialNumber, StoredCoin, Tag};

use crate::disk::Disk;
use crate::error::WalletError;
use crate::home::Loaded;
use crate::journal::record::Record;
use crate::journal::{self, Journal, Room};
use crate::limits::{FILES_PER_RECORD_MAX, LABEL_BYTES_MAX, NOTE_BYTES_MAX, TEXT_BYTES_MAX};
use crate::place::Place;
use crate::recovery;
use crate::wallet::Wallet;
use act::Plan;
pub use files::{Acted, Regrade};
pub use id::{Kind, OperationId, OperationIdError};
pub use perform::Conflict;
use perform::{Effort, Performed};
pub use state::End;
use state::State;

/// An operation with its journal, which it alone writes.
///
/// `note`, `keep` and the acts are durable when they return. See the module for
/// what holds when they fail.
pub struct Operation<D: Disk> {
    state: State,
    journal: Journal<D::File>,
    loaded: Loaded<D>,
}

impl<D: Disk> Operation<D> {
    /// Begins operation `id` (crash safety: see [`Journal::create`]).
    pub(crate) fn begin(
        loaded: Loaded<D>,
        id: OperationId,
        kind: Kind,
        about: &str,
    ) -> Result<Operation<D>, WalletError> {
        check_length("the text of an operation", about, TEXT_BYTES_MAX)?;
        let home = &loaded.home;
        let at = home.disk.now().as_second();
        let begin = Record::Begin { kind, at, about: about.to_owned() };
        let journal = Journal::create(&home.disk, &home.health, id, &begin)?;
        let mut state = State::new(id);
        state.take(begin).expect("the first record of a journal");
        Ok(Operation { state, journal, loaded })
    }

    /// Loads operation `id` from its journal. `None` when its creation was cut.
    pub(crate) fn load(
        loaded: Loaded<D>,
        id: OperationId,
    ) -> Result<Option<Operation<D>>, WalletError> {
        let home = &loaded.home;
        let mut state = State::new(id);
        let tip = journal::read(&home.disk, journal::OPEN, id, |record| state.take(record))?;
        let Some(tip) = tip else { return Ok(None) };
        let journal = Journal::take_up(&home.disk, &home.health, &tip)?;
        Ok(Some(Operation { state, journal, loaded }))
    }

    /// Returns the operation's number. For a transfer it is the transfer id.
    pub fn id(&self) -> OperationId {
        self.state.id()
    }

    /// Returns what kind of operation it is.
    pub fn kind(&self) -> Kind {
        self.state.kind()
    }

    /// Returns the text it was begun with.
    pub fn about(&self) -> &str {
        self.state.about()
    }

    /// Returns the coin files that this operation has put into a folder and that it has not taken
    /// away again, as its journal says.
    pub fn held(&self, place: Place) -> Vec<CoinName> {
        self.state.held(place).filter_map(|name| name.parse().ok()).collect()
    }

    /// Returns the tag in the names of the files that it writes.
    pub fn tag(&self) -> Tag {
        Tag::of_operation(self.id().bytes())
    }

    /// Writes down opaque text of the caller; of each label the last one counts.
    ///
    /// # Errors
    /// [`WalletError::TooLong`] (64 bytes of label, 64 MiB of text), and those of the disk.
    ///
    /// # Crash safety
    /// Durable when it returns; before, the earlier note of that label counts.
    pub fn note(&mut self, label: &str, text: &str) -> Result<(), WalletError> {
        check_length("a label", label, LABEL_BYTES_MAX)?;
        check_length("a note", text, NOTE_BYTES_MAX)?;
        self.record(act::note_records(label, text), Room::InReserve)
    }

    /// Returns the last note of this label.
    pub fn last_note(&self, label: &str) -> Option<&str> {
        self.state.note(label)
    }

    /// Writes coins, with their proposed secrets, down in the journal, in the
    /// order given; of each label the last ones count. This is what makes coins
    /// that come from outside durable, before they have files.
    ///
    /// # Errors
    /// [`WalletError::TooLong`] for the label, and those of the disk; a full disk
    /// refuses here, while nothing is at risk, rather than when the coins have
    /// become others: as much space again is reserved.
    ///
    /// # Crash safety
    /// All of them durable when it returns; before, none counts.
    pub fn keep(&mut self, label: &str, coins: &[StoredCoin]) -> Result<(), WalletError> {
        check_length("a label", label, LABEL_BYTES_MAX)?;
        let mut plan = Plan::new(&self.state);
        plan.keep(label, coins)?;
        let records = plan.into_records();
        self.record(records, Room::Double)
    }

    /// Returns the coins kept under this label, in the order given then.
    pub fn kept(&self, label: &str) -> Option<Vec<StoredCoin>> {
        self.state.kept(label)
    }

    /// Records that the coins which this operation holds in Export leave now.
    /// From here on they are in flight: they count in no total, and stay booked.
    /// Returns how many coins this operation has in flight now.
    ///
    /// To be called before the first byte of a coin leaves (rule M1).
    ///
    /// # Errors
    /// Those of the disk.
    ///
    /// # Crash safety
    /// Durable when it returns.
    pub fn mark_in_flight(&mut self) -> Result<usize, WalletError> {
        let coins: Vec<SerialNumber> = self.state.leaving().into_iter().collect();
        let in_flight = |coins| Record::InFlight { coins };
        self.record(act::serial_number_records(&coins, in_flight), Room::InReserve)?;
        Ok(self.state.in_flight().len())
    }

    /// Records that these coins are no longer in flight: it is known that they
    /// belong to the other now. (One that is regraded out of Export or Sent
    /// leaves the flight by that.)
    ///
    /// # Errors
    /// Those of the disk.
    ///
    /// # Crash safety
    /// Durable when it returns.
    pub fn mark_landed(&mut self, coins: &[SerialNumber]) -> Result<(), WalletError> {
        let landed = |coins| Record::Landed { coins };
        self.record(act::serial_number_records(coins, landed), Room::InReserve)
    }

    /// Returns the coins in flight, in the order of their numbers.
    pub fn in_flight(&self) -> impl Iterator<Item = SerialNumber> {
        self.state.in_flight().iter().copied()
    }

    /// Ends the operation: its journal moves to the ended ones, `summary` says
    /// how it went, and nothing is in flight by it any more.
    ///
    /// # Errors
    /// [`WalletError::TooLong`] (32 KiB), and those of the disk. Once the end
    /// is recorded it holds; what is left then, the next start does.
    ///
    /// # Crash safety
    /// Every act was durable when it returned, and one that is not done is
    /// finished first; only then the end is recorded, and only then the journal
    /// moves, the target directory being synced before the source.
    pub fn end(mut self, wallet: &mut Wallet<D>, summary: &str) -> Result<(), WalletError> {
        check_length("a summary", summary, TEXT_BYTES_MAX)?;
        self.finish(wallet)?;
        let at = self.loaded.home.disk.now().as_second();
        self.record(vec![Record::End { at, summary: summary.to_owned() }], Room::InReserve)?;
        self.journal.give_back_space()?;
        recovery::file_ended(&self.loaded.home, self.id())
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state.end().is_some()
    }

    /// Returns whether an act was recorded and not done.
    /// Does again what an act of this operation left undone when it failed; nothing when there is no
    /// such act. As long as it fails, files may lie where a later start moves them away from: no other
    /// operation may use the coins of this home.
    ///
    /// # Errors
    /// Those of the disk.
    ///
    /// # Crash safety
    /// Like the act itself.
    pub fn settle(&mut self, wallet: &mut Wallet<D>) -> Result<(), WalletError> {
        self.finish(wallet).map(drop)
    }

    pub(crate) fn is_unfinished(&self) -> bool {
        !self.state.pending.is_empty()
    }

    /// Does what an act before left undone when it failed.
    pub(crate) fn finish(&mut self, wallet: &Wallet<D>) -> Result<Performed, WalletError> {
        assert!(Arc::ptr_eq(&self.loaded.home, &wallet.home), "an operation belongs to one home");
        if self.state.pending.is_empty() {
            return Ok(Performed::default());
        }
        self.perform(Effort::Again)
    }

    /// Carries out the act that was recorded last, and records that it is done.
    fn perform(&mut self, effort: Effort) -> Result<Performed, WalletError> {
        let State { contents, pending, .. } = &self.state;
        let performed = perform::perform(&self.loaded.home, contents, pending, effort)?;
        let renamed = performed.renamed.chunks(FILES_PER_RECORD_MAX);
        let mut records: Vec<Record> =
            renamed.map(|files| Record::Renamed(files.to_vec())).collect();
        records.push(Record::Done);
        self.record(records, Room::InReserve)?;
        Ok(performed)
    }

    /// Appends records to the journal, and takes them as a reader would.
    fn record(&mut self, records: Vec<Record>, room: Room) -> Result<(), WalletError> {
        if records.is_empty() {
            return Ok(());
        }
        if self.state.end().is_some() {
            return Err(WalletError::Ended { id: self.id() });
        }
        self.journal.append(&records, room)?;
        for record in records {
            self.state.take(record).expect("a reader takes what a writer wrote");
        }
        Ok(())
    }
}

fn check_length(what: &'static str, text: &str, max: usize) -> Result<(), WalletError> {
    match text.len() {
        found if found > max => Err(WalletError::TooLong { what, found, max }),
        _ => Ok(()),
    }
}

impl<D: Disk> fmt::Debug for Operation<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("id", &self.id())
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}
