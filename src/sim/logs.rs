//! `GET /services/{id}/logs`: what the simulated tasks of a service have printed, which is nothing, but for `orca probe`.
//!
//! A simulated node uses a tenth of its memory by itself, and a simulated task exactly what it reserves.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::json;
use super::object::Task;
use super::query::Query;

/// A message on standard output.
fn framed(message: &str) -> Vec<u8> {
    on_stream(1, message)
}

/// 1: standard output, 3: the engine itself.
fn on_stream(stream: u8, message: &str) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[stream, 0, 0, 0], length.as_slice(), message.as_bytes()].concat()
}

impl Cluster {
    /// The log stream of a service, as frames that name the node of each line.
    pub(super) fn logs(&self, service: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for task in self.tasks.of_service(service).into_iter().filter(|task| task.state == "running") {
            let raw: Value = serde_json::from_str(&task.text).unwrap_or_default();
            let container = raw.pointer("/Spec/ContainerSpec");
            let words = |key: &str| container.map(|container| json::list(container, key)).unwrap_or_default();
            if !words("/Command").iter().chain(words("/Args")).any(|word| word == "probe") {
                continue;
            }
            let details = format!(
                "com.docker.swarm.node.id={},com.docker.swarm.service.id={service},com.docker.swarm.task.id={}",
                task.node, task.id
            );
            for line in self.probed(&task.node) {
                let message = format!("{details} {line}\n");
                bytes.extend(framed(&message));
            }
        }
        bytes
    }

    /// The log of one task: one whose command is `echo` has printed its arguments, each on a line of its own, a second
    /// apart from when it was made.
    pub(super) fn task_logs(&self, task: &Task, query: &Query) -> Vec<u8> {
        if self.unheard.contains(&task.node) && query.get("follow") != "1" {
            let why = "rpc error: code = Unknown desc = warning: incomplete log stream. some logs could not be retrieved for \
                the following reasons: node";
            return on_stream(3, &format!("Error grabbing logs: {why} {} is not available\n\0", task.node));
        }
        let raw: Value = serde_json::from_str(&task.text).unwrap_or_default();
        let words =
            |key: &str| raw.pointer("/Spec/ContainerSpec").map(|spec| json::list(spec, key)).unwrap_or_default();
        if words("/Command").first().is_none_or(|word| word != "echo") {
            return Vec::new();
        }
        let begun: Timestamp = json::text(&raw, "/CreatedAt").parse().unwrap_or_default();
        let at = |line: usize| {
            begun.saturating_add(SignedDuration::from_secs(i64::try_from(line).unwrap_or_default())).unwrap_or(begun)
        };
        let lines: Vec<String> = words("/Args")
            .iter()
            .enumerate()
            .map(|(line, text)| format!("{} {}\n", at(line), text.as_str().unwrap_or_default()))
            .collect();
        let tail = query.get("tail").parse().unwrap_or(usize::MAX);
        lines.iter().skip(lines.len().saturating_sub(tail)).flat_map(|line| framed(line)).collect()
    }

    /// What `orca probe` would print on this node.
    fn probed(&self, node: &str) -> Vec<Value> {
        let total = self.nodes.get(node).map_or(0, |node| node.memory);
        let (mut used, mut lines) = (total / 10, Vec::new());
        for task in self.tasks.iter().filter(|task| task.node == node && task.state == "running") {
            let raw: Value = serde_json::from_str(&task.text).unwrap_or_default();
            let container = json::text(&raw, "/Status/ContainerStatus/ContainerID");
            if !container.is_empty() {
                used += task.memory;
                let memory = task.memory;
                lines.push(json!({"container": container, "footprint_bytes": memory, "working_set_bytes": memory}));
            }
        }
        let available = total.saturating_sub(used);
        let machine =
            json!({"schema": "orca.probe/1", "total_bytes": total, "available_bytes": available, "arc_bytes": 0});
        let end = json!({"containers": lines.len()});
        [vec![machine], lines, vec![end]].concat()
    }
}
