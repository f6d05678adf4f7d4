//! One transport to an engine: requests in, complete answers out, every wait bounded.
//!
//! It knows HTTP and nothing of swarm: a status of 500 is an answer like any other. Nothing is ever sent twice.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::engine::address::{Address, Endpoint};
use crate::engine::call::Call;
use crate::engine::dial::Dialer;
use crate::engine::pool::{Body, Pool};
use crate::error::{Error, ErrorKind};

/// Limits and names that tests turn; the defaults are right for everything else.
#[derive(Debug, Clone)]
pub struct Tuning {
    /// The ssh program.
    pub ssh: OsString,
    /// The longest wait for a connection.
    pub connect: Duration,
    /// The longest wait for an answer, or for more of one.
    pub silence: Duration,
    /// The largest answer, in bytes.
    pub max_body: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            ssh: "ssh".into(),
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(60),
            max_body: 1 << 30,
        }
    }
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers, `api-version` among them.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header as text, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The transport to one engine. Clones share connections and the count of requests.
#[derive(Clone)]
pub struct Wire {
    pub(crate) shared: Arc<Shared>,
    pub(crate) deadline: Option<Instant>,
}

pub(crate) struct Shared {
    pub(crate) pool: Arc<Pool>,
    pub(crate) tuning: Tuning,
    pub(crate) host: HeaderValue,
    pub(crate) base: String,
    pub(crate) requests: AtomicU64,
    /// Over ssh one connection serves all: opening another costs more than waiting for this one.
    pub(crate) turn: Option<Semaphore>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = &self.shared.pool.dialer.endpoint;
        f.debug_struct("Wire").field("endpoint", endpoint).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl Wire {
    /// A transport to this endpoint. Reads TLS files; connects only with the first request.
    pub fn new(endpoint: Endpoint) -> Result<Self> {
        Self::tuned(endpoint, Tuning::default())
    }

    /// The same with other limits.
    pub fn tuned(endpoint: Endpoint, tuning: Tuning) -> Result<Self> {
        let (host, base) = match &endpoint.address {
            Address::Tcp { host, port, base, .. } if host.contains(':') => (format!("[{host}]:{port}"), base.clone()),
            Address::Tcp { host, port, base, .. } => (format!("{host}:{port}"), base.clone()),
            Address::Unix(_) | Address::Ssh(_) => ("localhost".to_owned(), String::new()),
        };
        let host = HeaderValue::try_from(host)
            .map_err(|_| Error::new(ErrorKind::Usage, format!("invalid host in engine address {endpoint}")))?;
        let turn = matches!(endpoint.address, Address::Ssh(_)).then(|| Semaphore::new(1));
        let pool = Arc::new(Pool::new(Dialer::new(endpoint, tuning.clone())?));
        let shared = Shared { pool, tuning, host, base, requests: AtomicU64::new(0), turn };
        Ok(Self { shared: Arc::new(shared), deadline: None })
    }

    /// The same transport, on which no wait goes beyond `deadline`.
    #[must_use]
    pub fn with_deadline(&self, deadline: Option<Instant>) -> Self {
        Self { shared: Arc::clone(&self.shared), deadline }
    }

    /// The engine at the other end.
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.pool.dialer.endpoint
    }

    /// How many requests were made, by all clones, bollard's included.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// Counts requests that were made for this engine's sake, but elsewhere.
    pub(crate) fn count(&self, requests: u64) {
        self.shared.requests.fetch_add(requests, Ordering::Relaxed);
    }

    /// `GET path`; the path carries its API version and query.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.request(Method::GET, path, None).await
    }

    /// One request with an optional JSON body.
    pub async fn request(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Reply> {
        self.request_with(method, path, HeaderMap::new(), body).await
    }

    /// One request with headers of its own, such as `X-Registry-Auth`.
    pub async fn request_with(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Option<Vec<u8>>,
    ) -> Result<Reply> {
        Ok(Box::pin(self.exchange(method, path, headers, body, &[])).await?.0)
    }

    /// `GET path`; none if the answer is a success and just what is known. It is compared as it comes, and not kept twice.
    ///
    /// # Errors
    /// As of [`Wire::get`].
    pub async fn get_again(&self, path: &str, known: &[u8]) -> Result<Option<Reply>> {
        let (mut reply, same) = Box::pin(self.exchange(Method::GET, path, HeaderMap::new(), None, known)).await?;
        if same && !reply.is_success() {
            reply.body = known.to_vec();
            return Ok(Some(reply));
        }
        Ok((!same).then_some(reply))
    }

    /// One request. The answer has no body if it is just what is known, which is told.
    async fn exchange(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Option<Vec<u8>>,
        known: &[u8],
    ) -> Result<(Reply, bool)> {
        let call = Call::begin(self, &method, path);
        let begun = Instant::now();
        let _turn = call.turn().await?;
        let has_body = body.is_some();
        let mut request = Request::new(full(Bytes::from(body.unwrap_or_default())));
        *request.method_mut() = method;
        *request.uri_mut() = call.uri(path)?;
        *request.headers_mut() = headers;
        if has_body {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let (response, connection) = call.send(request).await?;
        let (head, body) = response.into_parts();
        let read = call.read(body, known).await?;
        // The connection gets a moment to notice that the answer is over; a request that follows can then use it.
        let _ = tokio::time::timeout(Duration::from_millis(100), self.shared.pool.give_back(connection)).await;
        let (size, same) = (read.size(), read.is_known());
        let reply = Reply { status: head.status.as_u16(), headers: head.headers, body: read.bytes };
        call.log(&reply, size, begun);
        call.check_plain_http(&reply)?;
        Ok((reply, same))
    }

    /// One request whose answer is a stream: only the wait for its first line is bounded, by the caller.
    pub(crate) async fn open(&self, request: Request<Body>) -> Result<Response<Incoming>> {
        let unbounded = self.with_deadline(None);
        let mut call = Call::begin(&unbounded, request.method(), request.uri().path());
        call.patient = true;
        let (response, connection) = call.send(request).await?;
        let pool = Arc::clone(&self.shared.pool);
        tokio::spawn(async move { pool.give_back(connection).await });
        Ok(response)
    }
}

/// A body that is all there.
pub(crate) fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}
