//! What a damaged journal still tells: each line states its own hash, so that every coin in a line
//! that is whole can be believed.

use coin::StoredCoin;

use crate::journal::format::Line;
use crate::journal::record::{CoinRecord, Record};

/// Returns the coins in the whole lines of a journal's text, in their order.
pub(super) fn coins(text: &[u8]) -> Vec<StoredCoin> {
    let mut coins = Vec::new();
    for line in text.split(|byte| *byte == b'\n').filter_map(Line::parse) {
        if let Ok(Record::Coins(found)) = serde_json::from_slice(line.json) {
            coins.extend(found.into_iter().map(|CoinRecord(coin)| coin));
        }
    }
    coins
}
