//! `orca services ps`: tasks, and why those wait that have no node.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::Standing;
use super::standing::{name_of, of_spec};
use crate::model::{Task, TaskState};
use crate::pass::autoheal::{View, pending};
use crate::plan::Plan;
use crate::settings;
use crate::snapshot::Snapshot;

/// Why the tasks of each service wait, by the service's name: all reasons, node by node in the last instance.
///
/// # Errors
/// If an object can't be read.
pub fn why_pending(cluster: &Snapshot) -> serde_json::Result<BTreeMap<String, Vec<String>>> {
    let mut settings = settings::Autoheal::default();
    settings.pending.after = Duration::ZERO;
    let mut plan = Plan::default();
    pending::plan(&View::new(cluster, &settings)?, &mut plan);
    Ok(plan.blocked.into_iter().map(|blocked| (blocked.target.name, blocked.reasons)).collect())
}

/// The tasks of a service, live ones by slot, each followed by the ended ones of its slot (newest first) if `all`.
pub fn entries(
    cluster: &Snapshot,
    standing: &Standing<'_>,
    why: &BTreeMap<String, Vec<String>>,
    all: bool,
) -> Vec<Value> {
    let service = standing.service;
    let mut ended: Vec<&Task> =
        cluster.tasks.iter().filter(|task| task.service == service.id && !task.live()).collect();
    ended.sort_by(|a, b| (b.status.timestamp, &b.id).cmp(&(a.status.timestamp, &a.id)));
    let before = |task: &Task| {
        let failed = |other: &&&Task| {
            other.place() == task.place() && matches!(other.status.state, TaskState::Failed | TaskState::Rejected)
        };
        ended.iter().find(failed).map(|other| json!({"at": other.status.timestamp, "error": other.status.err}))
    };
    let mut shown: Vec<&Task> = standing.live.clone();
    if all {
        shown.extend(&ended);
        // Stable: what runs first, then what has ended, newest first.
        shown.sort_by(|a, b| (a.slot, &a.node.0).cmp(&(b.slot, &b.node.0)));
        if service.mode != crate::model::Mode::Global {
            shown.sort_by_key(|task| (task.slot, !task.live()));
        }
    }
    let entry = |task: &Task| {
        let waits = pending::waits(task) && task.live();
        json!({
            "id": task.id, "service": service.name, "name": name_of(service, task), "slot": task.slot,
            "node": cluster.node(&task.node).map(|node| &node.key), "node_id": task.node,
            "state": task.status.state.name(), "desired_state": task.desired_state.name(),
            "since": task.status.timestamp, "current_spec": of_spec(task, service),
            "image": task.spec.container_spec.image,
            "error": (!task.status.err.is_empty()).then_some(&task.status.err),
            "why_pending": waits.then(|| why.get(&service.name)).flatten(),
            "failed_before": task.live().then(|| before(task)).flatten(),
        })
    };
    shown.into_iter().map(entry).collect()
}
