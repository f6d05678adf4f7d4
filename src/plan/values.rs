//! What a change looks like in the report: the value found and the value wanted.

use serde_json::Value;

use super::{Change, Rotation};
use crate::redact::under;

impl Change {
    /// The changed value as it was found and as it is wanted, for the report.
    pub fn values(&self) -> (Value, Value) {
        match self {
            Self::LabelSet { before, after, .. } => (before.clone().into(), after.clone().into()),
            Self::LabelRemove { before, .. } => (before.clone().into(), Value::Null),
            Self::RecordForget { keys } => (keys.join(",").into(), Value::Null),
            Self::NodePause { .. } => ("active".into(), "pause".into()),
            Self::NodeResume { .. } => ("pause".into(), "active".into()),
            Self::ConstraintAdd { constraint } => (Value::Null, constraint.clone().into()),
            Self::ForceUpdate { before } => ((*before).into(), before.saturating_add(1).into()),
            Self::MoveUndo
            | Self::MoveSeal
            | Self::TemporaryRemove
            | Self::CatalogDelete { .. }
            | Self::ServiceRemove
            | Self::ObjectRemove { .. }
            | Self::ImagePush => (Value::Null, Value::Null),
            Self::TaskMove { from, to } => (from.clone().into(), to.clone().into()),
            Self::AuthSet { registry } => (Value::Null, registry.as_str().into()),
            Self::Rollback { before, after }
            | Self::ImageSet { before, after, .. }
            | Self::AvailabilitySet { before, after } => (before.clone().into(), after.clone().into()),
            Self::ScaleZero { before } | Self::Stop { before } => ((*before).into(), 0.into()),
            Self::Scale { before, after } => ((*before).into(), (*after).into()),
            Self::Start { after } => (0.into(), (*after).into()),
            Self::SwarmInit => (Value::Null, "swarm".into()),
            Self::SwarmPause { before, after } => (before.clone().into(), after.clone().into()),
            Self::UnlockKeySave { file } => (Value::Null, file.clone().into()),
            Self::NodeJoin { role } => (Value::Null, role.name().into()),
            Self::RoleSet { before, after } => (before.name().into(), after.name().into()),
            Self::NodeRemove => ("down".into(), Value::Null),
            Self::ServiceCreate { spec } => {
                (Value::Null, spec.pointer("/TaskTemplate/ContainerSpec/Image").cloned().unwrap_or_default())
            }
            Self::ObjectCreate { spec, .. } => (Value::Null, spec["Driver"].clone()),
            Self::FieldSet { path, before, after } => (shown(path, before), shown(path, after)),
            Self::HostProgram { before, after } | Self::HostUnit { before, after } => {
                (before.clone().map_or(Value::Null, Value::from), after.as_str().into())
            }
            Self::HostStart { before, .. } => (before.clone().into(), "active, enabled".into()),
            Self::ContainerRestart { .. } => ("unhealthy".into(), "restarted".into()),
            Self::Remove { bytes, .. } | Self::CachePrune { bytes, .. } => {
                (serde_json::json!({ "size_bytes": bytes }), Value::Null)
            }
            Self::LogLimit { before, max_size, max_file } => {
                (before.clone(), format!("{max_size} x {max_file}").into())
            }
            Self::LogRotate(Rotation { file, copy, .. }) => {
                (serde_json::json!({ "size_bytes": file.size }), copy.clone().into())
            }
            Self::LogCompress { file, compress } => {
                (serde_json::json!({ "size_bytes": file.size }), compress.name().into())
            }
            Self::LogRemove { file } => (serde_json::json!({ "size_bytes": file.size }), Value::Null),
            Self::LogNotify { signal, command } => {
                let signal =
                    signal.as_ref().map(|(signal, pid_file)| format!("{} to {}", signal.name(), pid_file.display()));
                let command = command.first().cloned();
                (Value::Null, signal.into_iter().chain(command).collect::<Vec<_>>().join(", ").into())
            }
            Self::Logrotate { logs } => (logs.clone().into(), Value::Null),
            // A file may hold secrets: its size says enough.
            Self::FileWrite { before, after, .. } => {
                let size = |text: &String| serde_json::json!({ "size_bytes": text.len() });
                (before.as_ref().map_or(Value::Null, size), size(after))
            }
            Self::ModFetch { before, from } => (before.clone().into(), from.clone().into()),
            Self::ImageForget { tags, .. } => (tags.clone().into(), Value::Null),
            Self::CatalogInsert { definition, .. } | Self::CatalogUpdate { definition, .. } => {
                (Value::Null, definition.image.as_str().into())
            }
            Self::ImageBuild { context } => (Value::Null, context.as_str().into()),
            Self::CatalogState { before, after, .. } => (before.name().into(), after.name().into()),
            Self::ModRemove { from } => (from.clone().into(), Value::Null),
        }
    }
}

/// A field's value, as reports may have it: variables, command lines and options of drivers can hold secrets.
fn shown(path: &[String], value: &Value) -> Value {
    under(path.last().map_or("", String::as_str), value)
}
