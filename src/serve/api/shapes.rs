//! What is told of the swarm in the shapes that the original's clients know. Pure.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::types::{self, Here, LiveService, Resources, Stack};
use crate::model::needs::Port;
use crate::model::{Mode, Node, Offer, Service, TaskState};
use crate::pass::nodes::list;
use crate::pass::services::standing::{self, Standing};
use crate::pass::services::{State, stacks as by_stack};
use crate::snapshot::Snapshot;

/// `PUBLISHED:TARGET` of each port that is published; with the protocol where it is not TCP.
pub(in crate::serve) fn ports(service: &Service) -> Vec<String> {
    // Whoever asks has read how it stands, and so what it needs.
    service.needs().map(|needs| needs.published.iter().map(port).collect()).unwrap_or_default()
}

fn port(port: &Port) -> String {
    let protocol = if matches!(port.protocol.as_str(), "" | "tcp") { "" } else { port.protocol.as_str() };
    let slash = if protocol.is_empty() { "" } else { "/" };
    format!("{}:{}{slash}{protocol}", port.published, port.target)
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
        // It has not been told yet that no node takes it.
        State::Pending if one.running == 0 && one.pending.iter().all(|task| task.status.err.is_empty()) => "starting",
        State::Failing | State::Pending | State::Paused if one.running == 0 => "failed",
        State::Updating | State::RollingBack if one.wanted.is_none_or(|wanted| one.running >= wanted) => "running",
        _ => "degraded",
    }
}

/// `GET /api/services/live`.
pub(in crate::serve) fn services(cluster: &Snapshot) -> Result<Vec<LiveService>> {
    let entry = |one: Standing<'_>| {
        let service = one.service;
        LiveService {
            id: service.id.0.clone(),
            name: service.name.clone(),
            image: service.image.clone(),
            replicas: one.wanted,
            running_replicas: one.running,
            completed_replicas: completed(cluster, service),
            ports: ports(service),
            nodes: places(cluster, &one),
            created_at: service.created_at.clone(),
            status: status(&one),
            state: one.state.name(),
            mode: one.mode(),
            stack: one.stack,
            version: service.version,
            newest_error: one.failure.map(|failure| failure.error),
        }
    };
    Ok(standing::all(cluster)?.into_iter().map(entry).collect())
}

/// `GET /api/nodes`.
pub(in crate::serve) fn nodes(cluster: &Snapshot) -> Result<Vec<types::Node>> {
    cluster.nodes.iter().map(|one| node(cluster, one)).collect()
}

/// `GET /api/nodes/{id}`.
pub(in crate::serve) fn node(cluster: &Snapshot, node: &Node) -> Result<types::Node> {
    let mut entry = list::entry(cluster, node)?;
    let offer = Offer::read(&node.raw)?;
    let gpus = offer.generic.iter().filter(|(kind, _)| kind.to_lowercase().contains("gpu")).map(|(_, n)| n).sum();
    let mut here: BTreeMap<&str, (&Service, u64)> = BTreeMap::new();
    for task in list::tasks(cluster, node).into_iter().filter(|task| task.running()) {
        if let Some(service) = cluster.services.iter().find(|service| service.id == task.service) {
            here.entry(&service.name).or_insert((service, 0)).1 += 1;
        }
    }
    let here = here.into_iter().map(|(name, (service, count))| Here {
        name: name.to_owned(),
        image: service.image.clone(),
        replicas_on_node: count,
    });
    #[expect(clippy::cast_precision_loss, reason = "a number of CPUs")]
    let cpus = offer.nano_cpus as f64 / 1e9;
    let mut take = |key: &str| entry[key].take();
    Ok(types::Node {
        id: node.id.0.clone(),
        hostname: node.name.clone(),
        role: take("role"),
        status: take("state"),
        availability: take("availability"),
        addr: take("address"),
        platform_os: offer.os,
        platform_arch: offer.arch,
        engine_version: take("engine"),
        labels: node.labels.clone(),
        resources: Resources { cpus, memory_mb: offer.memory / (1 << 20), gpus },
        services: here.collect(),
        leader: node.leader,
        reachable: take("reachable"),
        ghost: take("ghost"),
        tasks: take("tasks"),
        version: node.version,
    })
}

/// `GET /api/stacks`.
pub(in crate::serve) fn stacks(cluster: &Snapshot) -> Result<Vec<Stack>> {
    let standings = standing::all(cluster)?;
    let entry = |(name, services): (&&str, &Vec<&Standing<'_>>)| {
        let (running, desired) = services.iter().fold((0, 0), |(running, desired), one| {
            let wanted = one.wanted.map_or(one.running, |wanted| wanted.saturating_sub(one.done));
            (running + one.running, desired + wanted)
        });
        Stack {
            name: (*name).to_owned(),
            status: stack_status(services, running, desired),
            services: services.iter().map(|one| one.service.name.clone()).collect(),
            service_count: services.len(),
            running_replicas: running,
            desired_replicas: desired,
            ports: services.iter().flat_map(|one| ports(one.service)).collect(),
            nodes: services.iter().flat_map(|one| places(cluster, one)).collect(),
        }
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
