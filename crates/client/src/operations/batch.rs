//! Messages 12, 24, 13, 14 and 15: the batch on both sides.
//!
//! The sender lays its coins out in one text, ascending, and keeps them in its journal; the receiver
//! makes them durable together with a new secret for each agent before it says that it has them.

use coin::{
    AnSet, AuthenticityNumber, Coin, Denomination, Letter, PownString, SerialNumber, StoredCoin,
    batch,
};
use protocol::machine::{Fault, Report};
use protocol::message::{BatchHash, Manifest};
use rand::Rng;
use wallet::limits::JOURNAL_COINS_MAX;
use wallet::{AnyDisk, Folder, Operation, Place, Wallet, WalletError, WalletName};
use zeroize::Zeroizing;

use super::freight::{Inbox, Stream, StreamKind};
use super::prepare::EXPORT;
use super::{Bench, COINS, note};

pub(super) const IMPORT: Place = Place { wallet: WalletName::Receiver, folder: Folder::Import };
const SENT: Place = Place { wallet: WalletName::Sender, folder: Folder::Sent };
/// Disk space that a received coin may take: its journal records and its file.
const DISK_BYTES_PER_COIN: u64 = 16 * 1024;
/// Disk space wanted whatever the batch is.
const DISK_BYTES_BASE: u64 = 4 << 20;

impl Bench {
    /// 12: lays the batch out and makes it durable.
    pub(super) async fn encrypt(&self) -> Result<Report, Fault> {
        let amount = self.amount;
        let numbers = self
            .at_wallet(|wallet, operation| {
                let mut coins = read_all(wallet, operation, EXPORT)?;
                coins.sort_by_key(|stored| stored.coin.sn);
                // The coins themselves are compared: a hash noted for an earlier choice proves nothing.
                if operation.kept(COINS).as_ref() != Some(&coins) {
                    operation.keep(COINS, &coins)?;
                }
                let hash = hex::encode(batch::hash(&batch_bytes(&coins)));
                if operation.last_note(note::BATCH) != Some(hash.as_str()) {
                    operation.note(note::BATCH, &hash)?;
                }
                Ok(coins.iter().map(|stored| stored.coin.sn).collect::<Vec<_>>())
            })
            .await?;
        let manifest = self.manifest_of(&numbers).await?;
        match manifest.amount == amount {
            true => Ok(Report::Encrypted(manifest)),
            false => Err(Fault::NoExactCoins),
        }
    }

    async fn manifest_of(&self, numbers: &[SerialNumber]) -> Result<Manifest, Fault> {
        let amount = coin::Amount::try_sum(numbers.iter().map(|sn| sn.denomination().amount()));
        let counts = Denomination::ALL
            .iter()
            .map(|d| (*d, numbers.iter().filter(|sn| sn.denomination() == *d).count() as u32))
            .filter(|(_, count)| *count > 0)
            .collect();
        let batch = self.at_wallet(|_, operation| Ok(kept_hash(operation))).await?;
        match (amount, batch) {
            (Some(amount), Some(batch)) => Ok(Manifest { amount, counts, batch }),
            _ => Err(Fault::Disk("the batch is not in the journal".to_owned())),
        }
    }

    /// 24: returns the batch for streaming; it is the announced one, or nothing leaves.
    pub(super) async fn batch_stream(&self) -> Result<Stream, Fault> {
        let (bytes, hash) = self
            .at_wallet(|_, operation| {
                Ok((batch_bytes(&operation.kept(COINS).unwrap_or_default()), kept_hash(operation)))
            })
            .await?;
        match hash == Some(BatchHash(batch::hash(&bytes))) {
            true => Ok(Stream::new(StreamKind::Coins, bytes)),
            false => {
                Err(Fault::Disk("the coins in the journal are not the announced batch".to_owned()))
            }
        }
    }

    /// After the last frame of 24: the seed files the coins under Sent when they are sent.
    pub(super) async fn file_in_sent(&self) -> Result<Report, Fault> {
        self.at_wallet(|wallet, operation| {
            let names = operation.held(EXPORT);
            operation.shift(wallet, EXPORT, SENT, &names).map(drop)
        })
        .await?;
        Ok(Report::FiledInSent)
    }

    /// 13: is there room on the disk, and are enough agents there?
    pub(super) async fn get_ready(&self, manifest: Option<Manifest>) -> Result<Report, Fault> {
        let coins = manifest.as_ref().and_then(Manifest::coins).unwrap_or(0);
        if coins > JOURNAL_COINS_MAX {
            return Err(Fault::Disk(format!(
                "a journal takes {JOURNAL_COINS_MAX} coins, not {coins}"
            )));
        }
        let wanted = DISK_BYTES_BASE + u64::from(coins) * DISK_BYTES_PER_COIN;
        let stat =
            rustix::fs::statvfs(&self.home).map_err(|error| Fault::Disk(error.to_string()))?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        match free >= wanted {
            true => Ok(Report::Ready),
            false => Err(Fault::Disk(format!("{free} bytes are free, {wanted} are needed"))),
        }
    }

    /// 14: makes the coins and a new secret for each agent durable, then puts them into Import.
    ///
    /// # Crash safety
    /// Coins and new secrets are in the journal, synced, before a file is written; a crash before that
    /// leaves nothing, and the sender sends the batch again.
    pub(super) async fn store(&self, inbox: Inbox) -> Result<Report, Fault> {
        if let Some(too_much) = inbox.too_much {
            return Err(Fault::BadBatch(too_much.to_string()));
        }
        let hash = BatchHash(batch::hash(&inbox.bytes));
        let coins =
            batch::decode(&inbox.bytes).map_err(|error| Fault::BadBatch(error.to_string()))?;
        drop(inbox);
        self.at_wallet(move |wallet, operation| {
            // A batch that comes again keeps the new secrets that were made for it: agents may hold them.
            let kept = operation.kept(COINS).filter(|kept| same_coins(kept, &coins));
            let coins = match kept {
                Some(kept) if kept_hash(operation) == Some(hash) => kept,
                Some(_) | None => {
                    let coins: Vec<_> = coins.into_iter().map(with_new_secrets).collect();
                    operation.keep(COINS, &coins)?;
                    operation.note(note::BATCH, &hex::encode(hash.0))?;
                    coins
                }
            };
            operation.place(wallet, IMPORT, &coins).map(drop)
        })
        .await?;
        Ok(Report::Stored(hash))
    }

    /// 15: the batch is what the manifest said. A coin that this wallet has already is no reason to refuse
    /// it: the agents decide whose it is.
    pub(super) async fn check_batch(&self, manifest: Manifest) -> Result<Report, Fault> {
        let found = self
            .at_wallet(|_, operation| {
                if operation.last_note(note::CHECKED).is_some() {
                    return Ok(None);
                }
                let numbers: Vec<SerialNumber> =
                    operation.kept(COINS).unwrap_or_default().iter().map(|c| c.coin.sn).collect();
                Ok(Some((kept_hash(operation), numbers)))
            })
            .await?;
        let Some((hash, numbers)) = found else { return Ok(Report::BatchChecked) };
        if hash != Some(manifest.batch) {
            return Err(Fault::BadBatch("its hash is not the announced one".to_owned()));
        }
        let is = self.manifest_of(&numbers).await?;
        if is.amount != manifest.amount {
            return Err(Fault::BadBatch(format!(
                "it sums up to {}, not to {}",
                is.amount, manifest.amount
            )));
        }
        for denomination in Denomination::ALL {
            let count = |m: &Manifest| -> u32 {
                m.counts.iter().filter(|(d, _)| *d == denomination).map(|(_, count)| count).sum()
            };
            if count(&is) != count(&manifest) {
                return Err(Fault::BadBatch(format!(
                    "it has {} coins of {}, not {}",
                    count(&is),
                    denomination.value(),
                    count(&manifest)
                )));
            }
        }
        self.at_wallet(|_, operation| operation.note(note::CHECKED, "")).await?;
        Ok(Report::BatchChecked)
    }
}

/// Returns a coin with a random new secret for each agent, untried.
pub(super) fn with_new_secrets(coin: Coin) -> StoredCoin {
    let pans = Some(new_secrets());
    StoredCoin { pans, ..StoredCoin::new(coin, PownString::all(Letter::Untried)) }
}

/// Returns a random new secret for each agent.
pub(super) fn new_secrets() -> AnSet {
    let mut rng = rand::rng();
    AnSet::from_fn(|_| {
        let mut bytes = Zeroizing::new([0; 16]);
        rng.fill_bytes(bytes.as_mut_slice());
        AuthenticityNumber::from_bytes(*bytes)
    })
}

pub(super) fn kept_hash(operation: &Operation<AnyDisk>) -> Option<BatchHash> {
    let text = operation.last_note(note::BATCH)?;
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(BatchHash(hash))
}

fn same_coins(kept: &[StoredCoin], coins: &[Coin]) -> bool {
    kept.iter().map(|stored| &stored.coin).eq(coins)
}

fn batch_bytes(coins: &[StoredCoin]) -> Zeroizing<Vec<u8>> {
    let plain: Vec<Coin> = coins.iter().map(|stored| stored.coin.clone()).collect();
    batch::encode(&plain)
        .expect("the coins were sorted by serial number and a home books each once")
}

fn read_all(
    wallet: &Wallet<AnyDisk>,
    operation: &Operation<AnyDisk>,
    place: Place,
) -> Result<Vec<StoredCoin>, WalletError> {
    operation.held(place).iter().map(|name| wallet.read(place, name)).collect()
}
