//! Plain requests over HTTP and HTTPS, to no address that is not allowed.
//!
//! A name is resolved here, its addresses are judged, and the connection goes to the very address that was judged: a name
//! that resolves to something else a moment later changes nothing. The same holds for every redirect.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HOST, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::engine::address::TlsFiles;
use crate::engine::tls;
use crate::files::matches;
use crate::metrics::url::Url;
use crate::settings::Network;

/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest wait for an answer, or for more of one.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);
/// Redirects followed.
const REDIRECTS: usize = 5;
/// hyper reads at most so much at a time.
const BUFFER: usize = 256 * 1024;

/// Why something was not fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It may go well the next time, at the earliest after so long.
    Passing(String, Option<Duration>),
    /// It would fail again.
    Lasting(String),
    /// There is no way to the other side until somebody mends something: no TLS, no address that may be asked.
    Barred(String),
}

impl Fault {
    /// In words.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Passing(text, _) | Self::Lasting(text) | Self::Barred(text) => text,
        }
    }
}

pub(crate) fn passing(text: impl Into<String>) -> Fault {
    Fault::Passing(text.into(), None)
}

pub(crate) fn lasting(text: impl Into<String>) -> Fault {
    Fault::Lasting(text.into())
}

/// An answer whose body has yet to be read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incoming,
    /// Who answered, after redirects, without the query.
    pub(crate) url: Url,
}

impl Answer {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A small body, whole.
    pub(crate) async fn bytes(mut self, most: usize, until: Instant) -> Result<Vec<u8>, Fault> {
        let mut all = Vec::new();
        while let Some(bytes) = next(&mut self.body, until).await? {
            all.extend_from_slice(&bytes);
            if all.len() > most {
                return Err(lasting(format!("the answer of {} is larger than {most} bytes", self.url)));
            }
        }
        Ok(all)
    }
}

/// How long a server wants to be left alone; a date instead of seconds is none.
pub(crate) fn retry_after(answer: &Answer) -> Option<Duration> {
    answer.header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs)
}

/// The next piece of a body.
pub(crate) async fn next(body: &mut Incoming, until: Instant) -> Result<Option<Bytes>, Fault> {
    loop {
        let frame = timeout_at(until.min(Instant::now() + SILENCE), body.frame()).await;
        match frame.map_err(|_| passing("the answer stopped coming"))? {
            None => return Ok(None),
            Some(Err(error)) => return Err(passing(format!("the connection broke: {error}"))),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Who may be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed<'a> {
    /// Private addresses that may.
    pub(crate) addresses: &'a [Network],
    /// Names that may; none: all.
    pub(crate) hosts: Option<&'a [String]>,
}

/// Makes requests.
pub(crate) struct Net {
    /// Requests made so far.
    requests: Cell<u64>,
    tls: RefCell<HashMap<String, Rc<tls::Client>>>,
}

impl Net {
    pub(crate) fn new() -> Self {
        Self { requests: Cell::new(0), tls: RefCell::new(HashMap::new()) }
    }

    /// Asks, and follows redirects; none of them may leave what is allowed, nor encryption.
    pub(crate) async fn get(
        &self,
        url: &Url,
        headers: &HeaderMap,
        allowed: Allowed<'_>,
        until: Instant,
    ) -> Result<Answer, Fault> {
        self.ask(&Method::GET, url, headers, Some(allowed), until).await
    }

    /// The same with another method that has no body, redirects being followed by reads alone; `allowed` is none where the operator has named whom to ask.
    pub(crate) async fn ask(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        allowed: Option<Allowed<'_>>,
        until: Instant,
    ) -> Result<Answer, Fault> {
        let (mut url, mut headers) = (url.clone(), headers.clone());
        for _ in 0..=REDIRECTS {
            let question = Question { method: method.clone(), path: &url.path, headers: &headers, body: Bytes::new() };
            let answer = self.once(&url, question, allowed, until).await?;
            let reads = matches!(*method, Method::GET | Method::HEAD);
            if !reads || !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let location = answer.header(LOCATION.as_str());
            let to = location.and_then(|location| join(&url, location));
            let to = to.ok_or_else(|| lasting(format!("{} redirects to nowhere that orca understands", url.bare())))?;
            if url.secure && !to.secure {
                return Err(lasting(format!("{} redirects to {}, which is not encrypted", url.bare(), to.bare())));
            }
            if (&to.host, to.port) != (&url.host, url.port) {
                // Whoever that is, the token was not meant for it.
                headers.remove(AUTHORIZATION);
            }
            url = to;
        }
        Err(lasting(format!("more than {REDIRECTS} redirects, at last to {}", url.bare())))
    }

    /// Sends a body to an address that the operator has named, wherever it is. No redirect is followed, and no message has
    /// the path in it: tokens stand there.
    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: &HeaderMap,
        body: String,
        until: Instant,
    ) -> Result<Answer, Fault> {
        let host = Url { path: String::new(), ..url.clone() };
        let question = Question { method: Method::POST, path: &url.path, headers, body: body.into() };
        self.once(&host, question, None, until).await
    }

    /// Asks once; `allowed` is none for what the operator has named.
    async fn once(
        &self,
        url: &Url,
        question: Question<'_>,
        allowed: Option<Allowed<'_>>,
        until: Instant,
    ) -> Result<Answer, Fault> {
        if let Some(hosts) = allowed.and_then(|allowed| allowed.hosts)
            && !hosts.iter().any(|host| matches(host.as_bytes(), url.host.as_bytes()))
        {
            return Err(lasting(format!("`{}` is not in mods.label_hosts", url.host)));
        }
        self.requests.set(self.requests.get() + 1);
        // What follows tells of it; what is asked for stands in the question.
        let url = &url.bare();
        tracing::debug!("{} {url}", question.method);
        let connect_until = until.min(Instant::now() + CONNECT);
        let stream = timeout_at(connect_until, connect(url, allowed.map(|allowed| allowed.addresses))).await;
        let stream = stream.map_err(|_| passing(format!("no connection to {url} in time")))??;
        let _ = stream.set_nodelay(true);
        let answer_until = until.min(Instant::now() + SILENCE);
        if url.secure {
            let client = self.tls(&url.host)?;
            let stream =
                timeout_at(connect_until.max(Instant::now() + CONNECT).min(until), client.secure(stream)).await;
            let stream = stream.map_err(|_| passing(format!("no TLS with {url} in time")))?;
            let stream = stream.map_err(|error| Fault::Barred(format!("TLS with {url}: {error}")))?;
            talk(TokioIo::new(stream), url, question, answer_until).await
        } else {
            talk(TokioIo::new(stream), url, question, answer_until).await
        }
    }

    /// Requests made so far, redirects and those for tokens included.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.get()
    }

    fn tls(&self, host: &str) -> Result<Rc<tls::Client>, Fault> {
        if let Some(client) = self.tls.borrow().get(host) {
            return Ok(Rc::clone(client));
        }
        let client = tls::Client::new(host, &TlsFiles::default()).map_err(|error| Fault::Barred(error.to_string()))?;
        let client = Rc::new(client);
        self.tls.borrow_mut().insert(host.to_owned(), Rc::clone(&client));
        Ok(client)
    }
}

/// What is sent to a server.
struct Question<'q> {
    method: Method,
    path: &'q str,
    headers: &'q HeaderMap,
    body: Bytes,
}

async fn talk<T>(io: TokioIo<T>, url: &Url, question: Question<'_>, until: Instant) -> Result<Answer, Fault>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let broke = |error: hyper::Error| passing(format!("{url}: {error}"));
    let mut builder = hyper::client::conn::http1::Builder::new();
    let (mut sender, connection) = builder.max_buf_size(BUFFER).handshake(io).await.map_err(broke)?;
    tokio::spawn(connection);
    let Question { method, path, headers, body } = question;
    let path = if path.is_empty() { "/" } else { path };
    let request = Request::builder().method(method).uri(path).body(Full::new(body));
    let mut request = request.map_err(|error| lasting(format!("{url}: {error}")))?;
    *request.headers_mut() = headers.clone();
    let default = if url.secure { 443 } else { 80 };
    let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    let host = if url.port == default { host } else { format!("{host}:{}", url.port) };
    let host = HeaderValue::try_from(host).map_err(|error| lasting(format!("{url}: {error}")))?;
    request.headers_mut().insert(HOST, host);
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(concat!("orca/", env!("CARGO_PKG_VERSION"))));
    let response = timeout_at(until, sender.send_request(request)).await;
    let response = response.map_err(|_| passing(format!("no answer of {url} in time")))?.map_err(broke)?;
    let (head, body) = response.into_parts();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, url: url.clone() })
}

async fn connect(url: &Url, allowed: Option<&[Network]>) -> Result<TcpStream, Fault> {
    let found = tokio::net::lookup_host((url.host.as_str(), url.port)).await;
    let found: Vec<SocketAddr> =
        found.map_err(|error| passing(format!("`{}` can't be resolved: {error}", url.host)))?.collect();
    let may = |address: &&SocketAddr| {
        let named = |networks: &[Network]| networks.iter().any(|network| network.contains(plain(address.ip())));
        is_public(address.ip()) || allowed.is_none_or(named)
    };
    let mut last = None;
    for address in found.iter().filter(may) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(passing(format!("no connection to {url} ({address}): {error}"))),
        }
    }
    let refused = || match found.first() {
        Some(first) => lasting(format!(
            "`{}` is at {}, which is no public address: allow it in mods.allow_addresses if it is meant",
            url.host,
            first.ip()
        )),
        None => passing(format!("`{}` has no address", url.host)),
    };
    Err(last.unwrap_or_else(refused))
}

/// An IPv4 address that is dressed up as IPv6 is what it is.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Whether an address is one of the whole internet, and leads to nothing else.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match plain(address) {
        IpAddr::V4(v4) => public_v4(v4),
        IpAddr::V6(v6) => {
            let parts = v6.segments();
            let carried = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
            match parts {
                // NAT64, the old compatible form and 6to4 carry an IPv4 address.
                [0x64, 0xff9b, 0, 0, 0, 0, high, low]
                | [0, 0, 0, 0, 0, 0, high, low]
                | [0x2002, high, low, _, _, _, _, _] => public_v4(carried(high, low)),
                // Documentation, Teredo, ORCHID.
                [0x2001, 0xdb8 | 0..=0x1ff, ..] => false,
                // Only 2000::/3 is given out: neither local, unique local, multicast nor anything reserved.
                [first, ..] => first & 0xe000 == 0x2000,
            }
        }
    }
}

fn public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = match (a, b, c) {
        // This network, private, loopback, multicast and what is reserved.
        (0 | 10 | 127 | 224..=255, ..)
        // Carriers' own, link-local, private, benchmarks.
        | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) | (198, 18..=19, _)
        // Assignments, documentation, 6to4 relays.
        | (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !special
}

/// Where a `Location` leads.
pub(crate) fn join(from: &Url, location: &str) -> Option<Url> {
    let location = location.split('#').next().unwrap_or_default();
    if location.contains("://") {
        return Url::parse(location, 443).ok();
    }
    let scheme = if from.secure { "https" } else { "http" };
    if let Some(rest) = location.strip_prefix("//") {
        return Url::parse(&format!("{scheme}://{rest}"), 443).ok();
    }
    let path = if location.starts_with('/') {
        location.to_owned()
    } else {
        let base = from.path.split('?').next().unwrap_or_default();
        let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{location}")
    };
    Url::parse(&format!("{}{path}", Url { path: String::new(), ..from.clone() }), 443).ok()
}

#[cfg(test)]
mod tests;
