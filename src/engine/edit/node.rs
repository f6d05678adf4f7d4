//! Edits of a node's spec.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use super::labels;
use super::moving::PAUSE_LABEL;
use crate::model::node::{RECORD_LABEL, record_keys};
use crate::plan::Change;

pub(super) fn apply(spec: &mut Value, change: &Change) -> Result<()> {
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
            edit_record(labels(spec)?, |keys| keys.retain(|kept| !gone.contains(kept)));
        }
        Change::NodePause { by } => {
            labels(spec)?.insert(PAUSE_LABEL.to_owned(), by.clone().into());
            available(spec, "active", "pause");
        }
        Change::NodeResume { .. } => {
            labels(spec)?.remove(PAUSE_LABEL);
            available(spec, "pause", "active");
        }
        Change::RoleSet { after, .. } => set_text(spec, "Role", after.name())?,
        Change::AvailabilitySet { after, .. } => set_text(spec, "Availability", after)?,
        other => bail!("`{}` is no edit of a node", other.kind()),
    }
    Ok(())
}

/// The engine refuses an update without these.
pub(super) fn check(spec: &Value) -> Result<()> {
    for field in ["Role", "Availability"] {
        if spec.get(field).and_then(Value::as_str).is_none_or(str::is_empty) {
            bail!("the engine's node has no {field}: an update without it would be refused");
        }
    }
    Ok(())
}

/// Whether the raw node is as the change wants it.
pub(super) fn holds(object: &Value, change: &Change) -> bool {
    let label = |key: &str| object.pointer("/Spec/Labels").and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let text = |at: &str| object.pointer(at).and_then(Value::as_str);
    match change {
        Change::LabelSet { key, after, .. } => label(key) == Some(after),
        Change::LabelRemove { key, .. } => label(key).is_none(),
        Change::RecordForget { keys: gone } => !record_keys(label(RECORD_LABEL)).iter().any(|key| gone.contains(key)),
        Change::NodePause { .. } => label(PAUSE_LABEL).is_some(),
        Change::NodeResume { .. } => label(PAUSE_LABEL).is_none(),
        Change::RoleSet { after, .. } => text("/Spec/Role") == Some(after.name()),
        Change::AvailabilitySet { after, .. } => text("/Spec/Availability") == Some(after),
        _ => false,
    }
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
