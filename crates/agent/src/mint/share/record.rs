//! How far one agent's mint of an order has come, and the seed of its secrets.
//!
//! `order.journal` while coins are entered, `order-ID.minted` from then on: the ledger's coins live
//! their own life then, and the seed only serves to write the share again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use coin::{AuthenticityNumber, SerialNumber};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::data_dir::{DataDir, DataDirError, failed_at, files};
use crate::limits::RECORD_BYTES_MAX;
use crate::mint::share_error::FileKind;
use crate::mint::{OrderId, PlacedOrder, ShareError};

/// The record of an order at one agent.
pub(crate) struct Record {
    order: OrderId,
    seed: Zeroizing<[u8; SEED_BYTES]>,
    closed: bool,
}

const VERSION: u32 = 1;
const SEED_BYTES: usize = 32;

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    order: OrderId,
    agent: usize,
    seed: String,
    /// Of all above.
    check: String,
}

impl Record {
    /// Finds the record of an order.
    ///
    /// # Errors
    ///
    /// [`ShareError::Unfinished`] when that of another order waits to be finished.
    pub(super) fn find(
        dir: &DataDir,
        agent: usize,
        order: &PlacedOrder,
    ) -> Result<Option<Record>, ShareError> {
        dir.is_for(agent)?;
        if dir.mint_journal().exists() {
            return Err(DataDirError::UnfinishedMint { dir: dir.path().to_owned() }.into());
        }
        if let Some(record) = read(&dir.order_journal(), agent)? {
            return if record.order == *order.id() {
                Ok(Some(record))
            } else {
                Err(ShareError::Unfinished { unfinished: record.order })
            };
        }
        let path = minted(dir, order.id());
        match read(&path, agent)? {
            Some(record) if record.order != *order.id() => {
                Err(ShareError::Torn { path, kind: FileKind::Record })
            }
            Some(record) => Ok(Some(Record { closed: true, ..record })),
            None => Ok(None),
        }
    }

    /// Begins an order with a new seed; on disk when this returns.
    pub(super) fn begin(
        dir: &DataDir,
        agent: usize,
        order: &PlacedOrder,
    ) -> Result<Record, ShareError> {
        let seed = Zeroizing::new(rand::random());
        let record = Record { order: order.id().clone(), seed, closed: false };
        let seed = hex::encode(*record.seed);
        let check = check(&record.order, agent, &seed);
        let order = record.order.clone();
        let mut file = File { version: VERSION, order, agent, seed, check };
        let text = Zeroizing::new(serde_json::to_vec(&file).expect("texts are JSON"));
        file.seed.zeroize();
        let path = dir.order_journal();
        files::create(&path, &text).map_err(failed_at(&path))?;
        Ok(record)
    }

    /// Tells whether all coins have been entered at some time.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Gives the journal the name of a mint that is done; on disk when this returns.
    pub(super) fn close(&self, dir: &DataDir) -> Result<(), ShareError> {
        let (from, to) = (dir.order_journal(), minted(dir, &self.order));
        let renamed = match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && to.exists() => Ok(()),
            renamed => renamed,
        };
        Ok(renamed.and_then(|()| files::sync_parent(&to)).map_err(failed_at(&from))?)
    }

    /// Returns the agent's secret of a coin: the same for ever, and telling nothing of others.
    pub(super) fn secret(&self, sn: SerialNumber) -> AuthenticityNumber {
        let mut hash = Sha256::new();
        hash.update(b"raida share 1\n");
        hash.update(*self.seed);
        hash.update(sn.get().to_be_bytes());
        let mut digest: [u8; 32] = hash.finalize().into();
        let an = *digest.first_chunk().expect("32 bytes begin with 16");
        digest.zeroize();
        AuthenticityNumber::from_bytes(an)
    }
}

fn minted(dir: &DataDir, order: &OrderId) -> PathBuf {
    dir.path().join(format!("order-{order}.minted"))
}

fn read(path: &Path, agent: usize) -> Result<Option<Record>, ShareError> {
    let torn = || ShareError::Torn { path: path.to_owned(), kind: FileKind::Record };
    let bytes = match files::read_bounded(path, RECORD_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed_at(path)(error).into()),
    };
    let mut file: File = serde_json::from_slice(&bytes).map_err(|_| torn())?;
    if file.version != VERSION {
        let (path, found) = (path.to_owned(), file.version);
        return Err(ShareError::OtherVersion { path, found, read: VERSION });
    }
    let is_whole = file.check == check(&file.order, file.agent, &file.seed);
    if !is_whole || file.agent != agent || !file.order.is_well_formed() {
        return Err(torn());
    }
    let mut seed = Zeroizing::new([0; SEED_BYTES]);
    hex::decode_to_slice(&file.seed, &mut *seed).map_err(|_| torn())?;
    file.seed.zeroize();
    Ok(Some(Record { order: file.order, seed, closed: false }))
}

fn check(order: &OrderId, agent: usize, seed: &str) -> String {
    let text = Zeroizing::new(format!("raida record {VERSION}\n{order}\n{agent}\n{seed}\n"));
    hex::encode(Sha256::digest(text.as_bytes()))
}
