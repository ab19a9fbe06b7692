//! Reads a coin file. Whatever is not a coin file as the parent module
//! describes it is answered with its place and the reason; of secrets nothing
//! is copied but into the coins themselves.

use std::collections::HashMap;

use super::error::{Place, Reason, StackError};
use super::node::{Fields, Node};
use super::{AN, AOID, CLOUDCOIN, ED, NN, PAN, POWN, POWNSTRING, SN};
use crate::AGENTS;
use crate::an_set::AnSet;
use crate::authenticity_number::AuthenticityNumber;
use crate::coin::{Coin, NETWORK_NUMBER, StoredCoin};
use crate::limits::{STACK_BYTES_READ_MAX, STACK_COINS_READ_MAX, STACK_NOTES_MAX};
use crate::pown::{Letter, PownString};
use crate::serial_number::{SerialNumber, SerialNumberError};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const COIN_FIELDS: &[&str] = &[NN, SN, AN, PAN, POWN, POWNSTRING, ED, AOID];

/// Reads the coins of a `.stack` file, in the order of the file: one at least,
/// none twice.
///
/// `text` holds secrets; wiping it is the caller's.
///
/// # Errors
/// [`StackError`] with the place and the [`Reason`], each form of it. It never
/// holds a part of a secret.
pub fn read(text: &[u8]) -> Result<Vec<StoredCoin>, StackError> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let file = Node::root(utf8(text)?).fields(&[CLOUDCOIN])?;
    let array = file.required(CLOUDCOIN)?;
    let (coins, found) = array.elements(STACK_COINS_READ_MAX)?;
    if found == 0 {
        return Err(array.refused(Reason::NoCoins));
    }
    if found > coins.len() {
        return Err(array.refused(Reason::TooManyCoins { found }));
    }
    let mut seen = HashMap::with_capacity(coins.len());
    let numbered = coins.into_iter().zip(1..);
    numbered.map(|(node, number)| read_coin(node.as_coin(number), number, &mut seen)).collect()
}

fn utf8(text: &[u8]) -> Result<&str, StackError> {
    let refused = |line, column, reason| StackError {
        place: Place { line, column, coin: None, field: None, entry: None },
        reason,
    };
    if text.len() > STACK_BYTES_READ_MAX {
        return Err(refused(1, 1, Reason::TooLong { bytes: text.len() }));
    }
    std::str::from_utf8(text).map_err(|error| {
        let before = &text[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        refused(line, column, Reason::NotUtf8)
    })
}

/// Reads coin number `number` of the file; `seen` tells which number each serial
/// number had so far.
fn read_coin(
    node: Node<'_>,
    number: usize,
    seen: &mut HashMap<SerialNumber, usize>,
) -> Result<StoredCoin, StackError> {
    let fields = node.fields(COIN_FIELDS)?;
    read_network(fields.required(NN)?)?;
    let sn = read_serial_number(fields.required(SN)?)?;
    if let Some(first) = seen.insert(sn, number) {
        return Err(node.refused(Reason::CoinTwice { sn, first }));
    }
    let ans = read_secrets(fields.required(AN)?)?;
    // Some programs write `null` for PANs that are not there.
    let pans = fields.optional(PAN).filter(|pan| pan.raw() != "null");
    Ok(StoredCoin {
        coin: Coin { sn, ans },
        pans: pans.map(read_secrets).transpose()?,
        pown: read_pown(&fields)?,
        expires: fields.optional(ED).and_then(Node::remark),
        notes: fields.optional(AOID).map(read_notes).unwrap_or_default(),
    })
}

fn read_network(node: Node<'_>) -> Result<(), StackError> {
    let expected = Reason::WrongKind { expected: "a network number" };
    let digits = digits(node).ok_or_else(|| node.refused(expected))?;
    match digits.parse().unwrap_or(u64::MAX) {
        found if found == u64::from(NETWORK_NUMBER) => Ok(()),
        found => Err(node.refused(Reason::OtherNetwork { found })),
    }
}

fn read_serial_number(node: Node<'_>) -> Result<SerialNumber, StackError> {
    let number = digits(node).ok_or(SerialNumberError::NotANumber).and_then(str::parse);
    number.map_err(|error| node.refused(Reason::SerialNumber(error)))
}

/// Returns the digits of a number, or of a text that holds nothing else.
fn digits(node: Node<'_>) -> Option<&str> {
    let digits = node.plain_text().unwrap_or(node.raw());
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then_some(digits)
}

fn read_secrets(node: Node<'_>) -> Result<AnSet, StackError> {
    let (secrets, found) = node.elements(AGENTS)?;
    if found != AGENTS {
        return Err(node.refused(Reason::WrongCount { found }));
    }
    AnSet::try_from_fn(|agent| read_secret(secrets[agent]))
}

fn read_secret(node: Node<'_>) -> Result<AuthenticityNumber, StackError> {
    let expected = Reason::WrongKind { expected: "a text of 32 hexadecimal digits" };
    let text = node.plain_text().ok_or_else(|| node.refused(expected))?;
    if text.contains('(') {
        return Err(node.refused(Reason::Encrypted));
    }
    AuthenticityNumber::from_hex(text).map_err(|error| node.refused(Reason::Secret(error)))
}

fn read_pown(fields: &Fields<'_>) -> Result<PownString, StackError> {
    let pown = match (fields.optional(POWN), fields.optional(POWNSTRING)) {
        (Some(_), Some(other)) => return Err(other.refused(Reason::FieldTwice)),
        (Some(pown), None) | (None, Some(pown)) => pown.plain_text(),
        (None, None) => None,
    };
    let understood = pown.and_then(|text| text.parse().ok());
    Ok(understood.unwrap_or(PownString::all(Letter::Untried)))
}

fn read_notes(node: Node<'_>) -> Vec<String> {
    let (notes, _) = node.elements(STACK_NOTES_MAX).unwrap_or_default();
    notes.into_iter().filter_map(Node::remark).collect()
}
