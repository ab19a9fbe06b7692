//! From a request to an answer: find the route, read the form, ask the agent.
//!
//! Whatever is wrong with a request, the answer is HTTP 200 with a status word: clients of v1
//! take any other for a dead agent. Nothing of a request is logged but its route and the
//! status word.

mod asked;
mod audit;
mod detect;
mod exchange;
mod fix_lost;
mod places;
mod reply;
mod ticket;
mod up;

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response};
use raida::api::{Dud, Form, Route, Shape, Status};
use tokio::time::Instant;
use tracing::debug;

use self::asked::{Asked, NotAsked};
use self::reply::{Answer, Signature};
use crate::agent::{Agent, Stopped};
use crate::server::Bounds;

/// Why a route gives no answer of its own.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Dud(#[from] Dud),
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Answers one request.
pub(crate) async fn answer<B>(
    agent: &Agent,
    bounds: &Bounds,
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, Infallible>
where
    B: Body<Data = Bytes> + Unpin,
{
    let began = Instant::now();
    let signature = Signature::of(agent.number());
    let Some(route) = Route::from_path(request.uri().path()) else {
        return Ok(unread(signature.refuse(
            Shape::Object,
            Status::Error,
            "there is no such service",
        )));
    };
    let asked = match Asked::read(request, bounds).await {
        Ok(asked) => asked,
        Err(not_asked) => return Ok(unread(not_understood(&signature, route, &not_asked))),
    };
    let answer = match ask(agent, route, &asked, &signature, began).await {
        Ok(answer) => answer,
        Err(refusal) => refused(&signature, shape(route, &asked), &refusal),
    };
    debug!(agent = agent.number(), route = route.name(), status = answer.summary(), "answered");
    let kind = HeaderValue::from_static(answer.content_type());
    let mut response = Response::new(Full::new(asked.charge_for(answer.into_body())));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

async fn ask<'s>(
    agent: &Agent,
    route: Route,
    asked: &Asked,
    signature: &'s Signature,
    began: Instant,
) -> Result<Answer<'s>, Refusal> {
    let form = Form::parse(asked.text()).map_err(Dud::from)?;
    match route {
        Route::Echo => Ok(up::echo(signature, began)),
        Route::Version => Ok(up::version(agent, signature)),
        Route::Detect => detect::one(agent, &form, signature).await,
        Route::MultiDetect => detect::many(agent, &form, signature).await,
        Route::Ticket => ticket::one(agent, &form, signature).await,
        Route::MultiTicket => ticket::many(agent, &form, signature).await,
        Route::FixLost => fix_lost::many(agent, &form, signature).await,
        Route::ShowChange => exchange::show_change(agent, &form, signature).await,
        Route::Change => exchange::change(agent, &form, signature).await,
        Route::Break => exchange::broken(agent, &form, signature).await,
        Route::Join => exchange::join(agent, &form, signature).await,
        Route::Reserve => exchange::reserve(agent, &form, signature).await,
        Route::Exchange => exchange::exchange(agent, &form, signature).await,
        Route::Cancel => exchange::cancel(agent, &form, signature).await,
        Route::Audit => audit::audit(agent, signature).await,
    }
}

/// The brief form of a multi route is one object, also when it is refused.
fn shape(route: Route, asked: &Asked) -> Shape {
    let form = Form::parse(asked.text());
    if form.is_ok_and(|form| is_brief(&form)) { Shape::Object } else { route.shape() }
}

fn is_brief(form: &Form<'_>) -> bool {
    form.one("b") == Some("t")
}

fn refused<'s>(signature: &'s Signature, shape: Shape, refusal: &Refusal) -> Answer<'s> {
    let status = match refusal {
        Refusal::Dud(_) => Status::Dud,
        Refusal::Stopped(_) => Status::Error,
    };
    signature.refuse(shape, status, &refusal.to_string())
}

fn not_understood<'s>(signature: &'s Signature, route: Route, reason: &NotAsked) -> Answer<'s> {
    signature.refuse(route.shape(), Status::Dud, &reason.to_string())
}

/// Answers a request that was not read to its end: what is left of it cannot be told from a next
/// one, so that the connection ends here.
fn unread(answer: Answer<'_>) -> Response<Full<Bytes>> {
    let kind = HeaderValue::from_static(answer.content_type());
    let mut response = Response::new(Full::new(answer.into_body().into()));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
