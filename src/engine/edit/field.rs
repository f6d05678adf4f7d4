//! Single fields of a spec: read, compared with what is wanted, and set.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::object_in;

/// The value at the end of this path; null where there is none.
pub fn get<'v>(spec: &'v Value, path: &[String]) -> &'v Value {
    path.iter().try_fold(spec, |at, key| at.get(key)).unwrap_or(&Value::Null)
}

/// Sets the value at the end of this path; objects on the way are made where they are missing.
///
/// # Errors
/// If something on the way is no object.
pub fn set(spec: &mut Value, path: &[String], value: &Value) -> Result<()> {
    let Some((last, parents)) = path.split_last() else { return Ok(()) };
    let mut at = spec;
    for key in parents {
        at = object_in(at, key)?;
    }
    at.as_object_mut()
        .with_context(|| format!("what should hold {last} is not an object"))?
        .insert(last.clone(), value.clone());
    Ok(())
}

/// Whether what was found means what is wanted. Engines leave out what is empty, and add what newer ones know: only what
/// is wanted counts, and lists count as a whole.
pub fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(keys), found) if !keys.is_empty() => {
            keys.iter().all(|(key, wanted)| same(wanted, found.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let in_order = wanted.iter().zip(found).all(|(wanted, found)| same(wanted, found));
            in_order || wanted.iter().all(Value::is_object) && same_set(wanted, found)
        }
        (wanted, found) => wanted == found || (empty(wanted) && empty(found)),
    }
}

/// The docker CLI sorts mounts and ports with every update; their order means nothing.
fn same_set(wanted: &[Value], found: &[Value]) -> bool {
    let mut left: Vec<&Value> = found.iter().collect();
    wanted.iter().all(|wanted| {
        let at = left.iter().position(|found| same(wanted, found));
        at.map(|at| left.swap_remove(at)).is_some()
    })
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(keys) => keys.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn only_the_field_is_set() {
        let mut spec = json!({"A": {"B": 1, "Future": [null]}, "C": null});
        set(&mut spec, &path("A.B"), &json!(2)).unwrap();
        set(&mut spec, &path("C.D.E"), &json!([])).unwrap();
        assert_eq!(spec, json!({"A": {"B": 2, "Future": [null]}, "C": {"D": {"E": []}}}));
        assert!(set(&mut spec, &path("A.B.C"), &json!(1)).is_err());
        assert_eq!(get(&spec, &path("A.B")), &json!(2));
        assert_eq!(get(&spec, &path("A.X.Y")), &Value::Null);
    }

    #[test]
    fn what_engines_leave_out_or_add_is_no_difference() {
        for (wanted, found) in [
            (json!(false), Value::Null),
            (json!([]), Value::Null),
            (json!(0), Value::Null),
            (json!({"a": 1}), json!({"a": 1, "new": 2})),
            (json!([{"a": 1, "b": false}]), json!([{"a": 1, "c": 3}])),
            (json!({"a": {"b": 0}}), json!({})),
            (json!([{"a": 1}, {"a": 2}]), json!([{"a": 2, "b": 3}, {"a": 1}])),
        ] {
            assert!(same(&wanted, &found), "{wanted} {found}");
        }
        for (wanted, found) in [
            (json!(true), Value::Null),
            (json!([]), json!(["x"])),
            (json!(["a"]), json!(["a", "b"])),
            (json!(["a", "b"]), json!(["b", "a"])),
            (json!({"a": 1}), json!({"a": 2})),
            (json!([{"a": 1}, {"a": 2}]), json!([{"a": 1}, {"a": 1}])),
            (json!(0), json!(5)),
            (json!({"a": 1}), Value::Null),
        ] {
            assert!(!same(&wanted, &found), "{wanted} {found}");
        }
    }
}
