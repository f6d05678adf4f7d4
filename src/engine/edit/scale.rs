//! The number of replicas, and the label in which a stopped service keeps it.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{labels, object_in};
use crate::model::service::STOPPED_LABEL;

/// Sets the replicas; `stopped` goes into the label, which is removed where there is nothing to keep.
///
/// # Errors
/// If the service is not a replicated one.
pub(super) fn set(spec: &mut Value, replicas: u64, stopped: Option<u64>) -> Result<()> {
    replicate(spec, replicas)?;
    match stopped {
        Some(before) => {
            labels(spec)?.insert(STOPPED_LABEL.to_owned(), before.to_string().into());
        }
        None => {
            if let Some(labels) = spec.get_mut("Labels").and_then(Value::as_object_mut) {
                labels.remove(STOPPED_LABEL);
            }
        }
    }
    Ok(())
}

/// Sets the replicas alone.
///
/// # Errors
/// If the service is not a replicated one.
pub(super) fn replicate(spec: &mut Value, replicas: u64) -> Result<()> {
    if !spec.pointer("/Mode/Replicated").is_some_and(Value::is_object) {
        bail!("the service is not a replicated one");
    }
    let replicated = object_in(object_in(spec, "Mode")?, "Replicated")?;
    replicated.as_object_mut().context("Replicated is not an object")?.insert("Replicas".into(), replicas.into());
    Ok(())
}

/// Whether the raw service has these replicas, and the label only as it should.
pub(super) fn holds(object: &Value, replicas: u64, stopped: Option<u64>) -> bool {
    let label = object.pointer("/Spec/Labels").and_then(|labels| labels.get(STOPPED_LABEL)).and_then(Value::as_str);
    // The engine reads an absent count as one replica.
    let found = object.pointer("/Spec/Mode/Replicated").map(|mode| mode["Replicas"].as_u64().unwrap_or(1));
    found == Some(replicas) && label == stopped.map(|before| before.to_string()).as_deref()
}
