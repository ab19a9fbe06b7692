//! How exchanges are written and read: our own requests with an id, and those of v1.
//!
//! | route | inputs | outputs |
//! |---|---|---|
//! | `exchange` | `id`, arrays `sns`, `ans`, `denomination` | arrays `csn`, `cpan` |
//! | `reserve` | the same | array `csn` |
//! | `cancel` | `id`; the coins too, or none | |
//! | `cancel`, to take back | `id`, `sns`, `ans` (the secrets that they shall have), `denomination` | `csn`, `cpan` (the secrets that are held) |
//! | `break` (v1) | `sn`, `an`, `dn` | arrays `csn`, `cpan` |
//! | `join` (v1) | arrays `sn`, `an`, `dn` | `csn`, `cpan`, `return` |
//! | `change` (v1) | `sn`, `an`, `denomination` | array `sns` |

use coin::{AuthenticityNumber, SerialNumber};
use zeroize::Zeroizing;

use super::{Breaking, Cancellation, Exchange, KnownCoin, Reservation};
use crate::api::question::{self, Dud, Names, Proposal};
use crate::api::{Form, RequestId};

/// Names of the arrays of v1's `join`.
const JOINED: Names = Names { sn: "sn", an: "an", pan: "pan" };

/// Reads a request of the route `exchange`.
///
/// # Errors
///
/// See [`Dud`].
pub fn read_exchange(form: &Form<'_>) -> Result<(RequestId, Exchange), Dud> {
    Ok((id(form)?, Exchange::new(coins(form, &question::MANY)?, outputs(form)?)?))
}

/// Reads a request of the route `reserve`.
///
/// # Errors
///
/// See [`Dud`].
pub fn read_reservation(form: &Form<'_>) -> Result<(RequestId, Reservation), Dud> {
    let wanted = numbers(form, "csn")?;
    Ok((id(form)?, Reservation::new(coins(form, &question::MANY)?, wanted)?))
}

/// Reads a request of the route `cancel`: the id, and the coins that it shows, which may be none;
/// with outputs it also takes back what was executed.
///
/// # Errors
///
/// See [`Dud`].
pub fn read_cancel(form: &Form<'_>) -> Result<(RequestId, Cancellation), Dud> {
    if !form.all("csn").is_empty() {
        let (id, back) = read_exchange(form)?;
        return Ok((id, Cancellation::TakeBack(back)));
    }
    let shown = match form.all(question::MANY.sn) {
        [] => Vec::new(),
        _ => coins(form, &question::MANY)?,
    };
    Ok((id(form)?, Cancellation::Plain(shown)))
}

/// Reads a request of v1's route `break`.
///
/// # Errors
///
/// See [`Dud`].
pub fn read_break(form: &Form<'_>) -> Result<Exchange, Dud> {
    Exchange::new(vec![coin(form)?], outputs(form)?)
}

/// Reads a request of v1's route `join`.
///
/// # Errors
///
/// See [`Dud`].
pub fn read_join(form: &Form<'_>) -> Result<Exchange, Dud> {
    let one = |field: &'static str| form.one(field).ok_or(Dud::Missing { field });
    let output = (serial_number(one("csn")?)?, secret("cpan", one("cpan")?)?);
    let expected = output.0.denomination().value();
    if one("return")?.parse() != Ok(expected) {
        return Err(Dud::Denomination { expected });
    }
    Exchange::new(coins(form, &JOINED)?, vec![output])
}

/// Reads a request of v1's route `change`.
///
/// # Errors
///
/// See [`Dud`].
pub fn read_change(form: &Form<'_>) -> Result<Breaking, Dud> {
    Ok(Breaking { coin: coin(form)?, numbers: numbers(form, "sns")? })
}

/// Writes the body of a request of the route `exchange`. The buffer never grows, so that no copy
/// of a secret is left behind; whoever drops it wipes it.
pub fn write_exchange(id: RequestId, exchange: &Exchange) -> Zeroizing<Vec<u8>> {
    let coins = exchange.inputs().len() + exchange.outputs().len();
    let mut body = begin(id, coins);
    write_coins(&mut body, exchange.inputs());
    for (sn, secret) in exchange.outputs() {
        question::field(&mut body, "csn", &sn.to_string());
        question::field(&mut body, "cpan", &secret.to_hex());
    }
    body
}

/// Writes the body of a request of the route `reserve`; see [`write_exchange`].
pub fn write_reservation(id: RequestId, reservation: &Reservation) -> Zeroizing<Vec<u8>> {
    let mut body = begin(id, reservation.count());
    write_coins(&mut body, reservation.inputs());
    for sn in reservation.numbers() {
        question::field(&mut body, "csn", &sn.to_string());
    }
    body
}

/// Writes the body of a request of the route `cancel`; see [`write_exchange`].
pub fn write_cancel(id: RequestId, shown: &[KnownCoin]) -> Zeroizing<Vec<u8>> {
    let mut body = begin(id, shown.len());
    write_coins(&mut body, shown);
    body
}

/// Writes the body of a request of the route `cancel` that takes back what was executed. Its inputs
/// are the coins to have again, with the secrets that they shall have; its outputs are the coins
/// that were made, with the secrets that are held. See [`write_exchange`].
pub fn write_take_back(id: RequestId, back: &Exchange) -> Zeroizing<Vec<u8>> {
    write_exchange(id, back)
}

fn begin(id: RequestId, coins: usize) -> Zeroizing<Vec<u8>> {
    let head = format!("nn=1&id={id}");
    let mut body =
        Zeroizing::new(Vec::with_capacity(head.len() + coins * question::COIN_BYTES_MAX));
    body.extend_from_slice(head.as_bytes());
    body
}

fn write_coins(body: &mut Vec<u8>, coins: &[KnownCoin]) {
    for (sn, an) in coins {
        question::field(body, question::MANY.sn, &sn.to_string());
        question::field(body, question::MANY.an, &an.to_hex());
        question::field(body, question::DENOMINATION, &sn.denomination().to_string());
    }
}

fn id(form: &Form<'_>) -> Result<RequestId, Dud> {
    let id = form.one("id").ok_or(Dud::Missing { field: "id" })?;
    id.parse().map_err(|_| Dud::RequestId)
}

fn coin(form: &Form<'_>) -> Result<KnownCoin, Dud> {
    question::one_coin(form, Proposal::Ignored).map(|coin| (coin.sn, coin.an))
}

/// Reads coins of which none may be wrong.
fn coins(form: &Form<'_>, names: &Names) -> Result<Vec<KnownCoin>, Dud> {
    let coins = question::coins(form, names, Proposal::Ignored)?.into_iter();
    coins.map(|coin| coin.map(|coin| (coin.sn, coin.an))).collect()
}

fn outputs(form: &Form<'_>) -> Result<Vec<KnownCoin>, Dud> {
    let (sns, secrets) = (numbers(form, "csn")?, form.all("cpan"));
    if secrets.len() != sns.len() {
        return Err(Dud::OtherLength { field: "cpan", expected: sns.len(), got: secrets.len() });
    }
    sns.into_iter().zip(secrets).map(|(sn, text)| Ok((sn, secret("cpan", text)?))).collect()
}

fn numbers(form: &Form<'_>, field: &'static str) -> Result<Vec<SerialNumber>, Dud> {
    form.all(field).iter().map(|sn| serial_number(sn)).collect()
}

fn serial_number(text: &str) -> Result<SerialNumber, Dud> {
    text.parse().map_err(|_| Dud::SerialNumber)
}

fn secret(field: &'static str, text: &str) -> Result<AuthenticityNumber, Dud> {
    AuthenticityNumber::from_hex(text).map_err(|_| Dud::Secret { field })
}
