//! Services: all of them, one of them, and what one prints.

use anyhow::{Context as _, Result};
use maud::{Markup, html};
use serde_json::Value;

use super::{Page, actions, parts};
use crate::cli::{OneService, Tasks};
use crate::engine::path::{segment, with_query};
use crate::everyday;
use crate::model::Reference;
use crate::pass::services::{Standing, standing};
use crate::serve::Server;
use crate::serve::access::Caller;
use crate::serve::api::{Asked, data, read_logs, shapes};
use crate::serve::problem::Problem;
use crate::serve::warm::View;
use crate::snapshot::Snapshot;

/// Services on one page.
const ROWS: usize = 100;

/// All services that are asked for.
///
/// # Errors
/// If an object can't be read.
pub(super) fn all(server: &Server, view: &View, asked: &Asked) -> Result<Page, Problem> {
    let standings = standings(&view.cluster)?;
    let (text, state, stack) =
        (asked.says("q").unwrap_or(""), asked.says("state").unwrap_or(""), asked.says("stack").unwrap_or(""));
    let wanted = |one: &&Standing<'_>| {
        let well = matches!(one.state.name(), "ok" | "stopped");
        (text.is_empty() || one.service.name.contains(text) || one.service.image.contains(text))
            && (state.is_empty() || state == one.state.name() || state == "not-ok" && !well)
            && (stack.is_empty() || one.stack.as_deref() == Some(stack))
    };
    let found: Vec<&Standing<'_>> = standings.iter().filter(wanted).collect();
    let page = usize::try_from(asked.number("page", 1, 1_000_000)?.max(1)).unwrap_or(1);
    let shown: Vec<&Standing<'_>> = found.iter().skip((page - 1) * ROWS).take(ROWS).copied().collect();
    let number = |page: usize| {
        with_query("/services", &[("q", text), ("state", state), ("stack", stack), ("page", &page.to_string())])
    };
    let states = ["not-ok", "ok", "starting", "pending", "failing", "updating", "rolling_back", "paused", "stopped"];
    let body = html! {
        h1 { "Services" }
        form.row method="get" action="/services" role="search" {
            div { label for="q" { "Name or image" } input #q name="q" value=(text); }
            div {
                label for="state" { "State" }
                select #state name="state" {
                    option value="" { "any" }
                    @for word in states { option value=(word) selected[word == state] { (word.replace(['_', '-'], " ")) } }
                }
            }
            @if !stack.is_empty() { div { label for="stack" { "Stack" } input #stack name="stack" value=(stack); } }
            button type="submit" { "Filter" }
        }
        section #services data-live aria-label="Services" {
            p.dim { (found.len()) " of " (standings.len()) }
            @if !shown.is_empty() { (table(server, &view.cluster, &shown)) }
            p.actions {
                @if page > 1 { a.button href=(number(page - 1)) { "Before" } }
                @if found.len() > page * ROWS { a.button href=(number(page + 1)) { "More" } }
            }
        }
    };
    Ok(Page { title: "Services".to_owned(), menu: "/services", body })
}

fn standings(cluster: &Snapshot) -> Result<Vec<Standing<'_>>> {
    standing::all(cluster).context("the engine's services can't be read")
}

/// A table of services.
pub(super) fn table(server: &Server, cluster: &Snapshot, services: &[&Standing<'_>]) -> Markup {
    let newer = server.asides.newer();
    let rows = html! {
        @for one in services {
            @let image = Reference::parse(&one.service.image);
            tr {
                th scope="row" { (parts::service(&one.service.name)) }
                td { (parts::state(one.state)) }
                td.n { (one.ratio()) }
                td { (brief(&image)) @if newer.than(one.service).is_some() { " " (parts::word("newer available", "warn")) } }
                td { (places(cluster, one)) }
                td.wide { @if let Some(failure) = &one.failure { (failure.error) " " span.dim { (parts::moment(failure.at, cluster.engine_time)) } } }
            }
        }
    };
    let head = [
        ("Service", false),
        ("State", false),
        ("Tasks", true),
        ("Image", false),
        ("Nodes", false),
        ("Newest error", false),
    ];
    parts::table("Services", &head, &rows)
}

/// An image without its registry and the path there: which is which, say the last part, the tag and the digest.
fn brief(image: &Reference) -> Markup {
    let name = image.repository.rsplit('/').next().unwrap_or_default();
    html! {
        (name) ":" (image.tag.as_deref().unwrap_or("latest"))
        @if let Some(digest) = &image.digest { " " code.dim { (parts::short(digest)) } }
    }
}

fn places(cluster: &Snapshot, one: &Standing<'_>) -> String {
    let places = shapes::places(cluster, one);
    let more = places.len().saturating_sub(3);
    let first: Vec<String> = places.into_iter().take(3).collect();
    if more > 0 { format!("{} and {more} more", first.join(", ")) } else { first.join(", ") }
}

/// One service.
///
/// # Errors
/// If there is none of this name.
pub(super) fn one(server: &Server, view: &View, name: &str, caller: &Caller) -> Result<Page> {
    let cluster = &view.cluster;
    let args = OneService { name: name.to_owned() };
    let entry = data(|report| everyday::services_show(cluster, &args, report))?["service"].take();
    let name = entry["name"].as_str().unwrap_or(name).to_owned();
    let standings = standings(cluster)?;
    let one = standings.iter().find(|one| one.service.name == name).context("the service is gone")?;
    let chosen = crate::cli::Chosen { names: vec![name.clone()], stack: None };
    let tasks = data(|report| everyday::services_ps(cluster, &Tasks { chosen, all: true }, report))?["tasks"].take();
    let body = html! {
        h1 { (name) }
        (facts(server, cluster, one, &entry))
        section #tasks data-live aria-labelledby="h-tasks" {
            h2 #h-tasks { "Tasks" }
            (task_table(&tasks, cluster.engine_time))
        }
        p.actions { a.button href={ "/services/" (segment(&name)) "/logs" } { "Logs" } }
        (actions::of_service(one, caller))
        (differences(&entry["previous"]))
        section aria-labelledby="h-spec" {
            h2 #h-spec { "Specification" }
            details #spec { summary { "As the swarm has it; env values and secrets are masked" }
                pre tabindex="0" { (serde_json::to_string_pretty(&entry["spec"]).unwrap_or_default()) }
            }
        }
    };
    Ok(Page { title: name, menu: "/services", body })
}

fn facts(server: &Server, cluster: &Snapshot, one: &Standing<'_>, entry: &Value) -> Markup {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let newer = server.asides.newer();
    let ports = shapes::ports(one.service);
    html! {
        section #facts data-live aria-label="Facts" {
            dl {
                dt { "State" } dd { (parts::state(one.state)) " " (one.ratio()) " tasks run" }
                dt { "Image" } dd {
                    code { (text("image")) }
                    @if let Some(image) = newer.than(one.service) { div { (parts::word("newer available", "warn")) " " code { (image) } } }
                }
                dt { "Mode" } dd { (one.mode()) }
                @if let Some(stack) = &one.stack { dt { "Stack" } dd { a href=(with_query("/services", &[("stack", stack)])) { (stack) } } }
                @if !ports.is_empty() { dt { "Ports" } dd { (ports.join(", ")) } }
                dt { "Nodes" } dd { (places(cluster, one)) }
                @if let Some(message) = entry["update_message"].as_str() { dt { "Last rollout" } dd { (message) } }
                @if let Some(failure) = &one.failure {
                    dt { "Newest error" } dd { (failure.task) ": " (failure.error) " " span.dim { (parts::moment(failure.at, cluster.engine_time)) } }
                }
                dt { "Version" } dd { (one.service.version) }
                dt { "Changed" } dd { (text("updated_at")) }
            }
        }
    }
}

fn task_table(tasks: &Value, now: jiff::Timestamp) -> Markup {
    let text = |task: &Value, key: &str| task[key].as_str().unwrap_or_default().to_owned();
    let rows = html! {
        @for task in tasks.as_array().into_iter().flatten() {
            tr {
                th scope="row" { (text(task, "name")) }
                td { (parts::word(&text(task, "state"), class(task))) }
                td { (text(task, "node")) }
                td { (parts::moment(text(task, "since").parse().ok(), now)) }
                td.wide {
                    @for line in task["why_pending"].as_array().into_iter().flatten().filter_map(Value::as_str) { div { (line) } }
                    @if let Some(error) = task["error"].as_str() { div { (error) } }
                    @if let Some(error) = task.pointer("/failed_before/error").and_then(Value::as_str) { div.dim { "before: " (error) } }
                }
            }
        }
    };
    parts::table(
        "Tasks",
        &[("Task", false), ("State", false), ("Node", false), ("Since", false), ("Why", false)],
        &rows,
    )
}

fn class(task: &Value) -> &'static str {
    match task["state"].as_str().unwrap_or_default() {
        "running" => "good",
        "failed" | "rejected" | "orphaned" => "bad",
        "complete" | "shutdown" | "remove" => "",
        _ => "warn",
    }
}

fn differences(previous: &Value) -> Markup {
    let rows = html! {
        @for one in previous.as_array().into_iter().flatten() {
            tr {
                th scope="row" { code { (one["path"].as_str().unwrap_or_default()) } }
                td.wide { (shown(&one["before"])) }
                td.wide { (shown(&one["after"])) }
            }
        }
    };
    html! {
        section #diff data-live aria-labelledby="h-diff" {
            h2 #h-diff { "What its last update has changed" }
            @if previous.as_array().is_none_or(Vec::is_empty) { p.dim { "There was none, or it changed nothing." } }
            @else { (parts::table("Differences", &[("Where", false), ("Before", false), ("After", false)], &rows)) }
        }
    }
}

/// A value as people read it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a service prints.
///
/// # Errors
/// If there is no such service, or its tasks can't be asked.
pub(super) async fn logs(server: &Server, view: &View, name: &str, asked: &Asked) -> Result<Page, Problem> {
    let args = OneService { name: name.to_owned() };
    let entry = data(|report| everyday::services_show(&view.cluster, &args, report))?["service"].take();
    let name = entry["name"].as_str().unwrap_or(name).to_owned();
    let (tail, grep) = (asked.number("tail", 100, 10_000)?, asked.says("grep").unwrap_or(""));
    let told = read_logs(server, &name, tail, Some(grep).filter(|grep| !grep.is_empty())).await?;
    let missing: Vec<&str> = told["missing"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let path = format!("/api/services/{}/logs", segment(&name));
    let follow = with_query(&path, &[("follow", "1"), ("tail", &tail.to_string()), ("grep", grep)]);
    let body = html! {
        h1 { "Logs of " (parts::service(&name)) }
        form.row method="get" {
            div { label for="tail" { "Lines of each task" } input #tail name="tail" type="number" min="0" max="10000" value=(tail); }
            div { label for="grep" { "With this text" } input #grep name="grep" value=(grep); }
            button type="submit" { "Show" }
        }
        @if !missing.is_empty() {
            section aria-label="What is missing" {
                p { (parts::word("not all is here", "warn")) }
                ul.plain { @for line in missing { li { (line) } } }
            }
        }
        pre #log tabindex="0" aria-label="Log" data-follow=(follow) { (told["logs"].as_str().unwrap_or_default()) }
    };
    Ok(Page { title: format!("Logs of {name}"), menu: "/services", body })
}
