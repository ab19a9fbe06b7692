//! What the journals of the operations that have not ended say, also where one of them is damaged.
//!
//! A damaged journal closes its own operation, not the home: it stays where it is, nothing of it is repaired,
//! done again or added to. Its records before the damage are chained and hold: they say which coins may be in
//! flight, so that none of these counts twice and none is booked a second time.

use std::io;

use crate::disk::Disk;
use crate::error::WalletError;
use crate::journal;
use crate::operation::OperationId;
use crate::operation::state::State;

/// A journal that is damaged where a power cut cannot have done it. At fault: the disk, or who changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedJournal {
    /// Its operation.
    pub id: OperationId,
    /// The file, the record, and what is wrong with it.
    pub why: String,
}

/// All journals of a home whose operations have not ended.
pub(crate) struct OpenJournals {
    /// What those say that can be read.
    pub(crate) states: Vec<State>,
    /// The others, with what they say up to the damage. Such a state may lack its beginning.
    pub(crate) damaged: Vec<(DamagedJournal, State)>,
}

impl OpenJournals {
    /// Reads them; without the lock, one that moves away meanwhile has ended.
    pub(crate) fn read(disk: &impl Disk) -> Result<OpenJournals, WalletError> {
        let mut open = OpenJournals { states: Vec::new(), damaged: Vec::new() };
        for id in journal::list(disk, journal::OPEN)? {
            let mut state = State::new(id);
            match journal::read(disk, journal::OPEN, id, |record| state.take(record)) {
                Ok(Some(_)) if state.end().is_none() => open.states.push(state),
                Ok(Some(_) | None) => {}
                Err(WalletError::Disk(error)) if error.source.kind() == io::ErrorKind::NotFound => {
                }
                Err(error) => {
                    let damaged = DamagedJournal::from_error(id, error)?;
                    open.damaged.push((damaged, state));
                }
            }
        }
        Ok(open)
    }
}

impl DamagedJournal {
    /// Takes the error of reading the journal of operation `id`, if it speaks of damage. One of a later version
    /// is none: that program can go on with it, and this one had better not work beside it.
    pub(crate) fn from_error(
        id: OperationId,
        error: WalletError,
    ) -> Result<DamagedJournal, WalletError> {
        match error {
            WalletError::JournalDamaged { .. } => Ok(DamagedJournal { id, why: error.to_string() }),
            error => Err(error),
        }
    }
}
