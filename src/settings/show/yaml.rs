//! A tree of settings as YAML.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Out;
use crate::settings::Origin;

pub(super) fn print(text: &mut String, depth: usize, key: &str, out: &Out) {
    let indent = "  ".repeat(depth);
    let key = scalar(&json!(key));
    // Writing to a String can't fail.
    let _ = match out {
        Out::Value(value, origin) => writeln!(text, "{indent}{key}: {}  # {}", inline(value), comment(origin)),
        Out::List(items) => {
            let _ = writeln!(text, "{indent}{key}:");
            items.iter().try_for_each(|(item, origin)| {
                writeln!(text, "{indent}  - {}  # {}", scalar(&json!(item)), comment(origin))
            })
        }
        Out::Items(items) => {
            let line = writeln!(text, "{indent}{key}:");
            for entries in items {
                let dash = text.len() + indent.len() + 2;
                for (key, out) in entries {
                    print(text, depth + 2, key, out);
                }
                // The first key of an item stands beside its dash.
                text.replace_range(dash..=dash, "-");
            }
            line
        }
        Out::Map(entries, origin) => {
            let empty = if entries.is_empty() { " {}" } else { "" };
            let comment = origin.as_ref().map(|origin| format!("  # {}", comment(origin))).unwrap_or_default();
            let line = writeln!(text, "{indent}{key}:{empty}{comment}");
            for (key, out) in entries {
                print(text, depth + 1, key, out);
            }
            line
        }
    };
}

fn comment(origin: &Origin) -> String {
    let file = origin.source.rsplit('/').next().unwrap_or_default();
    // A file name may hold anything, even a line break that would end the comment.
    let file: String = file.chars().filter(|c| !c.is_control()).collect();
    match origin.line {
        0 => file,
        line => format!("{file}:{line}"),
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(scalar).collect::<Vec<_>>().join(", ")),
        other => scalar(other),
    }
}

/// A scalar on one line: YAML's own quoting where that keeps it on one, else double quotes and escapes.
fn scalar(value: &Value) -> String {
    let odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    match value {
        Value::String(text) if text == "<<" || text.contains(odd) => escaped(text, odd),
        _ => serde_yaml::to_string(value)
            .map_or_else(|_| value.to_string(), |text| text.trim_end_matches('\n').to_owned()),
    }
}

fn escaped(text: &str, odd: impl Fn(char) -> bool) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            // All of these lie below U+10000.
            c if odd(c) => _ = write!(out, "\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out + "\""
}
