//! The fixing routes that take the tickets of 3, 4 or 5 neighbours.

use std::collections::HashSet;
use std::ops::Deref;

use coin::AuthenticityNumber;
use raida::api::hint::agent as agent_number;
use raida::api::{Dud, Form, Proposed, Status, Ticket, read_proposed};

use super::in_brief;
use crate::agent::Agent;
use crate::fixing::corner::{FIVE, FOUR, THREE, is_corner, marked};
use crate::fixing::{NotFixed, Request, Tickets, fix, named};
use crate::service::Refusal;
use crate::service::reply::{Answer, Signature};
use raida::limits::FIX_COINS_MAX;

const FROM: [&str; 4] = ["fromserver1", "fromserver2", "fromserver3", "fromserver4"];
const MESSAGE: [&str; 4] = ["message1", "message2", "message3", "message4"];
const LETTERS: [&str; FIVE] = ["a", "b", "c", "d", "e"];

/// A coin without a number: its tickets, and its new secret.
struct Unnamed<const N: usize> {
    tickets: [Ticket; N],
    pan: AuthenticityNumber,
}

/// Fixes one coin on the tickets of three neighbours.
pub(super) async fn of_three<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let givers = givers::<3>(agent, form, &THREE)?;
    let messages = one_each(form, [MESSAGE[0], MESSAGE[1], MESSAGE[2]])?;
    let pan = form.one("pan").ok_or(Dud::Missing { field: "pan" })?;
    let coin = unnamed(givers, messages, "pan", pan)?;
    let (sn, fixed) = by_corner(agent, vec![Ok(coin)]).await?.remove(0)?;
    let (status, message) = match fixed {
        true => (Status::Success, "Fixed"),
        false => (Status::Error, NOT_VOUCHED_FOR),
    };
    Ok(Answer::One(Box::new(signature.about_coin(sn, status, message))))
}

/// Fixes many coins, each on the tickets of the same four neighbours.
pub(super) async fn of_four<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let givers = givers::<4>(agent, form, &FOUR)?;
    let pans = form.all("pans");
    if pans.is_empty() {
        return Err(Dud::Missing { field: "pans" }.into());
    }
    if pans.len() > FIX_COINS_MAX {
        return Err(Dud::TooMany { field: "pans", max: FIX_COINS_MAX }.into());
    }
    for field in MESSAGE {
        let got = form.all(field).len();
        if got != pans.len() {
            return Err(Dud::OtherLength { field, expected: pans.len(), got }.into());
        }
    }
    let coins = pans.iter().enumerate().map(|(place, pan)| {
        unnamed(givers, MESSAGE.map(|field| form.all(field)[place].deref()), "pans", pan)
    });
    let replies = by_corner(agent, coins.collect()).await?.into_iter().map(|said| match said {
        Ok((sn, true)) => signature.about_coin(sn, Status::Pass, "Fixed"),
        Ok((sn, false)) => signature.about_coin(sn, Status::Fail, NOT_VOUCHED_FOR),
        Err(dud) => signature.about_coin(None, Status::Dud, dud.to_string()),
    });
    Ok(Answer::Many(replies.collect()))
}

/// Fixes many coins on one ticket of each of five neighbours.
pub(super) async fn of_five<'s>(
    agent: &Agent,
    form: &Form<'_>,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let pattern = form.one("regex").ok_or(Dud::Missing { field: "regex" })?;
    let givers = marked(agent.number(), pattern).ok_or(NotFixed::NoCorner)?;
    let texts = one_each(form, LETTERS)?;
    let tickets = tickets(givers, texts)?.map(Tickets::Common).into();
    in_brief(agent, read_proposed(form)?, tickets, FIVE, signature).await
}

const NOT_VOUCHED_FOR: &str = "Not all of these tickets speak for this coin";

/// Fixes coins of which only the tickets are known. Returns for each its number and whether the
/// agent holds the new secret.
async fn by_corner<const N: usize>(
    agent: &Agent,
    coins: Vec<Result<Unnamed<N>, Dud>>,
) -> Result<Vec<Result<(Option<u64>, bool), Dud>>, NotFixed> {
    let first: Vec<Ticket> = coins.iter().flatten().map(|coin| coin.tickets[0]).collect();
    let mut seen = HashSet::new();
    let names = named(agent, &first).await?.into_iter();
    // A number that stands there twice is the first one's.
    let names: Vec<_> = names.map(|sn| sn.filter(|sn| seen.insert(*sn))).collect();

    let coins_named =
        coins.iter().flatten().zip(&names).filter_map(|(coin, sn)| Some((coin, (*sn)?)));
    let (of_each, proposed): (Vec<[Ticket; N]>, Vec<Proposed>) = coins_named
        .map(|(coin, sn)| (coin.tickets, Proposed { sn, pan: coin.pan.clone() }))
        .unzip();
    let tickets = (0..N).map(|giver| Tickets::Each(of_each.iter().map(|of| of[giver]).collect()));
    let request = Request { coins: proposed, tickets: tickets.collect(), needed: N };
    let mut fixed = fix(agent, request).await?.into_iter();

    let mut names = names.into_iter();
    let said = coins.into_iter().map(|coin| {
        coin.map(|_| match names.next().flatten() {
            Some(sn) => (Some(u64::from(sn.get())), fixed.next() == Some(true)),
            None => (None, false),
        })
    });
    Ok(said.collect())
}

/// Reads the agents of a corner.
fn givers<const N: usize>(
    agent: &Agent,
    form: &Form<'_>,
    corners: &[[usize; N]],
) -> Result<[usize; N], Refusal> {
    let mut givers = [0; N];
    for (giver, field) in givers.iter_mut().zip(FROM) {
        *giver = agent_number(field, form.one(field).ok_or(Dud::Missing { field })?)?;
    }
    if is_corner(agent.number(), corners, givers) {
        Ok(givers)
    } else {
        Err(NotFixed::NoCorner.into())
    }
}

fn one_each<'f, const N: usize>(
    form: &'f Form<'_>,
    fields: [&'static str; N],
) -> Result<[&'f str; N], Dud> {
    let mut values = [""; N];
    for (value, field) in values.iter_mut().zip(fields) {
        *value = form.one(field).ok_or(Dud::Missing { field })?;
    }
    Ok(values)
}

fn unnamed<const N: usize>(
    givers: [usize; N],
    messages: [&str; N],
    field: &'static str,
    pan: &str,
) -> Result<Unnamed<N>, Dud> {
    let tickets = tickets(givers, messages)?;
    let pan = AuthenticityNumber::from_hex(pan).map_err(|_| Dud::Secret { field })?;
    Ok(Unnamed { tickets, pan })
}

/// Reads a ticket of each of these agents, in their order.
fn tickets<const N: usize>(givers: [usize; N], texts: [&str; N]) -> Result<[Ticket; N], Dud> {
    let of_giver = |(text, giver): (&str, usize)| {
        let ticket: Option<Ticket> = text.parse().ok();
        ticket.filter(|ticket| ticket.agent() == giver)
    };
    let tickets: Option<Vec<Ticket>> = texts.into_iter().zip(givers).map(of_giver).collect();
    let tickets = tickets.and_then(|tickets| tickets.try_into().ok());
    tickets.ok_or(Dud::Ticket { field: "one of those given" })
}
