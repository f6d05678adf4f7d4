//! A report as a person reads it.

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use serde_json::Value;

use crate::pass::rebalance::words::bytes;
use crate::plan::{Blocked, Target};
use crate::rebalance::{APPLY, PLAN};

use super::{Outcome, Report, ReportedAction, Status, Summary, balance, everyday, exporter, gc, logs, setup, updates};

/// Tables are not squeezed below so many columns.
const NARROWEST: u16 = 60;

/// Renders a report as text.
pub(super) fn render(report: &Report, color: bool) -> String {
    let mut text = String::new();
    if let Some(rows) = report.data.get("table").and_then(Value::as_array) {
        // A list speaks for itself.
        return if rows.is_empty() { "nothing yet\n".to_owned() } else { data_table(rows, color) };
    }
    if let Some(message) = report.data.get("message").and_then(Value::as_str) {
        return format!("{message}\n");
    }
    if let Some(told) = everyday::render(report, color) {
        let warnings = report.warnings.iter().map(|warning| format!("warning: {}\n", warning.message));
        return told + &warnings.collect::<String>();
    }
    let (account, told) = account(report, color).unwrap_or_default();
    text += &account;
    if !report.actions.is_empty() && !told {
        text += &actions_table(&report.actions, color);
    }
    for Blocked { target, reasons, .. } in &report.blocked {
        let reasons = reasons.iter().map(|reason| format!("  - {reason}\n")).collect::<String>();
        text.extend([format!("blocked: {} `{}`{}\n", target.kind.name(), target.name, place(target)), reasons]);
    }
    text.extend(report.warnings.iter().map(|warning| format!("warning: {}\n", warning.message)));
    let unsettled = report.data.get("unsettled").and_then(Value::as_array).into_iter().flatten();
    text.extend(unsettled.filter_map(Value::as_str).map(|what| format!("not settled yet: {what}\n")));
    text + &last_line(report)
}

/// What only this command's reports have, and whether it tells of every action.
fn account(report: &Report, color: bool) -> Option<(String, bool)> {
    match report.command.as_str() {
        crate::gc::COMMAND => Some((gc::render(report, color), true)),
        crate::logs::COMMAND => Some((logs::render(report, color), true)),
        crate::exporter::COMMAND => Some((exporter::render(report, color), true)),
        crate::updates::COMMAND => Some((updates::render(report, color), true)),
        crate::init::COMMAND => Some((setup::render(report, color), true)),
        // The picture of a plan shows what is planned; what became of it is another matter.
        "catalog reconcile" => Some((everyday::drifts(report), false)),
        "nodes drain" => Some((everyday::impact(report), false)),
        PLAN | APPLY => balance::render(report, color).map(|picture| (picture, report.run.dry_run)),
        _ => None,
    }
}

fn last_line(report: &Report) -> String {
    let Summary { planned, done, failed, skipped, blocked, unchanged } = report.summary;
    let outcome = match report.outcome {
        // What only plans is no rehearsal of anything.
        Outcome::Planned if !report.command.ends_with(" plan") => "planned (dry run, nothing was written)".to_owned(),
        Outcome::Partial => "partly done".to_owned(),
        Outcome::Skipped => "skipped (this engine is not the leader)".to_owned(),
        outcome => outcome.to_string(),
    };
    let counts = [
        (if report.run.dry_run { planned } else { 0 }, "to do"),
        (done, "done"),
        (failed, "failed"),
        (skipped, "left out"),
        (blocked, "blocked"),
        (unchanged, "as wanted"),
    ];
    let counts: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    format!("{} {outcome}{counts} ({} ms)\n", report.command, report.run.duration_ms)
}

pub(super) fn actions_table(actions: &[ReportedAction], color: bool) -> String {
    let mut table = new_table(color, &["STATUS", "OBJECT", "CHANGE", "WHY"]);
    for action in actions {
        let status = action.status.to_string();
        let shade = match action.status {
            Status::Planned => Color::Cyan,
            Status::Done => Color::Green,
            Status::Failed => Color::Red,
            Status::Skipped => Color::Yellow,
        };
        let why =
            action.error.as_ref().map_or_else(|| action.reason.clone(), |error| format!("{}; {error}", action.reason));
        let object = format!("{} {}{}", action.target.kind.name(), action.target.name, place(&action.target));
        let status = if color { Cell::new(status).fg(shade) } else { Cell::new(status) };
        table.add_row([status, Cell::new(object), Cell::new(change(action)), Cell::new(why)]);
    }
    shown(&table)
}

/// Where it is, if it lies on one node.
fn place(target: &Target) -> String {
    let node = target.node.as_deref().filter(|node| *node != target.name);
    node.map(|node| format!(" on {node}")).unwrap_or_default()
}

/// The change in a few words, as `zone: a -> b`.
fn change(action: &ReportedAction) -> String {
    let what = action.id.split_once('#').map_or("", |(_, what)| what);
    let what = match what.split_once('/') {
        // The constraint itself is the value.
        Some(("constraint", _)) => "constraint",
        Some((_, name)) => name,
        None => what,
    };
    let value = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => clipped(text),
        // Of what is a file, its size says enough; `-o json` has the rest.
        Value::Object(facts) if facts.contains_key("size_bytes") => {
            facts.get("size_bytes").and_then(Value::as_u64).map_or_else(String::new, bytes)
        }
        other => clipped(&other.to_string()),
    };
    match (&action.before, &action.after) {
        (Value::Null, Value::Null) => what.to_owned(),
        (before, after) => format!("{what}: {} -> {}", value(before), value(after)),
    }
}

/// What fits into a table; `-o json` has all of it.
fn clipped(text: &str) -> String {
    const WIDEST: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= WIDEST && line.len() == text.len() {
        return text.to_owned();
    }
    line.chars().take(WIDEST).chain("...".chars()).collect()
}

fn data_table(rows: &[Value], color: bool) -> String {
    let Some(first) = rows.first().and_then(Value::as_object) else { return String::new() };
    let columns: Vec<_> = first.keys().cloned().collect();
    let heads: Vec<_> = columns.iter().map(|column| column.to_uppercase().replace('_', " ")).collect();
    let mut table = new_table(color, &heads.iter().map(String::as_str).collect::<Vec<_>>());
    for row in rows {
        table.add_row(columns.iter().map(|column| match &row[column] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }));
    }
    shown(&table)
}

/// A table without the blanks that fill up its last column.
pub(super) fn shown(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// An empty table with these heads.
pub(super) fn new_table(color: bool, heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    // A terminal without colours has a width all the same; anything else gets whole lines.
    if let Some(width) = table.width() {
        table.set_width(width);
    }
    if color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    // Some terminals say that they have no columns at all.
    if table.width().is_some_and(|width| width < NARROWEST) {
        table.set_width(NARROWEST);
    }
    table.set_header(heads);
    table
}
