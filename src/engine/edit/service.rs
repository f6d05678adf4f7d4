//! Edits of a service's spec.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use super::{field, object_in, scale};
use crate::plan::Change;

pub(super) fn apply(spec: &mut Value, change: &Change) -> Result<()> {
    match change {
        Change::ConstraintAdd { constraint } => add_constraint(spec, constraint),
        Change::ForceUpdate { .. } => force_update(spec),
        // The engine itself puts the previous spec in place of what is sent.
        Change::Rollback { .. } => Ok(()),
        Change::ScaleZero { .. } => scale::replicate(spec, 0),
        Change::Scale { after, .. } | Change::Start { after } => scale::set(spec, *after, None),
        Change::Stop { before } => scale::set(spec, 0, Some(*before)),
        Change::FieldSet { path, after, .. } => field::set(spec, path, after),
        Change::LogLimit { max_size, max_file, .. } => limit_logs(spec, max_size, *max_file),
        other => bail!("`{}` is no edit of a service", other.kind()),
    }
}

/// Whether the managers bear a write of this spec, see [`super`].
pub(super) fn check(object: &Value, spec: &Value, changes: &[&Change]) -> Result<()> {
    if !spec.pointer("/TaskTemplate/Placement").is_some_and(Value::is_object) {
        bail!("the service's spec has no Placement: a write could crash the managers");
    }
    // What a rollback writes is not what is sent.
    let rolls_back = changes.iter().any(|change| matches!(change, Change::Rollback { .. }));
    if rolls_back && !object.pointer("/PreviousSpec/TaskTemplate/Placement").is_some_and(Value::is_object) {
        bail!("the service's previous spec has no Placement: going back to it could crash the managers");
    }
    Ok(())
}

/// Whether the raw service is as the change wants it.
pub(super) fn holds(object: &Value, change: &Change) -> bool {
    let text = |at: &str| object.pointer(at).and_then(Value::as_str);
    match change {
        Change::ConstraintAdd { constraint } => {
            let constraints = object.pointer("/Spec/TaskTemplate/Placement/Constraints").and_then(Value::as_array);
            constraints.is_some_and(|constraints| constraints.iter().any(|text| text == constraint))
        }
        Change::LogLimit { max_size, .. } => text("/Spec/TaskTemplate/LogDriver/Options/max-size") == Some(max_size),
        Change::FieldSet { path, after, .. } => {
            object.get("Spec").is_some_and(|spec| field::same(after, field::get(spec, path)))
        }
        Change::Rollback { after, .. } => {
            // The engine swaps the two specs.
            text("/Spec/TaskTemplate/ContainerSpec/Image") == Some(after)
                && text("/UpdateStatus/State").is_some_and(|state| state.starts_with("rollback"))
        }
        Change::ScaleZero { .. } => object.pointer("/Spec/Mode/Replicated/Replicas").and_then(Value::as_u64) == Some(0),
        Change::Scale { after, .. } | Change::Start { after } => scale::holds(object, *after, None),
        Change::Stop { before } => scale::holds(object, 0, Some(*before)),
        Change::ForceUpdate { before } => {
            object.pointer("/Spec/TaskTemplate/ForceUpdate").and_then(Value::as_u64).unwrap_or(0) > *before
        }
        _ => false,
    }
}

fn add_constraint(spec: &mut Value, constraint: &str) -> Result<()> {
    let placement = object_in(object_in(spec, "TaskTemplate")?, "Placement")?;
    let placement = placement.as_object_mut().context("Placement is not an object")?;
    let constraints = placement.entry("Constraints").or_insert(Value::Null);
    if constraints.is_null() {
        *constraints = json!([]);
    }
    constraints.as_array_mut().context("the service's Constraints is not a list")?.push(constraint.into());
    Ok(())
}

fn force_update(spec: &mut Value) -> Result<()> {
    let template = object_in(spec, "TaskTemplate")?.as_object_mut().context("TaskTemplate is not an object")?;
    let count = template.get("ForceUpdate").and_then(Value::as_u64).unwrap_or(0);
    template.insert("ForceUpdate".into(), count.saturating_add(1).into());
    Ok(())
}

/// The driver that tasks of this service get by default is json-file: naming it changes nothing but the limit.
fn limit_logs(spec: &mut Value, max_size: &str, max_file: u32) -> Result<()> {
    let template = object_in(spec, "TaskTemplate")?.as_object_mut().context("TaskTemplate is not an object")?;
    let driver = template.entry("LogDriver").or_insert(Value::Null);
    if driver.is_null() {
        *driver = json!({ "Name": "json-file" });
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
