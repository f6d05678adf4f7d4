//! Small readers of JSON trees: absent, null and wrong types read as "nothing", as an engine's clients must read.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The text at `pointer`, empty when it isn't there.
pub(super) fn text<'a>(raw: &'a Value, pointer: &str) -> &'a str {
    raw.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at `pointer`, 0 when it isn't there.
pub(super) fn number(raw: &Value, pointer: &str) -> u64 {
    raw.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

/// The list at `pointer`, empty when it isn't there.
pub(super) fn list<'a>(raw: &'a Value, pointer: &str) -> &'a [Value] {
    raw.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Whether something other than null stands at `pointer`.
pub(super) fn present(raw: &Value, pointer: &str) -> bool {
    raw.pointer(pointer).is_some_and(|value| !value.is_null())
}

/// The string map (labels) at `pointer`.
pub(super) fn labels(raw: &Value, pointer: &str) -> BTreeMap<String, String> {
    let map = raw.pointer(pointer).and_then(Value::as_object);
    map.into_iter().flatten().map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// The object itself, made one if it is anything else.
pub(super) fn object(raw: &mut Value) -> &mut Map<String, Value> {
    if !raw.is_object() {
        *raw = Value::Object(Map::new());
    }
    match raw {
        Value::Object(map) => map,
        _ => unreachable!("made an object above"),
    }
}

/// Sets `raw.key1.key2... = value`, making objects on the way.
pub(super) fn set(raw: &mut Value, path: &[&str], value: impl Into<Value>) {
    match path {
        [] => *raw = value.into(),
        [key, rest @ ..] => set(object(raw).entry(*key).or_insert(Value::Null), rest, value),
    }
}

/// Removes `raw.key`.
pub(super) fn unset(raw: &mut Value, key: &str) -> Option<Value> {
    object(raw).remove(key)
}
