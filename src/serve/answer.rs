//! Answers, and what every one of them says to a browser.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use serde::Serialize;
use tokio::sync::mpsc;

use super::problem::Problem;

/// An answer.
pub type Answer = Response<Content>;

/// When the swarm was read that an answer tells of, RFC 3339.
pub(super) const AS_OF: HeaderName = HeaderName::from_static("orca-as-of");

/// Nothing but what this server itself sends is run or loaded, nobody may frame it, and forms come back here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What an answer consists of.
#[derive(Debug)]
pub enum Content {
    /// All of it.
    Whole(Option<Bytes>),
    /// What comes as it comes.
    Stream(mpsc::Receiver<Bytes>),
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(receiver) => {
                receiver.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// These bytes, of this type.
pub(super) fn bytes(status: StatusCode, kind: &'static str, bytes: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Content::Whole(Some(bytes.into()).filter(|bytes: &Bytes| !bytes.is_empty())));
    *answer.status_mut() = status;
    set(&mut answer, CONTENT_TYPE, kind);
    answer
}

/// A document.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(text) => bytes(status, "application/json", text),
        Err(error) => problem(&Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", error.to_string())),
    }
}

/// A page.
pub(super) fn html(status: StatusCode, page: String) -> Answer {
    bytes(status, "text/html; charset=utf-8", page)
}

/// Lines for people and probes.
pub(super) fn text(status: StatusCode, text: String) -> Answer {
    bytes(status, "text/plain; version=0.0.4; charset=utf-8", text)
}

/// Why there is no other answer.
pub(super) fn problem(problem: &Problem) -> Answer {
    let text = serde_json::to_vec(problem).unwrap_or_default();
    let mut answer = bytes(problem.status(), "application/problem+json", text);
    match problem.status {
        401 => set(&mut answer, http::header::WWW_AUTHENTICATE, "Bearer realm=\"orca\""),
        429 | 503 => set(&mut answer, http::header::RETRY_AFTER, "2"),
        _ => {}
    }
    answer
}

/// Go there, with GET.
pub(super) fn see(path: &str) -> Answer {
    let mut answer = bytes(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", Bytes::new());
    set(&mut answer, LOCATION, path);
    answer
}

/// Puts a header; a value that is none is left out.
pub(super) fn set(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// What every answer says.
pub(super) fn guard(mut answer: Answer) -> Answer {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        set(&mut answer, HeaderName::from_static(name), value);
    }
    if !answer.headers().contains_key(CACHE_CONTROL) {
        set(&mut answer, CACHE_CONTROL, "no-store");
    }
    answer
}
