//! The everyday verbs as a person reads them: tables that fit the terminal, and pages about one object.

mod catalog;
mod health;
mod nodes;
mod registry;
mod services;

use serde_json::Value;

use super::Report;
use super::text::{new_table, shown};

/// What a command that only tells has to say; none for other commands.
pub(super) fn render(report: &Report, color: bool) -> Option<String> {
    // Why there is nothing to tell is said on stderr.
    if report.error.is_some() && report.data.is_empty() {
        return None;
    }
    let list = |key: &str| report.data.get(key).and_then(Value::as_array).map(Vec::as_slice);
    let text = match report.command.as_str() {
        "services ls" => services::list(list("services")?, color),
        "services ps" => services::tasks(list("tasks")?, color),
        "services show" => services::page(report.data.get("service")?, color),
        "services diff" => services::differences(report, list("differences")?, color),
        "stacks ls" => services::stacks(list("stacks")?, color),
        "nodes ls" => nodes::list(list("nodes")?, color),
        "nodes show" => nodes::page(report.data.get("node")?, color),
        "stacks status" => services::list(list("services")?, color) + &health::findings(list("findings")?, color),
        "services logs" | "stacks logs" => services::log(list("lines")?),
        "registry repos" => registry::repositories(list("repositories")?, color),
        "registry tags" => registry::tags(list("tags")?, color),
        "registry inspect" => registry::page(report, report.data.get("image")?, color),
        "catalog ls" => catalog::list(list("services")?, color),
        "catalog show" => catalog::page(report.data.get("service")?),
        "projects ls" => catalog::projects(list("projects")?, color),
        "health" => health::page(report, list("findings")?, color),
        _ => return None,
    };
    Some(text)
}

/// One line of a log, while it is followed.
pub(super) fn log_line(line: &Value) -> String {
    services::log(std::slice::from_ref(line))
}

/// What emptying nodes does, before what became of it.
pub(super) fn impact(report: &Report) -> String {
    report.data.get("impact").map(nodes::impact).unwrap_or_default()
}

/// What the catalog's reconcile has found.
pub(super) fn drifts(report: &Report) -> String {
    let keys = ["inserted", "updated", "deleted", "state_updated"];
    let counts = keys.iter().filter_map(|key| Some(format!("{key} {}", report.data.get(*key)?)));
    let counts: Vec<String> = counts.collect();
    if counts.is_empty() { String::new() } else { format!("{}\n", counts.join(", ")) }
}

/// A table of these rows, or what to say where there are none.
pub(super) fn table(heads: &[&str], rows: Vec<Vec<String>>, none: &str, color: bool) -> String {
    if rows.is_empty() {
        return format!("{none}\n");
    }
    let mut table = new_table(color, heads);
    for row in rows {
        table.add_row(row);
    }
    shown(&table)
}

/// The text at this key; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or_default()
}

pub(super) fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn words(value: &Value, key: &str) -> String {
    items(value, key).filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// A line of a page: what it is, and the fact; nothing where there is no fact.
fn fact(what: &str, fact: &str) -> String {
    if fact.is_empty() { String::new() } else { format!("{:<14}{fact}\n", format!("{what}:")) }
}

/// Labels as `a=b, c=d`.
fn labels(value: &Value) -> String {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect::<Vec<_>>().join(", ")
}
