//! What is there for whoever watches the agents: `/metrics`, `/healthz` and `/readyz`, on an
//! address of its own that clients need not reach; and `/faults` where faults may be changed, so
//! that agents that are down can be brought back.
//!
//! `/healthz` says that the process lives. `/readyz` says 200 while every agent takes requests and
//! commits, and 503 with the reasons as soon as that ends: the first thing that happens when the
//! agents are stopped, while requests under way are still answered.

use std::convert::Infallible;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, body};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::Agent;
use crate::faults::Faults;
use crate::limits::{HEAD_BYTES_MAX, WATCHER_WAIT, WATCHERS_MAX};
use crate::server::Bounds;
use crate::service;
use crate::stall::Stall;
use crate::tally::text;

/// What those see who watch.
#[derive(Clone)]
pub(crate) struct View {
    /// Agents that are gone have stopped.
    pub(crate) agents: Vec<Weak<Agent>>,
    pub(crate) stopping: CancellationToken,
    pub(crate) faults: Option<Faults>,
}

/// Answers on this listener until it is dropped.
pub(crate) async fn watch(listener: TcpListener, view: View) {
    let (places, view) = (Arc::new(Semaphore::new(WATCHERS_MAX)), Arc::new(view));
    let mut watchers = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        while watchers.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let view = Arc::clone(&view);
                watchers.spawn(async move {
                    view.show(Stall::new(stream, WATCHER_WAIT)).await;
                    drop(place);
                });
            }
            Err(error) => {
                warn!(%error, "a connection to the metrics was not accepted");
                sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

impl View {
    /// One question a connection, so that nobody keeps a place.
    async fn show(&self, stream: Stall<tokio::net::TcpStream>) {
        let answer = service_fn(async |request| Ok::<_, Infallible>(self.answer(request).await));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .keep_alive(false)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), answer);
        // Whoever is too slow is cut off.
        let _ = timeout(WATCHER_WAIT, connection).await;
    }

    async fn answer(&self, request: Request<body::Incoming>) -> Response<Full<Bytes>> {
        match (request.uri().path(), &self.faults) {
            ("/healthz", _) => plain(StatusCode::OK, "alive\n".to_owned()),
            ("/readyz", _) => self.ready(),
            ("/metrics", _) => self.metrics().await,
            ("/faults", Some(faults)) if faults.have_a_route() => {
                service::faults::answer(faults, &Bounds::default(), request).await
            }
            _ => plain(StatusCode::NOT_FOUND, "there is /metrics, /healthz, /readyz\n".to_owned()),
        }
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        let mut reasons = String::new();
        if self.stopping.is_cancelled() {
            reasons.push_str("the agents are stopping\n");
        }
        for agent in &self.agents {
            match agent.upgrade() {
                None => reasons.push_str("an agent has stopped\n"),
                Some(agent) => {
                    if let Some(ailment) = agent.ailment() {
                        reasons.push_str(&format!("agent {}: {ailment}\n", agent.number()));
                    }
                }
            }
        }
        if reasons.is_empty() {
            plain(StatusCode::OK, "ready\n".to_owned())
        } else {
            plain(StatusCode::SERVICE_UNAVAILABLE, reasons)
        }
    }

    async fn metrics(&self) -> Response<Full<Bytes>> {
        let agents: Vec<Arc<Agent>> = self.agents.iter().filter_map(Weak::upgrade).collect();
        let mut censuses = Vec::with_capacity(agents.len());
        for agent in &agents {
            censuses.push(agent.census().await.ok());
        }
        let mut response = plain(StatusCode::OK, text::write(&agents, &censuses));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(text::CONTENT_TYPE));
        response
    }
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
}
