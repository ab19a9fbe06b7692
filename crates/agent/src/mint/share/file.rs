//! A share as a file, for its owner alone: the secrets that one agent has entered.
//!
//! ```json
//! {"version": 1, "order": "9c…", "agent": 7, "secrets": "<32 digits a coin>", "check": "5e…"}
//! ```

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use coin::AuthenticityNumber;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::data_dir::files;
use crate::limits::SHARE_BYTES_MAX;
use crate::mint::placed::create;
use crate::mint::share_error::FileKind;
use crate::mint::{OrderId, PlacedOrder, ShareError};

/// What one agent has entered for an order.
pub(crate) struct Share {
    order: OrderId,
    pub(crate) agent: usize,
    /// In the order of the order's coins.
    pub(crate) ans: Vec<AuthenticityNumber>,
}

const VERSION: u32 = 1;
const AN_BYTES: usize = 16;

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    order: OrderId,
    agent: usize,
    secrets: String,
    /// Of all above.
    check: String,
}

impl Share {
    pub(super) fn new(order: &PlacedOrder, agent: usize, ans: Vec<AuthenticityNumber>) -> Share {
        Share { order: order.id().clone(), agent, ans }
    }

    /// Reads a share of this order.
    ///
    /// # Errors
    ///
    /// [`ShareError::OpenToOthers`] before anything is read, [`ShareError::Torn`],
    /// [`ShareError::OtherVersion`], [`ShareError::OtherOrder`], [`ShareError::File`].
    pub(crate) fn read(path: &Path, of: &PlacedOrder) -> Result<Share, ShareError> {
        let failed = |source| ShareError::File { path: path.to_owned(), source };
        if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(ShareError::OpenToOthers { path: path.to_owned() });
        }
        let torn = || ShareError::Torn { path: path.to_owned(), kind: FileKind::Share };
        let bytes = files::read_bounded(path, SHARE_BYTES_MAX).map_err(failed)?;
        let file: File = serde_json::from_slice(&bytes).map_err(|_| torn())?;
        let File { version, order, agent, secrets, check: said } = file;
        let secrets = Zeroizing::new(secrets);
        if version != VERSION {
            let (path, found) = (path.to_owned(), version);
            return Err(ShareError::OtherVersion { path, found, read: VERSION });
        }
        if check(&order, agent, &secrets) != said || agent >= coin::AGENTS {
            return Err(torn());
        }
        if order != *of.id() {
            let (path, expected) = (path.to_owned(), of.id().clone());
            return Err(ShareError::OtherOrder { path, expected, found: order });
        }
        let bytes = Zeroizing::new(hex::decode(secrets.as_bytes()).map_err(|_| torn())?);
        let (ans, rest) = bytes.as_chunks::<AN_BYTES>();
        if !rest.is_empty() || ans.len() != of.coins().len() {
            return Err(torn());
        }
        let ans = ans.iter().map(|an| AuthenticityNumber::from_bytes(*an)).collect();
        Ok(Share { order, agent, ans })
    }

    /// Writes the share unless it is there; on disk when this returns.
    pub(super) fn write(&self, path: &Path) -> Result<(), ShareError> {
        let mut secrets = String::with_capacity(self.ans.len() * 2 * AN_BYTES);
        for an in &self.ans {
            secrets.push_str(&an.to_hex());
        }
        let check = check(&self.order, self.agent, &secrets);
        let (order, agent) = (self.order.clone(), self.agent);
        let mut file = File { version: VERSION, order, agent, secrets, check };
        let text = Zeroizing::new(serde_json::to_vec(&file).expect("texts are JSON"));
        file.secrets.zeroize();
        create(path, &text)
    }
}

fn check(order: &OrderId, agent: usize, secrets: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("raida share {VERSION}\n{order}\n{agent}\n"));
    hash.update(secrets);
    hex::encode(hash.finalize())
}
