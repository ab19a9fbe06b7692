//! From a request to an answer: find the route, read the form, ask the agent.
//!
//! Whatever is wrong with a request, the answer is HTTP 200 with a status word: clients of v1
//! take any other for a dead agent. Nothing of a request is logged but its route and the
//! status word.

mod asked;
mod audit;
mod coin_replies;
mod detect;
mod exchange;
pub(crate) mod faults;
mod fix;
mod fix_lost;
mod hints;
mod places;
mod reply;
mod ticket;
mod up;
mod visit;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response};
use raida::api::{Dud, Form, FormError, Route, Shape, Status};
use tokio::time::Instant;

use self::asked::{Asked, NotAsked};
use self::exchange::NotExchanging;
use self::reply::{Answer, Signature};
use self::visit::Visit;
use crate::agent::{Agent, Stopped};
use crate::door::{Excess, Guest};
use crate::faults::Withheld;
use crate::fixing::NotFixed;
use crate::server::Bounds;
use crate::tally::Cause;

/// Why a route gives no answer of its own.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Dud(#[from] Dud),
    #[error("more than {0} coins in a request")]
    TooManyCoins(usize),
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error(transparent)]
    NotFixed(#[from] NotFixed),
    #[error(transparent)]
    NotExchanging(#[from] NotExchanging),
}

/// Why a request is not answered in the way of its route.
#[derive(Debug, thiserror::Error)]
enum NotHeard {
    #[error("there is no such service")]
    NoService,
    #[error(transparent)]
    SentAway(#[from] Excess),
    #[error(transparent)]
    NotAsked(#[from] NotAsked),
}

/// Answers one request, unless a fault is wanted. This is the one place at which faults get between
/// a question and its answer.
pub(crate) async fn answer<B>(
    agent: &Agent,
    guest: &Guest,
    bounds: &Bounds,
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, Withheld>
where
    B: Body<Data = Bytes> + Unpin,
{
    let Some(faults) = &agent.settings().faults else {
        return Ok(respond(agent, guest, bounds, request).await);
    };
    if faults.have_a_route() && request.uri().path() == faults::PATH {
        return Ok(faults::answer(faults, bounds, request).await);
    }
    let conduct = agent.conduct();
    conduct.hear().await?;
    // A ledger that fails says so in the answer itself.
    let _ = agent.forget_as_told().await;
    let response = respond(agent, guest, bounds, request).await;
    let _ = agent.forget_again().await;
    conduct.say().map(|()| response)
}

/// Answers a request whose connection is one too many for its address.
pub(crate) fn send_away<B>(
    agent: &Agent,
    reason: Excess,
    request: &Request<B>,
) -> Response<Full<Bytes>> {
    let stranger = agent.door().stranger();
    let visit = Visit::begin(agent, &stranger, request);
    let signature = Signature::of(agent.number());
    not_heard(&visit, &signature, &reason.into())
}

async fn respond<B>(
    agent: &Agent,
    guest: &Guest,
    bounds: &Bounds,
    request: Request<B>,
) -> Response<Full<Bytes>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let visit = Visit::begin(agent, guest, &request);
    let signature = Signature::of(agent.number());
    let (route, mut asked) = match hear(&visit, agent, guest, bounds, request).await {
        Ok(heard) => heard,
        Err(reason) => return not_heard(&visit, &signature, &reason),
    };
    let form = Form::parse(asked.text());
    let named = form.as_ref().map_or(0, coins_named);
    let answer = match ask(agent, route, &form, &signature, visit.began).await {
        Ok(answer) => answer,
        Err(refusal) => {
            if let Refusal::Dud(Dud::Form(FormError::TooManyValues)) | Refusal::TooManyCoins(_) =
                refusal
            {
                visit.refused(Cause::Batch);
            }
            refused(&signature, shape(route, &form), &refusal)
        }
    };
    drop(form);
    let told = answer.coins_told();
    let (words, kind) = (answer.words(), HeaderValue::from_static(answer.content_type()));
    let body = answer.into_body();
    if told > 0 {
        asked.charge_anew(body.len(), bounds).await;
    }
    let mut response = Response::new(Full::new(asked.charge_for(body)));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    visit.end(&words, named.max(told), response)
}

async fn hear<B>(
    visit: &Visit<'_>,
    agent: &Agent,
    guest: &Guest,
    bounds: &Bounds,
    request: Request<B>,
) -> Result<(Route, Asked), NotHeard>
where
    B: Body<Data = Bytes> + Unpin,
{
    guest.may_ask()?;
    let route = visit.route.ok_or(NotHeard::NoService)?;
    let asked = Asked::read(request, agent.door().limits().body_bytes, bounds).await?;
    Ok((route, asked))
}

async fn ask<'s>(
    agent: &Agent,
    route: Route,
    form: &Result<Form<'_>, FormError>,
    signature: &'s Signature,
    began: Instant,
) -> Result<Answer<'s>, Refusal> {
    let form = form.as_ref().map_err(|error| Dud::from(*error))?;
    let coins_max = agent.door().limits().coins;
    if coins_named(form) > coins_max {
        return Err(Refusal::TooManyCoins(coins_max));
    }
    exchange::allow(agent, route)?;
    match route {
        Route::Echo => Ok(up::echo(signature, began)),
        Route::Version => Ok(up::version(agent, signature)),
        Route::Detect => detect::one(agent, form, signature).await,
        Route::MultiDetect => detect::many(agent, form, signature).await,
        Route::Ticket => ticket::one(agent, form, signature).await,
        Route::MultiTicket => ticket::many(agent, form, signature).await,
        Route::FixLost => fix_lost::many(agent, form, signature).await,
        Route::ShowChange => exchange::show_change(agent, form, signature).await,
        Route::Change => exchange::change(agent, form, signature).await,
        Route::Break => exchange::broken(agent, form, signature).await,
        Route::Join => exchange::join(agent, form, signature).await,
        Route::Reserve => exchange::reserve(agent, form, signature).await,
        Route::Exchange => exchange::exchange(agent, form, signature).await,
        Route::Cancel => exchange::cancel(agent, form, signature).await,
        Route::Lineage => exchange::lineage(agent, form, signature).await,
        Route::Audit => audit::audit(agent, signature).await,
        Route::Hints => hints::one(agent, form).await,
        Route::MultiHints => hints::many(agent, form).await,
        Route::Fix => fix::one(agent, form, signature).await,
        Route::MultiFix => fix::many(agent, form, signature).await,
        Route::SuperFix => fix::by_quorum(agent, form, signature).await,
    }
}

/// The brief form of a multi route is one object, also when it is refused.
fn shape(route: Route, form: &Result<Form<'_>, FormError>) -> Shape {
    if form.as_ref().is_ok_and(is_brief) { Shape::Object } else { route.shape() }
}

/// Returns how many coins a request names. Those of an exchange cost reads too, and its answer has a
/// word for all of them together.
fn coins_named(form: &Form<'_>) -> usize {
    ["sns", "sn", "csn"].iter().map(|array| form.all(array).len()).sum()
}

fn is_brief(form: &Form<'_>) -> bool {
    form.one("b") == Some("t")
}

fn refused<'s>(signature: &'s Signature, shape: Shape, refusal: &Refusal) -> Answer<'s> {
    let status = match refusal {
        Refusal::Dud(_)
        | Refusal::TooManyCoins(_)
        | Refusal::NotFixed(NotFixed::NoCorner)
        | Refusal::NotExchanging(NotExchanging { route: Route::Join }) => Status::Dud,
        Refusal::NotFixed(NotFixed::TooFewTickets { .. }) => Status::Fail,
        Refusal::Stopped(_) | Refusal::NotFixed(_) | Refusal::NotExchanging(_) => Status::Error,
    };
    signature.refuse(shape, status, &refusal.to_string())
}

/// Answers a request that was not read to its end: what is left of it cannot be told from a next
/// one, so that the connection ends here.
fn not_heard(visit: &Visit<'_>, signature: &Signature, reason: &NotHeard) -> Response<Full<Bytes>> {
    let (status, cause) = match reason {
        // A connection was counted when it came.
        NotHeard::NoService | NotHeard::SentAway(Excess::Connections(_)) => (Status::Error, None),
        NotHeard::SentAway(Excess::Requests(_)) => (Status::Error, Some(Cause::RequestRate)),
        NotHeard::SentAway(Excess::Coins(_)) => (Status::Error, Some(Cause::CoinRate)),
        NotHeard::NotAsked(NotAsked::OtherMethod) => (Status::Dud, Some(Cause::Method)),
        NotHeard::NotAsked(NotAsked::TooLong(_)) => (Status::Dud, Some(Cause::Body)),
        NotHeard::NotAsked(NotAsked::TooSlow) => (Status::Dud, Some(Cause::Slow)),
        NotHeard::NotAsked(NotAsked::BrokeOff) => (Status::Dud, Some(Cause::BrokenOff)),
    };
    if let Some(cause) = cause {
        visit.refused(cause);
    }
    let shape = visit.route.map_or(Shape::Object, Route::shape);
    let answer = signature.refuse(shape, status, &reason.to_string());
    let (words, kind) = (answer.words(), HeaderValue::from_static(answer.content_type()));
    let mut response = Response::new(Full::new(answer.into_body().into()));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    visit.end(&words, 0, response)
}
