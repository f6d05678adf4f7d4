//! What browsers are shown: whole pages, made here. Everything that comes from elsewhere is escaped by `maud`.
//!
//! Reading needs no script. The one script renews the parts that bear `data-live` when the swarm has changed.

mod actions;
mod catalog;
mod front;
mod history;
mod nodes;
mod parts;
mod plans;
mod projects;
mod registry;
mod services;
mod stacks;

use std::net::IpAddr;
use std::rc::Rc;

use http::header::{ACCEPT, CACHE_CONTROL, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use hyper::body::Bytes;
use maud::{DOCTYPE, Markup, html};

use super::Server;
use super::access::Caller;
use super::answer::{self, Answer};
use super::api::{Asked, dated};
use super::aside;
use super::orders::{Kind, exact};
use super::problem::Problem;
use super::routes::{Found, Op, pairs};
use super::warm::View;

const STYLE: &str = include_str!("../assets/app.css");
const SCRIPT: &str = include_str!("../assets/app.js");

/// The pages that the others are reached by.
const MENU: [(&str, &str); 9] = [
    ("/", "Overview"),
    ("/services", "Services"),
    ("/nodes", "Nodes"),
    ("/stacks", "Stacks"),
    ("/catalog", "Catalog"),
    ("/projects", "Projects"),
    ("/registry", "Registry"),
    ("/plans", "Plans"),
    ("/history", "History"),
];

/// Whether a page is wanted rather than a document.
pub(super) fn wanted(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// A page's own part.
pub(super) struct Page {
    pub(super) title: String,
    /// The path of the entry of the menu that it belongs to.
    pub(super) menu: &'static str,
    pub(super) body: Markup,
}

/// Answers a browser.
///
/// # Errors
/// Why there is no page.
pub(super) async fn answer(server: &Rc<Server>, found: &Found, asked: &Asked) -> Result<Answer, Problem> {
    let name = || found.names.first().map(String::as_str).unwrap_or_default();
    let (op, turn) = (found.route.op, server.warm.turn());
    if let Op::PageRegistry | Op::PageRepository | Op::PageHistory | Op::PageCatalog | Op::PageProjects = op {
        let page = match op {
            Op::PageProjects => projects::page(server, &asked.caller).await?,
            Op::PageCatalog => catalog::page(server, &asked.caller).await?,
            Op::PageRegistry => registry::all(server).await?,
            Op::PageRepository => registry::one(server, name()).await?,
            _ => history::page(server)?,
        };
        return Ok(answer::html(StatusCode::OK, whole(server, Some(&asked.caller), None, turn, &page)));
    }
    match op {
        Op::BeginOrder(kind) => return actions::begin(server, kind, &found.names, asked),
        Op::PageOrder(kind) => {
            let page = actions::preview(server, kind, &found.names, asked).await?;
            return Ok(answer::html(StatusCode::OK, whole(server, Some(&asked.caller), None, turn, &page)));
        }
        Op::PageRun => {
            let entry = server.runs.find(name()).ok_or_else(Problem::nothing_here)?;
            let page = actions::run(&entry);
            return Ok(answer::html(StatusCode::OK, whole(server, Some(&asked.caller), None, turn, &page)));
        }
        _ => {}
    }
    let view = server.warm.look().await?;
    let turn = server.warm.turn();
    let about = match op {
        Op::PageService | Op::PageLogs => Some(Kind::Service),
        Op::PageNode => Some(Kind::Node),
        _ => None,
    };
    if let Some(kind) = about {
        exact(&view.cluster, kind, name())?;
    }
    if let Op::PageFront | Op::PageServices | Op::PageService | Op::PageNodes | Op::PageNode = op {
        aside::stir(server);
    }
    let page = match op {
        Op::PagePlans => Box::pin(plans::page(server, &view)).await,
        Op::PageFront => front::page(server, &view)?,
        Op::PageServices => services::all(server, &view, asked)?,
        Op::PageService => services::one(server, &view, name(), &asked.caller)?,
        Op::PageLogs => services::logs(server, &view, name(), asked).await?,
        Op::PageNodes => nodes::all(server, &view)?,
        Op::PageNode => nodes::one(server, &view, name(), &asked.caller)?,
        Op::PageStacks => stacks::all(&view, &asked.caller)?,
        _ => return Err(Problem::nothing_here()),
    };
    Ok(dated(answer::html(StatusCode::OK, whole(server, Some(&asked.caller), Some(&view), turn, &page)), &view))
}

/// What the swarm is called.
fn swarm(server: &Server) -> String {
    let own = || server.warm.last().map(|view| view.cluster.node_name.clone());
    server.asked.name.clone().or_else(own).unwrap_or_else(|| "swarm".to_owned())
}

/// A page with its frame.
///
/// `turn` is the number of what was shown before it was made: what was told since is not in it.
fn whole(server: &Server, caller: Option<&Caller>, view: Option<&View>, turn: u64, page: &Page) -> String {
    let name = swarm(server);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (page.title) " · " (name) " · orca" }
                link rel="stylesheet" href="/assets/app.css";
                link rel="icon" href="data:,";
                script src="/assets/app.js" defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    a.brand href="/" { "orca · " (name) }
                    @if caller.is_some() {
                        nav aria-label="Main" {
                            @for (path, word) in MENU {
                                a href=(path) aria-current=[(path == page.menu).then_some("page")] { (word) }
                            }
                        }
                    }
                    div.right {
                        @if let Some(caller) = caller {
                            @if !caller.writes { span.tag { "read only" } }
                            @if caller.session {
                                form method="post" action="/logout" { button type="submit" { "Sign out" } }
                            }
                        }
                        span #live role="status" {}
                    }
                }
                main #main tabindex="-1" data-turn=(turn) { (page.body) }
                footer {
                    "orca " (env!("CARGO_PKG_VERSION"))
                    @if let Some(view) = view {
                        " · the swarm as of " time datetime=(view.as_of()) { (view.as_of().strftime("%Y-%m-%d %H:%M:%S UTC")) }
                        " · engine " (view.cluster.engine)
                    }
                    " · " a href="/api/openapi.json" { "API" }
                }
            }
        }
    };
    markup.into_string()
}

/// Why there is no other page.
pub(super) fn problem(server: &Server, problem: &Problem) -> Answer {
    let body = html! {
        h1 { @if problem.code == "unknown" { "Nothing is known of the swarm right now" } @else { (problem.title) } }
        section #problem.verdict.v-ill data-live {
            p { (problem.detail) }
            @for cause in &problem.causes { p.dim { (cause) } }
            @if let Some(hint) = &problem.hint { p { "What to do: " (hint) } }
            @if let Some(view) = server.warm.last().filter(|_| problem.code == "unknown") {
                p { "It was last read " (parts::ago(view.age())) "." }
            }
        }
        p { a href="" { "Try again" } " · " a href="/" { "Overview" } }
    };
    let page = Page { title: problem.title.to_owned(), menu: "", body };
    let anybody = Caller { name: String::new(), writes: true, seal: String::new(), session: false };
    let caller = Some(&anybody).filter(|_| problem.status != 401);
    answer::html(problem.status(), whole(server, caller, None, server.warm.turn(), &page))
}

/// Where a browser shows its token.
pub(super) fn login(server: &Server, wrong: Option<&Problem>) -> Answer {
    let body = html! {
        h1 { "Sign in" }
        section {
            @if let Some(wrong) = wrong { p.tag.bad role="alert" { (wrong.detail) } }
            form.row method="post" action="/login" {
                div {
                    label for="token" { "Token" }
                    input #token name="token" type="password" autocomplete="current-password" required;
                }
                button.do type="submit" { "Sign in" }
            }
            p.dim { "Tokens are made with " code { "orca serve --token-file FILE --new-token read-only" } "." }
        }
    };
    let status = wrong.map_or(StatusCode::OK, Problem::status);
    answer::html(
        status,
        whole(server, None, None, server.warm.turn(), &Page { title: "Sign in".to_owned(), menu: "", body }),
    )
}

/// A browser shows its token.
///
/// # Errors
/// If there is nothing to come into.
pub(super) fn enter(server: &Server, body: &Bytes, client: IpAddr) -> Result<Answer, Problem> {
    let form = pairs(&String::from_utf8_lossy(body));
    let token = form.iter().find(|(key, _)| key == "token").map(|(_, token)| token.trim()).unwrap_or_default();
    match server.gate.enter(token, client) {
        Ok(cookie) => {
            let mut answer = answer::see("/");
            answer::set(&mut answer, SET_COOKIE, &cookie);
            Ok(answer)
        }
        Err(problem) if problem.status == 404 => Err(problem),
        Err(problem) => Ok(login(server, Some(&problem))),
    }
}

/// A browser goes.
pub(super) fn leave(server: &Server, parts: &Parts) -> Answer {
    let mut answer = answer::see("/login");
    answer::set(&mut answer, SET_COOKIE, &server.gate.leave(parts));
    answer
}

/// Style and script.
///
/// # Errors
/// If there is none of this name.
pub(super) fn asset(name: &str) -> Result<Answer, Problem> {
    let (kind, text) = match name {
        "app.css" => ("text/css; charset=utf-8", STYLE),
        "app.js" => ("text/javascript; charset=utf-8", SCRIPT),
        _ => return Err(Problem::nothing_here()),
    };
    let mut answer = answer::bytes(StatusCode::OK, kind, Bytes::from_static(text.as_bytes()));
    answer::set(&mut answer, CACHE_CONTROL, "public, max-age=300");
    Ok(answer)
}
