//! Writes a coin file in the standard layout: tabs, CR LF, five secrets a line.

use std::fmt::Write;

use zeroize::Zeroizing;

use super::{AN, AOID, CLOUDCOIN, ED, MAX_COINS, NN, PAN, POWN, SN};
use crate::an_set::AnSet;
use crate::coin::{NETWORK_NUMBER, StoredCoin};

const LINE: &str = "\r\n\t\t";
const SECRETS_PER_LINE: usize = 5;

/// Upper bounds of the bytes that a file, a coin less its arrays and remarks,
/// and an array of secrets take.
const FILE_BYTES: usize = 64;
const COIN_BYTES: usize = 192;
const SECRETS_BYTES: usize = 1024;

/// Writes coins as the text of a `.stack` file, the same coins always as the
/// same bytes. `pan` is written when there are PANs, `ed` when it is known. The
/// text holds secrets and is wiped when dropped.
///
/// # Panics
/// Unless there are 1 to [`MAX_COINS`] coins: more go into several files, by
/// `coins.chunks(MAX_COINS)`.
pub fn write(coins: &[StoredCoin]) -> Zeroizing<String> {
    assert!((1..=MAX_COINS).contains(&coins.len()), "a coin file holds 1 to {MAX_COINS} coins");
    let bytes_max = FILE_BYTES + coins.iter().map(coin_bytes_max).sum::<usize>();
    let mut text = Zeroizing::new(String::with_capacity(bytes_max));
    let _ = write!(text, "{{\r\n\t\"{CLOUDCOIN}\": [");
    for (at, coin) in coins.iter().enumerate() {
        text.push_str(if at == 0 { "{" } else { ", {" });
        push_coin(&mut text, coin);
        text.push_str("\r\n\t}");
    }
    text.push_str("]\r\n}\r\n");
    // A text that grew would have left its secrets in the memory it moved from.
    assert!(text.len() <= bytes_max, "the bound of a coin file's length holds");
    text
}

// Writing to a `String` cannot fail, so the results below are dropped.
fn push_coin(text: &mut String, stored: &StoredCoin) {
    let _ = write!(text, "{LINE}\"{NN}\": \"{NETWORK_NUMBER}\",");
    let _ = write!(text, "{LINE}\"{SN}\": \"{}\",", stored.coin.sn);
    push_secrets(text, AN, &stored.coin.ans);
    if let Some(pans) = &stored.pans {
        push_secrets(text, PAN, pans);
    }
    let _ = write!(text, "{LINE}\"{POWN}\": \"{}\",", stored.pown);
    if let Some(expires) = &stored.expires {
        let _ = write!(text, "{LINE}\"{ED}\": {},", json_text(expires));
    }
    let notes: Vec<String> = stored.notes.iter().map(|note| json_text(note)).collect();
    let _ = write!(text, "{LINE}\"{AOID}\": [{}]", notes.join(", "));
}

fn push_secrets(text: &mut String, key: &str, secrets: &AnSet) {
    let _ = write!(text, "{LINE}\"{key}\": [");
    for (agent, secret) in secrets.iter().enumerate() {
        text.push_str(match agent {
            0 => "\r\n\t\t\t\"",
            _ if agent % SECRETS_PER_LINE == 0 => ",\r\n\t\t\t\"",
            _ => ", \"",
        });
        secret.push_hex(text);
        text.push('"');
    }
    let _ = write!(text, "{LINE}],");
}

/// Writes a remark with its quotes and escapes. It is no secret.
fn json_text(remark: &str) -> String {
    serde_json::to_string(remark).expect("a text is always JSON")
}

fn coin_bytes_max(stored: &StoredCoin) -> usize {
    let arrays = if stored.pans.is_some() { 2 } else { 1 };
    // An escaped character takes up to six bytes; quotes and comma take four.
    let remarks = stored.notes.iter().chain(&stored.expires).map(|text| 6 * text.len() + 4);
    COIN_BYTES + arrays * SECRETS_BYTES + remarks.sum::<usize>()
}
