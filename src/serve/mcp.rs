//! `/mcp`: the tools of `orca mcp` over HTTP, for whom this server lets in; without sessions, so that every request is
//! whole in itself.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::mpsc;

use super::answer::{self, Answer};
use super::api::Asked;
use super::problem::Problem;
use super::seen;
use crate::mcp::server::{Call, Server};

/// Who comes in is for the gate to say, which has been passed.
fn config() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(None)
        .disable_allowed_hosts()
}

/// `POST /mcp`; `writes` says whether the tools are there that change something.
pub(super) async fn answer(calls: &mpsc::Sender<Call>, writes: bool, asked: &Asked) -> Result<Answer, Problem> {
    seen::read(&asked.query, &asked.parts.headers, None, seen::TOOL)?;
    if asked.dry_run() {
        let text = "`dry_run` is nothing that tools know: one that is called without `plan_id` or `confirm` only plans";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", text));
    }
    let server = Server { calls: calls.clone(), writes };
    let service =
        StreamableHttpService::new(move || Ok(server.clone()), Arc::new(NeverSessionManager::default()), config());
    let request = Request::from_parts(asked.parts.clone(), Full::new(asked.body.clone()));
    let (parts, body) = service.handle(request).await.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    Ok(told(parts.status, &kind, body))
}

fn told(status: StatusCode, kind: &str, body: Bytes) -> Answer {
    let mut answer = answer::bytes(status, "application/json", body);
    if !kind.is_empty() {
        answer::set(&mut answer, CONTENT_TYPE, kind);
    }
    answer
}
