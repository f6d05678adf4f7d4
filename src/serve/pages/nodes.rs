//! Nodes: all of them, and one.

use std::collections::HashMap;

use anyhow::Result;
use maud::{Markup, html};
use serde_json::Value;

use super::{Page, actions, parts};
use crate::cli::OneNode;
use crate::everyday;
use crate::model::{Needs, Node, NodeId, Offer, ServiceId};
use crate::pass::nodes::list;
use crate::serve::Server;
use crate::serve::access::Caller;
use crate::serve::api::data;
use crate::serve::aside::Memory;
use crate::serve::warm::View;
use crate::snapshot::Snapshot;

/// What tasks have reserved on a node: CPU in billionths, memory in bytes.
type Reserved<'a> = HashMap<&'a NodeId, (u64, u64)>;

fn reserved(cluster: &Snapshot) -> Result<Reserved<'_>> {
    let mut needs: HashMap<&ServiceId, &Needs> = HashMap::with_capacity(cluster.services.len());
    for service in cluster.services.iter() {
        needs.insert(&service.id, service.needs()?);
    }
    let mut reserved = Reserved::new();
    for task in cluster.tasks.iter().filter(|task| task.live() && !task.node.0.is_empty()) {
        if let Some(needs) = needs.get(&task.service) {
            let (cpu, memory) = reserved.entry(&task.node).or_default();
            (*cpu, *memory) = (cpu.saturating_add(needs.nano_cpus), memory.saturating_add(needs.memory));
        }
    }
    Ok(reserved)
}

/// All nodes.
///
/// # Errors
/// If an object can't be read.
pub(super) fn all(server: &Server, view: &View) -> Result<Page> {
    let body = html! {
        h1 { "Nodes" }
        section #nodes data-live aria-label="Nodes" { (table(server, &view.cluster, usize::MAX)?) }
    };
    Ok(Page { title: "Nodes".to_owned(), menu: "/nodes", body })
}

/// A table of nodes.
///
/// # Errors
/// If an object can't be read.
pub(super) fn table(server: &Server, cluster: &Snapshot, most: usize) -> Result<Markup> {
    let reserved = reserved(cluster)?;
    let memory = server.asides.memory();
    let mut rows = Vec::new();
    for node in cluster.nodes.iter().take(most) {
        let free = memory.as_deref().map(|memory| free(memory, node));
        rows.push(row(cluster, node, &reserved, free.as_ref())?);
    }
    let mut head = vec![
        ("Node", false),
        ("State", false),
        ("Role", false),
        ("Tasks", true),
        ("CPU reserved", false),
        ("Memory reserved", false),
    ];
    head.extend(memory.is_some().then_some(("Memory in use", false)));
    head.push(("Labels", false));
    Ok(html! {
        (parts::table("Nodes", &head, &html! { @for row in &rows { (row) } }))
        @if let Some(Err(error)) = memory.as_deref() { p.dim { "Memory in use is not known: " (format!("{error:#}")) } }
        @if cluster.nodes.len() > most { p { a href="/nodes" { "All " (cluster.nodes.len()) " nodes" } } }
    })
}

fn row(cluster: &Snapshot, node: &Node, reserved: &Reserved<'_>, free: Option<&Markup>) -> Result<Markup> {
    let entry = list::entry(cluster, node)?;
    let offer = Offer::read(&node.raw)?;
    let labels: Vec<String> = node.labels.iter().filter(|(key, _)| !key.starts_with("orca.")).map(label).collect();
    Ok(html! {
        tr {
            th scope="row" { (parts::node(&node.id.0, &node.key)) }
            td { (state(node)) @if entry["ghost"] == true { " " (parts::word("ghost", "")) } }
            td { (role(&entry)) }
            td.n { (entry["running"]) "/" (entry["tasks"]) }
            td { (cpu(node, &offer, reserved)) }
            td { (memory(node, &offer, reserved)) }
            @if let Some(free) = free { td { (free) } }
            td.wide { (labels.join(", ")) }
        }
    })
}

fn label((key, value): (&String, &String)) -> String {
    if value.is_empty() { key.clone() } else { format!("{key}={value}") }
}

fn role(entry: &Value) -> String {
    let role = entry["role"].as_str().unwrap_or_default();
    match (entry["leader"] == true, entry["reachable"] == false) {
        (true, _) => "leader".to_owned(),
        (_, true) => format!("{role}, unreachable"),
        _ => role.to_owned(),
    }
}

fn state(node: &Node) -> Markup {
    let (state, availability) = (list::state(node), list::availability(node));
    html! {
        (parts::word(state, if state == "ready" { "good" } else { "bad" }))
        @if availability != "active" { " " (parts::word(availability, "warn")) }
    }
}

fn cpu(node: &Node, offer: &Offer, reserved: &Reserved<'_>) -> Markup {
    let taken = reserved.get(&node.id).map_or(0, |(cpu, _)| *cpu);
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let cores = |nanos: u64| nanos as f64 / 1e9;
    parts::share(
        "CPU reserved",
        taken,
        offer.nano_cpus,
        &format!("{:.1} of {:.0}", cores(taken), cores(offer.nano_cpus)),
    )
}

fn memory(node: &Node, offer: &Offer, reserved: &Reserved<'_>) -> Markup {
    let taken = reserved.get(&node.id).map_or(0, |(_, memory)| *memory);
    parts::share(
        "Memory reserved",
        taken,
        offer.memory,
        &format!("{} of {}", parts::bytes(taken), parts::bytes(offer.memory)),
    )
}

/// What an exporter says of a node's memory.
fn free(memory: &Result<Memory>, node: &Node) -> Markup {
    let unknown = |why: &str| html! { span.dim title=(why) { "not known" } };
    match memory.as_ref().map(|memory| memory.get(&node.name)) {
        Ok(Some(Ok(memory))) => {
            let free = memory.total_bytes.saturating_sub(memory.used_bytes);
            let words = format!("{} free of {}", parts::bytes(free), parts::bytes(memory.total_bytes));
            parts::share("Memory in use", memory.used_bytes, memory.total_bytes, &words)
        }
        Ok(Some(Err(why))) => unknown(why),
        Ok(None) => unknown("nobody was asked"),
        Err(error) => unknown(&format!("{error:#}")),
    }
}

/// One node.
///
/// # Errors
/// If there is none of this name.
pub(super) fn one(server: &Server, view: &View, name: &str, caller: &Caller) -> Result<Page> {
    let cluster = &view.cluster;
    let node = everyday::node(cluster, name)?;
    let entry =
        data(|report| everyday::nodes_show(cluster, &OneNode { name: node.id.0.clone() }, report))?["node"].take();
    let (offer, reserved) = (Offer::read(&node.raw)?, reserved(cluster)?);
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let body = html! {
        h1 { (node.key) }
        section #facts data-live aria-label="Facts" {
            dl {
                dt { "State" } dd { (state(node)) " " (text("state_message")) }
                dt { "Role" } dd { (role(&entry)) }
                dt { "Address" } dd { (text("address")) }
                dt { "Engine" } dd { (text("engine")) ", " (text("os")) "/" (text("architecture")) }
                dt { "CPU reserved" } dd { (cpu(node, &offer, &reserved)) }
                dt { "Memory reserved" } dd { (memory(node, &offer, &reserved)) }
                @if let Some(memory) = server.asides.memory() { dt { "Memory in use" } dd { (free(&memory, node)) } }
                dt { "Labels" } dd { @for pair in &node.labels { code { (label(pair)) } " " } }
                dt { "Id" } dd { code { (node.id.0) } }
            }
        }
        section #tasks data-live aria-labelledby="h-tasks" {
            h2 #h-tasks { "Tasks here" }
            (tasks(&entry["task_list"], cluster))
        }
        section #impact data-live aria-labelledby="h-impact" {
            h2 #h-impact { "What becomes of them without it" }
            (impact(&entry["without_it"]))
        }
        (actions::of_node(&node.id.0, node.version, list::availability(node), caller))
    };
    Ok(Page { title: node.key.clone(), menu: "/nodes", body })
}

fn tasks(list: &Value, cluster: &Snapshot) -> Markup {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let rows = html! {
        @for task in list {
            @let name = task["name"].as_str().unwrap_or_default();
            @let service = name.rsplit_once('.').filter(|(_, slot)| slot.parse::<u64>().is_ok()).map_or(name, |(service, _)| service);
            tr {
                th scope="row" { a href={ "/services/" (crate::engine::path::segment(service)) } { (name) } }
                td { (parts::word(task["state"].as_str().unwrap_or_default(), if task["state"] == "running" { "good" } else { "warn" })) }
                td { (parts::moment(task["since"].as_str().and_then(|at| at.parse().ok()), cluster.engine_time)) }
            }
        }
    };
    html! {
        @if list.is_empty() { p.dim { "None." } }
        @else { (parts::table("Tasks", &[("Task", false), ("State", false), ("Since", false)], &rows)) }
    }
}

/// What emptying it does, in words.
pub(super) fn impact(impact: &Value) -> Markup {
    let names =
        |key: &str| -> Vec<&str> { impact[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect() };
    let list = |key: &str| impact[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let none = ["moves", "stranded", "single_replica", "local_volumes", "global", "jobs"]
        .iter()
        .all(|key| list(key).is_empty());
    html! {
        ul.plain {
            @if none { li.dim { "Nothing: it has no tasks." } }
            @for one in list("stranded") {
                li {
                    (parts::word("finds no other node", "bad")) " " (one["task"].as_str().unwrap_or_default()) ": "
                    (one["why"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("; "))
                }
            }
            @if !names("moves").is_empty() { li { "Start anew elsewhere: " (names("moves").join(", ")) } }
            @if !names("single_replica").is_empty() { li { (parts::word("away for a while", "warn")) " the only task of " (names("single_replica").join(", ")) } }
            @for one in list("local_volumes") {
                li { (parts::word("stays behind", "warn")) " volume " code { (one["volume"].as_str().unwrap_or_default()) } " of " (one["service"].as_str().unwrap_or_default()) }
            }
            @if !names("global").is_empty() { li { "Lose the task of this node: " (names("global").join(", ")) } }
            @if !names("jobs").is_empty() { li { "Jobs that stay until they have ended: " (names("jobs").join(", ")) } }
        }
    }
}
