//! `orca serve`: a dashboard and a REST API over the same passes as the command line.
//!
//! One thread serves all: nothing here waits for anything but the engine, a registry and its clients. What tells reads one
//! look that all share ([`warm`]); what changes something goes through the everyday orders and the one writer.

#![expect(clippy::result_large_err, reason = "a problem ends a request, and is then all that is left of it")]

mod access;
mod answer;
mod api;
mod aside;
mod connection;
mod life;
mod limits;
mod mcp;
mod metrics;
mod openapi;
mod orders;
mod pages;
mod problem;
mod routes;
mod runs;
mod seen;
mod sse;
mod tls;
pub mod tokens;
mod warm;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http::header::CONTENT_LENGTH;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, timeout};

use crate::cli;
use crate::cycle::{Options, Source};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::mcp::server::Call;
use crate::settings::Settings;
use crate::state::{JournalRow, State};
use access::Gate;
use answer::Answer;
use api::Asked;
use api::types::Health;
use problem::Problem;
use routes::{For, Op};
use tls::Tls;
use tokens::Tokens;
use warm::Warm;

/// So many connections at a time.
const CONNECTIONS: usize = 900;
/// So many of them that stay for events.
const GUESTS: usize = 600;
/// Who doesn't say what he wants is sent away; so is who doesn't send what he has announced.
const SAY: Duration = Duration::from_secs(10);
/// No request brings more.
const BODY: usize = 1 << 20;
/// An answer that is not there by then is none; one that was asked to wait has that time on top.
const ANSWER: Duration = Duration::from_secs(60);
/// Nobody waits longer.
const WAIT: Duration = Duration::from_secs(900);

/// What a server is started with.
#[derive(Debug)]
pub struct Start {
    /// The command line.
    pub asked: cli::Serve,
    /// What to plan by.
    pub settings: Settings,
    /// Where the swarm is looked at.
    pub source: Source,
    /// The bounds of each run.
    pub options: Options,
    /// Signals.
    pub interrupt: Interrupt,
    /// Who runs the tools of `/mcp`.
    pub calls: mpsc::Sender<Call>,
}

/// What all requests share.
#[derive(Debug)]
struct Server {
    asked: cli::Serve,
    settings: Settings,
    options: Options,
    interrupt: Interrupt,
    calls: mpsc::Sender<Call>,
    gate: Gate,
    tls: Option<Tls>,
    warm: Rc<Warm>,
    counts: metrics::Counts,
    asides: aside::Asides,
    definitions: RefCell<Option<api::catalog::Definitions>>,
    runs: runs::Runs,
    connections: Rc<Cell<usize>>,
    guests: Rc<Cell<usize>>,
}

/// One of a number, for as long as it lives.
#[derive(Debug)]
struct Place(Rc<Cell<usize>>);

impl Place {
    fn take(taken: &Rc<Cell<usize>>, most: usize) -> Option<Self> {
        (taken.get() < most).then(|| {
            taken.set(taken.get() + 1);
            Self(Rc::clone(taken))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Server {
    /// A place among those that stay for events.
    fn guest(&self) -> Option<Place> {
        Place::take(&self.guests, GUESTS)
    }

    /// What orca has changed, by the journal of this host.
    fn history(&self, limit: usize) -> Result<Vec<JournalRow>> {
        let state = State::peek(&self.options.state_dir)?;
        Ok(state.map(|state| state.history(limit)).transpose()?.unwrap_or_default())
    }
}

/// Serves until a signal comes; `started` is told where. Returns what was begun and has not ended within the grace.
///
/// # Errors
/// If the address can't be had, or must not be without tokens, or a file that it is secured by can't be used.
pub async fn run(start: Start, started: impl FnOnce(serde_json::Value)) -> Result<Vec<String>> {
    let Start { mut asked, mut settings, source, options, interrupt, calls } = start;
    let catalog = &mut settings.catalog;
    catalog.definitions = asked.definitions.take().or(catalog.definitions.take());
    catalog.projects = asked.projects.take().or(catalog.projects.take());
    let default = settings.registry.default.is_none().then(|| catalog.registry.clone()).flatten();
    asked.registry = asked.registry.take().or(default);
    let tokens = asked.token_file.as_deref().map(Tokens::load).transpose()?;
    let tls = Tls::load(&asked)?;
    if tokens.is_none() && asked.tls_client_ca.is_none() && !asked.listen.ip().is_loopback() {
        let text = format!("`{}` can be reached from elsewhere, and nothing says who may come in", asked.listen);
        return Err(Error::new(ErrorKind::Config, text)
            .hint("make a token with `orca serve --token-file FILE --new-token read-write`, give --tls-client-ca, or listen on 127.0.0.1")
            .into());
    }
    let gate = Gate::new(tokens, &asked)?;
    let listener = TcpListener::bind(asked.listen).await.with_context(|| {
        Error::new(ErrorKind::Failed, format!("can't listen on `{}`", asked.listen))
            .hint("name a free port with --listen")
    })?;
    let address = listener.local_addr()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let anybody = gate.locked() || asked.trust_local || asked.tls_client_ca.is_some();
    started(json!({"listen": address, "url": format!("{scheme}://{address}/"), "token_needed": gate.locked(),
        "read_only": asked.read_only || !anybody}));
    let warm = Rc::new(Warm::new(source, interrupt.clone()));
    let server = Rc::new(Server {
        asked,
        settings,
        options,
        interrupt,
        calls,
        gate,
        tls,
        warm,
        counts: metrics::Counts::default(),
        asides: aside::Asides::default(),
        definitions: RefCell::default(),
        runs: runs::Runs::default(),
        connections: Rc::default(),
        guests: Rc::default(),
    });
    Ok(LocalSet::new().run_until(serve(server, listener)).await)
}

async fn serve(server: Rc<Server>, listener: TcpListener) -> Vec<String> {
    let tending = Rc::clone(&server);
    tokio::task::spawn_local(async move { tending.warm.tend().await });
    let secured = Rc::clone(&server);
    tokio::task::spawn_local(async move {
        if let Some(tls) = &secured.tls {
            tls.tend().await;
        }
    });
    let living = Rc::clone(&server);
    tokio::task::spawn_local(async move { life::beat(&living).await });
    if server.settings.catalog.definitions.is_some() && !server.asked.read_only {
        let reading = Rc::clone(&server);
        tokio::task::spawn_local(async move { api::catalog::keep_up(&reading).await });
    }
    let mut stop = std::pin::pin!(server.interrupt.nth(1));
    loop {
        let accepted = tokio::select! {
            _ = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, client)) = accepted else {
            // Out of descriptors, most likely: others will be given back.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Some(place) = Place::take(&server.connections, CONNECTIONS) else {
            server.counts.turned_away();
            continue;
        };
        tokio::task::spawn_local(connection::serve(Rc::clone(&server), stream, client, place));
    }
    drop(listener);
    // Those that wait for events have heard of it too, and go; what is under way ends its action and says so.
    let rest = async {
        while server.connections.get() > 0 || server.runs.under_way() > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = rest => {}
        () = server.interrupt.past(server.asked.grace) => {}
    }
    server.runs.names_under_way()
}

/// One request, whatever becomes of it.
async fn answer(server: &Rc<Server>, request: Request<Incoming>, client: SocketAddr) -> Answer {
    let began = Instant::now();
    let head = *request.method() == Method::HEAD;
    let wants_page = pages::wanted(request.headers());
    let (pattern, answered) = match timeout(ANSWER + WAIT, respond(server, request, client)).await {
        Ok(answered) => answered,
        Err(_) => ("", Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "there was no answer in time"))),
    };
    let answer = answered.unwrap_or_else(|problem| match wants_page {
        true if problem.status == 401 => answer::see("/login"),
        true => pages::problem(server, &problem),
        false => answer::problem(&problem),
    });
    server.counts.count(pattern, answer.status(), began.elapsed());
    let mut answer = answer::guard(answer);
    if head {
        *answer.body_mut() = answer::Content::Whole(None);
    }
    answer
}

/// The answer, and the pattern of the route that it is of.
async fn respond(
    server: &Rc<Server>,
    request: Request<Incoming>,
    client: SocketAddr,
) -> (&'static str, Result<Answer, Problem>) {
    let (parts, body) = request.into_parts();
    if let Err(problem) = server.gate.admit(&parts, client.ip()) {
        return ("", Err(problem));
    }
    let found = match routes::find(&parts.method, parts.uri.path()) {
        Ok(found) => found,
        Err(problem) => return ("", Err(problem)),
    };
    let pattern = found.route.path;
    let answered = async {
        let caller = match found.route.whom {
            For::All => {
                access::own_page(&parts)?;
                None
            }
            For::Look => {
                access::own_page(&parts)?;
                Some(server.gate.caller(&parts, client.ip())?)
            }
            For::Change => {
                let caller = server.gate.caller(&parts, client.ip())?;
                server.gate.may_write(&parts, &caller, client.ip())?;
                Some(caller)
            }
        };
        // Only now is anything of it read.
        let body = whole(&parts, body).await?;
        let query = routes::pairs(parts.uri.query().unwrap_or_default());
        let Some(caller) = caller else { return unguarded(server, &found, &parts, &body, client).await };
        let asked = Asked { parts, query, body, caller };
        match found.route.op {
            Op::Metrics => Ok(answer::text(StatusCode::OK, metrics::render(server))),
            Op::Events => sse::events(server),
            // A tool knows itself for how long it works.
            Op::Mcp => Box::pin(mcp::answer(&server.calls, asked.caller.writes, &asked)).await,
            // What waits knows itself for how long.
            Op::Order(kind, word) => Box::pin(api::order(server, kind, word, &found, &asked)).await,
            Op::DeleteTag => Box::pin(api::delete_tag(server, &found, &asked)).await,
            _ => timeout(ANSWER, read(server, &found, &asked)).await.unwrap_or_else(|_| {
                Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "there was no answer in time"))
            }),
        }
    };
    (pattern, answered.await)
}

async fn read(server: &Rc<Server>, found: &routes::Found, asked: &Asked) -> Result<Answer, Problem> {
    if found.route.is_page() {
        return Box::pin(pages::answer(server, found, asked)).await;
    }
    Box::pin(api::answer(server, found, asked)).await
}

/// What needs no token.
async fn unguarded(
    server: &Server,
    found: &routes::Found,
    parts: &http::request::Parts,
    body: &Bytes,
    client: SocketAddr,
) -> Result<Answer, Problem> {
    match found.route.op {
        Op::Livez => Ok(answer::text(StatusCode::OK, "ok\n".to_owned())),
        Op::Readyz if server.warm.is_ready().await => Ok(answer::text(StatusCode::OK, "ok\n".to_owned())),
        Op::Readyz => {
            let text = "the engine has not been reached\n".to_owned();
            Ok(answer::text(StatusCode::SERVICE_UNAVAILABLE, text))
        }
        Op::Health => Ok(answer::json(StatusCode::OK, &Health { status: "ok", version: env!("CARGO_PKG_VERSION") })),
        Op::Asset => pages::asset(found.names.first().map(String::as_str).unwrap_or_default()),
        Op::Login => Ok(pages::login(server, None)),
        Op::Enter => pages::enter(server, body, client.ip()),
        Op::Leave => Ok(pages::leave(server, parts)),
        _ => Err(Problem::nothing_here()),
    }
}

/// The body, if it is not too large and comes in time.
async fn whole(parts: &http::request::Parts, body: Incoming) -> Result<Bytes, Problem> {
    let large = || {
        let text = format!("a request brings {} KiB at most", BODY / 1024);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text)
    };
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY as u64) {
        return Err(large());
    }
    let slow = || Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the body of the request has not come in time");
    match timeout(SAY, Limited::new(body, BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(large()),
        Ok(Err(_)) => Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", "the body of the request broke off")),
        Err(_) => Err(slow()),
    }
}
