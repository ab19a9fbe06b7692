//! An answer about one coin or one request.

use std::borrow::Cow;

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Status;

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
    /// Route `version`: the network id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Cow<'a, str>>,
}

impl Reply<'_> {
    /// Returns the status, or `None` for a word without meaning.
    pub fn status(&self) -> Option<Status> {
        Status::from_word(&self.status)
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
}

impl CoinReply<'_> {
    /// Returns the status, or `None` for a word without meaning.
    pub(crate) fn status(&self) -> Option<Status> {
        Status::from_word(&self.status)
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
    fn what_is_not_said_is_not_written() {
        let reply = Reply { server: "RAIDA7".into(), status: "ready".into(), ..Reply::default() };
        let text = serde_json::to_string(&reply).unwrap();
        assert_eq!(
            text,
            r#"{"server":"RAIDA7","status":"ready","message":"","version":"","time":""}"#
        );
    }
}
