//! The coins of a request about many, and the places of those that were not understood: the
//! answer names all of them in the order of the request.

use std::borrow::Cow;

use raida::api::{CoinQuestion, Dud, Form, Proposal, Reply, Status, many_coins};

use super::coin_replies::CoinReplies;
use super::reply::{Answer, Signature, brief};

/// The places of a request about many coins.
pub(crate) struct Places(Vec<Place>);

struct Place {
    sn: Option<u64>,
    dud: Option<Dud>,
}

/// Reads a request about many coins: its places, and the questions of those that were
/// understood.
pub(crate) fn read(
    form: &Form<'_>,
    proposal: Proposal,
) -> Result<(Places, Vec<CoinQuestion>), Dud> {
    let mut places = Vec::new();
    let mut coins = Vec::new();
    for (coin, sn) in many_coins(form, proposal)?.into_iter().zip(form.all("sns")) {
        match coin {
            Ok(coin) => {
                places.push(Place { sn: Some(u64::from(coin.sn.get())), dud: None });
                coins.push(coin);
            }
            Err(dud) => places.push(Place { sn: sn.parse().ok(), dud: Some(dud) }),
        }
    }
    Ok((Places(places), coins))
}

impl Places {
    /// Makes an array of replies: what `said` says of the coins that were understood, `dud` for
    /// the others.
    pub(crate) fn replies<'s>(
        &self,
        signature: &'s Signature,
        said: impl IntoIterator<Item = (Status, Cow<'s, str>)>,
    ) -> Answer<'s> {
        let mut said = said.into_iter();
        let mut replies = CoinReplies::of(signature, self.0.len());
        for Place { sn, dud } in &self.0 {
            let (status, message) = match dud {
                Some(dud) => (Status::Dud, dud.to_string().into()),
                None => said.next().unwrap_or((Status::Error, Cow::default())),
            };
            replies.push(*sn, status, &message);
        }
        Answer::Coins(replies)
    }

    /// Makes the brief form: one object with all words in its message.
    pub(crate) fn brief<'s>(
        &self,
        signature: &'s Signature,
        said: impl IntoIterator<Item = Status>,
    ) -> Reply<'s> {
        let mut said = said.into_iter();
        let statuses = self.0.iter().map(|place| match place.dud {
            Some(_) => Status::Dud,
            None => said.next().unwrap_or(Status::Error),
        });
        brief(signature, &statuses.collect::<Vec<_>>())
    }
}
