//! `orca services update` as a person reads it: what each service gets, how, and what became of it.

use std::time::Duration;

use serde_json::Value;

use super::everyday::{items, table, text};
use super::{Report, ReportedAction, Status};
use crate::pass::rebalance::words::bytes;
use crate::pass::update::{DATA, short};
use crate::pass::words::spoken;
use crate::plan::TargetKind;
use crate::updates::clean::DATA as CLEAN;

/// What becomes, or has become, of each service that gets an image.
pub(super) fn render(report: &Report, color: bool) -> String {
    let entries: Vec<&Value> = report.data.get(DATA).and_then(Value::as_array).into_iter().flatten().collect();
    let (mut rows, mut notes) = (Vec::new(), String::new());
    for action in &report.actions {
        let Some(entry) = entries.iter().find(|entry| entry["id"] == *action.target.id) else { continue };
        rows.push(row(action, entry));
        notes += &about(action, entry, report.run.dry_run);
    }
    notes += &cleaned(report);
    if rows.is_empty() {
        return notes;
    }
    table(&["STATUS", "SERVICE", "IMAGE", "FROM", "TO", "AGE", "TOOK"], rows, "", color) + &notes
}

/// What became of images that updates had replaced before, of `--clean`; nothing where there were none.
fn cleaned(report: &Report) -> String {
    let Some(clean) = report.data.get(CLEAN) else { return String::new() };
    let images: Vec<&str> = items(clean, "images").filter_map(Value::as_str).collect();
    if images.is_empty() {
        return String::new();
    }
    if report.run.dry_run {
        return format!("replaced, and of no more use: {}\n", images.join(", "));
    }
    let of_nodes = report.actions.iter().filter(|action| action.target.node.is_some());
    let (done, not): (Vec<_>, Vec<_>) = of_nodes.partition(|action| action.status == Status::Done);
    let removed = done.iter().filter(|action| action.target.kind == TargetKind::Image).count();
    let freed = bytes(clean.get("freed_bytes").and_then(Value::as_u64).unwrap_or_default());
    let said = format!("replaced, and of no more use: {}, removed {removed} times, {freed} freed\n", images.len());
    let stays = not.iter().map(|action| {
        let node = action.target.node.as_deref().unwrap_or_default();
        let error = action.error.as_deref().unwrap_or("it was not removed");
        format!("  `{}` on {node}: {error}\n", action.target.name)
    });
    said + &stays.collect::<String>()
}

fn row(action: &ReportedAction, entry: &Value) -> Vec<String> {
    let status = match (action.status, text(entry, "outcome")) {
        (Status::Planned, _) => "planned".to_owned(),
        (Status::Skipped, _) => "skipped".to_owned(),
        (_, "") => "failed".to_owned(),
        (_, outcome) => outcome.replace('_', " "),
    };
    let digest = |key: &str| match text(entry, key) {
        "" => "-".to_owned(),
        digest => short(digest).to_owned(),
    };
    let age = entry.get("age_s").and_then(Value::as_u64).map(|seconds| spoken(Duration::from_secs(seconds)));
    let took = entry.get("took_ms").and_then(Value::as_u64).map(|millis| spoken(Duration::from_millis(millis)));
    let (name, mut image) = (action.target.name.clone(), text(entry, "image").to_owned());
    if let Some((_, tag)) = text(entry, "newer").rsplit_once(':') {
        image = format!("{image} -> {tag}");
    }
    vec![
        status,
        name,
        image,
        digest("from"),
        digest("to"),
        age.unwrap_or_else(|| "?".to_owned()),
        took.unwrap_or_default(),
    ]
}

/// Before: how the engine will go about it, and what is risky about that. Afterwards: what went wrong.
fn about(action: &ReportedAction, entry: &Value, rehearsal: bool) -> String {
    let mut lines = Vec::new();
    if rehearsal {
        lines.push(entry.get("update_config").map(|config| text(config, "words").to_owned()).unwrap_or_default());
        for (key, when) in [("pre", "before"), ("post", "after")] {
            let hook = entry.get("hooks").map(|hooks| text(hooks, key)).filter(|hook| !hook.is_empty());
            lines.extend(hook.map(|hook| format!("the hook `{hook}` runs {when} it")));
        }
        lines.extend(items(entry, "lint").map(|one| format!("lint: {}", text(one, "message"))));
    }
    lines.extend(action.error.clone());
    if let Some(task) = entry.get("failed_task") {
        lines.extend(items(task, "log").filter_map(Value::as_str).map(|line| format!("| {line}")));
    }
    lines.retain(|line| !line.is_empty());
    if lines.is_empty() {
        return String::new();
    }
    let lines = lines.iter().map(|line| format!("  {line}\n")).collect::<String>();
    format!("{}:\n{lines}", action.target.name)
}
