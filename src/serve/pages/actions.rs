//! What changes something, in two steps: what it would do, then a button that does it.

use std::rc::Rc;

use maud::{Markup, html};
use serde_json::Value;

use super::{Page, nodes, parts, services};
use crate::engine::path::{segment, with_query};
use crate::model::{Mode, Service};
use crate::pass::services::{Standing, State};
use crate::report::{Report, Status};
use crate::serve::Server;
use crate::serve::access::Caller;
use crate::serve::answer::{self, Answer};
use crate::serve::api::Asked;
use crate::serve::orders::{Job, Kind};
use crate::serve::problem::Problem;
use crate::serve::routes::pairs;
use crate::serve::runs::Entry;
use crate::serve::seen;
use crate::serve::tokens::same;

/// Where things of a kind have their pages.
fn home(kind: Kind) -> &'static str {
    match kind {
        Kind::Service => "/services",
        Kind::Stack => "/stacks",
        Kind::Node => "/nodes",
        Kind::Entry => "/catalog",
    }
}

fn place(kind: Kind, name: &str, word: &str) -> String {
    format!("{}/{}/do/{word}", home(kind), segment(name))
}

/// What may be ordered of a service: each leads to what it would do.
pub(super) fn of_service(one: &Standing<'_>, caller: &Caller) -> Markup {
    let service = one.service;
    let link = |word: &str, text: &str| html! { a.button href=(with_query(&place(Kind::Service, &service.name, word), &[("version", &service.version.to_string())])) { (text) } };
    html! {
        @if caller.writes {
            section #actions data-live aria-labelledby="h-actions" {
                h2 #h-actions { "Change it" }
                div.actions {
                    (link("update", "Update the image…"))
                    (link("restart", "Restart…"))
                    @if has_previous(service) { (link("rollback", "Roll back…")) }
                    @if one.state == State::Stopped && one.stopped.is_some() { (link("start", "Start…")) }
                    @else if matches!(service.mode, Mode::Replicated(1..)) { (link("stop", "Stop…")) }
                }
                @if let Mode::Replicated(replicas) = service.mode {
                    form.row method="get" action=(place(Kind::Service, &service.name, "scale")) {
                        input type="hidden" name="version" value=(service.version);
                        div {
                            label for="replicas" { "Replicas" }
                            input #replicas name="replicas" type="number" min="0" max="100000" value=(replicas) required;
                        }
                        button type="submit" { "Scale…" }
                    }
                }
            }
        }
    }
}

fn has_previous(service: &Service) -> bool {
    let object: Value = serde_json::from_str(service.raw.get()).unwrap_or_default();
    object["PreviousSpec"].is_object()
}

/// What may be ordered of a node.
pub(super) fn of_node(id: &str, version: u64, availability: &str, caller: &Caller) -> Markup {
    let link = |word: &str, text: &str| html! { a.button href=(with_query(&place(Kind::Node, id, word), &[("version", &version.to_string())])) { (text) } };
    html! {
        @if caller.writes {
            section #actions data-live aria-labelledby="h-actions" {
                h2 #h-actions { "Change it" }
                div.actions {
                    @if availability != "drain" { (link("drain", "Drain…")) }
                    @if availability != "active" { (link("activate", "Activate…")) }
                    @if availability == "active" { (link("pause", "Pause…")) }
                }
                form.row method="get" action=(place(Kind::Node, id, "labels")) {
                    input type="hidden" name="version" value=(version);
                    div {
                        label for="label" { "Label: KEY=VALUE sets it, KEY- removes it" }
                        input #label name="label" required pattern="[^=\\s]+(=.*|-)?";
                    }
                    button type="submit" { "Label…" }
                }
            }
        }
    }
}

/// What may be ordered of an entry of the catalog.
pub(super) fn of_entry(name: &str, builds: bool, caller: &Caller) -> Markup {
    html! {
        @if caller.writes {
            a href=(place(Kind::Entry, name, "deploy")) aria-label={ "Deploy " (name) "…" } { "Deploy…" } " "
            @if builds { a href=(place(Kind::Entry, name, "build")) aria-label={ "Build " (name) "…" } { "Build…" } }
        }
    }
}

/// What may be ordered of a stack.
pub(super) fn of_stack(name: &str, caller: &Caller) -> Markup {
    html! {
        @if caller.writes {
            @for (word, text) in [("update", "Update…"), ("restart", "Restart…"), ("stop", "Stop…"), ("start", "Start…")] {
                a href=(place(Kind::Stack, name, word)) aria-label={ (text) " " (name) } { (text) } " "
            }
        }
    }
}

/// The order that a query or a form says.
fn job(kind: Kind, names: &[String], said: &[(String, String)], asked: &Asked) -> Result<Job, Problem> {
    let [name, word] = names else { return Err(Problem::nothing_here()) };
    let mut job = Job::new(kind, word, name, &asked.caller.name)?;
    for (key, value) in said {
        job.set(key, value)?;
    }
    job.seen = seen::read(asked.query.iter().chain(said), &asked.parts.headers, None, job.compared())?;
    job.check()?;
    Ok(job)
}

/// What an order would do, and the button that gives it.
///
/// # Errors
/// If that can't be said.
pub(super) async fn preview(server: &Server, kind: Kind, names: &[String], asked: &Asked) -> Result<Page, Problem> {
    let job = job(kind, names, &asked.query, asked)?;
    let report = Box::pin(job.run(server, None, None)).await?;
    let forcible = report.blocked.iter().flat_map(|one| &one.reasons).any(|reason| reason.contains("--force"));
    // A node is named by its id in paths, and by its hostname where people read.
    let whom = report.actions.first().filter(|_| kind == Kind::Node).map_or(job.name.as_str(), |one| &one.target.name);
    let title = format!("{} {whom}", job.word);
    let kept: Vec<&(String, String)> = asked.query.iter().filter(|(key, _)| key != "force" && key != "seal").collect();
    let action = place(kind, &job.name, job.word);
    let back =
        if kind == Kind::Stack { home(kind).to_owned() } else { format!("{}/{}", home(kind), segment(&job.name)) };
    let body = html! {
        h1 { "What would be done: " (title) }
        (told(&report))
        @if asked.caller.writes {
            @if !report.actions.is_empty() {
                form.row method="post" action=(action) {
                    input type="hidden" name="seal" value=(asked.caller.seal);
                    @if job.force { input type="hidden" name="force" value="1"; }
                    @for (key, value) in &kept { input type="hidden" name=(key) value=(value); }
                    button.do type="submit" { "Do it: " (title) }
                    a.button href=(back) { "Leave it" }
                }
            } @else {
                p { a.button href=(back) { "Back" } }
            }
            @if forcible && !job.force {
                form.row method="get" action=(action) {
                    @for (key, value) in &kept { input type="hidden" name=(key) value=(value); }
                    input type="hidden" name="force" value="1";
                    button type="submit" { "See what it would do by force" }
                }
            }
        } @else {
            p { (parts::word("read only", "")) " You may look, and change nothing." }
        }
    };
    Ok(Page { title, menu: home(kind), body })
}

/// An order is given.
///
/// # Errors
/// If it didn't come from one of this server's own forms, or makes no sense.
pub(super) fn begin(server: &Rc<Server>, kind: Kind, names: &[String], asked: &Asked) -> Result<Answer, Problem> {
    let form = pairs(&String::from_utf8_lossy(&asked.body));
    let seal = form.iter().find(|(key, _)| key == "seal").map(|(_, seal)| seal.as_str()).unwrap_or_default();
    if !same(seal.as_bytes(), asked.caller.seal.as_bytes()) {
        let text = "this form is not of this server, or too old";
        return Err(Problem::new(http::StatusCode::FORBIDDEN, "wrong_seal", text).hint("open the page again"));
    }
    if asked.dry_run() || form.iter().any(|(key, _)| key == "dry_run") {
        let text = "a form that was sent is an order, and no dry run";
        let problem = Problem::new(http::StatusCode::BAD_REQUEST, "bad_request", text);
        return Err(problem.hint("GET of the same page says what it would do"));
    }
    let entry = job(kind, names, &form, asked)?.begin(server, None)?;
    Ok(answer::see(&format!("/runs/{}", entry.id)))
}

/// One run.
pub(super) fn run(entry: &Entry) -> Page {
    let report = entry.report();
    let body = html! {
        h1 { (entry.command) " " (entry.target) }
        p.dim { "Asked for by " (entry.by) ", " time datetime=(entry.started) { (entry.started.strftime("%H:%M:%S UTC")) } }
        // What prints is followed line by line.
        div #run data-live data-poll[report.is_none() && !entry.prints()] {
            @match &report {
                Some(report) => { (told(report)) }
                None => {
                    noscript { p { a href="" { "Look again" } } }
                    section {
                        p role="status" { (parts::word("running", "warn")) " It is under way." }
                        @if entry.prints() {
                            pre #log tabindex="0" aria-label="Log" data-follow={ "/api/runs/" (entry.id) "/log" } { (entry.said().unwrap_or_default()) }
                        }
                    }
                }
            }
        }
        p.actions {
            @if entry.command.starts_with("services") { a.button href={ "/services/" (segment(&entry.target)) } { "To the service" } }
            @if entry.command.starts_with("nodes") { a.button href={ "/nodes/" (segment(&entry.target)) } { "To the node" } }
            @if entry.command.starts_with("catalog") { a.button href="/catalog" { "To the catalog" } }
            a.button href="/history" { "History" }
        }
    };
    Page { title: format!("{} {}", entry.command, entry.target), menu: "", body }
}

/// A report as people read it.
fn told(report: &Report) -> Markup {
    html! {
        section aria-labelledby="h-report" {
            h2 #h-report {
                @if report.run.dry_run && !report.actions.is_empty() { "Planned" }
                @else if report.run.dry_run && report.blocked.is_empty() && report.error.is_none() { "There is nothing to do" }
                @else { (report.outcome) }
            }
            (outcome(report))
        }
        @if let Some(logs) = report.data.get("logs").and_then(Value::as_str) {
            section aria-labelledby="h-logs" { h2 #h-logs { "What the build printed" } pre tabindex="0" { (logs) } }
        }
        @if let Some(impact) = report.data.get("impact") {
            section aria-labelledby="h-impact" { h2 #h-impact { "What becomes of its tasks" } (nodes::impact(impact)) }
        }
    }
}

/// Its actions, with what was refused and what else is to be said.
pub(super) fn outcome(report: &Report) -> Markup {
    html! {
            @if let Some(error) = &report.error {
                p { (parts::word("failed", "bad")) " " (error.message) }
                @for cause in &error.causes { p.dim { (cause) } }
                @if let Some(hint) = &error.hint { p { "What to do: " (hint) } }
            }
            @if report.actions.is_empty() && report.blocked.is_empty() && report.error.is_none() { p.dim { "Nothing." } }
            ul.plain {
                @for action in &report.actions {
                    li {
                        (parts::word(&action.status.to_string(), class(action.status))) " " code { (action.kind) } " " (action.target.name)
                        @if action.disruptive { " " (parts::word("stops or restarts tasks", "warn")) }
                        @if !action.before.is_null() || !action.after.is_null() {
                            div { (services::shown(&action.before)) " → " b { (services::shown(&action.after)) } }
                        }
                        div.dim { (action.reason) }
                        @if let Some(error) = &action.error { div { (error) } }
                    }
                }
                @for blocked in &report.blocked {
                    li { (parts::word("refused", "bad")) " " (blocked.target.name) @for reason in &blocked.reasons { div { (reason) } } }
                }
                @for warning in &report.warnings { li { (parts::word("note", "warn")) " " (warning.message) } }
            }
    }
}

fn class(status: Status) -> &'static str {
    match status {
        Status::Done => "good",
        Status::Failed => "bad",
        Status::Planned | Status::Skipped => "warn",
    }
}
