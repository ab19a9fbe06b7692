//! An order as all agents get it: which coins of which network, and no secret.
//!
//! ```json
//! {"version": 1, "id": "9c…", "network": "3f…", "expires": "11-2031", "coins": [17, 2097160]}
//! ```

use std::fmt;
use std::io;
use std::path::Path;

use coin::SerialNumber;
use raida::NetworkId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::share_error::FileKind;
use super::{MintError, Order, ShareError, in_five_years, order, random_network};
use crate::data_dir::files;
use crate::limits::{MINT_COINS_MAX, ORDER_BYTES_MAX};

/// Coins that each agent is asked to enter with a secret of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    id: OrderId,
    network: NetworkId,
    expires: String,
    /// Ascending, at least one.
    coins: Vec<SerialNumber>,
}

/// The name of an order, which its whole content decides: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderId(String);

const VERSION: u32 = 1;
const ID_BYTES: usize = 16;

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    id: OrderId,
    network: String,
    expires: String,
    coins: Vec<u32>,
}

impl PlacedOrder {
    /// Chooses random serial numbers that are free, for coins of a network; without one, of a new
    /// network.
    ///
    /// # Errors
    ///
    /// [`MintError::Exhausted`], and what `is_free` fails with.
    pub fn place(
        order: &Order,
        network: Option<NetworkId>,
        is_free: impl Fn(SerialNumber) -> Result<bool, MintError>,
    ) -> Result<PlacedOrder, MintError> {
        let coins = order::choose(order, is_free)?.into_iter().collect();
        let network = network.unwrap_or_else(random_network);
        Ok(PlacedOrder::new(network, in_five_years(), coins))
    }

    pub(super) fn new(
        network: NetworkId,
        expires: String,
        coins: Vec<SerialNumber>,
    ) -> PlacedOrder {
        PlacedOrder { id: OrderId::of(&network, &expires, &coins), network, expires, coins }
    }

    /// Returns its name.
    pub fn id(&self) -> &OrderId {
        &self.id
    }

    /// Returns the network of the coins.
    pub fn network(&self) -> &NetworkId {
        &self.network
    }

    /// Returns when the coins expire, `month-year`.
    pub fn expires(&self) -> &str {
        &self.expires
    }

    /// Returns the serial numbers, ascending.
    pub fn coins(&self) -> &[SerialNumber] {
        &self.coins
    }

    /// Returns what the coins are worth together.
    pub fn total(&self) -> u64 {
        self.coins.iter().map(|sn| u64::from(sn.denomination().value())).sum()
    }

    /// Reads an order.
    ///
    /// # Errors
    ///
    /// [`ShareError::File`], [`ShareError::Torn`], [`ShareError::OtherVersion`].
    pub fn read(path: &Path) -> Result<PlacedOrder, ShareError> {
        let failed = |source| ShareError::File { path: path.to_owned(), source };
        let bytes = files::read_bounded(path, ORDER_BYTES_MAX).map_err(failed)?;
        let torn = || ShareError::Torn { path: path.to_owned(), kind: FileKind::Order };
        let file: File = serde_json::from_slice(&bytes).map_err(|_| torn())?;
        if file.version != VERSION {
            let (path, found) = (path.to_owned(), file.version);
            return Err(ShareError::OtherVersion { path, found, read: VERSION });
        }
        let network = file.network.parse().map_err(|_| torn())?;
        let coins: Result<Vec<_>, _> = file.coins.into_iter().map(SerialNumber::new).collect();
        let order = PlacedOrder::new(network, file.expires, coins.map_err(|_| torn())?);
        let count_fits = (1..=MINT_COINS_MAX).contains(&order.coins.len());
        if order.id != file.id || !count_fits || !order.coins.is_sorted_by(|a, b| a < b) {
            return Err(torn());
        }
        Ok(order)
    }

    /// Writes the order unless it is there.
    ///
    /// # Errors
    ///
    /// [`ShareError::FileExists`] when there is another file of that name, [`ShareError::File`].
    ///
    /// # Crash safety
    ///
    /// There is the whole file or none; the whole one when this has returned.
    pub fn write(&self, path: &Path) -> Result<(), ShareError> {
        let file = File {
            version: VERSION,
            id: self.id.clone(),
            network: self.network.to_string(),
            expires: self.expires.clone(),
            coins: self.coins.iter().map(|sn| sn.get()).collect(),
        };
        let text = serde_json::to_vec(&file).expect("numbers and texts are JSON");
        create(path, &text)
    }
}

impl OrderId {
    fn of(network: &NetworkId, expires: &str, coins: &[SerialNumber]) -> OrderId {
        let mut hash = Sha256::new();
        hash.update(format!("raida order {VERSION}\n{network}\n{expires}\n"));
        for sn in coins {
            hash.update(sn.get().to_be_bytes());
        }
        OrderId(hex::encode(&hash.finalize()[..ID_BYTES]))
    }

    /// Returns the first 8 digits, which tell the files of one order from those of others.
    pub(super) fn tag(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }

    /// Tells whether it has the form of a name, so that it can be part of a file's.
    pub(super) fn is_well_formed(&self) -> bool {
        self.0.len() == 2 * ID_BYTES && self.0.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes a file of the ceremony unless it is there.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), ShareError> {
    files::create(path, bytes).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => ShareError::FileExists { path: path.to_owned() },
        _ => ShareError::File { path: path.to_owned(), source },
    })
}
