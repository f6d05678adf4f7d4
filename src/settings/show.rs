//! The merged settings and where each value came from, for `orca config show`. Pure; prints nothing.

mod tree;
mod yaml;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Origin, Settings};

/// One effective value.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// The setting's path, as `nodes.node-2.labels.zone` or `dependencies.db.services[0]`.
    pub path: String,
    /// The value; durations are text such as `10m`.
    pub value: Value,
    /// The file as the user named it, `$NAME` for an environment variable, or `default`.
    pub source: String,
    /// 1-based line; 0 where the source has no lines.
    pub line: usize,
    /// 1-based column; 0 where the source has no lines.
    pub column: usize,
}

/// Every effective value, defaults included, sorted by path.
pub fn rows(settings: &Settings) -> Vec<Row> {
    let mut rows = Vec::new();
    flatten(&tree::tree(settings), "", &mut rows);
    // List items stay in the order of the list, where plain text would put 10 before 2.
    rows.sort_by(|a, b| (stem(a), a.path.len(), &a.path).cmp(&(stem(b), b.path.len(), &b.path)));
    rows
}

/// The effective configuration as YAML that orca reads again, each line with where its value came from.
pub fn yaml(settings: &Settings) -> String {
    let mut text = String::new();
    if let Out::Map(entries, _) = tree::tree(settings) {
        for (key, out) in &entries {
            yaml::print(&mut text, 0, key, out);
        }
    }
    text
}

/// The settings in the shape of the file.
enum Out {
    Value(Value, Origin),
    List(Vec<(String, Origin)>),
    Items(Vec<Vec<(String, Out)>>),
    Map(Vec<(String, Out)>, Option<Origin>),
}

fn stem(row: &Row) -> &str {
    match row.path.rsplit_once('[') {
        Some((stem, index)) if index.trim_end_matches(']').bytes().all(|b| b.is_ascii_digit()) => stem,
        _ => &row.path,
    }
}

fn flatten(out: &Out, path: &str, rows: &mut Vec<Row>) {
    let mut push = |path: String, value: Value, origin: &Origin| {
        let Origin { source, line, column, .. } = origin.clone();
        rows.push(Row { path, value, source, line, column });
    };
    match out {
        Out::Value(value, origin) => push(path.to_owned(), value.clone(), origin),
        Out::List(items) => {
            for (i, (item, origin)) in items.iter().enumerate() {
                push(format!("{path}[{i}]"), json!(item), origin);
            }
        }
        Out::Items(items) => {
            for (i, entries) in items.iter().enumerate() {
                for (key, out) in entries {
                    flatten(out, &format!("{path}[{i}].{key}"), rows);
                }
            }
        }
        Out::Map(entries, origin) => {
            if let Some(origin) = origin.as_ref().filter(|_| entries.is_empty()) {
                push(path.to_owned(), json!({}), origin);
            }
            for (key, out) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(out, &path, rows);
            }
        }
    }
}

/// A share as the file has it: 80, not 80.0.
pub(super) fn percent(share: f64) -> Value {
    let percent = (share * 1e8).round() / 1e6;
    percent.to_string().parse::<u64>().map_or_else(|_| json!(percent), |whole| json!(whole))
}

/// A duration as the file has it.
pub(super) fn span(span: Duration) -> String {
    humantime::format_duration(span).to_string().replace(' ', "")
}
