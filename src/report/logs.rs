//! What `orca logs rotate` does and finds as a person reads it.

use serde_json::Value;

use super::Report;
use super::text::{actions_table, new_table, shown};
use crate::pass::rebalance::words::bytes;

/// More containers than this are summed up.
const SHOWN: usize = 20;

/// Renders actions, then containers and services whose logs have no limit; the rest comes after it.
pub(super) fn render(report: &Report, color: bool) -> String {
    let mut text = if report.actions.is_empty() { String::new() } else { actions_table(&report.actions, color) };
    let list = |key: &str| report.data.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let size = |value: &Value| value.as_u64().map_or_else(|| "?".to_owned(), bytes);
    let mut containers = list("containers");
    if !containers.is_empty() {
        containers.sort_by_key(|log| std::cmp::Reverse(log["log_bytes"].as_u64()));
        let rest = containers.len().saturating_sub(SHOWN);
        let mut table = new_table(color, &["CONTAINER WITHOUT A LIMIT", "LOG", "A DAY"]);
        for log in containers.iter().take(SHOWN) {
            table.add_row([
                log["container"].as_str().unwrap_or_default().to_owned(),
                size(&log["log_bytes"]),
                size(&log["bytes_per_day"]),
            ]);
        }
        text += &shown(&table);
        if rest > 0 {
            text.extend(["  and ", rest.to_string().as_str(), " smaller ones; `-o json` lists all\n"]);
        }
    }
    let services = list("services");
    if !services.is_empty() {
        let mut table = new_table(color, &["SERVICE WITHOUT A LIMIT", "CONTAINERS HERE", "LOGS HERE"]);
        for service in &services {
            let name = service["service"].as_str().unwrap_or_default().to_owned();
            table.add_row([name, service["containers_here"].to_string(), size(&service["log_bytes_here"])]);
        }
        text += &shown(&table);
        text += "hint: `--fix-services` gives them one, by a rolling update each\n";
    }
    text
}
