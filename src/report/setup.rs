//! What `orca init` did as a person reads it: each answer and where it is from, what differs in files that are there, and
//! what was written.

use serde_json::Value;

use super::Report;
use super::text::{actions_table, new_table, shown};

/// Renders answers, differences and files; refusals, warnings and the last line come after it.
pub(super) fn render(report: &Report, color: bool) -> String {
    let list = |key: &str| report.data.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut text = String::new();
    if !list("answers").is_empty() {
        let mut table = new_table(color, &["ANSWER", "VALUE", "FROM"]);
        for answer in list("answers") {
            table.add_row(["answer", "value", "from"].map(|key| answer[key].as_str().unwrap_or_default().to_owned()));
        }
        text += &shown(&table);
    }
    for difference in list("differences") {
        text.extend([difference["file"].as_str().unwrap_or_default(), ":\n"]);
        let lines = difference["lines"].as_array().into_iter().flatten().filter_map(Value::as_str);
        text.extend(lines.map(|line| format!("  {line}\n")));
    }
    if !report.actions.is_empty() {
        text += &actions_table(&report.actions, color);
    }
    text
}
