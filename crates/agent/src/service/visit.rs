//! One request as those see it who watch the agent: counted, and in the log under an id that the
//! client hears too. Its path, its query and its body are nowhere.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response};
use raida::api::Route;
use tokio::time::Instant;
use tracing::debug;

use crate::Agent;
use crate::door::Guest;
use crate::tally::{Cause, Words};

/// The header in which a client hears the id of its request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request from its arrival to its answer.
pub(crate) struct Visit<'v> {
    agent: &'v Agent,
    guest: &'v Guest,
    id: String,
    pub(crate) route: Option<Route>,
    pub(crate) began: Instant,
}

impl<'v> Visit<'v> {
    pub(crate) fn begin<B>(agent: &'v Agent, guest: &'v Guest, request: &Request<B>) -> Visit<'v> {
        let route = Route::from_path(request.uri().path());
        Visit { agent, guest, id: agent.request_label(), route, began: Instant::now() }
    }

    /// Notes why a request is beyond a limit.
    pub(crate) fn refused(&self, cause: Cause) {
        self.agent.tally().refused(cause);
        debug!(agent = self.agent.number(), id = self.id, ?cause, "refused");
    }

    /// Counts and logs what was answered; the guest pays for the coins that he has named, or has
    /// heard of.
    pub(crate) fn end(
        &self,
        words: &Words,
        named: usize,
        mut answer: Response<Full<Bytes>>,
    ) -> Response<Full<Bytes>> {
        let coins = words.coins().max(named);
        self.agent.tally().answered(self.route, words);
        self.guest.answered(coins);
        debug!(
            agent = self.agent.number(),
            id = self.id,
            route = self.route.map_or("other", Route::name),
            status = words.summary().word(),
            coins,
            ms = self.began.elapsed().as_secs_f64() * 1000.0,
            "answered"
        );
        let id = HeaderValue::from_str(&self.id).expect("hexadecimal digits are a header's value");
        answer.headers_mut().insert(REQUEST_ID, id);
        answer
    }
}
