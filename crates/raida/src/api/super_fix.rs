//! A super fix: the request that sets new secrets of some coins at one agent, on the tickets of
//! others.

use std::collections::HashSet;

use coin::{AGENTS, AuthenticityNumber, NETWORK_NUMBER, SerialNumber};
use zeroize::Zeroizing;

use super::{Dud, Form, Ticket};
use crate::limits::FIX_COINS_MAX;

/// A coin that an agent shall hold with a new secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The serial number.
    pub sn: SerialNumber,
    /// What the agent shall hold from now on.
    pub pan: AuthenticityNumber,
}

/// What stands where an agent gave no ticket.
const NO_TICKET: &str = "false";

/// Reads the array `r` of a super fix: at most 25 tickets, in any order.
///
/// What is no ticket is left out, `false` among others, and so is every further one of an agent
/// of which there is one already.
///
/// # Errors
///
/// [`Dud::TooMany`] when there are more than 25.
pub fn read_tickets(form: &Form<'_>) -> Result<Vec<Ticket>, Dud> {
    let texts = form.all("r");
    if texts.len() > AGENTS {
        return Err(Dud::TooMany { field: "r", max: AGENTS });
    }
    let mut agents = HashSet::with_capacity(AGENTS);
    let tickets = texts.iter().filter_map(|text| text.parse().ok());
    Ok(tickets.filter(|ticket: &Ticket| agents.insert(ticket.agent())).collect())
}

/// Reads the coins of a fix, at most [`FIX_COINS_MAX`]: the array `sn`, and one secret for each in
/// the array `pan`, or one for all in the field `pan`. A coin that was not understood stands in
/// its place as a [`Dud`]; so does the second one with the same serial number.
///
/// # Errors
///
/// See [`Dud`]; an error is about the request as a whole.
pub fn read_proposed(form: &Form<'_>) -> Result<Vec<Result<Proposed, Dud>>, Dud> {
    let sns = form.all("sn");
    if form.one("nn").is_some_and(|nn| nn.parse() != Ok(NETWORK_NUMBER)) {
        return Err(Dud::NetworkNumber);
    }
    if sns.is_empty() {
        return Err(Dud::Missing { field: "sn" });
    }
    if sns.len() > FIX_COINS_MAX {
        return Err(Dud::TooMany { field: "sn", max: FIX_COINS_MAX });
    }
    let pan = |place: usize| match (form.one("pan"), form.all("pan")) {
        (Some(pan), []) => Ok(pan),
        (None, pans) if pans.len() == sns.len() => Ok(&*pans[place]),
        (None, []) => Err(Dud::Missing { field: "pan" }),
        (_, pans) => Err(Dud::OtherLength { field: "pan", expected: sns.len(), got: pans.len() }),
    };
    pan(0)?;
    let mut seen = HashSet::with_capacity(sns.len());
    let coins = sns.iter().enumerate().map(|(place, sn)| {
        let sn: SerialNumber = sn.parse().map_err(|_| Dud::SerialNumber)?;
        let pan = AuthenticityNumber::from_hex(pan(place)?);
        let pan = pan.map_err(|_| Dud::Secret { field: "pan" })?;
        if seen.insert(sn) { Ok(Proposed { sn, pan }) } else { Err(Dud::Twice) }
    });
    Ok(coins.collect())
}

/// Writes the body of a super fix. The buffer never grows, so that no copy of a secret is left
/// behind; whoever drops it wipes it.
pub(crate) fn write_super_fix(
    tickets: &[Option<Ticket>],
    coins: &[(SerialNumber, &AuthenticityNumber)],
) -> Zeroizing<Vec<u8>> {
    const TICKET_BYTES_MAX: usize = "&r%5B%5D=".len() + 2 * Ticket::BYTES;
    const COIN_BYTES_MAX: usize =
        "&sn%5B%5D=&pan%5B%5D=".len() + 8 + AuthenticityNumber::HEX_DIGITS;
    let bytes_max = 4 + tickets.len() * TICKET_BYTES_MAX + coins.len() * COIN_BYTES_MAX;
    let mut body = Zeroizing::new(Vec::with_capacity(bytes_max));
    body.extend_from_slice(b"nn=1");
    for ticket in tickets {
        let text = ticket.map_or_else(|| NO_TICKET.to_owned(), |ticket| ticket.to_string());
        super::question::field(&mut body, "r", &text);
    }
    for (sn, pan) in coins {
        super::question::field(&mut body, "sn", &sn.to_string());
        super::question::field(&mut body, "pan", &pan.to_hex());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(sn: u32) -> SerialNumber {
        SerialNumber::new(sn).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let pans = [3, 4].map(|byte| AuthenticityNumber::from_bytes([byte; 16]));
        let coins = [(number(7), &pans[0]), (number(16_777_216), &pans[1])];
        let mut tickets = [None; AGENTS];
        (3..20).for_each(|agent| tickets[agent] = Some(Ticket::random(agent)));
        let body = write_super_fix(&tickets, &coins);
        let form = Form::parse(&body).unwrap();
        assert_eq!(read_tickets(&form).unwrap(), tickets.into_iter().flatten().collect::<Vec<_>>());
        let read: Vec<_> = read_proposed(&form).unwrap().into_iter().map(Result::unwrap).collect();
        assert!(read.iter().map(|coin| (coin.sn, &coin.pan)).eq(coins));
        let needed = 4 + AGENTS * 53 + 2 * 61;
        assert!(body.capacity() >= needed && body.len() <= needed, "{}", body.len());
    }

    #[test]
    fn an_agent_has_one_ticket_and_what_is_none_is_left_out() {
        let (ours, other) = (Ticket::random(3), Ticket::random(3));
        let text = format!("r[]={ours}&r[]=false&r[]={ours}&r[]={other}&r[]=&r[]=00");
        assert_eq!(read_tickets(&Form::parse(text.as_bytes()).unwrap()).unwrap(), [ours]);
        let many = "r[]=false&".repeat(AGENTS + 1);
        let dud = read_tickets(&Form::parse(many.as_bytes()).unwrap()).unwrap_err();
        assert_eq!(dud, Dud::TooMany { field: "r", max: AGENTS });
    }

    #[test]
    fn one_pan_may_stand_for_all_coins() {
        let pan = "00112233445566778899aabbccddeeff";
        let form = format!("nn=1&sn[]=1&sn[]=2&pan={pan}");
        let coins = read_proposed(&Form::parse(form.as_bytes()).unwrap()).unwrap();
        assert!(coins.iter().all(|coin| *coin.as_ref().unwrap().pan.to_hex() == pan));
    }

    #[test]
    fn what_is_not_understood_is_said_of_the_coin_or_of_the_whole() {
        let pan = "00112233445566778899aabbccddeeff";
        let coins = |text: &str| read_proposed(&Form::parse(text.as_bytes()).unwrap());
        let each =
            format!("sn[]=1&sn[]=1&sn[]=0&sn[]=2&pan[]={pan}&pan[]={pan}&pan[]={pan}&pan[]=0");
        let duds: Vec<_> = coins(&each).unwrap().into_iter().map(Result::err).collect();
        let secret = Dud::Secret { field: "pan" };
        assert_eq!(duds, [None, Some(Dud::Twice), Some(Dud::SerialNumber), Some(secret)]);
        for (text, dud) in [
            ("", Dud::Missing { field: "sn" }),
            ("sn=1", Dud::Missing { field: "sn" }),
            ("sn[]=1", Dud::Missing { field: "pan" }),
            ("nn=2&sn[]=1&pan=0", Dud::NetworkNumber),
            ("sn[]=1&sn[]=2&pan[]=0", Dud::OtherLength { field: "pan", expected: 2, got: 1 }),
            (
                &"sn[]=1&".repeat(FIX_COINS_MAX + 1),
                Dud::TooMany { field: "sn", max: FIX_COINS_MAX },
            ),
        ] {
            assert_eq!(coins(text), Err(dud));
        }
    }
}
