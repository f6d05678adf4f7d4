//! Small read views over the engine's raw JSON.
//!
//! Reads are lenient: an unknown field or enum value never fails a read. Views are for deciding only;
//! what is written back is always the raw text they keep, edited by [`crate::engine::edit`].

pub mod constraint;
pub mod member;
pub mod needs;
pub mod node;
pub mod offer;
pub mod pause;
pub mod reference;
pub mod rollout;
pub mod service;
pub mod stock;
pub mod task;
pub mod version;
pub mod window;

pub use constraint::Constraint;
pub use member::{Member, Role};
pub use needs::Needs;
pub use node::{Node, NodeId};
pub use offer::Offer;
pub use pause::{Pause, Pauses};
pub use reference::Reference;
pub use rollout::Rollout;
pub use service::{Mode, Service, ServiceId, UpdateState};
pub use task::{Task, TaskId, TaskState};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Go writes an empty map, list or struct as `null`; this reads it as the default.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An engine timestamp (RFC 3339, 0 to 9 fraction digits); one that can't be read is absent.
pub(crate) fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Whether a value is one that the engine leaves out: null, empty and absent are one to it, all the way down.
pub fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(says_nothing),
    }
}
