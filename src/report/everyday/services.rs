//! `orca services ls|ps|show|diff` and `orca stacks ls`.

use std::time::Duration;

use serde_json::Value;

use super::{fact, items, number, table, text, words};
use crate::pass::words::spoken;
use crate::report::Report;

pub(super) fn list(services: &[Value], color: bool) -> String {
    let checked = services.iter().any(|service| service.get("check").is_some_and(Value::is_object));
    let row = |service: &Value| {
        let error = service.get("newest_error").map(|error| failure(error, false)).unwrap_or_default();
        let (name, mode) = (text(service, "name").to_owned(), text(service, "mode").to_owned());
        let mut row = vec![name, mode, ratio(service), state(service), image(service)];
        row.extend(checked.then(|| newer(service)));
        row.push(error);
        row
    };
    let mut heads = vec!["SERVICE", "MODE", "TASKS", "STATE", "IMAGE"];
    heads.extend(checked.then_some("NEWER"));
    heads.push("NEWEST ERROR");
    table(&heads, services.iter().map(row).collect(), "no services", color)
}

/// What the registry said: `no` only where it has said so.
fn newer(service: &Value) -> String {
    let check = service.get("check").unwrap_or(&Value::Null);
    let digest = short(text(check, "digest"));
    match text(check, "verdict") {
        "up_to_date" => "no".to_owned(),
        "newer" => match text(check, "image").rsplit_once(':') {
            Some((_, tag)) => format!("{tag} {digest}"),
            None => digest,
        },
        "unpinned" => format!("unpinned (tag: {digest})"),
        other => other.to_owned(),
    }
}

/// Of a digest what tells it apart.
fn short(digest: &str) -> String {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    if hex.is_empty() { String::new() } else { format!("@{}", hex.get(..12).unwrap_or(hex)) }
}

/// Running and wanted, as `2/3`, and those that have ended as they are meant to.
fn ratio(service: &Value) -> String {
    let (running, done) = (number(service, "running"), number(service, "done"));
    match service.get("wanted").and_then(Value::as_u64) {
        Some(wanted) if done > 0 => format!("{running}/{wanted} ({done} done)"),
        Some(wanted) => format!("{running}/{wanted}"),
        None => running.to_string(),
    }
}

fn state(service: &Value) -> String {
    let word = text(service, "state").replace('_', " ");
    match service.get("stopped_replicas").and_then(Value::as_u64) {
        Some(replicas) if word == "stopped" => format!("stopped (had {replicas})"),
        _ => word,
    }
}

/// Name and tag, and of the digest what tells it apart.
fn image(service: &Value) -> String {
    let name = text(service, "repository");
    let tag = match text(service, "tag") {
        "" => String::new(),
        tag => format!(":{tag}"),
    };
    let digest = short(text(service, "digest"));
    format!("{name}{tag}{digest}")
}

/// The newest error: when, and what.
fn failure(error: &Value, whole: bool) -> String {
    let said = text(error, "error");
    if error.is_null() || said.is_empty() && text(error, "task").is_empty() {
        return String::new();
    }
    let ago = error.get("age_seconds").and_then(Value::as_u64);
    let ago = ago.map(|seconds| format!("{} ago: ", spoken(Duration::from_secs(seconds)))).unwrap_or_default();
    let place = match (whole, text(error, "task"), text(error, "node")) {
        (false, ..) => String::new(),
        (true, task, "") => format!("{task}, "),
        (true, task, node) => format!("{task} on {node}, "),
    };
    format!("{place}{ago}{said}")
}

pub(super) fn tasks(tasks: &[Value], color: bool) -> String {
    let rows = tasks
        .iter()
        .map(|task| {
            let (state, desired) = (text(task, "state"), text(task, "desired_state"));
            let state = if state == desired { state.to_owned() } else { format!("{state} (wanted: {desired})") };
            let old = if task.get("current_spec") == Some(&Value::Bool(false)) { ", of an older spec" } else { "" };
            vec![
                text(task, "name").to_owned(),
                text(task, "node").to_owned(),
                format!("{state}{old}"),
                since(task),
                why(task),
            ]
        })
        .collect();
    table(&["TASK", "NODE", "STATE", "SINCE", "WHY"], rows, "no tasks", color)
}

/// To the second: what is finer tells people nothing.
fn since(task: &Value) -> String {
    text(task, "since").split('.').next().unwrap_or_default().trim_end_matches('Z').replace('T', " ")
}

/// Why it waits, else what is wrong with it, else what was wrong with the one before.
fn why(task: &Value) -> String {
    let pending = words(task, "why_pending").replace(", closest is", "; closest is");
    if !pending.is_empty() {
        return items(task, "why_pending").filter_map(Value::as_str).collect::<Vec<_>>().join("; ");
    }
    match (text(task, "error"), task.get("failed_before").map(|before| text(before, "error"))) {
        ("", Some(before)) if !before.is_empty() => format!("before: {before}"),
        (error, _) => error.to_owned(),
    }
}

pub(super) fn page(service: &Value, color: bool) -> String {
    let spec = |pointer: &str| service.pointer(&format!("/spec{pointer}")).cloned().unwrap_or_default();
    let joined = |pointer: &str| words(&serde_json::json!({ "list": spec(pointer) }), "list");
    let rollout = spec("/UpdateConfig");
    let update = match rollout.as_object() {
        Some(_) => format!(
            "{} at a time, {}, on failure {}",
            number(&rollout, "Parallelism"),
            rollout.get("Order").and_then(Value::as_str).unwrap_or("stop-first"),
            rollout.get("FailureAction").and_then(Value::as_str).unwrap_or("pause"),
        ),
        None => "1 at a time, stop-first, on failure pause (the engine's own)".to_owned(),
    };
    let last = service.get("update_status").filter(|status| status.is_object());
    let last = last.map(|status| format!("{}: {}", text(status, "State"), text(status, "Message"))).unwrap_or_default();
    let facts = [
        fact("service", text(service, "name")),
        fact("id", text(service, "id")),
        fact("stack", text(service, "stack")),
        fact("mode", text(service, "mode")),
        fact("tasks", &format!("{} ({})", ratio(service), state(service))),
        fact("image", text(service, "image")),
        fact("constraints", &joined("/TaskTemplate/Placement/Constraints")),
        fact("env", &joined("/TaskTemplate/ContainerSpec/Env")),
        fact("mounts", &pairs(&spec("/TaskTemplate/ContainerSpec/Mounts"), "Source", "Target")),
        fact("ports", &pairs(&spec("/EndpointSpec/Ports"), "PublishedPort", "TargetPort")),
        fact("updates", &update),
        fact("last update", &last),
        fact("newest error", &service.get("newest_error").map(|error| failure(error, true)).unwrap_or_default()),
    ];
    let own: Vec<Value> = items(service, "tasks").cloned().collect();
    let changes: Vec<Value> = items(service, "previous").cloned().collect();
    let mut page = facts.concat();
    if !changes.is_empty() {
        page.extend(["\nchanged by the last update:\n", &changed(&changes, color)]);
    }
    page + "\n" + &tasks(&own, color)
}

/// Lines of logs, each with whose it is.
pub(super) fn log(lines: &[Value]) -> String {
    // A global service's tasks have their node's name for a number.
    let whose = |line: &Value| match (text(line, "task"), format!("@{}", text(line, "node"))) {
        (task, node) if task.ends_with(&node) => task.to_owned(),
        (task, node) => task.to_owned() + &node,
    };
    let width = lines.iter().map(|line| whose(line).len()).max().unwrap_or_default();
    lines.iter().map(|line| format!("{:<width$} | {}\n", whose(line), text(line, "text"))).collect()
}

/// Both sides of each item, as `data -> /var/lib`.
fn pairs(list: &Value, from: &str, to: &str) -> String {
    let side = |item: &Value, key: &str| match item.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "(any)".to_owned(),
        Some(other) => other.to_string(),
    };
    let items = list.as_array().into_iter().flatten();
    items.map(|item| format!("{} -> {}", side(item, from), side(item, to))).collect::<Vec<_>>().join(", ")
}

pub(super) fn differences(report: &Report, differences: &[Value], color: bool) -> String {
    let name = report.data.get("service").and_then(Value::as_str).unwrap_or_default();
    if report.data.get("has_previous") == Some(&Value::Bool(false)) {
        return format!("`{name}` has not been updated: there is no spec before this one\n");
    }
    if differences.is_empty() {
        return format!("the spec of `{name}` before its last update is the same\n");
    }
    changed(differences, color)
}

fn changed(differences: &[Value], color: bool) -> String {
    let value = |value: Option<&Value>| match value {
        Some(Value::Null) | None => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let rows = differences
        .iter()
        .map(|one| vec![text(one, "path").to_owned(), value(one.get("before")), value(one.get("after"))])
        .collect();
    table(&["FIELD", "BEFORE", "NOW"], rows, "", color)
}

pub(super) fn stacks(stacks: &[Value], color: bool) -> String {
    let rows = stacks
        .iter()
        .map(|stack| {
            let wrong: Vec<String> = items(stack, "not_ok")
                .map(|one| {
                    format!(
                        "{} {} ({})",
                        text(one, "service"),
                        text(one, "state").replace('_', " "),
                        text(one, "tasks")
                    )
                })
                .collect();
            vec![
                text(stack, "name").to_owned(),
                number(stack, "services").to_string(),
                number(stack, "ok").to_string(),
                items(stack, "stopped").count().to_string(),
                wrong.join(", "),
            ]
        })
        .collect();
    table(&["STACK", "SERVICES", "OK", "STOPPED", "NOT OK"], rows, "no stacks", color)
}
