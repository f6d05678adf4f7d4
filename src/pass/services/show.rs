//! `orca services show` and `diff`: one service in full, redacted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::diff::{Difference, diff};
use super::{Standing, list, tasks};
use crate::model::Service;
use crate::redact::redact;
use crate::snapshot::Snapshot;

/// A service in full: how it stands, its tasks, what its last update has changed, and its redacted spec.
pub fn entry(cluster: &Snapshot, standing: &Standing<'_>, why: &BTreeMap<String, Vec<String>>) -> Value {
    let mut entry = list::entry(cluster, standing, None);
    let object: Value = serde_json::from_str(standing.service.raw.get()).unwrap_or_default();
    let mut spec = object["Spec"].clone();
    redact(&mut spec);
    entry["version"] = standing.service.version.into();
    entry["created_at"] = object["CreatedAt"].clone();
    entry["updated_at"] = object["UpdatedAt"].clone();
    entry["update_status"] = object["UpdateStatus"].clone();
    entry["tasks"] = tasks::entries(cluster, standing, why, false).into();
    entry["previous"] = differences(standing.service).map_or(Value::Null, Value::from);
    entry["spec"] = spec;
    entry
}

/// What the last update has changed, as JSON; none if there is no spec before this one.
pub fn differences(service: &Service) -> Option<Vec<Value>> {
    let object: Value = serde_json::from_str(service.raw.get()).ok()?;
    let previous = object.get("PreviousSpec").filter(|spec| spec.is_object())?;
    let as_json =
        |Difference { path, before, after }: Difference| json!({"path": path, "before": before, "after": after});
    Some(diff(previous, &object["Spec"]).into_iter().map(as_json).collect())
}
