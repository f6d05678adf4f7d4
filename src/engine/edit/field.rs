//! Single fields of a spec: read, compared with what is wanted, and set.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::object_in;
use crate::model::says_nothing;

/// The value at the end of this path; null where there is none.
pub fn get<'v>(spec: &'v Value, path: &[String]) -> &'v Value {
    path.iter().try_fold(spec, |at, key| at.get(key)).unwrap_or(&Value::Null)
}

/// Sets the value at the end of this path; objects on the way are made where they are missing. Nothing is no value: the
/// key goes.
///
/// # Errors
/// If something on the way is no object.
pub fn set(spec: &mut Value, path: &[String], value: &Value) -> Result<()> {
    let Some((last, parents)) = path.split_last() else { return Ok(()) };
    let mut at = spec;
    for key in parents {
        at = object_in(at, key)?;
    }
    let at = at.as_object_mut().with_context(|| format!("what should hold {last} is not an object"))?;
    if value.is_null() {
        at.shift_remove(last);
    } else {
        at.insert(last.clone(), value.clone());
    }
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
        (wanted, found) => wanted == found || (says_nothing(wanted) && says_nothing(found)),
    }
}

/// Whether the one means the other, and no more: what says nothing may be left out on either side.
pub fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            let of = |map: &serde_json::Map<String, Value>, key: &String| map.get(key).cloned().unwrap_or_default();
            left.keys().chain(right.keys()).all(|key| equal(&of(left, key), &of(right, key)))
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let in_order = left.iter().zip(right).all(|(left, right)| equal(left, right));
            let mut open: Vec<&Value> = right.iter().collect();
            let mut found =
                |left: &Value| open.iter().position(|right| equal(left, right)).map(|at| open.swap_remove(at));
            in_order || left.iter().all(Value::is_object) && left.iter().all(|left| found(left).is_some())
        }
        (one, other) => one == other || (says_nothing(one) && says_nothing(other)),
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

#[cfg(test)]
mod tests;
