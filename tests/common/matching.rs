//! Whether a report says what a scenario expects of it.
//!
//! - `summary.done: 2`: a dotted path into the report, and what must stand there;
//! - text that begins with `~` must be contained, `>=2` and `<=2` compare numbers;
//! - a list must have as many entries, each as expected; a map, at least those keys;
//! - an action may be written as words: `node.label.set node-1 label/zone after=a done`, each of which must fit;
//! - a warning may be written as its code, a refusal as a piece of one of its reasons.

use serde_json::Value;

/// What doesn't fit, in words.
pub fn mismatches<'a>(report: &Value, expected: impl IntoIterator<Item = (&'a String, &'a Value)>) -> Vec<String> {
    let mut found = Vec::new();
    for (path, wanted) in expected {
        let pointer = format!("/{}", path.replace('.', "/"));
        let actual = report.pointer(&pointer).cloned().unwrap_or(Value::Null);
        if !fits(&actual, wanted) {
            found.push(format!("`{path}` is {}, expected {wanted}", brief(&actual)));
        }
    }
    found
}

/// Whether a value is as expected.
pub fn fits(actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (Value::Array(actual), Value::Array(wanted)) => {
            actual.len() == wanted.len() && actual.iter().zip(wanted).all(|(actual, wanted)| fits(actual, wanted))
        }
        (Value::Object(actual), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| fits(actual.get(key).unwrap_or(&Value::Null), wanted))
        }
        (Value::Object(entry), Value::String(words)) => entry_fits(entry, words),
        (Value::String(actual), Value::String(wanted)) => match wanted.strip_prefix('~') {
            Some(part) => actual.contains(part),
            None => actual == wanted,
        },
        (Value::Number(actual), Value::String(wanted)) => {
            let actual = actual.as_u64().unwrap_or_default();
            let number = |text: &str| text.parse::<u64>().ok();
            wanted.strip_prefix(">=").and_then(number).is_some_and(|least| actual >= least)
                || wanted.strip_prefix("<=").and_then(number).is_some_and(|most| actual <= most)
        }
        _ => actual == wanted,
    }
}

/// An action, a warning or a refusal, told in words.
fn entry_fits(entry: &serde_json::Map<String, Value>, words: &str) -> bool {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    if entry.contains_key("code") {
        return text("code") == words;
    }
    if let Some(reasons) = entry.get("reasons").and_then(Value::as_array) {
        return reasons.iter().filter_map(Value::as_str).any(|reason| reason.contains(words));
    }
    let what = text("id").split_once('#').map_or("", |(_, what)| what);
    let name = entry.get("target").and_then(|target| target["name"].as_str()).unwrap_or_default();
    words.split_whitespace().all(|word| match word.split_once('=') {
        Some((side @ ("before" | "after"), value)) => {
            let told = |actual: &Value| actual.as_str().map_or_else(|| actual.to_string(), str::to_owned);
            entry.get(side).map(told).as_deref() == Some(value)
        }
        _ => [text("kind"), text("status"), what, name].contains(&word),
    })
}

/// Long enough to see what is wrong.
fn brief(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
