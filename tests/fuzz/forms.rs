//! Requests of the agents' HTTP API: whatever the text, an answer is found for it, and what was understood
//! is what stood there.

use std::collections::HashSet;

use raida::api::{
    AboutCoin, Cancellation, Form, Proposal, many_coins, one_coin, read_break, read_cancel,
    read_change, read_exchange, read_join, read_origin, read_reservation, read_wanted,
    write_cancel, write_coins, write_exchange, write_reservation, write_take_back,
};
use raida::limits::REQUEST_COINS_MAX;

/// Reads a text as each route would.
pub(crate) fn check(text: &[u8]) {
    let Ok(form) = Form::parse(text) else { return };
    let fields = 1 + text.iter().filter(|byte| **byte == b'&').count();
    for name in ["sns", "ans", "pans", "denomination", "dn", "nns", "sn", "pan", ""] {
        let _ = form.one(name);
        assert!(form.all(name).len() <= fields.min(REQUEST_COINS_MAX), "values out of nothing");
    }
    about_coins(&form);
    about_exchanges(&form);
}

fn about_coins(form: &Form<'_>) {
    for proposal in [Proposal::Needed, Proposal::Ignored] {
        let _ = one_coin(form, proposal);
        if let Ok(places) = many_coins(form, proposal) {
            assert_eq!(places.len(), form.all("sns").len(), "an answer for each place");
            let coins: Vec<_> = places.into_iter().flatten().collect();
            let different: HashSet<_> = coins.iter().map(|coin| coin.sn).collect();
            assert_eq!(different.len(), coins.len(), "a coin is asked about twice");
            let about =
                coins.iter().map(|coin| AboutCoin { sn: coin.sn, an: &coin.an, pan: &coin.pan });
            let written = write_coins(about);
            let form = Form::parse(&written).expect("what we write is a form");
            let read = many_coins(&form, Proposal::Needed).unwrap_or_default();
            let read: Vec<_> = read.into_iter().map(|coin| coin.expect("no dud")).collect();
            assert!(read == coins, "another coin than was asked about");
        }
    }
}

fn about_exchanges(form: &Form<'_>) {
    let _ = (read_break(form), read_change(form), read_join(form), read_wanted(form));
    if let Ok((id, exchange)) = read_exchange(form) {
        let written = write_exchange(id, &exchange);
        let read = Form::parse(&written).map(|form| read_exchange(&form));
        assert!(read.is_ok_and(|read| read.is_ok_and(|read| read == (id, exchange))));
    }
    if let Ok((id, reservation)) = read_reservation(form) {
        let written = write_reservation(id, &reservation);
        let read = Form::parse(&written).map(|form| read_reservation(&form));
        assert!(read.is_ok_and(|read| read.is_ok_and(|read| read == (id, reservation))));
    }
    let _ = read_origin(form);
    if let Ok((id, asked)) = read_cancel(form) {
        let written = match &asked {
            Cancellation::Plain(shown) => write_cancel(id, shown),
            Cancellation::TakeBack(back) => write_take_back(id, back),
        };
        let read = Form::parse(&written).map(|form| read_cancel(&form));
        assert!(read.is_ok_and(|read| read.is_ok_and(|read| read == (id, asked))));
    }
}
