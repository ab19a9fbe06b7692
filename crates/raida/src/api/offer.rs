//! Serial numbers of the pool: what `show_change` is asked and answers, and what `change` answers.

use coin::{AuthenticityNumber, Denomination, SerialNumber};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use super::question::Dud;
use super::{Form, Reply};
use crate::limits::{OFFER_NUMBERS, OFFER_NUMBERS_MAX};

/// Which serial numbers of the pool a client would like to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Agents that are given the same seed offer the same numbers.
    pub seed: [u8; 4],
    /// What shall be broken: only smaller ones are of use. `None`: all.
    pub below: Option<Denomination>,
    /// How many of each denomination, 1 to 1,000.
    pub count: usize,
}

/// The answer to `show_change`: serial numbers by denomination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer<'a> {
    /// Status `pass`.
    #[serde(flatten, borrow)]
    pub reply: Reply<'a>,
    /// Of 1.
    #[serde(default)]
    pub d1: Vec<u32>,
    /// Of 5.
    #[serde(default)]
    pub d5: Vec<u32>,
    /// Of 25.
    #[serde(default)]
    pub d25: Vec<u32>,
    /// Of 100.
    #[serde(default)]
    pub d100: Vec<u32>,
    /// Of 250.
    #[serde(default)]
    pub d250: Vec<u32>,
}

/// The answer to v1's `change`: the coins that the agent made, with the ANs that it chose.
#[derive(Debug, Serialize)]
pub struct ChangeGiven<'a> {
    /// Status `pass`.
    #[serde(flatten)]
    pub reply: Reply<'a>,
    /// Serial numbers.
    pub sns: Vec<u32>,
    /// Their ANs, 32 hexadecimal digits each.
    #[serde(serialize_with = "as_hex")]
    pub ans: Vec<AuthenticityNumber>,
}

/// Reads a request of the route `show_change`: `seed`, and `denomination` or `dn`, and `count`,
/// which may be missing. The account of v1's change maker, `sn`, is not looked at.
///
/// # Errors
///
/// See [`Dud`].
pub fn read_wanted(form: &Form<'_>) -> Result<Wanted, Dud> {
    let mut seed = [0; 4];
    let digits = form.one("seed").ok_or(Dud::Missing { field: "seed" })?;
    hex::decode_to_slice(digits, &mut seed).map_err(|_| Dud::Seed)?;
    let below = match form.one("denomination").or(form.one("dn")) {
        None => None,
        Some(text) => Some(denomination(text).ok_or(Dud::NoSuchDenomination)?),
    };
    let count = match form.one("count") {
        None => OFFER_NUMBERS,
        Some(text) => text.parse().unwrap_or(0),
    };
    if (1..=OFFER_NUMBERS_MAX).contains(&count) {
        Ok(Wanted { seed, below, count })
    } else {
        Err(Dud::Count { max: OFFER_NUMBERS_MAX })
    }
}

/// Writes the body of a request of the route `show_change`.
pub fn write_wanted(wanted: &Wanted) -> Zeroizing<Vec<u8>> {
    let mut body = format!("nn=1&seed={}&count={}", hex::encode(wanted.seed), wanted.count);
    if let Some(below) = wanted.below {
        body.push_str(&format!("&denomination={}", below.value()));
    }
    Zeroizing::new(body.into_bytes())
}

fn denomination(text: &str) -> Option<Denomination> {
    Denomination::from_value(text.parse().ok()?)
}

impl Wanted {
    /// Tells whether coins of this denomination are of use.
    pub fn includes(&self, denomination: Denomination) -> bool {
        self.below.is_none_or(|below| denomination < below)
    }
}

impl Offer<'_> {
    /// Returns the numbers of one denomination.
    pub fn of(&mut self, denomination: Denomination) -> &mut Vec<u32> {
        match denomination {
            Denomination::One => &mut self.d1,
            Denomination::Five => &mut self.d5,
            Denomination::TwentyFive => &mut self.d25,
            Denomination::Hundred => &mut self.d100,
            Denomination::TwoHundredFifty => &mut self.d250,
        }
    }

    /// Adds a serial number to those of its denomination.
    pub fn push(&mut self, sn: SerialNumber) {
        self.of(sn.denomination()).push(sn.get());
    }
}

fn as_hex<S: Serializer>(ans: &[AuthenticityNumber], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ans.iter().map(|an| AsHex(an.to_hex())))
}

/// The digits of a secret, wiped when they are written.
struct AsHex(Zeroizing<String>);

impl Serialize for AsHex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_read_and_what_no_client_sends_is_refused() {
        let read = |text: &str| read_wanted(&Form::parse(text.as_bytes()).unwrap());
        let usual = read("sn=2&nn=1&denomination=25&seed=5c11919f").unwrap();
        assert_eq!((usual.seed, usual.count), ([0x5c, 0x11, 0x91, 0x9f], OFFER_NUMBERS));
        assert!(usual.includes(Denomination::Five) && !usual.includes(Denomination::TwentyFive));
        let all = read("seed=00000000&count=1000").unwrap();
        assert!(all.includes(Denomination::TwoHundredFifty));
        for (wrong, dud) in [
            ("sn=2", Dud::Missing { field: "seed" }),
            ("seed=5c11919", Dud::Seed),
            ("seed=5c11919ff", Dud::Seed),
            ("seed=5c11919g", Dud::Seed),
            ("seed=5c11919f&dn=2", Dud::NoSuchDenomination),
            ("seed=5c11919f&count=0", Dud::Count { max: OFFER_NUMBERS_MAX }),
            ("seed=5c11919f&count=1001", Dud::Count { max: OFFER_NUMBERS_MAX }),
        ] {
            assert_eq!(read(wrong), Err(dud), "{wrong}");
        }
    }

    #[test]
    fn what_is_wanted_is_read_as_it_was_written() {
        for below in [None, Some(Denomination::TwentyFive)] {
            let wanted = Wanted { seed: [0x5c, 0x11, 0, 0x9f], below, count: 7 };
            assert_eq!(read_wanted(&Form::parse(&write_wanted(&wanted)).unwrap()), Ok(wanted));
        }
    }

    #[test]
    fn an_offer_is_one_object_with_a_list_for_each_denomination() {
        let mut offer = Offer::default();
        for number in [1, 2_097_153, 16_777_216] {
            offer.push(SerialNumber::new(number).unwrap());
        }
        let text = serde_json::to_string(&offer).unwrap();
        assert!(text.ends_with(r#""d1":[1],"d5":[2097153],"d25":[],"d100":[],"d250":[16777216]}"#));
        assert_eq!(serde_json::from_str::<Offer<'_>>(&text).unwrap(), offer);
    }
}
