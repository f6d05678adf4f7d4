//! What is told of the swarm in the shapes that the original's clients know. Pure.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{Mode, Node, Offer, Service, TaskState, or_default};
use crate::pass::nodes::list;
use crate::pass::services::standing::{self, Standing};
use crate::pass::services::{State, stacks as by_stack};
use crate::snapshot::Snapshot;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Object {
    created_at: String,
    #[serde(deserialize_with = "or_default")]
    endpoint: Endpoint,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Endpoint {
    #[serde(deserialize_with = "or_default")]
    ports: Vec<Port>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Port {
    #[serde(rename = "PublishedPort")]
    published: u64,
    #[serde(rename = "TargetPort")]
    target: u64,
    protocol: String,
}

/// `PUBLISHED:TARGET` of each port that is published; with the protocol where it is not TCP.
pub(in crate::serve) fn ports(service: &Service) -> Vec<String> {
    object(service).endpoint.ports.iter().map(port).collect()
}

fn port(port: &Port) -> String {
    let protocol = if matches!(port.protocol.as_str(), "" | "tcp") { "" } else { port.protocol.as_str() };
    let slash = if protocol.is_empty() { "" } else { "/" };
    format!("{}:{}{slash}{protocol}", port.published, port.target)
}

fn object(service: &Service) -> Object {
    // What can't be read of it was never read: the snapshot has it.
    serde_json::from_str(service.raw.get()).unwrap_or_default()
}

/// Names of the nodes on which a service runs.
pub(in crate::serve) fn places(cluster: &Snapshot, one: &Standing<'_>) -> BTreeSet<String> {
    let running = one.live.iter().filter(|task| task.running());
    running.filter_map(|task| cluster.node(&task.node)).map(|node| node.name.clone()).collect()
}

/// Tasks that ended well, of a service whose tasks end.
fn completed(cluster: &Snapshot, service: &Service) -> usize {
    if service.mode != Mode::Job && service.restarts_always {
        return 0;
    }
    let own = cluster.tasks.iter().filter(|task| task.service == service.id);
    own.filter(|task| task.status.state == TaskState::Complete).count()
}

/// One word for a service, from how it stands.
pub(in crate::serve) fn status(one: &Standing<'_>) -> &'static str {
    match one.state {
        State::Ok => "running",
        State::Stopped => "stopped",
        State::Starting if one.running == 0 => "starting",
        State::Failing | State::Pending | State::Paused if one.running == 0 => "failed",
        State::Updating | State::RollingBack if one.wanted.is_none_or(|wanted| one.running >= wanted) => "running",
        _ => "degraded",
    }
}

/// `GET /api/services/live`.
pub(in crate::serve) fn services(cluster: &Snapshot) -> Result<Value> {
    let entry = |one: &Standing<'_>| {
        let service = one.service;
        let object = object(service);
        let ended = completed(cluster, service);
        json!({
            "id": service.id, "name": service.name, "image": service.image, "replicas": one.wanted,
            "running_replicas": one.running, "completed_replicas": ended,
            "ports": object.endpoint.ports.iter().map(port).collect::<Vec<_>>(), "nodes": places(cluster, one),
            "created_at": object.created_at, "status": status(one), "state": one.state.name(), "mode": one.mode(),
            "stack": one.stack, "version": service.version,
            "newest_error": one.failure.as_ref().map(|failure| &failure.error),
        })
    };
    Ok(standing::all(cluster)?.iter().map(entry).collect())
}

/// `GET /api/nodes`.
pub(in crate::serve) fn nodes(cluster: &Snapshot) -> Result<Value> {
    let mut entries = Vec::new();
    for node in &cluster.nodes {
        entries.push(node_of(cluster, node)?);
    }
    Ok(entries.into())
}

/// `GET /api/nodes/{id}`.
pub(in crate::serve) fn node(cluster: &Snapshot, node: &Node) -> Result<Value> {
    node_of(cluster, node)
}

fn node_of(cluster: &Snapshot, node: &Node) -> Result<Value> {
    let entry = list::entry(cluster, node)?;
    let offer = Offer::read(&node.raw)?;
    let gpus: u64 = offer.generic.iter().filter(|(kind, _)| kind.to_lowercase().contains("gpu")).map(|(_, n)| n).sum();
    let mut here: BTreeMap<&str, (&Service, u64)> = BTreeMap::new();
    for task in list::tasks(cluster, node).into_iter().filter(|task| task.running()) {
        if let Some(service) = cluster.services.iter().find(|service| service.id == task.service) {
            here.entry(&service.name).or_insert((service, 0)).1 += 1;
        }
    }
    let services: Vec<Value> = here
        .into_iter()
        .map(|(name, (service, count))| json!({"name": name, "image": service.image, "replicas_on_node": count}))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "a number of CPUs")]
    let cpus = offer.nano_cpus as f64 / 1e9;
    Ok(json!({
        "id": node.id, "hostname": node.name, "role": entry["role"], "status": entry["state"],
        "availability": entry["availability"], "addr": entry["address"], "platform_os": offer.os,
        "platform_arch": offer.arch, "engine_version": entry["engine"], "labels": node.labels,
        "resources": {"cpus": cpus, "memory_mb": offer.memory / (1 << 20), "gpus": gpus}, "services": services,
        "leader": node.leader, "reachable": entry["reachable"], "ghost": entry["ghost"], "tasks": entry["tasks"],
        "version": node.version,
    }))
}

/// `GET /api/stacks`.
pub(in crate::serve) fn stacks(cluster: &Snapshot) -> Result<Value> {
    let standings = standing::all(cluster)?;
    let entry = |(name, services): (&&str, &Vec<&Standing<'_>>)| {
        let (running, desired) = services.iter().fold((0, 0), |(running, desired), one| {
            (running + one.running, desired + one.wanted.unwrap_or(one.running))
        });
        let ports: BTreeSet<String> = services.iter().flat_map(|one| ports(one.service)).collect();
        let nodes: BTreeSet<String> = services.iter().flat_map(|one| places(cluster, one)).collect();
        let names: Vec<&str> = services.iter().map(|one| one.service.name.as_str()).collect();
        json!({
            "name": name, "status": stack_status(services, running, desired), "services": names,
            "service_count": services.len(), "running_replicas": running, "desired_replicas": desired,
            "ports": ports, "nodes": nodes,
        })
    };
    Ok(by_stack::all(&standings).iter().map(entry).collect())
}

fn stack_status(services: &[&Standing<'_>], running: u64, desired: u64) -> &'static str {
    let failed = services.iter().any(|one| status(one) == "failed");
    match (running, desired) {
        (_, 0) => "stopped",
        (0, _) if failed => "failed",
        (0, _) => "starting",
        (running, desired) if running < desired => "degraded",
        _ => "running",
    }
}
