//! Message 17: the receipt, written by the receiver and checked by the sender; the same bytes at both.

use std::collections::{BTreeMap, BTreeSet};

use coin::{Grade, SerialNumber};
use protocol::machine::{Fault, Report, Totals};
use wallet::{AnyDisk, Operation, Receipt, ReceiptCoin, WalletError, WalletName};
use zeroize::Zeroizing;

use super::batch::kept_hash;
use super::freight::{Inbox, Stream, StreamKind};
use super::pown::Verdicts;
use super::{Bench, COINS, broken_note, note};

impl Bench {
    /// Writes the receipt of these verdicts; the same verdicts give no second one.
    pub(super) async fn write_receipt(&self, verdicts: Verdicts) -> Result<(), Fault> {
        let now = self.desk.clock.now();
        self.at_wallet(move |wallet, operation| {
            let batch = kept_hash(operation).ok_or_else(|| broken_note(note::BATCH))?;
            let coins: Vec<ReceiptCoin> = verdicts
                .into_iter()
                .map(|(sn, verdict)| ReceiptCoin { sn, grade: verdict.grade, pown: verdict.pown })
                .collect();
            let at = match last(operation) {
                Some(before) if before.coins() == coins => before.at(),
                _ => now,
            };
            let receipt = Receipt::new(operation.id(), batch.0, at, coins)
                .expect("verdicts ascend by serial number and are no more than a batch");
            file(wallet, operation, WalletName::Receiver, &receipt)
        })
        .await
    }

    /// Returns the newest receipt for streaming.
    pub(super) async fn receipt_stream(&self) -> Result<Stream, Fault> {
        let bytes = self
            .at_wallet(|_, operation| {
                let text =
                    operation.last_note(note::RECEIPT).ok_or_else(|| broken_note(note::RECEIPT))?;
                Ok(text.as_bytes().to_vec())
            })
            .await?;
        Ok(Stream::new(StreamKind::Receipt, Zeroizing::new(bytes)))
    }

    /// The sender takes a receipt in: it must be about this batch, coin by coin.
    pub(super) async fn read_receipt(&self, inbox: Inbox) -> Result<Report, Fault> {
        let receipt =
            Receipt::parse(&inbox.bytes).map_err(|error| Fault::BadReceipt(error.to_string()))?;
        let totals = totals(&receipt);
        let fits = self
            .at_wallet(move |wallet, operation| {
                let sent: Vec<SerialNumber> = operation
                    .kept(COINS)
                    .unwrap_or_default()
                    .iter()
                    .map(|stored| stored.coin.sn)
                    .collect();
                let named = receipt.coins().iter().map(|coin| coin.sn);
                let fits = receipt.transfer() == operation.id()
                    && kept_hash(operation).is_some_and(|hash| hash.0 == *receipt.batch())
                    && named.eq(sent.iter().copied());
                if fits {
                    file(wallet, operation, WalletName::Sender, &receipt)?;
                }
                Ok(fits)
            })
            .await?;
        match fits {
            true => Ok(Report::ReceiptRead(totals)),
            false => {
                Err(Fault::BadReceipt("it names another transfer, batch or other coins".to_owned()))
            }
        }
    }
}

/// Returns the coins that the newest receipt calls owned.
pub(super) fn owned_by_receipt(
    operation: &Operation<AnyDisk>,
) -> Result<BTreeSet<SerialNumber>, WalletError> {
    let receipt = last(operation).ok_or_else(|| broken_note(note::RECEIPT))?;
    Ok(receipt.coins().iter().filter(|coin| coin.grade.is_owned()).map(|coin| coin.sn).collect())
}

/// Returns what the newest receipt calls each coin; nothing when there is none.
pub(super) fn grades(operation: &Operation<AnyDisk>) -> BTreeMap<SerialNumber, Grade> {
    let receipt = last(operation);
    let coins = receipt.iter().flat_map(Receipt::coins);
    coins.map(|coin| (coin.sn, coin.grade)).collect()
}

fn last(operation: &Operation<AnyDisk>) -> Option<Receipt> {
    operation.last_note(note::RECEIPT).and_then(|text| Receipt::parse(text.as_bytes()).ok())
}

/// Keeps a receipt: in the journal first, so that a crash before the file is there gives the same
/// receipt again, of the same time.
fn file(
    wallet: &mut wallet::Wallet<AnyDisk>,
    operation: &mut Operation<AnyDisk>,
    of: WalletName,
    receipt: &Receipt,
) -> Result<(), WalletError> {
    let text = String::from_utf8(receipt.to_bytes()).expect("receipts are JSON");
    if operation.last_note(note::RECEIPT) != Some(text.as_str()) {
        operation.note(note::RECEIPT, &text)?;
    }
    operation.receipt(wallet, of, text.as_bytes()).map(drop)
}

fn totals(receipt: &Receipt) -> Totals {
    let sums = receipt.totals();
    Totals {
        last: sums.last,
        settling: sums.settling,
        limbo: sums.limbo,
        counterfeit: sums.counterfeit,
    }
}
