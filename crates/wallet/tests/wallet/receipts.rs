//! Receipts: one layout, the same bytes at both sides.

use coin::{Grade, Letter, PownString, SerialNumber};
use jiff::Timestamp;
use wallet::{OperationId, Receipt, ReceiptCoin, ReceiptError};

const GOLDEN: &str = include_str!("golden/receipt.json");

fn receipt() -> Receipt {
    let line = |sn, grade, passes| ReceiptCoin {
        sn: SerialNumber::new(sn).unwrap(),
        grade,
        pown: PownString::from_fn(|agent| if agent < passes { Letter::Pass } else { Letter::Fail }),
    };
    let coins = vec![
        line(1, Grade::Final, 25),
        line(2_097_153, Grade::Final, 20),
        line(4_194_305, Grade::Settling, 13),
        line(6_291_457, Grade::Limbo, 9),
        line(16_777_216, Grade::Counterfeit, 0),
    ];
    let at: Timestamp = "2026-11-22T22:50:03Z".parse().unwrap();
    Receipt::new(OperationId::from_bytes(*b"sixteen letters!"), [0xab; 32], at, coins).unwrap()
}

#[test]
fn a_receipt_is_the_known_bytes_and_reads_back() {
    let bytes = receipt().to_bytes();
    assert_eq!(String::from_utf8_lossy(&bytes), GOLDEN.trim_end());
    assert_eq!(Receipt::parse(&bytes).unwrap(), receipt());
}

#[test]
fn totals_follow_from_the_coins() {
    let totals = receipt().totals();
    let units =
        [totals.last, totals.settling, totals.limbo, totals.counterfeit].map(coin::Amount::units);
    assert_eq!(units, [1 + 5, 25, 100, 250]);
}

#[test]
fn any_other_byte_is_no_receipt() {
    let bytes = receipt().to_bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x01;
        // Some changes make another receipt; none is taken for this one.
        assert_ne!(Receipt::parse(&changed).ok(), Some(receipt()), "byte {at}");
        assert!(Receipt::parse(&bytes[..at]).is_err(), "cut at {at}");
    }
    let with = |from: &str, to: &str| {
        let text = GOLDEN.trim_end().replacen(from, to, 1);
        assert_ne!(text, GOLDEN.trim_end());
        Receipt::parse(text.as_bytes())
    };
    assert_eq!(with("\"final\":6", "\"final\":7"), Err(ReceiptError::Layout));
    assert_eq!(with("\"passes\":25", "\"passes\":24"), Err(ReceiptError::Layout));
    assert_eq!(with("{", "{ "), Err(ReceiptError::Layout));
    assert_eq!(with("\"timezone\"", "\"extra\":1,\"timezone\""), Err(ReceiptError::Layout));
    assert_eq!(with("\"version\":1", "\"version\":2"), Err(ReceiptError::TooNew { version: 2 }));
    let twice = ReceiptError::Order { sn: SerialNumber::new(1).unwrap() };
    assert_eq!(with("1.2097153", "1.1"), Err(twice));
}

#[test]
fn receipts_are_bounded() {
    let long = vec![b' '; wallet::limits::RECEIPT_BYTES_MAX + 1];
    assert_eq!(Receipt::parse(&long), Err(ReceiptError::TooLong { found: long.len() }));
    let longest = ReceiptCoin {
        sn: SerialNumber::MAX,
        grade: Grade::Counterfeit,
        pown: PownString::all(Letter::Pass),
    };
    let one = |coins| {
        let id = OperationId::from_bytes([0; 16]);
        Receipt::new(id, [0; 32], Timestamp::UNIX_EPOCH, coins).unwrap().to_bytes().len()
    };
    let a_coin = one(vec![longest]) - one(Vec::new()) + 1;
    let most = one(Vec::new()) + 100 + a_coin * wallet::limits::RECEIPT_COINS_MAX;
    assert!(most <= wallet::limits::RECEIPT_BYTES_MAX, "{a_coin} bytes a coin");
}
