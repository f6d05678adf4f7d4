//! The only place that changes a node or service spec: raw object in, raw spec out.
//!
//! Invariants (each has broken a real tool, see docs/src/safety.md):
//! - what orca doesn't know is kept: the spec that was read is edited, never rebuilt;
//! - a node update carries `Role` and `Availability`, or the engine refuses it;
//! - `TaskTemplate.Placement` is an object and stays one: when it disappears from a service whose tasks have it,
//!   managers crash for good (moby/moby#37883). So a service without one is not touched either: its owner doesn't write
//!   any.

pub mod field;
mod image;
pub mod moving;
mod scale;

use anyhow::{Context as _, Result, bail};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::plan::Change;

/// The node label in which orca keeps the keys of the labels that it set, separated by commas.
///
/// It lives on the node, so that it survives the loss of any host that runs orca.
pub const RECORD_LABEL: &str = "orca.labels";

/// The keys in a node's record, sorted.
pub fn record_keys(record: Option<&str>) -> Vec<String> {
    let mut keys: Vec<_> =
        record.unwrap_or_default().split(',').filter(|key| !key.is_empty()).map(str::to_owned).collect();
    keys.sort();
    keys.dedup();
    keys
}

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
        apply(&mut spec, change)?;
    }
    let of_a_service = |change: &&Change| {
        use Change::{AuthSet, ConstraintAdd, FieldSet, ForceUpdate, ImageSet, LogLimit, Rollback};
        use Change::{Scale, ScaleZero, Start, Stop};
        matches!(
            change,
            ConstraintAdd { .. }
                | FieldSet { .. }
                | ForceUpdate { .. }
                | Rollback { .. }
                | ImageSet { .. }
                | AuthSet { .. }
                | ScaleZero { .. }
                | Scale { .. }
                | Stop { .. }
                | Start { .. }
                | LogLimit { .. }
        )
    };
    if changes.iter().any(of_a_service) {
        if !spec.pointer("/TaskTemplate/Placement").is_some_and(Value::is_object) {
            bail!("the service's spec has no Placement: a write could crash the managers");
        }
        // What a rollback writes is not what is sent.
        let rolls_back = changes.iter().any(|change| matches!(change, Change::Rollback { .. }));
        if rolls_back && !object.pointer("/PreviousSpec/TaskTemplate/Placement").is_some_and(Value::is_object) {
            bail!("the service's previous spec has no Placement: going back to it could crash the managers");
        }
    } else {
        for field in ["Role", "Availability"] {
            if spec.get(field).and_then(Value::as_str).is_none_or(str::is_empty) {
                bail!("the engine's node has no {field}: an update without it would be refused");
            }
        }
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
    let label = |key: &str| object.pointer("/Spec/Labels").and_then(|labels| labels.get(key)).and_then(Value::as_str);
    match change {
        Change::LabelSet { key, after, .. } => label(key) == Some(after),
        Change::LabelRemove { key, .. } => label(key).is_none(),
        Change::RecordForget { keys: gone } => !record_keys(label(RECORD_LABEL)).iter().any(|key| gone.contains(key)),
        Change::ConstraintAdd { constraint } => {
            let constraints = object.pointer("/Spec/TaskTemplate/Placement/Constraints").and_then(Value::as_array);
            constraints.is_some_and(|constraints| constraints.iter().any(|text| text == constraint))
        }
        Change::MoveUndo => !moving::marked(object.get("Spec")),
        Change::MoveSeal => !moving::marked(object.get("Spec")) && !moving::marked(object.get("PreviousSpec")),
        Change::NodePause { .. } => label(moving::PAUSE_LABEL).is_some(),
        Change::NodeResume { .. } => label(moving::PAUSE_LABEL).is_none(),
        Change::RoleSet { after, .. } => object.pointer("/Spec/Role").and_then(Value::as_str) == Some(after.name()),
        Change::AvailabilitySet { after, .. } => {
            object.pointer("/Spec/Availability").and_then(Value::as_str) == Some(after)
        }
        // What moves is a task, what is removed or not made yet is not there, and what lies on a node is no object of the swarm. Nor is what
        // makes a node one.
        // Nor does a service tell of its credentials.
        Change::TaskMove { .. }
        | Change::AuthSet { .. }
        | Change::SwarmPause { .. }
        | Change::SwarmInit
        | Change::UnlockKeySave { .. }
        | Change::NodeJoin { .. }
        | Change::NodeRemove
        | Change::TemporaryRemove
        | Change::ServiceCreate { .. }
        | Change::HostProgram { .. }
        | Change::HostUnit { .. }
        | Change::HostStart { .. }
        | Change::ContainerRestart { .. }
        | Change::Remove { .. }
        | Change::CachePrune { .. }
        | Change::LogRotate(_)
        | Change::LogCompress { .. }
        | Change::LogRemove { .. }
        | Change::LogNotify { .. }
        | Change::Logrotate { .. }
        | Change::ModFetch { .. }
        | Change::ModRemove { .. }
        | Change::ImageForget { .. } => false,
        Change::LogLimit { max_size, .. } => {
            let options = object.pointer("/Spec/TaskTemplate/LogDriver/Options");
            options.and_then(|options| options.get("max-size")).and_then(Value::as_str) == Some(max_size)
        }
        Change::FieldSet { path, after, .. } => {
            object.get("Spec").is_some_and(|spec| field::same(after, field::get(spec, path)))
        }
        Change::ImageSet { after, .. } => {
            object.pointer("/Spec/TaskTemplate/ContainerSpec/Image").and_then(Value::as_str) == Some(after)
        }
        Change::Rollback { after, .. } => {
            // The engine swaps the two specs.
            object.pointer("/Spec/TaskTemplate/ContainerSpec/Image").and_then(Value::as_str) == Some(after)
                && object
                    .pointer("/UpdateStatus/State")
                    .and_then(Value::as_str)
                    .is_some_and(|s| s.starts_with("rollback"))
        }
        Change::ScaleZero { .. } => object.pointer("/Spec/Mode/Replicated/Replicas").and_then(Value::as_u64) == Some(0),
        Change::Scale { after, .. } | Change::Start { after } => scale::holds(&object, *after, None),
        Change::Stop { before } => scale::holds(&object, 0, Some(*before)),
        Change::ForceUpdate { before } => {
            object.pointer("/Spec/TaskTemplate/ForceUpdate").and_then(Value::as_u64).unwrap_or(0) > *before
        }
    }
}

/// The driver that tasks of this service get by default is json-file: naming it changes nothing but the limit.
fn limit_logs(spec: &mut Value, max_size: &str, max_file: u32) -> Result<()> {
    let template = object_in(spec, "TaskTemplate")?.as_object_mut().context("TaskTemplate is not an object")?;
    let driver = template.entry("LogDriver").or_insert(Value::Null);
    if driver.is_null() {
        *driver = serde_json::json!({ "Name": "json-file" });
    }
    if driver.get("Name").and_then(Value::as_str) != Some("json-file") {
        bail!("its log driver is not json-file any more");
    }
    if driver.get("Options").is_none_or(Value::is_null) {
        driver["Options"] = Value::Object(Map::new());
    }
    let options =
        driver.get_mut("Options").and_then(Value::as_object_mut).context("LogDriver.Options is not an object")?;
    options.insert("max-size".to_owned(), max_size.into());
    options.insert("max-file".to_owned(), max_file.to_string().into());
    Ok(())
}

fn apply(spec: &mut Value, change: &Change) -> Result<()> {
    match change {
        Change::LabelSet { key, after, record, .. } => {
            let labels = labels(spec)?;
            labels.insert(key.clone(), after.clone().into());
            if *record {
                edit_record(labels, |keys| keys.push(key.clone()));
            }
        }
        Change::LabelRemove { key, .. } => {
            let labels = labels(spec)?;
            labels.remove(key);
            edit_record(labels, |keys| keys.retain(|kept| kept != key));
        }
        Change::RecordForget { keys: gone } => {
            let labels = labels(spec)?;
            edit_record(labels, |keys| keys.retain(|kept| !gone.contains(kept)));
        }
        Change::NodePause { by } => {
            labels(spec)?.insert(moving::PAUSE_LABEL.to_owned(), by.clone().into());
            available(spec, "active", "pause");
        }
        Change::NodeResume { .. } => {
            labels(spec)?.remove(moving::PAUSE_LABEL);
            available(spec, "pause", "active");
        }
        Change::ConstraintAdd { constraint } => {
            let placement = object_in(object_in(spec, "TaskTemplate")?, "Placement")?;
            let constraints = placement.get_mut("Constraints").map(Value::take);
            let mut constraints = match constraints {
                None | Some(Value::Null) => Vec::new(),
                Some(Value::Array(constraints)) => constraints,
                Some(_) => bail!("the service's Constraints is not a list"),
            };
            constraints.push(constraint.clone().into());
            placement
                .as_object_mut()
                .context("Placement is not an object")?
                .insert("Constraints".into(), constraints.into());
        }
        Change::MoveUndo | Change::MoveSeal | Change::TemporaryRemove | Change::TaskMove { .. } => {
            bail!("this change is not one edit of a spec")
        }
        // The engine itself puts the previous spec in place of what is sent; credentials go in a header.
        Change::Rollback { .. } | Change::AuthSet { .. } => {}
        Change::ImageSet { before, after, platforms } => image::set(spec, before, after, platforms)?,
        Change::ScaleZero { .. } => {
            if !spec.pointer("/Mode/Replicated").is_some_and(Value::is_object) {
                bail!("the service is not a replicated one");
            }
            let replicated = object_in(object_in(spec, "Mode")?, "Replicated")?;
            replicated.as_object_mut().context("Replicated is not an object")?.insert("Replicas".into(), 0.into());
        }
        Change::Scale { after, .. } | Change::Start { after } => scale::set(spec, *after, None)?,
        Change::Stop { before } => scale::set(spec, 0, Some(*before))?,
        Change::RoleSet { after, .. } => set_text(spec, "Role", after.name())?,
        Change::AvailabilitySet { after, .. } => set_text(spec, "Availability", after)?,
        Change::FieldSet { path, after, .. } => field::set(spec, path, after)?,
        Change::ServiceCreate { .. } => bail!("what is not there can't be edited"),
        Change::HostProgram { .. }
        | Change::HostUnit { .. }
        | Change::HostStart { .. }
        | Change::ContainerRestart { .. }
        | Change::Remove { .. }
        | Change::CachePrune { .. }
        | Change::LogRotate(_)
        | Change::LogCompress { .. }
        | Change::LogRemove { .. }
        | Change::LogNotify { .. }
        | Change::Logrotate { .. }
        | Change::ModFetch { .. }
        | Change::ModRemove { .. }
        | Change::ImageForget { .. } => {
            bail!("what lies on one node is no spec to edit")
        }
        Change::SwarmInit
        | Change::SwarmPause { .. }
        | Change::UnlockKeySave { .. }
        | Change::NodeJoin { .. }
        | Change::NodeRemove => {
            bail!("the swarm itself is no node or service to edit")
        }
        Change::LogLimit { max_size, max_file, .. } => limit_logs(spec, max_size, *max_file)?,
        Change::ForceUpdate { .. } => {
            let template = object_in(spec, "TaskTemplate")?;
            let count = template.get("ForceUpdate").and_then(Value::as_u64).unwrap_or(0);
            template
                .as_object_mut()
                .context("TaskTemplate is not an object")?
                .insert("ForceUpdate".into(), count.saturating_add(1).into());
        }
    }
    Ok(())
}

/// Changes a node's availability, unless it is something else by now.
fn available(spec: &mut Value, from: &str, to: &str) {
    if let Some(availability) = spec.get_mut("Availability").filter(|found| *found == from) {
        *availability = to.into();
    }
}

fn set_text(spec: &mut Value, key: &str, text: &str) -> Result<()> {
    spec.as_object_mut().context("the node's spec is not an object")?.insert(key.to_owned(), text.into());
    Ok(())
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

/// Rewrites the record; an empty one is no label at all.
fn edit_record(labels: &mut Map<String, Value>, edit: impl FnOnce(&mut Vec<String>)) {
    let before = labels.get(RECORD_LABEL).and_then(Value::as_str).map(str::to_owned);
    let mut keys = record_keys(before.as_deref());
    edit(&mut keys);
    let after = record_keys(Some(&keys.join(",")));
    if after.is_empty() {
        labels.remove(RECORD_LABEL);
    } else {
        labels.insert(RECORD_LABEL.to_owned(), after.join(",").into());
    }
}

#[cfg(test)]
mod tests;
