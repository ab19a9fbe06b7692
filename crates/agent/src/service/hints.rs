//! `hints` and `multi_hints`: which coins do tickets speak for? Agents ask one another.

use coin::Origin;
use raida::api::hint::{addressee, write_covered};
use raida::api::{Dud, Form, Hint, Ticket};

use super::Refusal;
use super::reply::Answer;
use crate::agent::{Agent, Stopped};

/// Answers `hints`: of the ticket `rn` one coin with its age, of the ticket `master_ticket` all
/// coins.
pub(crate) async fn one<'s>(agent: &Agent, form: &Form<'_>) -> Result<Answer<'s>, Refusal> {
    let by = addressee(form)?;
    if let Some(ticket) = form.one("master_ticket") {
        let ticket = read("master_ticket", ticket)?;
        let coins = agent.ticket_coins(&ticket, by).await?.into_iter();
        let coins: Vec<_> = coins.map(|(sn, origin)| (sn, told(origin, by))).collect();
        return Ok(Answer::Text(write_covered(&coins)));
    }
    let ticket = read("rn", form.one("rn").ok_or(Dud::Missing { field: "rn" })?)?;
    let hint = hints(agent, &[ticket], by).await?.pop();
    Ok(Answer::Text(hint.unwrap_or(Hint::Unknown).to_string()))
}

/// Answers `multi_hints`: the same as `rn` for each ticket of the array `rns`.
pub(crate) async fn many<'s>(agent: &Agent, form: &Form<'_>) -> Result<Answer<'s>, Refusal> {
    let by = addressee(form)?;
    let tickets: Vec<Option<Ticket>> =
        form.all("rns").iter().map(|text| text.parse().ok()).collect();
    let good: Vec<Ticket> = tickets.iter().copied().flatten().collect();
    let mut known = hints(agent, &good, by).await?.into_iter();
    let hints: Vec<Hint> = tickets
        .into_iter()
        .map(|ticket| match ticket {
            Some(_) => known.next().unwrap_or(Hint::Unknown),
            None => Hint::Malformed,
        })
        .collect();
    Ok(Answer::Text(Hint::write_many(&hints)))
}

async fn hints(agent: &Agent, tickets: &[Ticket], by: Option<usize>) -> Result<Vec<Hint>, Stopped> {
    let hints = agent.hints(tickets, by).await?.into_iter().map(|hint| match hint {
        Hint::Coin { sn, origin, age } => Hint::Coin { sn, origin: told(origin, by), age },
        Hint::Unknown | Hint::Malformed => hint,
    });
    Ok(hints.collect())
}

/// Returns what is told of an origin: nothing to one who is no agent, and reads two parts.
fn told(origin: Origin, by: Option<usize>) -> Origin {
    by.map_or(Origin::Minted, |_| origin)
}

fn read(field: &'static str, text: &str) -> Result<Ticket, Dud> {
    text.parse().map_err(|_| Dud::Ticket { field })
}
