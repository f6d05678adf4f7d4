//! The page of all settings is what the schema says.

use std::fmt::Write as _;

use serde_json::Value;

use super::{blessing, root};

const PAGE: &str = "docs/src/config-reference.md";

const HEAD: &str = "\
# Config reference

Every key that `orca.yml` may have. This page is made from `schema/config.json`, which `orca schema config` prints and which
editors understand. A complete example with all defaults is on the page [Configuration](config.md).
";

#[test]
fn the_reference_is_that_of_the_schema() {
    let text = std::fs::read_to_string(root().join("schema/config.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let wanted = reference(&schema);
    let path = root().join(PAGE);
    if blessing() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{PAGE} is stale: ORCA_BLESS=1 cargo nextest run --test docs");
    for key in
        ["`options.max_mismatch`", "`rebalance.metrics.source`", "`logs.rules[].postrotate`", "`nodes.NAME.labels`"]
    {
        assert!(wanted.contains(key), "{PAGE} says nothing of {key}");
    }
}

fn reference(schema: &Value) -> String {
    let mut page = HEAD.to_owned();
    let (sections, plain): (Vec<_>, Vec<_>) =
        properties(schema).partition(|(_, entry)| named(schema, entry).is_some_and(has_properties));
    page += "\n## Top level\n\n| key | type | meaning |\n|---|---|---|\n";
    for (name, entry) in plain {
        row(&mut page, schema, name, entry);
    }
    for (name, entry) in sections {
        let _ = write!(page, "\n## {name}\n\n{}\n\n| key | type | meaning |\n|---|---|---|\n", described(entry));
        below(&mut page, schema, name, entry);
    }
    page
}

fn has_properties(entry: &Value) -> bool {
    entry.get("properties").is_some() || entry.pointer("/additionalProperties").is_some_and(Value::is_object)
}

fn properties(entry: &Value) -> impl Iterator<Item = (&String, &Value)> {
    entry.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// The keys below this one.
fn below(page: &mut String, schema: &Value, path: &str, entry: &Value) {
    let Some(entry) = named(schema, entry) else { return };
    for (name, inner) in properties(entry) {
        row(page, schema, &format!("{path}.{name}"), inner);
    }
    if let Some(inner) = entry.get("additionalProperties").filter(|inner| inner.is_object()) {
        below(page, schema, &format!("{path}.NAME"), inner);
    }
    if let Some(inner) = entry.get("items") {
        below(page, schema, &format!("{path}[]"), inner);
    }
}

fn row(page: &mut String, schema: &Value, path: &str, entry: &Value) {
    let meaning = described(entry).replace('|', "\\|");
    let _ = writeln!(page, "| `{path}` | {} | {meaning} |", kind(schema, entry));
    below(page, schema, path, entry);
}

fn described(entry: &Value) -> String {
    entry
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a reference stands for; of several ways to write something the one with the most keys.
fn named<'s>(schema: &'s Value, entry: &'s Value) -> Option<&'s Value> {
    if let Some(name) = entry.get("$ref").and_then(Value::as_str) {
        return schema.pointer(name.strip_prefix('#')?).and_then(|found| named(schema, found));
    }
    let ways = ["anyOf", "oneOf"].iter().find_map(|key| entry.get(*key)?.as_array());
    match ways {
        Some(ways) => ways.iter().filter_map(|way| named(schema, way)).find(|way| has_properties(way)),
        None => Some(entry),
    }
}

/// In words.
fn kind(schema: &Value, entry: &Value) -> String {
    let mut kinds: Vec<String> = Vec::new();
    collect(schema, entry, &mut kinds);
    kinds.retain(|kind| kind != "null");
    kinds.dedup();
    if kinds.is_empty() { "anything".to_owned() } else { kinds.join(" or ") }
}

fn collect(schema: &Value, entry: &Value, kinds: &mut Vec<String>) {
    if let Some(found) = entry.get("$ref").and_then(Value::as_str).and_then(|name| schema.pointer(&name[1..])) {
        return collect(schema, found, kinds);
    }
    if let Some(ways) = ["anyOf", "oneOf"].iter().find_map(|key| entry.get(*key)?.as_array()) {
        return ways.iter().for_each(|way| collect(schema, way, kinds));
    }
    if let Some(words) = entry.get("enum").and_then(Value::as_array) {
        return kinds.extend(words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")));
    }
    if let Some(word) = entry.get("const").and_then(Value::as_str) {
        return kinds.push(format!("`{word}`"));
    }
    let types = match entry.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for one in types {
        let word = match one {
            "object" => "map".to_owned(),
            "array" => match entry.get("items") {
                Some(items) => format!("list of {}", kind(schema, items)),
                None => "list".to_owned(),
            },
            other => other.to_owned(),
        };
        kinds.push(word);
    }
}
