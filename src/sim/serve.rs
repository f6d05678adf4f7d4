//! HTTP over a unix socket around a [`Cluster`]: the seam that clients, real and ours, are tested through.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use super::admin::{self, Log};
use super::api::{Body, Reply, Request};
use super::cluster::Cluster;
use super::faults::{Fault, FaultKind, Verdict, judge};
use super::query::Filters;

/// How often delayed starts are looked at.
const TICK: Duration = Duration::from_millis(20);

/// Why a connection ends without a proper answer.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulated engine closed the connection")
    }
}

impl std::error::Error for Closed {}

/// Events that a slow reader may be behind.
const EVENTS: usize = 10_000;

type HttpBody = UnsyncBoxBody<Bytes, Closed>;

/// What all connections share.
struct Server {
    cluster: Cluster,
    faults: Vec<Fault>,
    log: Log,
    events: broadcast::Sender<Arc<serde_json::Value>>,
}

impl Server {
    /// Lets time pass up to now and tells the subscribers what happened.
    fn settle(&mut self) {
        self.cluster.advance(Timestamp::now());
        self.publish();
    }

    /// An engine that has crashed listens to nobody: its event streams end.
    fn hang_up(&mut self) {
        if self.cluster.panicked {
            (self.events, _) = broadcast::channel(EVENTS);
        }
    }

    fn publish(&mut self) {
        for event in self.cluster.take_events() {
            // Nobody may be listening.
            let _ = self.events.send(Arc::new(event));
        }
    }
}

/// Serves the cluster until the future is dropped; open connections end with it.
pub async fn serve(cluster: Cluster, listener: UnixListener, faults: Vec<Fault>) {
    serve_at(share(cluster, faults), None, listener).await;
}

/// Serves the engines of a fleet, each on its own socket.
pub async fn serve_fleet(cluster: Cluster, listeners: Vec<UnixListener>) {
    let server = share(cluster, Vec::new());
    let engines = listeners.into_iter().enumerate().map(|(at, listener)| serve_at(server.clone(), Some(at), listener));
    futures_util::future::join_all(engines).await;
}

fn share(cluster: Cluster, faults: Vec<Fault>) -> Arc<Mutex<Server>> {
    let (events, _) = broadcast::channel(EVENTS);
    Arc::new(Mutex::new(Server { cluster, faults, log: Log::default(), events }))
}

async fn serve_at(server: Arc<Mutex<Server>>, seat: Option<usize>, listener: UnixListener) {
    let mut connections = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(server.clone(), seat, stream));
                }
                // Out of descriptors, most likely: others will be given back.
                Err(_) => tokio::time::sleep(TICK).await,
            },
            Some(_) = connections.join_next() => {}
            _ = tick.tick() => {
                let mut server = lock(&server);
                if server.cluster.is_moving() {
                    server.settle();
                }
            }
        }
    }
}

async fn connection(server: Arc<Mutex<Server>>, seat: Option<usize>, stream: UnixStream) {
    let service = service_fn(move |request| answer(server.clone(), seat, request));
    // A client that goes away, and a fault that closes the connection, both end here as errors: nothing to do.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    server: Arc<Mutex<Server>>,
    seat: Option<usize>,
    request: http::Request<Incoming>,
) -> Result<Response<HttpBody>, Closed> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
    let uri = head.uri;
    let mut request = Request::new(head.method.as_str(), uri.path(), uri.query().unwrap_or_default(), body.to_vec());
    let auth = head.headers.get("x-registry-auth").and_then(|value| value.to_str().ok());
    request.registry_auth = auth.unwrap_or_default().to_owned();
    if request.path.starts_with("/_sim") {
        let mut server = lock(&server);
        server.settle();
        let Server { cluster, faults, log, .. } = &mut *server;
        let reply = admin::handle(cluster, faults, log, &request);
        server.publish();
        server.hang_up();
        return Ok(plain(reply));
    }
    let verdict = {
        let mut server = lock(&server);
        server.settle();
        let Server { cluster, faults, .. } = &mut *server;
        judge(faults, &request, cluster)
    };
    if verdict.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(verdict.delay_ms)).await;
    }
    while verdict.hold && lock(&server).faults.iter().any(|fault| fault.kind == FaultKind::Hold) {
        tokio::time::sleep(TICK).await;
    }
    match reply(&server, seat, &request, &verdict)? {
        Some(response) => Ok(response),
        None => std::future::pending().await,
    }
}

/// The answer after faults; `None` for silence.
fn reply(
    server: &Mutex<Server>,
    seat: Option<usize>,
    request: &Request,
    verdict: &Verdict,
) -> Result<Option<Response<HttpBody>>, Closed> {
    let mut server = lock(server);
    match verdict.spoil {
        Some(FaultKind::Silence) => {
            server.log.note(request, 0);
            return Ok(None);
        }
        Some(FaultKind::Error500) => {
            server.log.note(request, 500);
            let text = r#"{"message":"simulated failure"}"#.to_owned();
            return Ok(Some(plain(Reply::json(500, text))));
        }
        Some(FaultKind::Garbage) => {
            server.log.note(request, 200);
            return Ok(Some(plain(Reply::json(200, "{{{not json".to_owned()))));
        }
        _ => {}
    }
    if server.cluster.panicked {
        server.log.note(request, 0);
        return Err(Closed);
    }
    let Some(reply) = server.cluster.handle_at(seat, request) else {
        server.log.note(request, 0);
        return Err(Closed);
    };
    server.publish();
    // The write that kills the manager gets no answer either.
    if server.cluster.panicked {
        server.hang_up();
        server.log.note(request, 0);
        return Err(Closed);
    }
    server.log.note(request, reply.status);
    Ok(Some(match (verdict.spoil, reply) {
        (Some(FaultKind::Cut), reply) => cut(reply),
        (_, Reply { status, headers, body: Body::Events(filters) }) => {
            let head = Reply { status, headers, body: Body::Empty };
            head_of(&head, Some("application/json"), stream(server.events.subscribe(), filters))
        }
        (_, reply) => plain(reply),
    }))
}

/// A complete answer.
fn plain(reply: Reply) -> Response<HttpBody> {
    let content = content_type(&reply);
    let Reply { status, headers, body } = reply;
    let bytes = into_bytes(body);
    let head = Reply { status, headers, body: Body::Empty };
    let body = if bytes.is_empty() { Empty::new().map_err(never).boxed_unsync() } else { full(bytes) };
    head_of(&head, content, body)
}

/// The same answer, but the connection dies half-way through the body.
fn cut(reply: Reply) -> Response<HttpBody> {
    let content = content_type(&reply);
    let Reply { status, headers, body } = reply;
    let bytes = into_bytes(body);
    let length = bytes.len().max(2);
    let half = bytes.slice(..bytes.len() / 2);
    let frames = futures_util::stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) if !half.is_empty() => Some((Ok(Frame::data(half)), Some(Bytes::new()))),
            Some(_) => {
                // Time for the first half to get out.
                tokio::time::sleep(TICK).await;
                Some((Err(Closed), None))
            }
            None => None,
        }
    });
    let head = Reply { status, headers, body: Body::Empty };
    let mut response = head_of(&head, content, StreamBody::new(frames).boxed_unsync());
    response.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
    response
}

/// The event stream: one JSON document a line, for as long as the client stays.
fn stream(events: broadcast::Receiver<Arc<serde_json::Value>>, filters: Filters) -> HttpBody {
    let frames = futures_util::stream::unfold((events, filters), |(mut events, filters)| async move {
        loop {
            match events.recv().await {
                Ok(event) if passes(&event, &filters) => {
                    let frame = Frame::data(Bytes::from(format!("{event}\n")));
                    return Some((Ok(frame), (events, filters)));
                }
                // A slow reader loses events, as with the real engine.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

fn passes(event: &serde_json::Value, filters: &Filters) -> bool {
    let text = |pointer: &str| super::json::text(event, pointer);
    let about = |kind: &str| {
        filters.of(kind).is_empty()
            || text("/Type") == kind
                && (filters.exact(kind, text("/Actor/ID")) || filters.exact(kind, text("/Actor/Attributes/name")))
    };
    filters.exact("type", text("/Type"))
        && filters.exact("event", text("/Action"))
        && filters.exact("scope", text("/scope"))
        && about("service")
        && about("node")
}

fn head_of(head: &Reply, content: Option<&str>, body: HttpBody) -> Response<HttpBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content = content.map(|content| ("Content-Type", content));
    let headers = head.headers.iter().map(|(name, value)| (*name, value.as_str())).chain(content);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) =
            (http::HeaderName::from_bytes(name.as_bytes()), http::HeaderValue::from_str(value))
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn content_type(reply: &Reply) -> Option<&'static str> {
    match reply.body {
        Body::Json(_) | Body::Events(_) => Some("application/json"),
        Body::Text(_) => Some("text/plain; charset=utf-8"),
        Body::Frames(_) => Some("application/vnd.docker.multiplexed-stream"),
        Body::Empty => None,
    }
}

fn into_bytes(body: Body) -> Bytes {
    match body {
        Body::Json(text) => Bytes::from(text),
        Body::Text(text) => Bytes::from_static(text.as_bytes()),
        Body::Frames(bytes) => Bytes::from(bytes),
        Body::Empty | Body::Events(_) => Bytes::new(),
    }
}

fn full(bytes: Bytes) -> HttpBody {
    Full::new(bytes).map_err(never).boxed_unsync()
}

fn never(impossible: Infallible) -> Closed {
    match impossible {}
}

fn lock(server: &Mutex<Server>) -> MutexGuard<'_, Server> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}
