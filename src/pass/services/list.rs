//! `orca services ls`: facts of each service.

use serde_json::{Value, json};

use super::Standing;
use super::newer::Verdict;
use super::standing::Failure;
use crate::model::Reference;
use crate::model::stock::age;
use crate::snapshot::Snapshot;

/// One service, as JSON.
///
/// `check`: what came of asking the registries, where they were asked.
pub fn entry(cluster: &Snapshot, standing: &Standing<'_>, check: Option<&Verdict<'_>>) -> Value {
    let Standing { service, .. } = standing;
    let image = Reference::parse(&service.image);
    json!({
        "id": service.id, "name": service.name, "stack": standing.stack, "mode": standing.mode(),
        "running": standing.running, "wanted": standing.wanted, "pending": standing.pending.len(),
        "done": standing.done,
        "state": standing.state.name(), "stopped_replicas": standing.stopped,
        "update_message": (!standing.service.message.is_empty()).then_some(&standing.service.message),
        "image": service.image, "repository": image.repository, "tag": image.tag, "digest": image.digest,
        "check": check.map(Verdict::json),
        "newest_error": standing.failure.as_ref().map(|failure| failed(cluster, failure)),
    })
}

/// A failure, as JSON.
pub fn failed(cluster: &Snapshot, failure: &Failure) -> Value {
    let seconds = failure.at.map(|at| age(at, cluster.engine_time).as_secs());
    json!({"at": failure.at, "age_seconds": seconds, "task": failure.task,
        "node": cluster.node(&failure.node).map(|node| &node.key), "error": failure.error})
}
