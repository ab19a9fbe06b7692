//! What an answer looks like, and how it is signed.

use std::borrow::Cow;

use coin::NETWORK_NUMBER;
use jiff::Timestamp;
use raida::api::{Ancestry, Audit, ChangeGiven, Hint, Offer, Reply, Shape, Status};

use super::coin_replies::CoinReplies;
use crate::tally::Words;

/// The date of the API that these agents speak.
pub(super) const API_VERSION: &str = "2021-05-04";

/// What stands for a hint where the agent could not look.
const NO_HINT: &str = "-1";

/// What all replies of one answer have in common.
pub(crate) struct Signature {
    pub(super) server: String,
    pub(super) time: String,
}

/// An answer.
pub(crate) enum Answer<'s> {
    /// One object.
    One(Box<Reply<'s>>),
    /// An array.
    Many(Vec<Reply<'s>>),
    /// Serial numbers of the pool.
    Offer(Box<Offer<'s>>),
    /// Coins with secrets that the agent chose.
    Change(Box<ChangeGiven<'s>>),
    /// Which exchange an origin is.
    Ancestry(Box<Ancestry<'s>>),
    /// What was counted.
    Audit(Box<Audit<'s>>),
    /// An array about coins, written already.
    Coins(CoinReplies),
    /// A bare word: the brief form of `detect`.
    Word(Status),
    /// A text that is no JSON: what tickets speak for.
    Text(String),
}

impl Signature {
    pub(crate) fn of(agent: usize) -> Signature {
        let time = Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
        Signature { server: Reply::server_name(agent), time }
    }

    /// Makes a reply that is about no single coin.
    pub(crate) fn reply<'s>(
        &'s self,
        status: Status,
        message: impl Into<Cow<'s, str>>,
    ) -> Reply<'s> {
        Reply {
            server: Cow::Borrowed(&self.server),
            status: Cow::Borrowed(status.word()),
            message: message.into(),
            version: Cow::Borrowed(API_VERSION),
            time: Cow::Borrowed(&self.time),
            ..Reply::default()
        }
    }

    /// Makes a reply about a coin; its number is missing when it could not be read.
    pub(crate) fn about_coin<'s>(
        &'s self,
        sn: Option<u64>,
        status: Status,
        message: impl Into<Cow<'s, str>>,
    ) -> Reply<'s> {
        let nn = Some(u64::from(NETWORK_NUMBER));
        Reply { nn, sn, ..self.reply(status, message) }
    }

    /// Makes the answer to a request that has no other.
    pub(crate) fn refuse(&self, shape: Shape, status: Status, message: &str) -> Answer<'_> {
        let reply = self.reply(status, message.to_owned());
        match shape {
            Shape::Object => Answer::One(Box::new(reply)),
            Shape::Array => Answer::Many(vec![reply]),
            Shape::Text if status == Status::Dud => Answer::Text(Hint::Malformed.to_string()),
            Shape::Text => Answer::Text(NO_HINT.to_owned()),
        }
    }
}

/// Makes the brief form of an answer about many coins: one object with all words in its message.
pub(crate) fn brief<'s>(signature: &'s Signature, statuses: &[Status]) -> Reply<'s> {
    let all = |status: Status| statuses.iter().all(|other| *other == status);
    let status = match () {
        () if all(Status::Pass) => Status::AllPass,
        () if all(Status::Fail) => Status::AllFail,
        () => Status::Mixed,
    };
    let words: Vec<&str> = statuses.iter().map(|status| status.word()).collect();
    signature.reply(status, words.join(","))
}

impl Answer<'_> {
    pub(crate) fn content_type(&self) -> &'static str {
        match self {
            Answer::One(_)
            | Answer::Many(_)
            | Answer::Coins(_)
            | Answer::Offer(_)
            | Answer::Change(_)
            | Answer::Ancestry(_)
            | Answer::Audit(_) => "application/json",
            Answer::Word(_) | Answer::Text(_) => "text/plain",
        }
    }

    /// Returns the status words, to be counted.
    pub(crate) fn words(&self) -> Words {
        match self {
            Answer::One(reply) => words_of_one(reply),
            Answer::Many(replies) => {
                // Only what is about a coin has a network number.
                let coins = replies.iter().filter(|reply| reply.nn.is_some());
                let words = Words::of(coins.filter_map(Reply::status));
                let whole = replies.first().and_then(Reply::status).unwrap_or(Status::Error);
                if words.coins() > 0 { words } else { Words::whole(whole) }
            }
            Answer::Offer(offer) => words_of_one(&offer.reply),
            Answer::Change(change) => words_of_one(&change.reply),
            Answer::Ancestry(ancestry) => words_of_one(&ancestry.reply),
            Answer::Audit(audit) => words_of_one(&audit.reply),
            Answer::Word(status) => Words::of([*status]),
            Answer::Coins(coins) => coins.words().clone(),
            Answer::Text(_) => Words::whole(Status::Success),
        }
    }

    /// Returns how many coins it tells of that the question did not name.
    pub(crate) fn coins_told(&self) -> usize {
        match self {
            Answer::Ancestry(ancestry) => ancestry.sns.len() + ancestry.csn.len(),
            Answer::One(_)
            | Answer::Many(_)
            | Answer::Offer(_)
            | Answer::Change(_)
            | Answer::Audit(_)
            | Answer::Coins(_)
            | Answer::Word(_)
            | Answer::Text(_) => 0,
        }
    }

    pub(crate) fn into_body(self) -> Vec<u8> {
        let json = match self {
            Answer::One(reply) => serde_json::to_vec(&reply),
            Answer::Many(replies) => serde_json::to_vec(&replies),
            Answer::Offer(offer) => serde_json::to_vec(&offer),
            Answer::Change(change) => serde_json::to_vec(&change),
            Answer::Ancestry(ancestry) => serde_json::to_vec(&ancestry),
            Answer::Audit(audit) => serde_json::to_vec(&audit),
            Answer::Coins(coins) => return coins.into_json(),
            Answer::Word(status) => return status.word().as_bytes().to_vec(),
            Answer::Text(text) => return text.into_bytes(),
        };
        json.expect("text and numbers are always JSON")
    }
}

fn words_of_one(reply: &Reply<'_>) -> Words {
    match reply.status() {
        Some(status) if reply.nn.is_some() => Words::of([status]),
        Some(Status::AllPass | Status::AllFail | Status::Mixed) => {
            Words::of(reply.message.split(',').filter_map(Status::from_word))
        }
        status => Words::whole(status.unwrap_or(Status::Error)),
    }
}
