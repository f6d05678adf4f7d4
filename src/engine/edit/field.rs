//! Single fields of a spec: read, compared with what is wanted, and set.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::object_in;
use crate::model::says_nothing;

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
        (wanted, found) => wanted == found || (says_nothing(wanted) && says_nothing(found)),
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
