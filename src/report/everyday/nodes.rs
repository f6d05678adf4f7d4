//! `orca nodes ls|show`, and what emptying a node does.

use serde_json::Value;

use super::{fact, items, labels, number, table, text, words};
use crate::pass::rebalance::words::bytes;

pub(super) fn list(nodes: &[Value], color: bool) -> String {
    let rows = nodes
        .iter()
        .map(|node| {
            vec![
                text(node, "key").to_owned(),
                state(node),
                text(node, "availability").to_owned(),
                role(node),
                text(node, "engine").to_owned(),
                format!("{}/{}", number(node, "running"), number(node, "tasks")),
                labels(&node["labels"]),
            ]
        })
        .collect();
    table(&["NODE", "STATE", "AVAILABILITY", "ROLE", "ENGINE", "TASKS", "LABELS"], rows, "no nodes", color)
}

fn state(node: &Value) -> String {
    let ghost = if node.get("ghost") == Some(&Value::Bool(true)) { " (ghost)" } else { "" };
    format!("{}{ghost}", text(node, "state"))
}

fn role(node: &Value) -> String {
    match (node.get("leader"), node.get("reachable")) {
        (Some(Value::Bool(true)), _) => "leader".to_owned(),
        (_, Some(Value::Bool(false))) => format!("{} (unreachable)", text(node, "role")),
        _ => text(node, "role").to_owned(),
    }
}

pub(super) fn page(node: &Value, color: bool) -> String {
    let cpus = number(node, "nano_cpus") / 1_000_000_000;
    let facts = [
        fact("node", text(node, "name")),
        fact("id", text(node, "id")),
        fact("state", format!("{} {}", state(node), text(node, "state_message")).trim_end()),
        fact("availability", text(node, "availability")),
        fact("role", &role(node)),
        fact("address", text(node, "address")),
        fact("engine", &format!("{} ({}/{})", text(node, "engine"), text(node, "os"), text(node, "architecture"))),
        fact("resources", &format!("{cpus} CPUs, {}", bytes(number(node, "memory_bytes")))),
        fact("labels", &labels(&node["labels"])),
    ];
    let rows = items(node, "task_list")
        .map(|task| vec![text(task, "name").to_owned(), text(task, "state").to_owned()])
        .collect();
    facts.concat() + "\n" + &table(&["TASK", "STATE"], rows, "no tasks", color) + &impact(&node["without_it"])
}

/// What emptying does, in lines; nothing where nothing runs.
pub(super) fn impact(impact: &Value) -> String {
    let mut lines = Vec::new();
    let mut list = |what: &str, key: &str| {
        let words = words(impact, key);
        if !words.is_empty() {
            lines.push(format!("  {what}: {words}\n"));
        }
    };
    list("find another node", "moves");
    list("away until their only task runs elsewhere", "single_replica");
    list("end here (global)", "global");
    list("stay until they have ended (jobs)", "jobs");
    for one in items(impact, "stranded") {
        lines.push(format!("  finds no other node: {} ({})\n", text(one, "task"), words(one, "why")));
    }
    for one in items(impact, "local_volumes") {
        lines.push(format!("  stays behind: volume {} of {}\n", text(one, "volume"), text(one, "service")));
    }
    if lines.is_empty() { String::new() } else { format!("\nif it were emptied:\n{}", lines.concat()) }
}
