//! What `orca exporter deploy` did as a person reads it: the changes, and a line for each exporter.

use serde_json::Value;

use super::Report;
use super::text::{actions_table, new_table, shown};

/// Renders changes and targets; refusals, warnings and the last line come after it.
pub(super) fn render(report: &Report, color: bool) -> String {
    let mut text = String::new();
    if !report.actions.is_empty() {
        text += &actions_table(&report.actions, color);
    }
    let targets = report.data.get("targets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !targets.is_empty() {
        let mut table = new_table(color, &["NODE", "EXPORTER", "STATE", "WHY"]);
        for target in targets {
            let word = |key: &str| target[key].as_str().unwrap_or_default().to_owned();
            table.add_row(["node", "url", "state", "error"].map(word));
        }
        text += &shown(&table);
    }
    if let Some(file) = report.data.get("file_sd") {
        let (path, count) = (file["path"].as_str().unwrap_or_default(), &file["targets"]);
        let what = match (file["changed"].as_bool(), file["written"].as_bool()) {
            (_, Some(true)) => "written to",
            (Some(true), _) => "would be written to",
            _ => "as they are in",
        };
        text.extend([format!("{count} targets {what} {path}\n")]);
    }
    text
}
