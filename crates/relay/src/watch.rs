//! The port for those who watch the relay: its counters, whether it lives, whether it takes rooms.
//!
//! | path | answer |
//! |---|---|
//! | `/metrics` | the counters, as Prometheus reads them |
//! | `/healthz` | 200 while the process answers |
//! | `/readyz` | 200, or 503 once the relay was told to stop |

use std::convert::Infallible;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::warn;

use crate::house::House;
use crate::limits::{ACCEPT_PAUSE, WATCHER_WAIT, WATCHERS_MAX};
use crate::member::Stream;

/// Answers until the task is dropped.
pub(crate) async fn answer(house: Arc<House<impl Stream>>, listener: TcpListener) {
    let mut watchers = JoinSet::new();
    loop {
        while watchers.len() >= WATCHERS_MAX {
            watchers.join_next().await;
        }
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "no watcher accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        while watchers.try_join_next().is_some() {}
        let house = Arc::clone(&house);
        watchers.spawn(async move {
            let service = service_fn(move |request| {
                let response = respond(&house, &request);
                async move { Ok::<_, Infallible>(response) }
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).keep_alive(false);
            // A watcher that breaks off is its own affair.
            let _ =
                timeout(WATCHER_WAIT, server.serve_connection(TokioIo::new(stream), service)).await;
        });
    }
}

fn respond(house: &House<impl Stream>, request: &Request<Incoming>) -> Response<String> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => {
            let page = house.meter.page(house.rooms.count(), house.gate.connections());
            let mut response = Response::new(page);
            response.headers_mut().insert(CONTENT_TYPE, OPEN_METRICS);
            return response;
        }
        (&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, "ok\n"),
        (&Method::GET | &Method::HEAD, "/readyz") if house.rooms.takes_new() => {
            (StatusCode::OK, "ready\n")
        }
        (&Method::GET | &Method::HEAD, "/readyz") => {
            (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
        }
        _ => (StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz\n"),
    };
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = status;
    response
}

const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
