//! `orca nodes ls` and `show`: facts of each node.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::node::{Availability, NodeState};
use crate::model::{Member, Node, Offer, Task};
use crate::pass::services::standing::name_of;
use crate::snapshot::Snapshot;

/// What only the list of nodes needs of one.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct View {
    #[serde(deserialize_with = "crate::model::or_default")]
    description: Description,
    #[serde(deserialize_with = "crate::model::or_default")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Description {
    #[serde(deserialize_with = "crate::model::or_default")]
    engine: Engine,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Engine {
    engine_version: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Status {
    message: String,
}

/// Another node of this one's name that is up: then this one is what is left of the same host's earlier membership.
pub fn is_ghost(cluster: &Snapshot, node: &Node) -> bool {
    let twin = |other: &&Node| other.id != node.id && other.name == node.name && other.state == NodeState::Ready;
    node.state != NodeState::Ready && cluster.nodes.iter().any(|other| twin(&other))
}

/// The word for a node's state.
pub fn state(node: &Node) -> &'static str {
    match node.state {
        NodeState::Ready => "ready",
        NodeState::Down => "down",
        NodeState::Disconnected => "disconnected",
        NodeState::Unknown => "unknown",
    }
}

/// The engine's word for what a node may do.
pub fn availability(node: &Node) -> &'static str {
    match node.availability {
        Availability::Active => "active",
        Availability::Pause => "pause",
        Availability::Drain => "drain",
        Availability::Unknown => "unknown",
    }
}

/// The live tasks of a node.
pub fn tasks<'a>(cluster: &'a Snapshot, node: &Node) -> Vec<&'a Task> {
    cluster.tasks.iter().filter(|task| task.node == node.id && task.live()).collect()
}

/// One node, as JSON.
///
/// # Errors
/// If the object can't be read.
pub fn entry(cluster: &Snapshot, node: &Node) -> serde_json::Result<Value> {
    let (member, offer) = (Member::read(&node.raw)?, Offer::read(&node.raw)?);
    let view: View = serde_json::from_str(node.raw.get())?;
    let tasks = tasks(cluster, node);
    let running = tasks.iter().filter(|task| task.running()).count();
    Ok(json!({
        "id": node.id, "name": node.name, "key": node.key, "state": state(node), "state_message": view.status.message,
        "availability": availability(node), "role": member.role.name(), "leader": node.leader,
        "reachable": member.votes.then_some(member.reachable), "ghost": is_ghost(cluster, node),
        "address": member.address, "engine": view.description.engine.engine_version,
        "os": offer.os, "architecture": offer.arch, "nano_cpus": offer.nano_cpus, "memory_bytes": offer.memory,
        "tasks": tasks.len(), "running": running, "labels": node.labels,
    }))
}

/// The tasks of a node, as JSON, by service and slot.
pub fn task_entries(cluster: &Snapshot, node: &Node) -> Vec<Value> {
    let service = |task: &Task| cluster.services.iter().find(|service| service.id == task.service);
    let mut entries: Vec<(String, Value)> = tasks(cluster, node)
        .into_iter()
        .map(|task| {
            let name = service(task).map_or_else(|| task.id.0.clone(), |service| name_of(service, task));
            let entry = json!({"id": task.id, "name": name, "state": task.status.state.name(),
                "desired_state": task.desired_state.name(), "since": task.status.timestamp});
            (name, entry)
        })
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.into_iter().map(|(_, entry)| entry).collect()
}
