//! The JSON of a receipt.

use std::borrow::Cow;

use coin::{AGENTS, Amount, Grade, NETWORK_NUMBER, PownString};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Receipt, ReceiptCoin, ReceiptError};

/// The version that is written, and the only one that is read.
pub(super) const VERSION: u64 = 1;

const V1_TIME: &str = "%Y-%m-%d %I:%M:%p";

/// The receipt of the existing wallets, in their order, and what is added.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout<'a> {
    receipt_id: Cow<'a, str>,
    time: Cow<'a, str>,
    timezone: Cow<'a, str>,
    /// The totals of this part count coins, as they always did.
    total_authentic: usize,
    total_fracked: usize,
    total_counterfeit: usize,
    total_lost: usize,
    total_unchecked: usize,
    prev_imported: usize,
    receipt_detail: Vec<Detail<'a>>,
    liveconnect: Added<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Detail<'a> {
    #[serde(rename = "nn.sn")]
    nn_sn: Cow<'a, str>,
    status: Cow<'a, str>,
    pown: PownString,
    note: Cow<'a, str>,
    grade: Cow<'a, str>,
    passes: u8,
}

/// The totals of this part are value.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Added<'a> {
    version: u64,
    batch: Cow<'a, str>,
    time: Cow<'a, str>,
    r#final: Amount,
    owned: Amount,
    limbo: Amount,
    counterfeit: Amount,
}

#[derive(Deserialize)]
struct Versioned {
    liveconnect: VersionOnly,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u64,
}

pub(super) fn write(receipt: &Receipt) -> Vec<u8> {
    let totals = receipt.totals();
    let count = |status| receipt.coins.iter().filter(|coin| status_of(coin).0 == status).count();
    let layout = Layout {
        receipt_id: receipt.transfer.to_string().into(),
        time: receipt.at.strftime(V1_TIME).to_string().into(),
        timezone: "UTC".into(),
        total_authentic: count("authentic"),
        total_fracked: count("fracked"),
        total_counterfeit: count("counterfeit"),
        total_lost: count("lost"),
        total_unchecked: 0,
        prev_imported: 0,
        receipt_detail: receipt.coins.iter().map(detail).collect(),
        liveconnect: Added {
            version: VERSION,
            batch: hex::encode(receipt.batch).into(),
            time: receipt.at.to_string().into(),
            r#final: totals.last,
            owned: totals.settling,
            limbo: totals.limbo,
            counterfeit: totals.counterfeit,
        },
    };
    serde_json::to_vec(&layout).expect("a receipt is plain data, written to memory")
}

/// Reads what can be read; that the rest follows from it is the caller's to check.
pub(super) fn read(bytes: &[u8]) -> Result<Receipt, ReceiptError> {
    let versioned: Versioned = parse(bytes)?;
    match versioned.liveconnect.version {
        VERSION => {}
        version if version > VERSION => return Err(ReceiptError::TooNew { version }),
        _ => return Err(ReceiptError::Layout),
    }
    let layout: Layout<'_> = parse(bytes)?;
    let mut batch = [0; 32];
    hex::decode_to_slice(&*layout.liveconnect.batch, &mut batch)
        .map_err(|_| ReceiptError::Layout)?;
    let transfer = layout.receipt_id.parse().map_err(|_| ReceiptError::Layout)?;
    let at: Timestamp = layout.liveconnect.time.parse().map_err(|_| ReceiptError::Layout)?;
    let coins: Option<Vec<ReceiptCoin>> = layout.receipt_detail.iter().map(coin_of).collect();
    Receipt::new(transfer, batch, at, coins.ok_or(ReceiptError::Layout)?)
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ReceiptError> {
    serde_json::from_slice(bytes).map_err(|_| ReceiptError::Layout)
}

fn detail(coin: &ReceiptCoin) -> Detail<'static> {
    let (status, note) = status_of(coin);
    Detail {
        nn_sn: format!("{NETWORK_NUMBER}.{}", coin.sn).into(),
        status: status.into(),
        pown: coin.pown,
        note: note.into(),
        grade: word(coin.grade).into(),
        passes: coin.pown.passes(),
    }
}

fn coin_of(detail: &Detail<'_>) -> Option<ReceiptCoin> {
    let (_, sn) = detail.nn_sn.split_once('.')?;
    let grade = GRADES.into_iter().find(|grade| word(*grade) == detail.grade)?;
    Some(ReceiptCoin { sn: sn.parse().ok()?, grade, pown: detail.pown })
}

const GRADES: [Grade; 4] = [Grade::Final, Grade::Settling, Grade::Limbo, Grade::Counterfeit];

const fn word(grade: Grade) -> &'static str {
    match grade {
        Grade::Final => "final",
        Grade::Settling => "owned",
        Grade::Limbo => "limbo",
        Grade::Counterfeit => "counterfeit",
    }
}

/// The status words and notes of the existing wallets.
fn status_of(coin: &ReceiptCoin) -> (&'static str, &'static str) {
    match coin.grade {
        Grade::Final | Grade::Settling if usize::from(coin.pown.passes()) == AGENTS => {
            ("authentic", "Moved to Bank")
        }
        Grade::Final | Grade::Settling => ("fracked", "Moved to Fracked"),
        Grade::Limbo => ("lost", "Moved to Limbo"),
        Grade::Counterfeit => ("counterfeit", "Moved to Counterfeit"),
    }
}
