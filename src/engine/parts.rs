//! What an engine says of a cluster, as it says it; also the file form `orca.snapshot/1`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The schema name of a snapshot file.
pub const SCHEMA: &str = "orca.snapshot/1";

/// The raw parts of a snapshot, as the engine or a file gives them.
#[derive(Debug, Deserialize, Serialize)]
pub struct Parts<T> {
    /// [`SCHEMA`].
    pub schema: String,
    /// When it was read.
    pub taken_at: Timestamp,
    /// API version of the engine that was asked.
    #[serde(default)]
    pub api: String,
    /// `GET /info`.
    pub info: Box<RawValue>,
    /// `GET /nodes`.
    pub nodes: Vec<Box<RawValue>>,
    /// `GET /services`.
    pub services: Vec<Box<RawValue>>,
    /// `GET /tasks`.
    pub tasks: Vec<T>,
}
