//! What nobody measured: a task is taken for what its service reserves. Pure.

use std::collections::{BTreeMap, HashMap};

use super::TaskMemory;
use super::smooth::Raw;
use crate::model::{ServiceId, TaskId};
use crate::snapshot::Snapshot;

/// Gives tasks that nobody measured what they reserve, as far as their node's use leaves room for it; returns how
/// many of them there are. A task that reserves nothing stays unknown.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of bytes"
)]
pub(super) fn estimate(cluster: &Snapshot, raw: &mut Raw) -> usize {
    let reserved: HashMap<&ServiceId, u64> = cluster
        .services
        .iter()
        .filter_map(|service| Some((&service.id, service.needs().ok()?.memory)))
        .filter(|(_, memory)| *memory > 0)
        .collect();
    let mut measured: BTreeMap<&String, u64> = BTreeMap::new();
    for (id, home) in &raw.homes {
        *measured.entry(home).or_default() += raw.metrics.tasks.get(id).map_or(0, |task| task.footprint_bytes);
    }
    let mut unknown: BTreeMap<&String, Vec<(&TaskId, u64)>> = BTreeMap::new();
    for task in cluster.tasks.iter().filter(|task| task.live() && !raw.metrics.tasks.contains_key(&task.id)) {
        if let (Some(home), Some(memory)) = (raw.homes.get(&task.id), reserved.get(&task.service)) {
            unknown.entry(home).or_default().push((&task.id, *memory));
        }
    }
    let mut estimates = Vec::new();
    for (home, tasks) in unknown {
        let Some(node) = raw.metrics.nodes.get(home) else { continue };
        let left = node.used_bytes.saturating_sub(measured.get(home).copied().unwrap_or_default());
        let wanted: u64 = tasks.iter().map(|(_, memory)| memory).sum();
        let part = (left as f64 / wanted as f64).min(1.0);
        for (id, memory) in tasks {
            let bytes = (memory as f64 * part) as u64;
            let memory = TaskMemory {
                footprint_bytes: bytes,
                working_set_bytes: bytes,
                estimated: true,
                ..TaskMemory::default()
            };
            estimates.push((id.clone(), memory));
        }
    }
    let count = estimates.len();
    raw.metrics.tasks.extend(estimates);
    count
}
