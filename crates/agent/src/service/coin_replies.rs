//! Replies about many coins, written as they come: what all of them have in common is put into JSON
//! once.

use std::io::Write;

use coin::{NETWORK_NUMBER, Origin};
use raida::api::Status;

use super::reply::{API_VERSION, Signature};
use crate::tally::Words;

/// An array of replies about coins, in JSON.
pub(crate) struct CoinReplies {
    json: Vec<u8>,
    words: Words,
    /// A reply up to its status word.
    head: String,
    /// A reply from behind its message to its serial number.
    tail: String,
}

/// Bytes that a reply has beside its head and its tail: most messages are two words.
const OWN_BYTES: usize = 56;

impl CoinReplies {
    /// Begins an array of so many replies.
    pub(crate) fn of(signature: &Signature, coins: usize) -> CoinReplies {
        let Signature { server, time } = signature;
        let head = format!(r#"{{"server":{},"status":""#, quoted(server));
        let (version, time) = (quoted(API_VERSION), quoted(time));
        let tail = format!(r#","version":{version},"time":{time},"nn":{NETWORK_NUMBER}"#);
        let mut json = Vec::with_capacity(2 + coins * (head.len() + tail.len() + OWN_BYTES));
        json.push(b'[');
        CoinReplies { json, words: Words::of([]), head, tail }
    }

    /// Adds the reply about a coin; its number is missing when it could not be read, its origin when
    /// it is not said.
    pub(crate) fn push(
        &mut self,
        sn: Option<u64>,
        status: Status,
        message: &str,
        origin: Option<Origin>,
    ) {
        if self.json.len() > 1 {
            self.json.push(b',');
        }
        self.words.add(status);
        self.json.extend_from_slice(self.head.as_bytes());
        self.json.extend_from_slice(status.word().as_bytes());
        self.json.extend_from_slice(br#"","message":"#);
        serde_json::to_writer(&mut self.json, message).expect(WRITABLE);
        self.json.extend_from_slice(self.tail.as_bytes());
        if let Some(sn) = sn {
            write!(self.json, r#","sn":{sn}"#).expect(WRITABLE);
        }
        if let Some(origin) = origin {
            write!(self.json, r#","origin":"{origin}""#).expect(WRITABLE);
        }
        self.json.push(b'}');
    }

    /// Returns the status words so far.
    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    /// Ends the array.
    pub(crate) fn into_json(mut self) -> Vec<u8> {
        self.json.push(b']');
        self.json
    }
}

const WRITABLE: &str = "text and numbers are always JSON, and a vector takes all of it";

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect(WRITABLE)
}

#[cfg(test)]
mod tests {
    use raida::api::Reply;

    use super::*;

    fn check(coins: &[(Option<u64>, Status, &str, Option<Origin>)]) {
        let signature = Signature::of(7);
        let mut written = CoinReplies::of(&signature, coins.len());
        for (sn, status, message, origin) in coins {
            written.push(*sn, *status, message, *origin);
        }
        let replies: Vec<Reply<'_>> = coins
            .iter()
            .map(|(sn, status, message, origin)| {
                let origin = origin.map(|origin| origin.to_string().into());
                Reply { origin, ..signature.about_coin(*sn, *status, *message) }
            })
            .collect();
        let expected = serde_json::to_string(&replies).unwrap();
        assert_eq!(String::from_utf8(written.into_json()).unwrap(), expected);
    }

    #[test]
    fn replies_about_coins_are_written_like_all_others() {
        check(&[]);
        check(&[(Some(77), Status::Pass, "Authentic", None)]);
        check(&[
            (Some(16_777_216), Status::Fail, "Counterfeit", None),
            (Some(77), Status::Pass, "Authentic", Some(Origin::Exchange([0xa7; 32]))),
            (None, Status::Dud, "sn is \"no\" number\\\n\u{1}é", None),
            (Some(u64::MAX), Status::Error, "", None),
        ]);
    }
}
