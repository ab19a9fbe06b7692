//! What a message says, taken apart for a frame and put together again: details, chunk and secret.
//!
//! Small secrets are compact JSON of the typed values: the position beside 1, the memo beside 4, the
//! manifest beside 12. What an authenticated peer says out of bounds is a [`Misbehaviour`].

use coin::Amount;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::limits::{BATCH_COINS_MAX, CHUNK_BYTES_MAX, MEMO_BYTES_MAX, REASON_BYTES_MAX};
use crate::line::{Details, Place};
use crate::link::Misbehaviour;
use crate::message::{self, Chunk, Manifest, Message, Number};
use crate::room::Side;

/// A message taken apart.
pub(super) struct Content<'a> {
    pub(super) details: Details<'a>,
    pub(super) chunk: Option<Chunk>,
    pub(super) place: Place,
    /// What is sealed beside the details. The bytes of a chunk are not here: they need no copy.
    pub(super) secret: Zeroizing<Vec<u8>>,
}

impl<'a> Content<'a> {
    /// Takes a message apart. Texts for people are cut at their bounds.
    pub(super) fn of(message: &'a Message) -> Content<'a> {
        match message {
            Message::Heartbeat(Some(position)) => Content::sealed(Details::None, position),
            Message::Money { amount, memo } => {
                let details = Details::Integer(amount.units());
                match memo {
                    Some(memo) => Content::sealed(details, cut(memo, MEMO_BYTES_MAX)),
                    None => Content::open(details),
                }
            }
            Message::EncryptingCoins(manifest) => Content::sealed(Details::None, manifest),
            Message::Coins(chunk) | Message::Receipt(chunk) => Content {
                details: Details::None,
                chunk: Some(*chunk),
                place: Place::Details,
                secret: Zeroizing::default(),
            },
            Message::Abort(reason) => Content::open(Details::text(cut(reason, REASON_BYTES_MAX))),
            Message::Heartbeat(None)
            | Message::EmptyImportExport
            | Message::ImportExportEmpty
            | Message::MakingChange
            | Message::JoiningCoins
            | Message::FindingChange
            | Message::FixingChange
            | Message::MovingCoinsToSender
            | Message::DetectingCoins
            | Message::FixingCoins
            | Message::PuttingCoinsInExport
            | Message::ReadyToSendCoins
            | Message::ReadyToReceive
            | Message::Received
            | Message::DecryptingCoins
            | Message::PowningCoins
            | Message::ConfirmingChangeOfOwnership
            | Message::CoinsConfirmed => Content::open(Details::None),
        }
    }

    fn open(details: Details<'a>) -> Content<'a> {
        Content { details, chunk: None, place: Place::Auth, secret: Zeroizing::default() }
    }

    fn sealed(details: Details<'a>, secret: impl Serialize) -> Content<'a> {
        let secret = serde_json::to_vec(&secret).expect("numbers, texts and hex digits are JSON");
        Content { details, chunk: None, place: Place::Sealed, secret: Zeroizing::new(secret) }
    }
}

/// A message put together again.
pub(super) struct Heard {
    pub(super) message: Message,
    /// The bytes of a chunk; empty for all but 17 and 24.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Puts a message of `speaker` together from an opened frame, with the bytes of a chunk beside it.
/// `None` when the table has no such number: the protocol is expandable.
pub(super) fn read(
    speaker: Side,
    number: u8,
    details: Details<'_>,
    chunk: Option<Chunk>,
    secret: Zeroizing<Vec<u8>>,
) -> Result<Option<Heard>, Misbehaviour> {
    let Some(number) = Number::from_wire(number.into()) else {
        return Ok(None);
    };
    match number.details() {
        message::Details::None if number == Number::Heartbeat => {}
        message::Details::None | message::Details::Encrypted if details != Details::None => {
            return Err(Misbehaviour::Details { number });
        }
        _ => {}
    }
    let message = match (number, chunk) {
        (Number::Coins | Number::Receipt, Some(chunk)) => {
            let bytes = secret.len();
            if bytes > CHUNK_BYTES_MAX {
                return Err(Misbehaviour::TooLong { number, bytes, max: CHUNK_BYTES_MAX });
            }
            let of = if number == Number::Coins { Message::Coins } else { Message::Receipt };
            return Ok(Some(Heard { message: of(chunk), bytes: secret }));
        }
        (Number::Coins | Number::Receipt, None) => return Err(Misbehaviour::Details { number }),
        (Number::Heartbeat, _) if secret.is_empty() => Message::Heartbeat(None),
        (Number::Heartbeat, _) => Message::Heartbeat(Some(unseal(number, &secret)?)),
        (Number::Money, _) => {
            Message::Money { amount: amount(&details)?, memo: memo(speaker, &secret)? }
        }
        (Number::EncryptingCoins, _) => Message::EncryptingCoins(manifest(&secret)?),
        (Number::Abort, _) => Message::Abort(reason(details)?),
        (Number::JoinRoom, _) => return Err(Misbehaviour::JoinRoom),
        (Number::EmptyImportExport, _) => Message::EmptyImportExport,
        (Number::ImportExportEmpty, _) => Message::ImportExportEmpty,
        (Number::MakingChange, _) => Message::MakingChange,
        (Number::JoiningCoins, _) => Message::JoiningCoins,
        (Number::FindingChange, _) => Message::FindingChange,
        (Number::FixingChange, _) => Message::FixingChange,
        (Number::MovingCoinsToSender, _) => Message::MovingCoinsToSender,
        (Number::DetectingCoins, _) => Message::DetectingCoins,
        (Number::FixingCoins, _) => Message::FixingCoins,
        (Number::PuttingCoinsInExport, _) => Message::PuttingCoinsInExport,
        (Number::ReadyToSendCoins, _) => Message::ReadyToSendCoins,
        (Number::ReadyToReceive, _) => Message::ReadyToReceive,
        (Number::Received, _) => Message::Received,
        (Number::DecryptingCoins, _) => Message::DecryptingCoins,
        (Number::PowningCoins, _) => Message::PowningCoins,
        (Number::ConfirmingChangeOfOwnership, _) => Message::ConfirmingChangeOfOwnership,
        (Number::CoinsConfirmed, _) => Message::CoinsConfirmed,
    };
    Ok(Some(Heard { message, bytes: Zeroizing::default() }))
}

fn amount(details: &Details<'_>) -> Result<Amount, Misbehaviour> {
    let Details::Integer(units) = details else {
        return Err(Misbehaviour::Details { number: Number::Money });
    };
    match Amount::new(*units) {
        Ok(amount) if !amount.is_zero() => Ok(amount),
        Ok(_) | Err(_) => Err(Misbehaviour::Amount { units: *units }),
    }
}

fn memo(speaker: Side, secret: &[u8]) -> Result<Option<String>, Misbehaviour> {
    let number = Number::Money;
    match (speaker, secret) {
        (_, []) => Ok(None),
        (Side::R, _) => Err(Misbehaviour::Sealed { number }),
        (Side::S, _) => bounded(number, unseal(number, secret)?, MEMO_BYTES_MAX).map(Some),
    }
}

fn manifest(secret: &[u8]) -> Result<Manifest, Misbehaviour> {
    let number = Number::EncryptingCoins;
    let manifest: Manifest = unseal(number, secret)?;
    let falling =
        manifest.counts.is_sorted_by(|(left, _), (right, _)| left.value() > right.value());
    let bounded = manifest.coins().is_some_and(|coins| (1..=BATCH_COINS_MAX).contains(&coins));
    if !falling || !bounded || manifest.sum() != Some(manifest.amount) {
        return Err(Misbehaviour::Sealed { number });
    }
    Ok(manifest)
}

fn reason(details: Details<'_>) -> Result<String, Misbehaviour> {
    match details {
        Details::None => Ok(String::new()),
        Details::Text(text) => bounded(Number::Abort, text.into_owned(), REASON_BYTES_MAX),
        Details::Integer(_) => Err(Misbehaviour::Details { number: Number::Abort }),
    }
}

fn unseal<T: DeserializeOwned>(number: Number, secret: &[u8]) -> Result<T, Misbehaviour> {
    serde_json::from_slice(secret).map_err(|_| Misbehaviour::Sealed { number })
}

fn bounded(number: Number, text: String, max: usize) -> Result<String, Misbehaviour> {
    match text.len() {
        bytes if bytes > max => Err(Misbehaviour::TooLong { number, bytes, max }),
        _ => Ok(text),
    }
}

fn cut(text: &str, bytes_max: usize) -> &str {
    let fits = |end: &usize| *end <= bytes_max;
    let ends = text.char_indices().map(|(start, char)| start + char.len_utf8());
    &text[..ends.take_while(fits).last().unwrap_or(0)]
}
