//! Memory figures of nodes and tasks, and their file form `orca.metrics/1`.
//!
//! The file is read strictly: a figure that is not what it seems would move the wrong task. What the figures are good
//! for is judged in [`crate::pass::rebalance`].

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::model::TaskId;

/// The schema name of a metrics file.
pub const SCHEMA: &str = "orca.metrics/1";

/// The memory use of one cluster at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// [`SCHEMA`].
    #[serde(default = "schema")]
    pub schema: String,
    /// When the figures were taken.
    pub taken_at: Timestamp,
    /// By hostname.
    pub nodes: BTreeMap<String, NodeMemory>,
    /// By task id.
    pub tasks: BTreeMap<TaskId, TaskMemory>,
}

/// The memory of a node, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeMemory {
    /// `MemTotal`.
    pub total_bytes: u64,
    /// `MemTotal - MemAvailable`.
    pub used_bytes: u64,
}

/// The memory of a task, bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskMemory {
    /// What can't be reclaimed, and so leaves the node with the task: `anon + shmem + slab_unreclaimable +
    /// kernel_stack + pagetables + sock + swap` of its cgroup (v2).
    pub footprint_bytes: u64,
    /// `memory.current - inactive_file` of its cgroup (v2), as the docker CLI and kubelet count.
    pub working_set_bytes: u64,
}

fn schema() -> String {
    SCHEMA.to_owned()
}

impl Metrics {
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
    const HINT: &str = "it holds {\"taken_at\": ..., \"nodes\": {HOSTNAME: {\"total_bytes\", \"used_bytes\"}}, \
                        \"tasks\": {TASK_ID: {\"footprint_bytes\", \"working_set_bytes\"}}}";
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .with_context(|| Error::new(ErrorKind::Config, format!("can't read the metrics `{name}`")).hint(HINT))?;
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
