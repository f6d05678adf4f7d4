//! Building and pushing images: one request each, whose answer is a stream of JSON lines.

use std::io;

use anyhow::{Context as _, Result};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use serde::Deserialize;
use serde_json::Value;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::Engine;
use super::buildkit::Trace;
use super::path::{segment, with_query};
use super::pool::Body;
use super::wire::full;
use crate::error::{Error, ErrorKind};
use crate::model::or_default;

/// What is read of a file at a time.
const PIECE: usize = 64 * 1024;
/// No message of an engine is longer.
const LONGEST: usize = 1 << 20;

/// How a stream of messages has ended.
#[derive(Debug, Default)]
pub struct Told {
    /// The id of the image that was built.
    pub id: Option<String>,
    /// The digest under which a registry has it.
    pub digest: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message {
    #[serde(deserialize_with = "or_default")]
    stream: String,
    #[serde(deserialize_with = "or_default")]
    status: String,
    #[serde(deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "or_default")]
    progress: String,
    error: Option<String>,
    /// An object, or BuildKit's own words.
    aux: Value,
}

/// What `moby.buildkit.trace` is in the id of BuildKit's messages.
const TRACE: &str = "moby.buildkit.trace";

/// Which of the engine's two builders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builder {
    /// BuildKit, without a session: what it needs is in the tar file, or on the engine.
    BuildKit,
    /// The classic one, which is told credentials.
    Classic,
}

impl Engine {
    /// Builds an image of a tar file. `how` are parameters of the request, `t` for the image's name among them; `registries`
    /// are credentials for the images that it is made from (`X-Registry-Config`); BuildKit takes no notice of them.
    ///
    /// # Errors
    /// If the engine refuses, the build fails (its own words), or the engine is lost.
    pub async fn build(
        &self,
        api: &str,
        builder: Builder,
        how: &[(&str, &str)],
        registries: Option<&HeaderValue>,
        tar: File,
        say: &mut dyn FnMut(&str),
    ) -> Result<Told> {
        let version = if builder == Builder::BuildKit { "2" } else { "1" };
        let query = [&[("version", version), ("rm", "1"), ("forcerm", "1")], how].concat();
        let mut request = request(&with_query(&format!("/v{api}/build"), &query), sent(tar))?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
        if let Some(registries) = registries {
            request.headers_mut().insert("X-Registry-Config", registries.clone());
        }
        self.told(request, say).await
    }

    /// Sends an image to its registry.
    ///
    /// # Errors
    /// If the engine or the registry refuses, or the engine is lost.
    pub async fn push(
        &self,
        api: &str,
        repository: &str,
        tag: &str,
        auth: Option<&HeaderValue>,
        say: &mut dyn FnMut(&str),
    ) -> Result<Told> {
        let segments: Vec<String> = repository.split('/').map(segment).collect();
        let path = with_query(&format!("/v{api}/images/{}/push", segments.join("/")), &[("tag", tag)]);
        let mut request = request(&path, full(Bytes::new()))?;
        // The engine wants the header even where there is nothing to say: `{}`.
        let auth = auth.cloned().unwrap_or_else(|| HeaderValue::from_static("e30="));
        request.headers_mut().insert("X-Registry-Auth", auth);
        self.told(request, say).await
    }

    async fn told(&self, request: Request<Body>, say: &mut dyn FnMut(&str)) -> Result<Told> {
        let path = request.uri().path().to_owned();
        let response = self.wire.open(request).await?;
        let status = response.status().as_u16();
        let mut body = response.into_body();
        let (mut rest, mut told, mut trace) = (Vec::new(), Told::default(), Trace::default());
        while let Some(frame) = body.frame().await {
            let lost = || Error::new(ErrorKind::Unreachable, format!("the engine broke off its answer to `{path}`"));
            let Ok(data) = frame.with_context(lost)?.into_data() else { continue };
            rest.extend_from_slice(&data);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                if status < 300 {
                    heed(&line, &mut told, &mut trace, say)?;
                }
            }
            if rest.len() > LONGEST {
                return Err(
                    Error::new(ErrorKind::Unreachable, format!("this is no engine's answer to `{path}`")).into()
                );
            }
        }
        if status >= 300 {
            let text = String::from_utf8_lossy(&rest).trim().to_owned();
            let message = serde_json::from_str::<Value>(&text).ok();
            let message = message.and_then(|body| body["message"].as_str().map(str::to_owned)).unwrap_or(text);
            return Err(
                Error::new(ErrorKind::Failed, format!("the engine answered {status} to `{path}`: {message}")).into()
            );
        }
        if !rest.is_empty() {
            heed(&rest, &mut told, &mut trace, say)?;
        }
        Ok(told)
    }
}

fn request(path: &str, body: Body) -> Result<Request<Body>> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse().context("invalid path")?;
    *request.headers_mut() = HeaderMap::new();
    Ok(request)
}

/// A file as the body of a request, read as it is sent.
fn sent(file: File) -> Body {
    let pieces = stream::try_unfold(file, async |mut file| {
        let mut piece = vec![0; PIECE];
        let count = file.read(&mut piece).await?;
        piece.truncate(count);
        Ok::<_, io::Error>((count > 0).then(|| (Frame::data(Bytes::from(piece)), file)))
    });
    StreamBody::new(Box::pin(pieces)).map_err(Into::into).boxed_unsync()
}

/// Passes one message on.
///
/// # Errors
/// If it says that it has failed.
fn heed(line: &[u8], told: &mut Told, trace: &mut Trace, say: &mut dyn FnMut(&str)) -> Result<()> {
    let Ok(message) = serde_json::from_slice::<Message>(line) else { return Ok(()) };
    if let Some(error) = message.error {
        return Err(Error::new(ErrorKind::Failed, error.trim().to_owned()).into());
    }
    if let (TRACE, Some(text)) = (message.id.as_str(), message.aux.as_str()) {
        trace.heed(text, say);
        return Ok(());
    }
    let fact = |key: &str| message.aux[key].as_str().map(str::to_owned);
    told.id = fact("ID").or(told.id.take());
    told.digest = fact("Digest").or(told.digest.take());
    for line in message.stream.lines().filter(|line| !line.trim().is_empty()) {
        say(line);
    }
    // A bar that grows is for terminals.
    if !message.status.is_empty() && message.progress.is_empty() {
        let id = if message.id.is_empty() { String::new() } else { format!("{}: ", message.id) };
        say(&format!("{id}{}", message.status));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_passed_on_and_a_failure_is_one() {
        let (mut lines, mut told, mut trace) = (Vec::new(), Told::default(), Trace::default());
        let mut say = |line: &str| lines.push(line.to_owned());
        for line in [
            r#"{"stream":"Step 1/2 : FROM x\n"}"#,
            r#"{"stream":"\n"}"#,
            r#"{"status":"Pushing","id":"ab","progressDetail":{"current":1},"progress":"[=> ]"}"#,
            r#"{"status":"Pushed","id":"ab","progressDetail":{}}"#,
            r#"{"aux":{"ID":"sha256:1"}}"#,
            r#"{"progressDetail":{},"aux":{"Tag":"1","Digest":"sha256:2","Size":3}}"#,
            "no json",
        ] {
            heed(line.as_bytes(), &mut told, &mut trace, &mut say).unwrap();
        }
        assert_eq!(lines, ["Step 1/2 : FROM x", "ab: Pushed"]);
        assert_eq!((told.id.as_deref(), told.digest.as_deref()), (Some("sha256:1"), Some("sha256:2")));
        let failed =
            heed(br#"{"errorDetail":{"code":1,"message":"no"},"error":"no"}"#, &mut told, &mut trace, &mut |_| {});
        assert_eq!(failed.unwrap_err().to_string(), "no");
    }
}
