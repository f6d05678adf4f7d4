//! What is asked over HTTP: `GET /metrics`, `/livez` and `/readyz`. Plain, for the host itself or a trusted network.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::report::Report;
use crate::report::metrics::{Tally, render};

/// So many connections at a time.
const CONNECTIONS: usize = 32;
/// A client that says nothing is sent away.
const PATIENCE: Duration = Duration::from_secs(10);
/// A loop that has not gone round for so long hangs.
const ALIVE: Duration = Duration::from_secs(2 * 3600);

/// How the loop is, for whoever asks.
#[derive(Debug)]
pub struct Condition {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    went_round: Instant,
    engine: bool,
    runs: u64,
    tally: Tally,
}

impl Default for Condition {
    fn default() -> Self {
        let state = State { went_round: Instant::now(), engine: false, runs: 0, tally: Tally::default() };
        Self { state: Mutex::new(state) }
    }
}

impl Condition {
    /// Passes have run.
    pub fn note(&self, reports: &[Report]) {
        let mut state = self.lock();
        state.runs += 1;
        for report in reports {
            state.tally.count(report, Timestamp::now());
        }
        state.went_round = Instant::now();
    }

    /// The loop has gone round; whether the engine is there.
    pub fn round(&self, engine: bool) {
        let mut state = self.lock();
        (state.went_round, state.engine) = (Instant::now(), engine);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, path: &str) -> (StatusCode, String) {
        let state = self.lock();
        match path {
            "/metrics" => (StatusCode::OK, render(&state.tally)),
            "/livez" if state.went_round.elapsed() < ALIVE => (StatusCode::OK, "ok\n".to_owned()),
            "/livez" => (StatusCode::SERVICE_UNAVAILABLE, "the loop hangs\n".to_owned()),
            "/readyz" if state.engine && state.runs > 0 => (StatusCode::OK, "ok\n".to_owned()),
            "/readyz" => (StatusCode::SERVICE_UNAVAILABLE, "the engine has not been reached\n".to_owned()),
            _ => (StatusCode::NOT_FOUND, "there are /metrics, /livez and /readyz\n".to_owned()),
        }
    }
}

/// Takes the address.
///
/// # Errors
/// If it can't be had.
pub async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::new(ErrorKind::Failed, format!("can't listen on `{address}` for metrics: {error}"))
            .hint("name a free port with --metrics-listen or watch.metrics_listen")
            .into()
    })
}

/// Answers until it is dropped.
pub async fn serve(listener: TcpListener, condition: Arc<Condition>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: others will be given back.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let condition = Arc::clone(&condition);
        tokio::spawn(async move {
            let _permit = permit;
            let service = service_fn(|request: http::Request<Incoming>| {
                let (status, text) = match *request.method() {
                    Method::GET | Method::HEAD => condition.answer(request.uri().path()),
                    _ => (StatusCode::METHOD_NOT_ALLOWED, "GET is all there is\n".to_owned()),
                };
                let mut response = Response::new(Full::new(Bytes::from(text)));
                *response.status_mut() = status;
                let kind = http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
                std::future::ready(Ok::<_, Infallible>(response))
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
            // A client that goes away ends its own connection, and nothing else.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
