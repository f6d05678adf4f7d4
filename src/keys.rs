//! By what something is remembered, locked and journaled.

use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// What is remembered belongs to a cluster and a config: another config on this host has its own anchors.
pub fn memory_key(cluster: &Snapshot, settings: &Settings) -> String {
    format!("{} {}", cluster_id(cluster), settings.files.join(" "))
}

/// What is remembered of the balance belongs to the cluster alone: a move is a move, by whatever config.
pub fn balance_key(cluster: &Snapshot) -> String {
    format!("{}#balance", cluster_id(cluster))
}

/// What is remembered of updates belongs to the cluster alone: a rollout is a rollout, by whatever config.
pub fn updates_key(cluster: &Snapshot) -> String {
    format!("{}#updates", cluster_id(cluster))
}

/// The cluster's id, for locks and journals.
pub fn cluster_id(cluster: &Snapshot) -> &str {
    cluster.cluster.as_deref().unwrap_or("unknown")
}
