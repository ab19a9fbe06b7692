//! The coins of a request about many, and the places of those that were not understood: the
//! answer names all of them in the order of the request.

use std::borrow::Cow;

use coin::{Origin, SerialNumber};
use raida::api::{
    CoinQuestion, Counting, Dud, Form, Proposal, Reply, Status, many_coins, write_origins,
};

use super::coin_replies::CoinReplies;
use super::reply::{Answer, Signature, brief};

/// The places of a request about many coins.
pub(crate) struct Places(Vec<Place>);

/// What is said of a coin.
pub(crate) struct Said<'s> {
    pub(crate) status: Status,
    pub(crate) message: Cow<'s, str>,
    /// Where it came from, for a caller who counts origins, when an exchange made it.
    pub(crate) origin: Option<Origin>,
}

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
        said: impl IntoIterator<Item = Said<'s>>,
    ) -> Answer<'s> {
        let mut said = said.into_iter();
        let mut replies = CoinReplies::of(signature, self.0.len());
        for Place { sn, dud } in &self.0 {
            let said = match dud {
                Some(dud) => Said::of(Status::Dud, dud.to_string()),
                None => said.next().unwrap_or_else(|| Said::of(Status::Error, "")),
            };
            replies.push(*sn, said.status, &said.message, said.origin);
        }
        Answer::Coins(replies)
    }

    /// Makes the brief form: one object with all words in its message, and all origins when one is
    /// said of a coin.
    pub(crate) fn brief<'s>(
        &self,
        signature: &'s Signature,
        said: impl IntoIterator<Item = Said<'s>>,
    ) -> Reply<'s> {
        let mut said = said.into_iter();
        let (statuses, origins): (Vec<Status>, Vec<Origin>) = self
            .0
            .iter()
            .map(|place| match place.dud {
                Some(_) => (Status::Dud, Origin::Minted),
                None => said.next().map_or((Status::Error, Origin::Minted), |said| {
                    (said.status, said.origin.unwrap_or_default())
                }),
            })
            .unzip();
        let origins = write_origins(&origins).map(Cow::Owned);
        Reply { origins, ..brief(signature, &statuses) }
    }
}

impl<'s> Said<'s> {
    pub(crate) fn of(status: Status, message: impl Into<Cow<'s, str>>) -> Said<'s> {
        Said { status, message: message.into(), origin: None }
    }

    /// Says of a coin where it came from, if the caller counts origins.
    pub(crate) fn from(self, origin: Origin, counting: Counting) -> Said<'s> {
        let is_said = counting == Counting::Origins && origin != Origin::Minted;
        Said { origin: is_said.then_some(origin), ..self }
    }

    /// Says of a coin that the caller hears nothing of it.
    pub(crate) fn concealed(status: Status) -> Said<'s> {
        Said::of(
            status,
            "An exchange made this coin: ask with origins=t, and count agents of one origin",
        )
    }

    /// Makes the reply about one coin.
    pub(crate) fn reply(self, signature: &'s Signature, sn: SerialNumber) -> Reply<'s> {
        let reply = signature.about_coin(Some(u64::from(sn.get())), self.status, self.message);
        Reply { origin: self.origin.map(|origin| origin.to_string().into()), ..reply }
    }
}
