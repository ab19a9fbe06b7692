//! Questions about coins: how a wallet writes them and how an agent reads them.

use std::collections::HashSet;
use std::io::Write;
use std::ops::Deref;

use coin::{AuthenticityNumber, NETWORK_NUMBER, SerialNumber};
use zeroize::Zeroizing;

use super::form::{Form, FormError};
use crate::limits::REQUEST_COINS_MAX;

/// What a wallet says about one coin: its serial number, its AN and a proposed AN.
#[derive(Clone, Copy)]
pub struct AboutCoin<'a> {
    /// The serial number.
    pub sn: SerialNumber,
    /// What the agent is said to hold.
    pub an: &'a AuthenticityNumber,
    /// What the agent shall hold from now on; the AN again where nothing shall change.
    pub pan: &'a AuthenticityNumber,
}

/// What an agent reads about one coin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoinQuestion {
    /// The serial number.
    pub sn: SerialNumber,
    /// What the agent is said to hold.
    pub an: AuthenticityNumber,
    /// What the agent shall hold from now on.
    pub pan: AuthenticityNumber,
}

/// Whether a route reads the field `pan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// The route needs it.
    Needed,
    /// The route changes nothing and takes the AN for it.
    Ignored,
}

/// Why a request, or what it says of one coin, was not understood. Never shows a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dud {
    /// The text is no form.
    #[error("not a form: {0}")]
    Form(#[from] FormError),
    /// A field is missing.
    #[error("the field {field} is missing")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// The arrays differ in length.
    #[error("the array {field} has {got} values instead of {expected}")]
    OtherLength {
        /// The array that differs.
        field: &'static str,
        /// Serial numbers in the request.
        expected: usize,
        /// Values in that array.
        got: usize,
    },
    /// Another network number than 1.
    #[error("the network number nn is not {NETWORK_NUMBER}")]
    NetworkNumber,
    /// No serial number of 1 to 16,777,216.
    #[error("sn is not a serial number of {} to {}", SerialNumber::MIN, SerialNumber::MAX)]
    SerialNumber,
    /// A secret that is not 32 hexadecimal digits.
    #[error("{field} is not 32 hexadecimal digits")]
    Secret {
        /// The field.
        field: &'static str,
    },
    /// The denomination is not that of the serial number.
    #[error("the denomination of this serial number is {expected}")]
    Denomination {
        /// What the coin is worth.
        expected: u32,
    },
    /// No id of a request.
    #[error("id is not 32 hexadecimal digits")]
    RequestId,
    /// No origin of 64 hexadecimal digits.
    #[error("{field} is not the origin of an exchange, 64 hexadecimal digits")]
    Origin {
        /// The field.
        field: &'static str,
    },
    /// No seed of 8 hexadecimal digits.
    #[error("seed is not 8 hexadecimal digits")]
    Seed,
    /// A value that no coin has.
    #[error("there is no such denomination")]
    NoSuchDenomination,
    /// A count out of its range.
    #[error("count is not a number of 1 to {max}")]
    Count {
        /// The largest count.
        max: usize,
    },
    /// More coins than a request may be about.
    #[error("{got} coins are more than {REQUEST_COINS_MAX}")]
    TooManyCoins {
        /// Coins in the request.
        got: usize,
    },
    /// What shall be taken is worth something else than what is given.
    #[error("coins worth {inputs} are given for coins worth {outputs}")]
    Unequal {
        /// What the coins that are given are worth.
        inputs: u64,
        /// What the coins that shall be taken are worth.
        outputs: u64,
    },
    /// An array with more values than its route takes.
    #[error("the array {field} has more than {max} values")]
    TooMany {
        /// The array.
        field: &'static str,
        /// What the route takes.
        max: usize,
    },
    /// No number of an agent.
    #[error("{field} is not the number of an agent, 0 to {}", coin::AGENTS - 1)]
    Agent {
        /// The field.
        field: &'static str,
    },
    /// No ticket, where only a ticket will do.
    #[error("{field} is not a ticket")]
    Ticket {
        /// The field.
        field: &'static str,
    },
    /// The serial number stands in the request before.
    #[error("this serial number is in the request twice")]
    Twice,
}

/// Names of a coin's fields, by the form of the question.
pub(super) struct Names {
    pub(super) sn: &'static str,
    pub(super) an: &'static str,
    pub(super) pan: &'static str,
}

const ONE: Names = Names { sn: "sn", an: "an", pan: "pan" };
pub(super) const MANY: Names = Names { sn: "sns", an: "ans", pan: "pans" };

pub(super) const DENOMINATION: &str = "denomination";

/// The later documents' name for the same.
const DENOMINATION_SHORT: &str = "dn";

/// Reads a question about one coin: `nn`, `sn`, `an`, `pan`, `denomination` or `dn`.
///
/// # Errors
///
/// See [`Dud`].
pub fn one_coin(form: &Form<'_>, proposal: Proposal) -> Result<CoinQuestion, Dud> {
    let field = |field: &'static str| form.one(field).ok_or(Dud::Missing { field });
    let denomination = form.one(DENOMINATION).or(form.one(DENOMINATION_SHORT));
    let pan = match proposal {
        Proposal::Needed => Some(field(ONE.pan)?),
        Proposal::Ignored => None,
    };
    read(
        &ONE,
        form.one("nn"),
        field(ONE.sn)?,
        field(ONE.an)?,
        pan,
        denomination.ok_or(Dud::Missing { field: DENOMINATION })?,
    )
}

/// Reads a question about many coins, at most 10,000: the arrays `sns`, `ans`, `pans`,
/// `denomination` or `dn`, of equal length, and `nn` or the array `nns`.
///
/// A coin that was not understood stands in its place as a [`Dud`]; so does the second one
/// with the same serial number.
///
/// # Errors
///
/// See [`Dud`]; an error is about the request as a whole.
pub fn many_coins(
    form: &Form<'_>,
    proposal: Proposal,
) -> Result<Vec<Result<CoinQuestion, Dud>>, Dud> {
    coins(form, &MANY, proposal)
}

/// The same with arrays of other names.
pub(super) fn coins(
    form: &Form<'_>,
    names: &Names,
    proposal: Proposal,
) -> Result<Vec<Result<CoinQuestion, Dud>>, Dud> {
    let sns = form.all(names.sn);
    if sns.is_empty() {
        return Err(Dud::Missing { field: names.sn });
    }
    let array = |field: &'static str| match form.all(field) {
        [] => Err(Dud::Missing { field }),
        values if values.len() == sns.len() => Ok(values),
        values => Err(Dud::OtherLength { field, expected: sns.len(), got: values.len() }),
    };
    let ans = array(names.an)?;
    let pans = match proposal {
        Proposal::Needed => Some(array(names.pan)?),
        Proposal::Ignored => None,
    };
    let is_short = form.all(DENOMINATION).is_empty() && !form.all(DENOMINATION_SHORT).is_empty();
    let denominations = array(if is_short { DENOMINATION_SHORT } else { DENOMINATION })?;
    let nns = if form.all("nns").is_empty() { None } else { Some(array("nns")?) };

    let mut seen = HashSet::with_capacity(sns.len());
    let coins = (0..sns.len()).map(|i| {
        let nn = nns.map_or(form.one("nn"), |nns| Some(&nns[i]));
        let pan = pans.map(|pans| pans[i].deref());
        let coin = read(names, nn, &sns[i], &ans[i], pan, &denominations[i])?;
        if seen.insert(coin.sn) { Ok(coin) } else { Err(Dud::Twice) }
    });
    Ok(coins.collect())
}

/// Writes the body of a question about many coins. The buffer never grows, so that no copy of
/// a secret is left behind; whoever drops it wipes it.
pub fn write_coins<'a>(coins: impl ExactSizeIterator<Item = AboutCoin<'a>>) -> Zeroizing<Vec<u8>> {
    write_coins_with("", coins)
}

/// The same with further fields before those of the coins, each `name=value` with `&` before it.
pub fn write_coins_with<'a>(
    fields: &str,
    coins: impl ExactSizeIterator<Item = AboutCoin<'a>>,
) -> Zeroizing<Vec<u8>> {
    let bytes_max = 4 + fields.len() + coins.len() * COIN_BYTES_MAX;
    let mut body = Zeroizing::new(Vec::with_capacity(bytes_max));
    body.extend_from_slice(b"nn=1");
    body.extend_from_slice(fields.as_bytes());
    for AboutCoin { sn, an, pan } in coins {
        number(name(&mut body, MANY.sn), sn.get());
        an.write_hex(name(&mut body, MANY.an));
        pan.write_hex(name(&mut body, MANY.pan));
        number(name(&mut body, DENOMINATION), sn.denomination().value());
    }
    body
}

/// The longest coin: four field names with `&`, `%5B%5D` and `=`, 8 digits of serial number,
/// two secrets, 3 digits of denomination.
pub(super) const COIN_BYTES_MAX: usize =
    4 * 8 + (3 + 3 + 4 + 12) + 8 + 2 * AuthenticityNumber::HEX_DIGITS + 3;

/// Writes one value of an array.
pub(super) fn field(body: &mut Vec<u8>, array: &str, value: &str) {
    name(body, array).extend_from_slice(value.as_bytes());
}

/// Writes the name of an array; its next value comes behind it.
fn name<'b>(body: &'b mut Vec<u8>, name: &str) -> &'b mut Vec<u8> {
    body.push(b'&');
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(b"%5B%5D=");
    body
}

fn number(body: &mut Vec<u8>, number: u32) {
    write!(body, "{number}").expect("a vector takes all that is written");
}

fn read(
    names: &Names,
    nn: Option<&str>,
    sn: &str,
    an: &str,
    pan: Option<&str>,
    denomination: &str,
) -> Result<CoinQuestion, Dud> {
    if nn.is_some_and(|nn| nn.parse() != Ok(NETWORK_NUMBER)) {
        return Err(Dud::NetworkNumber);
    }
    let sn: SerialNumber = sn.parse().map_err(|_| Dud::SerialNumber)?;
    let secret =
        |field, text: &str| AuthenticityNumber::from_hex(text).map_err(|_| Dud::Secret { field });
    let an = secret(names.an, an)?;
    let pan = pan.map_or_else(|| Ok(an.clone()), |pan| secret(names.pan, pan))?;
    let expected = sn.denomination().value();
    if denomination.parse() != Ok(expected) {
        return Err(Dud::Denomination { expected });
    }
    Ok(CoinQuestion { sn, an, pan })
}

#[cfg(test)]
mod tests;
