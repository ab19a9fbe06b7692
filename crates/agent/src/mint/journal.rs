//! The journal of a mint: one file with all that is needed to finish it.
//!
//! A line of JSON, the coins as a batch (405 bytes each), and the SHA-256 of both. It is written
//! as a whole and taken away when the mint is finished, for it holds the secrets of every coin.

use std::fs;
use std::io;

use coin::batch::{self, BatchError};
use raida::NetworkId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Mint, MintError};
use crate::data_dir::{DataDir, files};

/// Why a journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system reports an error.
    #[error("the disk failed")]
    Io(#[from] io::Error),
    /// It is not what was written.
    #[error("it is torn")]
    Torn,
    /// Its first line is not understood.
    #[error("its head is not understood")]
    Head(#[from] serde_json::Error),
    /// It was written by another version of this program.
    #[error("it has version {found}, this program reads {VERSION}")]
    OtherVersion {
        /// Its version.
        found: u32,
    },
    /// Its coins are not understood.
    #[error("its coins are not understood")]
    Coins(#[from] BatchError),
}

const VERSION: u32 = 1;
const HASH_BYTES: usize = 32;

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    network: String,
    order: String,
    out: std::path::PathBuf,
    tag: String,
    expires: String,
}

/// Writes the journal; durable when this returns.
pub(crate) fn write(dir: &DataDir, mint: &Mint) -> Result<(), MintError> {
    let written = encode(mint).and_then(|bytes| Ok(files::replace(&dir.mint_journal(), &bytes)?));
    written.map_err(|source| failed(dir, source))
}

/// Reads the journal, if there is one.
pub(crate) fn read(dir: &DataDir) -> Result<Option<Mint>, MintError> {
    let mint = match fs::read(dir.mint_journal()).map(Zeroizing::new) {
        Ok(bytes) => decode(&bytes).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    };
    mint.map_err(|source| failed(dir, source))
}

/// Takes the journal away; it is gone for good when this returns.
pub(crate) fn remove(dir: &DataDir) -> Result<(), MintError> {
    let path = dir.mint_journal();
    let removed = fs::remove_file(&path).and_then(|()| files::sync_parent(&path));
    removed.map_err(|source| failed(dir, source.into()))
}

fn encode(mint: &Mint) -> Result<Zeroizing<Vec<u8>>, JournalError> {
    let head = serde_json::to_vec(&Head {
        version: VERSION,
        network: mint.network.to_string(),
        order: mint.order.to_string(),
        out: mint.out.clone(),
        tag: mint.tag.clone(),
        expires: mint.expires.clone(),
    })?;
    let coins = batch::encode(&mint.coins)?;
    let length = head.len() + 1 + coins.len() + HASH_BYTES;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    bytes.extend_from_slice(&head);
    bytes.push(b'\n');
    bytes.extend_from_slice(&coins);
    let hash = batch::hash(&bytes);
    bytes.extend_from_slice(&hash);
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<Mint, JournalError> {
    let (bytes, hash) = bytes.split_last_chunk::<HASH_BYTES>().ok_or(JournalError::Torn)?;
    if batch::hash(bytes) != *hash {
        return Err(JournalError::Torn);
    }
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(JournalError::Torn)?;
    let (head, coins) = bytes.split_at(end);
    let head: Head = serde_json::from_slice(head)?;
    if head.version != VERSION {
        return Err(JournalError::OtherVersion { found: head.version });
    }
    let network: NetworkId = head.network.parse().map_err(|_| JournalError::Torn)?;
    Ok(Mint {
        network,
        order: head.order.parse().map_err(|_| JournalError::Torn)?,
        out: head.out,
        tag: head.tag,
        expires: head.expires,
        coins: batch::decode(&coins[1..])?,
    })
}

fn failed(dir: &DataDir, source: JournalError) -> MintError {
    MintError::Journal { path: dir.mint_journal(), source }
}
