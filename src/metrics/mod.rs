//! Memory figures of nodes and tasks, where they come from, and their file form `orca.metrics/1`.
//!
//! The file is read strictly: a figure that is not what it seems would move the wrong task. What the figures are good
//! for is judged in [`crate::pass::rebalance`]. [`collect`] asks, as [`targets`] says whom, [`smooth`] judges over time; the rest is pure.

pub mod cgroup;
pub mod collect;
mod estimate;
pub mod exposition;
mod fetch;
pub mod node_exporter;
pub mod probe;
mod probe_service;
mod prometheus;
pub mod smooth;
mod stats;
pub mod targets;
pub mod url;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::model::TaskId;
use crate::settings::MetricsSource;

/// The schema name of a metrics file.
pub const SCHEMA: &str = "orca.metrics/1";

/// The memory use of one cluster at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// [`SCHEMA`].
    #[serde(default = "schema")]
    pub schema: String,
    /// Where the figures were taken from; `file` where the file doesn't say.
    #[serde(default = "file")]
    pub source: MetricsSource,
    /// When the figures were taken.
    pub taken_at: Timestamp,
    /// By hostname.
    pub nodes: BTreeMap<String, NodeMemory>,
    /// By task id.
    pub tasks: BTreeMap<TaskId, TaskMemory>,
    /// Why there are no figures of a node, by hostname.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<String, String>,
}

/// The memory of a node, bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeMemory {
    /// `MemTotal`.
    pub total_bytes: u64,
    /// `MemTotal - MemAvailable`, without what ZFS would give back.
    pub used_bytes: u64,
    /// How much its tasks wait for memory, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<Pressure>,
}

/// What a lack of memory did to a node since the pass before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pressure {
    /// Share of the time in which some task waited for memory (PSI `some`).
    pub some: f64,
    /// Share of the time in which all of them did (PSI `full`).
    pub full: f64,
    /// Processes that the kernel killed for want of memory.
    pub oom_kills: u64,
}

/// The memory of a task, bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskMemory {
    /// What can't be reclaimed, and so leaves the node with the task: `anon + shmem + slab_unreclaimable +
    /// kernel_stack + pagetables + sock + swap` of its cgroup (v2).
    pub footprint_bytes: u64,
    /// `memory.current - inactive_file` of its cgroup (v2), as the docker CLI and kubelet count.
    pub working_set_bytes: u64,
    /// What a target must have room for, as nine of ten samples say; none where there was one sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit_bytes: Option<u64>,
    /// How fast its footprint grows, as a share of it per minute, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth_per_minute: Option<f64>,
    /// Not measured: what its service reserves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

fn schema() -> String {
    SCHEMA.to_owned()
}

fn file() -> MetricsSource {
    MetricsSource::File
}

/// What `--metrics` names: a source, or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A word of `rebalance.metrics.source`.
    Source(MetricsSource),
    /// A path.
    File(PathBuf),
}

impl FromStr for Wanted {
    type Err = std::convert::Infallible;

    /// A file that is called like a source is written `./probe`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(MetricsSource::named(text).map_or_else(|| Self::File(PathBuf::from(text)), Self::Source))
    }
}

impl NodeMemory {
    /// What is in use, as a part of 1.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 15 digits")]
    pub fn share(&self) -> f64 {
        self.used_bytes as f64 / self.total_bytes.max(1) as f64
    }
}

impl Metrics {
    /// The share of the fullest node.
    pub fn peak(&self) -> f64 {
        self.nodes.values().map(NodeMemory::share).fold(0.0, f64::max)
    }

    /// Takes a move into account: what a task used on one node it uses on another, under another id.
    pub fn follow(&mut self, from: &str, to: &str, task: &TaskId, successor: &TaskId) {
        let Some(memory) = self.tasks.remove(task) else { return };
        if let Some(node) = self.nodes.get_mut(from) {
            node.used_bytes = node.used_bytes.saturating_sub(memory.footprint_bytes);
        }
        if let Some(node) = self.nodes.get_mut(to) {
            node.used_bytes = node.used_bytes.saturating_add(memory.footprint_bytes);
        }
        self.tasks.insert(successor.clone(), memory);
    }

    /// Reads a metrics file.
    pub fn parse(json: &str) -> Result<Self> {
        let metrics: Self = serde_json::from_str(json)?;
        if metrics.schema != SCHEMA {
            bail!("its schema is `{}`, not `{SCHEMA}`", metrics.schema);
        }
        Ok(metrics)
    }
}

/// Reads a metrics file from disk.
pub fn load(path: &Path) -> Result<Metrics> {
    const HINT: &str = "a metrics file holds {\"taken_at\": ..., \"nodes\": {HOSTNAME: {\"total_bytes\", \"used_bytes\"}}, \
                        \"tasks\": {TASK_ID: {\"footprint_bytes\", \"working_set_bytes\"}}}";
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| {
        let sources = MetricsSource::ALL.map(MetricsSource::name).join(", ");
        Error::new(ErrorKind::Config, format!("`{name}` is no metrics source, and can't be read as a metrics file"))
            .hint(format!("sources are {sources}; {HINT}"))
    })?;
    Metrics::parse(&text)
        .with_context(|| Error::new(ErrorKind::Config, format!("`{name}` is not a metrics file")).hint(HINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_strictly() {
        let nodes = r#""nodes": {"n1": {"total_bytes": 10, "used_bytes": 4}}"#;
        let good = format!(r#"{{"taken_at": "2026-11-21T00:00:00Z", {nodes}, "tasks": {{}}}}"#);
        assert_eq!(Metrics::parse(&good).unwrap().nodes["n1"].used_bytes, 4);
        for (bad, why) in [
            (format!(r#"{{"taken_at": "2026-11-21T00:00:00Z", {nodes}}}"#), "missing field `tasks`"),
            (format!(r#"{{"taken_at": "yesterday", {nodes}, "tasks": {{}}}}"#), "failed to parse"),
            (good.replace('4', "-4"), "invalid value"),
            (good.replace("used_bytes", "used"), "unknown field `used`"),
            (good.replacen('{', r#"{"schema": "orca.metrics/2","#, 1), "its schema is `orca.metrics/2`"),
            ("3".to_owned(), "invalid type"),
        ] {
            let error = Metrics::parse(&bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
