//! The acts of an operation on files: place, shift, regrade, receipt.

use std::path::PathBuf;

use coin::{CoinName, StoredCoin};

use super::Operation;
use super::act::Plan;
use super::perform::{Conflict, Effort};
use crate::disk::Disk;
use crate::error::WalletError;
use crate::journal::Room;
use crate::limits::RECEIPT_BYTES_MAX;
use crate::place::{Folder, Place, WalletName};
use crate::wallet::Wallet;

/// What an act did.
#[derive(Debug, Default)]
pub struct Acted {
    /// The names of the coins' files as they are now, in the order asked for.
    pub names: Vec<CoinName>,
    /// Names that were taken by other contents: both files are there.
    pub conflicts: Vec<Conflict>,
    /// Files that had vanished and were made again from the journal; paths from
    /// the home on.
    pub restored: Vec<PathBuf>,
}

/// New contents for a coin: see [`Operation::regrade`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regrade {
    /// Where its file lies now.
    pub from: Place,
    /// The name of that file.
    pub name: CoinName,
    /// What is known of the coin now: same serial number, its present secrets,
    /// and the proposed ones of agents that are still open.
    pub now: StoredCoin,
    /// Where it belongs by its verdict.
    pub to: Place,
}

impl<D: Disk> Operation<D> {
    /// Writes one file for each coin into `to`, and returns the names in the
    /// order of the coins: `<value>.CloudCoin.1.<sn>.<tag>.stack`, where the tag
    /// is this operation's; if a file with other contents has that name, the
    /// tag gets a suffix, and the conflict is reported.
    ///
    /// Contents that this operation has placed there before are not placed a
    /// second time, so that the call can be repeated after a crash.
    ///
    /// # Errors
    /// Those of the disk.
    ///
    /// # Crash safety
    /// Contents and entries durable when it returns; begun, it is finished at
    /// the next start from the bytes in the journal.
    pub fn place(
        &mut self,
        wallet: &mut Wallet<D>,
        to: Place,
        coins: &[StoredCoin],
    ) -> Result<Acted, WalletError> {
        self.finish(wallet)?;
        let mut plan = Plan::new(&self.state);
        let mut names = Vec::with_capacity(coins.len());
        for coin in coins {
            let name = match self.state.written(to, coin) {
                Some(name) => name,
                None => {
                    let name = CoinName::new(coin.coin.sn, self.tag());
                    plan.write_coin(to, &name, coin)?;
                    name
                }
            };
            names.push((to, name));
        }
        let records = plan.into_records();
        self.act(records, names)
    }

    /// Moves files from one folder to another under their names, and returns
    /// these as they are there. Files that this operation moved there before
    /// are left where they are, so that the call can be repeated after a crash.
    ///
    /// # Errors
    /// [`WalletError::NotThere`] or [`WalletError::NotThatCoin`] before anything
    /// is moved; those of the disk.
    ///
    /// # Crash safety
    /// Durable when it returns: the target directory is synced before the
    /// source. Begun, it is finished at the next start; should a file be in
    /// neither folder then, it is made again from the journal.
    pub fn shift(
        &mut self,
        wallet: &mut Wallet<D>,
        from: Place,
        to: Place,
        names: &[CoinName],
    ) -> Result<Acted, WalletError> {
        self.finish(wallet)?;
        let mut plan = Plan::new(&self.state);
        let mut there = Vec::with_capacity(names.len());
        for name in names {
            let now = match (wallet.read(from, name), self.state.moved(from, name, to)) {
                (Ok(coin), _) => {
                    plan.move_coin((from, name), (to, name), &coin)?;
                    name.clone()
                }
                (Err(WalletError::NotThere { .. }), Some(now)) => now,
                (Err(error), _) => return Err(error),
            };
            there.push((to, now));
        }
        let records = plan.into_records();
        self.act(records, there)
    }

    /// Gives coins new contents: writes each into its new place under this
    /// operation's tag, and files the old file under `Imported` of its wallet.
    /// Returns the new names in the order given. A repeated call after a crash
    /// does what is left of it.
    ///
    /// # Errors
    /// [`WalletError::OtherCoin`], [`WalletError::NotThere`] or
    /// [`WalletError::NotThatCoin`] before anything is done; those of the disk.
    ///
    /// # Crash safety
    /// Durable when it returns. Old and new contents are both in the journal
    /// before the first file is touched; begun, it is finished at the next start.
    pub fn regrade(
        &mut self,
        wallet: &mut Wallet<D>,
        coins: &[Regrade],
    ) -> Result<Acted, WalletError> {
        self.finish(wallet)?;
        let mut plan = Plan::new(&self.state);
        let mut names = Vec::with_capacity(coins.len());
        for regrade in coins {
            let name = self.plan_regrade(wallet, &mut plan, regrade)?;
            names.push((regrade.to, name));
        }
        let records = plan.into_records();
        self.act(records, names)
    }

    /// Files a receipt as `Receipts/<operation>.json` of a wallet. The same
    /// bytes are filed once; a newer receipt gets the suffix `-2`, and so on.
    /// Returns the name.
    ///
    /// # Errors
    /// [`WalletError::TooLong`], and those of the disk.
    ///
    /// # Crash safety
    /// Durable when it returns; begun, it is finished at the next start.
    pub fn receipt(
        &mut self,
        wallet: &mut Wallet<D>,
        of: WalletName,
        bytes: &[u8],
    ) -> Result<String, WalletError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            let (what, found, max) = ("a receipt", bytes.len(), RECEIPT_BYTES_MAX);
            return Err(WalletError::TooLong { what, found, max });
        }
        self.finish(wallet)?;
        let to = of.place(Folder::Receipts);
        if self.state.written_blob(to, bytes).is_none() {
            let mut plan = Plan::new(&self.state);
            plan.write_blob(to, format!("{}.json", self.id()), bytes);
            let records = plan.into_records();
            self.act(records, Vec::new())?;
        }
        let name = self.state.written_blob(to, bytes);
        Ok(name.expect("the act wrote it").to_owned())
    }

    fn plan_regrade(
        &self,
        wallet: &Wallet<D>,
        plan: &mut Plan<'_>,
        Regrade { from, name, now, to }: &Regrade,
    ) -> Result<CoinName, WalletError> {
        if now.coin.sn != name.sn {
            return Err(WalletError::OtherCoin { name: name.clone(), found: now.coin.sn });
        }
        let old = match (wallet.read(*from, name), self.state.written(*to, now)) {
            (Ok(old), _) if old == *now && from == to => return Ok(name.clone()),
            (Ok(old), _) => old,
            (Err(WalletError::NotThere { .. }), Some(done)) => return Ok(done),
            (Err(error), _) => return Err(error),
        };
        let disk = &self.loaded.home.disk;
        let new_name = CoinName::new(name.sn, self.tag());
        let new_name = plan.free_name(disk, *to, &new_name)?;
        let imported = from.wallet.place(Folder::Imported);
        let filed = plan.free_name(disk, imported, name)?;
        plan.write_coin(*to, &new_name, now)?;
        plan.move_coin((*from, name), (imported, &filed), &old)?;
        Ok(new_name)
    }

    /// Records an act and carries it out.
    fn act(
        &mut self,
        records: Vec<crate::journal::record::Record>,
        names: Vec<(Place, CoinName)>,
    ) -> Result<Acted, WalletError> {
        if records.is_empty() {
            let names = names.into_iter().map(|(_, name)| name).collect();
            return Ok(Acted { names, ..Acted::default() });
        }
        self.record(records, Room::Ahead)?;
        let performed = self.perform(Effort::First)?;
        let now = |(place, name): (Place, CoinName)| {
            let text = name.to_string();
            let renamed = performed.renamed.iter().find(|it| it.place == place && it.name == text);
            renamed.and_then(|it| it.new_name.parse().ok()).unwrap_or(name)
        };
        Ok(Acted {
            names: names.into_iter().map(now).collect(),
            conflicts: performed.renamed.iter().cloned().map(Conflict::from).collect(),
            restored: performed.restored,
        })
    }
}
