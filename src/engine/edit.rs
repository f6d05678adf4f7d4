//! The only place that changes a node or service spec: raw object in, raw spec out.
//!
//! Invariants (each has broken a real tool, see docs/src/safety.md):
//! - what orca doesn't know is kept: the spec that was read is edited, never rebuilt;
//! - a node update carries `Role` and `Availability`, or the engine refuses it;
//! - `TaskTemplate.Placement` is an object and stays one: when it disappears from a service whose tasks have it,
//!   managers crash for good (moby/moby#37883). So a service without one is not touched either: its owner doesn't write
//!   any.

pub mod field;
pub mod moving;
mod node;
mod scale;
mod service;

use anyhow::{Context as _, Result, bail};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::plan::{Change, Specified};

/// The spec to send: that of the raw node or service with these changes made.
///
/// Fails, without having changed anything, when the object is not what the change expects.
pub fn edited_spec(raw: &RawValue, changes: &[&Change]) -> Result<Value> {
    if let [Change::MoveUndo | Change::MoveSeal] = changes {
        return moving::next_to_end(raw, None)?.context("there is no trace of a move in it any more");
    }
    let mut object: Value = serde_json::from_str(raw.get()).context("the engine's object can't be read")?;
    let mut spec = object.get_mut("Spec").map(Value::take).context("the engine's object has no Spec")?;
    for change in changes {
        match change.kind().edits() {
            Some(Specified::Node) => node::apply(&mut spec, change)?,
            Some(Specified::Service) => service::apply(&mut spec, change)?,
            None => bail!("`{}` is no edit of a spec", change.kind()),
        }
    }
    if changes.iter().any(|change| change.kind().edits() == Some(Specified::Service)) {
        service::check(&object, &spec, changes)?;
    } else {
        node::check(&spec)?;
    }
    Ok(spec)
}

/// The spec to send: that of the swarm itself, with a label set or removed.
pub fn edited_swarm(raw: &RawValue, key: &str, value: Option<&str>) -> Result<Value> {
    let mut object: Value = serde_json::from_str(raw.get()).context("the swarm can't be read")?;
    let mut spec = object.get_mut("Spec").map(Value::take).context("the swarm has no Spec")?;
    let labels = object_in(&mut spec, "Labels")?.as_object_mut().context("the swarm's Labels is not an object")?;
    match value {
        Some(value) => _ = labels.insert(key.to_owned(), value.into()),
        None => _ = labels.remove(key),
    }
    Ok(spec)
}

/// Whether the raw object is as the change wants it.
pub fn holds(raw: &RawValue, change: &Change) -> bool {
    let Ok(object) = serde_json::from_str::<Value>(raw.get()) else { return false };
    let marked = |spec: &str| moving::marked(object.get(spec));
    match (change, change.kind().edits()) {
        (Change::MoveUndo, _) => !marked("Spec"),
        (Change::MoveSeal, _) => !marked("Spec") && !marked("PreviousSpec"),
        (_, Some(Specified::Node)) => node::holds(&object, change),
        (_, Some(Specified::Service)) => service::holds(&object, change),
        // What moves is a task, what is removed or not made yet is not there, and what lies on a node is no object of
        // the swarm. Nor is what makes a node one.
        (_, None) => false,
    }
}

fn labels(spec: &mut Value) -> Result<&mut Map<String, Value>> {
    object_in(spec, "Labels")?.as_object_mut().context("the node's Labels is not an object")
}

/// The object under this key; made when it is absent or null.
fn object_in<'a>(parent: &'a mut Value, key: &str) -> Result<&'a mut Value> {
    let parent = parent.as_object_mut().context("the engine's spec is not an object")?;
    let child = parent.entry(key).or_insert(Value::Null);
    if child.is_null() {
        *child = Value::Object(Map::new());
    }
    if !child.is_object() {
        bail!("the engine's {key} is not an object");
    }
    Ok(child)
}

#[cfg(test)]
mod tests;
