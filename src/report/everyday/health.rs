//! `orca health`.

use comfy_table::{Cell, Color};
use serde_json::Value;

use super::{items, number, text};
use crate::report::Report;
use crate::report::text::{new_table, shown};

/// What is not as it should be; empty if nothing is.
pub(super) fn findings(findings: &[Value], color: bool) -> String {
    let mut table = new_table(color, &["", "OBJECT", "FINDING"]);
    for finding in findings {
        let weight = text(finding, "weight");
        let shade = match weight {
            "error" => Color::Red,
            "settling" => Color::Yellow,
            _ => Color::Cyan,
        };
        let weight = if color { Cell::new(weight).fg(shade) } else { Cell::new(weight) };
        let target = &finding["target"];
        let object = match text(target, "name") {
            "managers" => "managers".to_owned(),
            name => format!("{} {name}", text(target, "type")),
        };
        let says = items(finding, "says").filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
        table.add_row([weight, Cell::new(object), Cell::new(says)]);
    }
    if findings.is_empty() { String::new() } else { shown(&table) }
}

pub(super) fn page(report: &Report, listed: &[Value], color: bool) -> String {
    let listed = findings(listed, color);
    let counts = &report.data["counts"];
    let (nodes, managers, services, tasks) =
        (&counts["nodes"], &counts["managers"], &counts["services"], &counts["tasks"]);
    let of = |part: &Value, key: &str, all: &str| format!("{}/{}", number(part, key), number(part, all));
    let exporters = match &counts["exporters"] {
        Value::Object(_) => format!(", {} exporters", of(&counts["exporters"], "up", "total")),
        _ => String::new(),
    };
    let verdict = report.data.get("verdict").and_then(Value::as_str).unwrap_or_default();
    format!(
        "{listed}{verdict}: {} nodes ready, {} managers reachable ({} may be lost), {} services as wanted, {} tasks running{exporters}\n",
        of(nodes, "ready", "total"),
        of(managers, "reachable", "total"),
        number(managers, "tolerance"),
        of(services, "ok", "total"),
        of(tasks, "running", "wanted"),
    )
}
