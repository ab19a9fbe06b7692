//! The wallet of a home: what lies where, and which operations there are.

use std::sync::Arc;

use coin::{CoinName, SerialNumber, StoredCoin};

use crate::disk::Disk;
use crate::error::{OpenError, WalletError};
use crate::history::{self, History};
use crate::home::Home;
use crate::journal;
use crate::listing::{self, Bookings};
use crate::open_journals::{DamagedJournal, OpenJournals};
use crate::operation::{End, Kind, Operation, OperationId};
use crate::place::Place;
use crate::provenance;
use crate::recovery::{self, RecoveryReport};

/// A home that is open for writing. It holds the writers' lock; whoever only
/// reads (balance, history, receipts) does without.
#[derive(Debug)]
pub struct Wallet<D: Disk> {
    pub(crate) home: Arc<Home<D>>,
}

impl<D: Disk> Wallet<D> {
    /// Opens a home: takes the writers' lock, makes the folders that are
    /// missing, closes to others what is open to them, and finishes what a crash
    /// interrupted, before anything else can be done.
    ///
    /// # Errors
    /// [`OpenError::Busy`] names the process that holds the lock. The others say
    /// what is wrong with the disk, a folder or a journal.
    ///
    /// # Crash safety
    /// A crash in it is made good by the next call.
    pub fn open(disk: D) -> Result<(Wallet<D>, RecoveryReport), OpenError> {
        let (home, closed_to_others) = Home::open(disk)?;
        let wallet = Wallet { home: Arc::new(home) };
        let recovered = recovery::recover(&wallet)?;
        let provenance = provenance::mark_new(&wallet.home)?;
        Ok((wallet, RecoveryReport { closed_to_others, provenance, ..recovered }))
    }

    /// Writes down that the coins of this home were verified where it lies now: a copy is an original
    /// from here on. Does nothing at an original.
    ///
    /// # Errors
    /// Those of the disk.
    ///
    /// # Crash safety
    /// Durable when it returns; a crash before leaves the copy a copy.
    pub fn mark_verified(&mut self) -> Result<(), WalletError> {
        self.home.health.ask()?;
        provenance::mark_copy(&self.home)
    }

    /// Lists the coins in a folder, in the order of their names; files whose
    /// names are not [`CoinName`]s are left out.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn list(&self, place: Place) -> Result<Vec<CoinName>, WalletError> {
        listing::coin_names(&self.home.disk, place)
    }

    /// Reads the coin in a file.
    ///
    /// # Errors
    /// [`WalletError::NotThere`]; [`WalletError::NotThatCoin`] when the file
    /// holds anything else than that one coin.
    pub fn read(&self, place: Place, name: &CoinName) -> Result<StoredCoin, WalletError> {
        listing::read_coin(&self.home.disk, place, name)
    }

    /// Returns every place where a file is named after this coin.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn places_of(&self, sn: SerialNumber) -> Result<Vec<(Place, CoinName)>, WalletError> {
        let mut found = Vec::new();
        for place in Place::all() {
            let names = self.list(place)?.into_iter().filter(|name| name.sn == sn);
            found.extend(names.map(|name| (place, name)));
        }
        Ok(found)
    }

    /// Returns which coins this home has booked: by the names of the files in
    /// Bank, Fracked, Limbo and Export of all three wallets, what is in flight,
    /// and what an open operation keeps and has not decided. One reading, for as many questions as there are.
    ///
    /// # Errors
    /// Those of the disk and of the journals.
    pub fn bookings(&self) -> Result<Bookings, WalletError> {
        Bookings::read(&self.home.disk)
    }

    /// Returns whether this coin is booked, see [`bookings`](Wallet::bookings).
    ///
    /// # Errors
    /// Those of the disk and of the journals.
    pub fn booked(&self, sn: SerialNumber) -> Result<bool, WalletError> {
        Ok(self.bookings()?.contains(sn))
    }

    /// Begins an operation. `about` is opaque text of the caller, at most 32 KiB.
    ///
    /// # Errors
    /// [`WalletError::BegunBefore`]: one number, one operation. Those of the disk.
    ///
    /// # Crash safety
    /// Its journal is durable when this returns.
    pub fn begin(
        &mut self,
        id: OperationId,
        kind: Kind,
        about: &str,
    ) -> Result<Operation<D>, WalletError> {
        self.home.health.ask()?;
        let loaded = self.home.load(id)?;
        for folder in [journal::OPEN, journal::DONE] {
            if journal::exists(&self.home.disk, folder, id)? {
                return Err(WalletError::BegunBefore { id });
            }
        }
        Operation::begin(loaded, id, kind, about)
    }

    /// Lists the operations that have not ended and whose journals can be read.
    ///
    /// # Errors
    /// Those of the disk and of the journals.
    pub fn open_operations(&self) -> Result<Vec<(OperationId, Kind)>, WalletError> {
        let open = OpenJournals::read(&self.home.disk)?;
        Ok(open.states.iter().map(|state| (state.id(), state.kind())).collect())
    }

    /// Lists the journals that are damaged among those of operations that have not ended. They are left as
    /// they are; whatever the others do goes on.
    ///
    /// # Errors
    /// Those of the disk and of the other journals.
    pub fn damaged_journals(&self) -> Result<Vec<DamagedJournal>, WalletError> {
        let open = OpenJournals::read(&self.home.disk)?;
        Ok(open.damaged.into_iter().map(|(journal, _)| journal).collect())
    }

    /// Loads an open operation from its journal.
    ///
    /// # Errors
    /// [`WalletError::UnknownOperation`], [`WalletError::Ended`],
    /// [`WalletError::LoadedAlready`]; those of the disk and of the journal.
    pub fn load(&mut self, id: OperationId) -> Result<Operation<D>, WalletError> {
        self.home.health.ask()?;
        let loaded = self.home.load(id)?;
        if journal::exists(&self.home.disk, journal::DONE, id)? {
            return Err(WalletError::Ended { id });
        }
        if !journal::exists(&self.home.disk, journal::OPEN, id)? {
            return Err(WalletError::UnknownOperation { id });
        }
        let mut operation =
            Operation::load(loaded, id)?.ok_or(WalletError::UnknownOperation { id })?;
        if operation.has_ended() {
            return Err(WalletError::Ended { id });
        }
        operation.finish(self)?;
        Ok(operation)
    }

    /// Returns how an operation ended; `None` while it is open, or if there is none.
    ///
    /// # Errors
    /// Those of the disk and of the journal.
    pub fn ended(&self, id: OperationId) -> Result<Option<End>, WalletError> {
        Ok(history::read_ended(&self.home.disk, id)?.map(|ended| ended.end))
    }

    /// Returns the operations that have ended, in the order of their ends.
    ///
    /// # Errors
    /// Those of the disk and of the journals.
    pub fn history(&self) -> Result<History, WalletError> {
        history::history(&self.home.disk)
    }
}

/// Lists the coins in a folder, see [`Wallet::list`]; without the lock.
///
/// # Errors
/// Those of the disk.
pub fn list(disk: &impl Disk, place: Place) -> Result<Vec<CoinName>, WalletError> {
    listing::coin_names(disk, place)
}
