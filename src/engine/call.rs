//! One request: a connection, the request on it, the answer off it, and what to say when that fails.

use anyhow::Result;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::header::{HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, Uri};
use std::sync::atomic::Ordering;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};

use crate::engine::address::Address;
use crate::engine::fault::{self, MaybeApplied, spoken};
use crate::engine::pool::{Body, Connection};
use crate::engine::wire::{Reply, Wire};
use crate::engine::{path, ssh};
use crate::error::{Error, ErrorKind};

/// One request under way.
pub(crate) struct Call<'a> {
    wire: &'a Wire,
    /// Method and path, without API version and query: what error messages call it.
    name: String,
    writes: bool,
    /// Waits for the first line of the answer as long as its caller does.
    pub(crate) patient: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn begin(wire: &'a Wire, method: &Method, path: &str) -> Self {
        wire.shared.requests.fetch_add(1, Ordering::Relaxed);
        let writes = !matches!(*method, Method::GET | Method::HEAD);
        let name = format!("{method} {}", path::short(path));
        Self { wire, name, writes, patient: false }
    }

    /// Waits until it is this request's turn, where requests take turns.
    pub(crate) async fn turn(&self) -> Result<Option<SemaphorePermit<'a>>> {
        let Some(turn) = &self.wire.shared.turn else { return Ok(None) };
        match self.wire.deadline {
            Some(deadline) => Ok(timeout_at(deadline, turn.acquire()).await.map_err(|_| self.out_of_time())?.ok()),
            None => Ok(turn.acquire().await.ok()),
        }
    }

    fn out_of_time(&self) -> Error {
        Error::new(ErrorKind::Timeout, format!("{}: not sent, the pass ran out of time", self.name))
            .hint("--timeout gives a pass more time")
    }

    /// Sends the request once, over an idle connection if there is one, and waits for the head of the answer.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Result<(Response<Incoming>, Connection)> {
        let shared = &self.wire.shared;
        let headers = request.headers_mut();
        headers.insert(HOST, shared.host.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("orca/", env!("CARGO_PKG_VERSION"))));
        if !shared.base.is_empty() {
            let path = format!("{}{}", shared.base, request.uri());
            *request.uri_mut() = self.uri(&path)?;
        }
        let begun = Instant::now();
        loop {
            if self.wire.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(self.out_of_time().into());
            }
            let mut connection = shared.pool.take(self.wire.deadline).await?;
            let answer = connection.sender.try_send_request(request);
            let answer = if self.patient {
                answer.await
            } else {
                match timeout_at(self.limit(), answer).await {
                    Ok(answer) => answer,
                    Err(_) => return Err(self.silent("no answer", begun)),
                }
            };
            match answer {
                Ok(response) => return Ok((response, connection)),
                Err(mut error) => match error.take_message() {
                    // hyper hands the request back when not a byte of it was written: an idle connection that the
                    // engine closed meanwhile. Each is tried once; there are few.
                    Some(unsent) if connection.reused => request = unsent,
                    Some(_) => return Err(self.lost(error.into_error(), &connection, false).await),
                    None => return Err(self.lost(error.into_error(), &connection, true).await),
                },
            }
        }
    }

    /// Reads the body into one buffer; into none if it is just `known`.
    pub(crate) async fn read(&self, mut body: Incoming, known: &[u8]) -> Result<Read> {
        let max = self.wire.shared.tuning.max_body;
        let announced = body.size_hint().exact().map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        if announced.is_some_and(|size| size > max) {
            return Err(self.too_large());
        }
        let mut read = Read { known: 0, bytes: Vec::new() };
        // An engine that announces more than memory can hold must not abort the process.
        if announced != Some(known.len()) {
            read.bytes.try_reserve_exact(announced.unwrap_or(0)).map_err(|_| self.too_large())?;
        }
        loop {
            let since = Instant::now();
            let frame = match timeout_at(self.limit(), body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => {
                    let of = announced.map(|size| format!(" of {size}")).unwrap_or_default();
                    let text = format!("{}: the connection was cut after {}{of} bytes", self.name, read.size());
                    return Err(self.failed(Some(error.into()), fault::unreachable(text), true));
                }
                Ok(None) => return Ok(read.ended(known)),
                Err(_) => {
                    let what = format!("the answer stopped after {} bytes, nothing more", read.size());
                    return Err(self.silent(&what, since));
                }
            };
            if let Ok(data) = frame.into_data() {
                if data.len() > max - read.size() {
                    return Err(self.too_large());
                }
                read.take(&data, known);
            }
        }
    }

    /// What was asked, for `-v`: never bodies, they hold env values.
    pub(crate) fn log(&self, reply: &Reply, bytes: usize, begun: Instant) {
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(status = reply.status, bytes, ms, "{}", self.name);
    }

    /// When the wait that begins now must end.
    fn limit(&self) -> Instant {
        let silence = Instant::now() + self.wire.shared.tuning.silence;
        self.wire.deadline.map_or(silence, |deadline| deadline.min(silence))
    }

    /// A path as a URI, without a panic for one that can't be.
    pub(crate) fn uri(&self, path: &str) -> Result<Uri> {
        let invalid = || Error::new(ErrorKind::Failed, format!("{}: invalid path", self.name));
        path.parse().map_err(|_| invalid().into())
    }

    fn silent(&self, what: &str, since: Instant) -> anyhow::Error {
        let mut text = format!("{}: {what} within {}", self.name, spoken(since.elapsed()));
        if self.wire.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            text.push_str(", all that was left of the pass");
        }
        let error = fault::unreachable(text).hint("the engine is there but hangs or is overloaded: see its log");
        self.failed(None, error, true)
    }

    fn too_large(&self) -> anyhow::Error {
        let max = self.wire.shared.tuning.max_body;
        self.failed(None, fault::unreachable(format!("{}: the answer is larger than {max} bytes", self.name)), true)
    }

    /// The connection ended, or what came over it was not HTTP.
    async fn lost(&self, error: hyper::Error, connection: &Connection, sent: bool) -> anyhow::Error {
        let endpoint = self.wire.endpoint();
        if let (Some(said), Address::Ssh(target)) = (&connection.said, &endpoint.address) {
            let words = said.last_words().await;
            if !words.is_empty() {
                let text = format!("{}: connection to {endpoint} lost: ssh says: {words}", self.name);
                let lost = fault::unreachable(text);
                let lost = match ssh::hint(target, &words) {
                    Some(hint) => lost.hint(hint),
                    None => lost,
                };
                return self.failed(Some(error.into()), lost, sent);
            }
        }
        let lost = if error.is_parse() {
            fault::unreachable(format!("{}: the answer of {endpoint} is not HTTP", self.name))
                .hint("is this the address of a Docker Engine, and is TLS on or off as the engine has it?")
        } else if sent {
            fault::unreachable(format!("{}: connection to {endpoint} lost before the answer", self.name))
        } else {
            fault::unreachable(format!("{}: not sent, connection to {endpoint} lost", self.name))
        };
        let lost = match fault::hint(endpoint, &error) {
            Some(hint) => lost.hint(hint),
            None => lost,
        };
        self.failed(Some(error.into()), lost, sent)
    }

    /// Puts an error together: what it means, whether a write may have been applied, and the cause.
    fn failed(&self, cause: Option<anyhow::Error>, error: Error, sent: bool) -> anyhow::Error {
        match (cause, self.writes && sent) {
            (Some(cause), true) => cause.context(MaybeApplied).context(error),
            (Some(cause), false) => cause.context(error),
            (None, true) => anyhow::Error::new(MaybeApplied).context(error),
            (None, false) => error.into(),
        }
    }

    /// An engine that wants TLS answers plain HTTP with a page of its own, which looks like an API error.
    pub(crate) fn check_plain_http(&self, reply: &Reply) -> Result<()> {
        if reply.status == 400 && reply.body.starts_with(b"Client sent an HTTP request to an HTTPS server") {
            let error = fault::unreachable(format!("{}: {} wants TLS", self.name, self.wire.endpoint()));
            return Err(error.hint("set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder with ca.pem").into());
        }
        Ok(())
    }
}

/// A body, in so far as it is another than one that is known.
#[derive(Debug)]
pub(crate) struct Read {
    /// So many of the first bytes are the known ones, and are not put down again.
    known: usize,
    /// All of it, once a byte was another.
    pub(crate) bytes: Vec<u8>,
}

impl Read {
    /// Bytes that have come.
    pub(crate) fn size(&self) -> usize {
        self.known.max(self.bytes.len())
    }

    /// Whether it is just what is known; nothing of it was put down then.
    pub(crate) fn is_known(&self) -> bool {
        self.known > 0 && self.bytes.is_empty()
    }

    fn take(&mut self, data: &[u8], known: &[u8]) {
        if self.bytes.is_empty() && known[self.known..].starts_with(data) {
            self.known += data.len();
        } else {
            self.unlike(known);
            self.bytes.extend_from_slice(data);
        }
    }

    /// What has come is all there is.
    fn ended(mut self, known: &[u8]) -> Self {
        if self.known < known.len() {
            self.unlike(known);
        }
        self
    }

    /// It is not what is known: what has come of that is put down after all.
    fn unlike(&mut self, known: &[u8]) {
        if self.known > 0 {
            // A list that has changed is mostly about as long.
            self.bytes.reserve(known.len());
        }
        self.bytes.extend_from_slice(&known[..std::mem::take(&mut self.known)]);
    }
}
