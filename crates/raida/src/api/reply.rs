//! An answer about one coin or one request.

use std::borrow::Cow;
use std::fmt;

use coin::Origin;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Status, origins};

/// One object of an answer. Only `status` is always there; v1 servers leave out the others as
/// they like, and write numbers with or without quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply<'a> {
    /// `RAIDA7` for agent 7.
    #[serde(default, borrow)]
    pub server: Cow<'a, str>,
    /// A status word, in any case.
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    /// Text for people; with status `ticket` the ticket.
    #[serde(default, borrow)]
    pub message: Cow<'a, str>,
    /// The date of the API that the agent speaks.
    #[serde(default, borrow)]
    pub version: Cow<'a, str>,
    /// When the agent answered, `YYYY-MM-DD HH:MM:SS` in UTC.
    #[serde(default, borrow)]
    pub time: Cow<'a, str>,
    /// The network number of the coin.
    #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub nn: Option<u64>,
    /// The serial number of the coin.
    #[serde(default, deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub sn: Option<u64>,
    /// Brief form: the ticket of all coins that passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Cow<'a, str>>,
    /// Where the coin came from, 64 hexadecimal digits, when an exchange made it and the caller
    /// counts origins; with status `exchange` the origin of the coins that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Cow<'a, str>>,
    /// Brief form: the same for each coin, `-` for one that was minted or did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Cow<'a, str>>,
    /// Route `version`: the network id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Cow<'a, str>>,
}

impl Reply<'_> {
    /// Returns the status, or `None` for a word without meaning.
    pub fn status(&self) -> Option<Status> {
        Status::from_word(&self.status)
    }

    /// Returns where the coin came from, or `None` when what stands there is no origin. An agent
    /// that says nothing means a coin that was minted.
    pub fn origin(&self) -> Option<Origin> {
        origins::read(self.origin.as_deref())
    }

    /// Returns where each of so many coins came from, or `None` when the list is of another length
    /// or holds something else. An agent that says nothing means coins that were minted.
    pub fn origins(&self, coins: usize) -> Option<Vec<Origin>> {
        origins::read_many(self.origins.as_deref(), coins)
    }

    /// Returns how an agent signs its answers.
    pub fn server_name(agent: usize) -> String {
        format!("RAIDA{agent}")
    }
}

/// What a wallet reads of an answer about one coin; [`Reply`] has all of it.
#[derive(Debug, Deserialize)]
pub(crate) struct CoinReply<'a> {
    #[serde(default, borrow)]
    pub(crate) server: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(default, deserialize_with = "lenient")]
    pub(crate) sn: Option<u64>,
    #[serde(default)]
    origin: Option<Cow<'a, str>>,
}

impl CoinReply<'_> {
    /// Returns the status, or `None` for a word without meaning.
    pub(crate) fn status(&self) -> Option<Status> {
        Status::from_word(&self.status)
    }

    /// Returns where the coin came from; see [`Reply::origin`].
    pub(crate) fn origin(&self) -> Option<Origin> {
        origins::read(self.origin.as_deref())
    }
}

/// Reads a number, or a text that is one; anything else is none.
fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_any(Lenient)
}

struct Lenient;

impl<'de> Visitor<'de> for Lenient {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Option<u64>, E> {
        Ok(Some(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<u64>, E> {
        Ok(text.parse().ok())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<u64>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Option<u64>, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_and_without_quotes() {
        for text in [r#"{"status":"Pass","sn":77}"#, r#"{"sn":"77","status":"pass","x":[1]}"#] {
            let reply: Reply<'_> = serde_json::from_str(text).unwrap();
            assert_eq!((reply.status(), reply.sn), (Some(Status::Pass), Some(77)));
        }
        for sn in ["null", "[{}]", r#"{"a":[1,{}]}"#, "-1", "1.5", "true", r#""x""#, "1e99"] {
            let text = &format!(r#"{{"status":"?","sn":{sn},"x":1}}"#);
            let reply: Reply<'_> = serde_json::from_str(text).unwrap();
            assert_eq!((reply.status(), reply.sn), (None, None));
        }
        assert!(serde_json::from_str::<Reply<'_>>(r#"{"sn":77}"#).is_err());
    }

    #[test]
    fn a_coin_of_which_no_origin_is_said_was_minted_and_a_wrong_one_is_none() {
        let of = "a7".repeat(32);
        let made = Some(Origin::Exchange([0xa7; 32]));
        for (said, expected) in [
            (String::new(), Some(Origin::Minted)),
            (format!(r#","origin":"{of}""#), made),
            (r#","origin":"minted""#.to_owned(), Some(Origin::Minted)),
            (r#","origin":"a7""#.to_owned(), None),
            (r#","origin":null"#.to_owned(), Some(Origin::Minted)),
        ] {
            let text = format!(r#"{{"status":"pass","sn":1{said}}}"#);
            let (whole, short): (Reply<'_>, CoinReply<'_>) =
                (serde_json::from_str(&text).unwrap(), serde_json::from_str(&text).unwrap());
            assert_eq!((whole.origin(), short.origin()), (expected, expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_written() {
        let reply = Reply { server: "RAIDA7".into(), status: "ready".into(), ..Reply::default() };
        let text = serde_json::to_string(&reply).unwrap();
        assert_eq!(
            text,
            r#"{"server":"RAIDA7","status":"ready","message":"","version":"","time":""}"#
        );
    }
}
