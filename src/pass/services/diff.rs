//! `orca services diff`: what an update has changed, path by path, without a secret's value.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::says_nothing;
use crate::redact::{REDACTED, under};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, as `TaskTemplate.ContainerSpec.Image`.
    pub path: String,
    /// What was there; null for nothing.
    pub before: Value,
    /// What is there; null for nothing.
    pub after: Value,
}

/// What is different between two specs; null, empty and absent are one, as they are to the engine.
pub fn diff(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(&mut Vec::new(), before, after, &mut found);
    found
}

fn walk(path: &mut Vec<String>, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after || (says_nothing(before) && says_nothing(after)) {
        return;
    }
    let parts = |value: &Value| by_key(path.last().map(String::as_str), value);
    let sides = match (parts(before), parts(after)) {
        (Some(before), Some(after)) => Some((before, after)),
        (Some(before), None) if says_nothing(after) => Some((before, BTreeMap::new())),
        (None, Some(after)) if says_nothing(before) => Some((BTreeMap::new(), after)),
        _ => None,
    };
    let Some((before_parts, after_parts)) = sides else {
        let (before, after) = shown(path, before, after);
        found.push(Difference { path: path.join("."), before, after });
        return;
    };
    let mut keys: Vec<&String> = before_parts.keys().chain(after_parts.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let side = |parts: &BTreeMap<String, Value>| parts.get(key).cloned().unwrap_or_default();
        path.push(key.clone());
        walk(path, &side(&before_parts), &side(&after_parts), found);
        path.pop();
    }
}

/// The parts of what has parts: fields by name, env by variable, mounts, secrets, ports and so on by what names them,
/// other lists item by item.
fn by_key(list: Option<&str>, value: &Value) -> Option<BTreeMap<String, Value>> {
    match value {
        Value::Object(fields) => Some(fields.iter().map(|(key, value)| (key.clone(), value.clone())).collect()),
        Value::Array(items) if list == Some("Env") => Some(
            items
                .iter()
                .filter_map(Value::as_str)
                .map(|entry| match entry.split_once('=') {
                    Some((name, value)) => (name.to_owned(), value.into()),
                    None => (entry.to_owned(), "(from the engine)".into()),
                })
                .collect(),
        ),
        Value::Array(items) if items.iter().all(Value::is_object) && !items.is_empty() => {
            let name = |item: &Value| {
                ["/Target", "/SecretName", "/ConfigName", "/TargetPort", "/Name"]
                    .iter()
                    .find_map(|at| item.pointer(at).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
            };
            let named: Vec<(String, Value)> =
                items.iter().map(|item| Some((name(item)?, item.clone()))).collect::<Option<_>>()?;
            let unique: BTreeMap<String, Value> = named.iter().cloned().collect();
            // Two of one name are told apart by nothing that orca knows: the list counts as a whole.
            (unique.len() == named.len()).then_some(unique)
        }
        _ => None,
    }
}

/// Both values as they may be shown.
fn shown(path: &[String], before: &Value, after: &Value) -> (Value, Value) {
    let env = path.iter().rev().nth(1).is_some_and(|parent| parent == "Env");
    let show = |value: &Value| {
        if env && !value.is_null() {
            return REDACTED.into();
        }
        under(path.last().map_or("", String::as_str), value)
    };
    (show(before), show(after))
}

#[cfg(test)]
mod tests;
