//! What a swarm tells of itself that belongs into a config: pure, from a snapshot.

use std::collections::BTreeMap;

use crate::model::service::STACK_LABEL;
use crate::model::{Constraint, Member, Reference, Role};
use crate::pass::nodes::list::is_ghost;
use crate::registry::Plain;
use crate::snapshot::Snapshot;

/// Ends of names that stateful services have: what others want to be near.
const STATEFUL: [&str; 6] = ["db", "postgres", "mariadb", "mysql", "mongo", "redis"];

/// What a swarm tells.
#[derive(Debug)]
pub struct Found {
    /// Every node that is no ghost.
    pub nodes: Vec<FoundNode>,
    /// The node that leads.
    pub leader: Option<String>,
    /// Stacks with the short names of their services, the largest first.
    pub stacks: Vec<(String, Vec<String>)>,
    /// Services in the swarm.
    pub services: usize,
    /// Registries but Docker Hub, with how many services are from each, the most used first.
    pub registries: Vec<(String, usize)>,
    /// Registries that the engine speaks plain HTTP to.
    pub plain: Plain,
    /// Services that others follow already, or look as if they should.
    pub anchors: Vec<FoundAnchor>,
}

/// A node, as the config will have it.
#[derive(Debug)]
pub struct FoundNode {
    /// Hostname, or the node's id where several nodes share the name.
    pub key: String,
    /// Where it is; none if no manager knows.
    pub address: Option<String>,
    /// What it is to be.
    pub role: Role,
    /// Labels but orca's own, and but those that say where an anchor is.
    pub labels: BTreeMap<String, String>,
}

/// A service that others live beside.
#[derive(Debug, PartialEq, Eq)]
pub struct FoundAnchor {
    /// Its stack.
    pub stack: String,
    /// Its short name.
    pub name: String,
    /// Short names of those that follow it.
    pub followers: Vec<String>,
    /// The followers have the constraint already; else it is a guess.
    pub followed: bool,
}

/// A service with its stack and its name within it.
struct Stacked<'s> {
    stack: String,
    short: String,
    constraints: &'s [Constraint],
}

impl Found {
    /// Looks at a snapshot.
    ///
    /// # Errors
    /// If an object can't be read.
    pub fn of(cluster: &Snapshot) -> serde_json::Result<Self> {
        let mut stacked = Vec::new();
        let mut registries: BTreeMap<String, usize> = BTreeMap::new();
        for service in cluster.services.iter() {
            if let Some(stack) = service.needs()?.labels.get(STACK_LABEL).cloned() {
                let short = service.name.strip_prefix(&format!("{stack}_")).unwrap_or(&service.name).to_owned();
                stacked.push(Stacked { stack, short, constraints: &service.constraints });
            }
            let registry = Reference::parse(&service.image).registry().to_owned();
            if registry != "docker.io" {
                *registries.entry(registry).or_default() += 1;
            }
        }
        let mut registries: Vec<_> = registries.into_iter().collect();
        registries.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut stacks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in &stacked {
            stacks.entry(one.stack.clone()).or_default().push(one.short.clone());
        }
        let anchors = anchors(&stacked);
        let mut stacks: Vec<_> = stacks.into_iter().collect();
        stacks.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
        let nodes = nodes(cluster, &anchors)?;
        let leader = cluster.nodes.iter().find(|node| node.leader);
        let leader = leader.map(|leader| key(cluster, &leader.name, &leader.id.0));
        let (services, plain) = (cluster.services.len(), cluster.plain.clone());
        Ok(Self { nodes, leader, stacks, services, registries, plain, anchors })
    }

    /// The node that the config calls so.
    pub fn node(&self, key: &str) -> Option<&FoundNode> {
        self.nodes.iter().find(|node| node.key == key)
    }
}

/// What the config calls a node: its name, unless another living node has it too.
fn key(cluster: &Snapshot, name: &str, id: &str) -> String {
    let shared = cluster.nodes.iter().any(|other| other.name == name && other.id.0 != id && !is_ghost(cluster, other));
    if shared { id.to_owned() } else { name.to_owned() }
}

fn nodes(cluster: &Snapshot, anchors: &[FoundAnchor]) -> serde_json::Result<Vec<FoundNode>> {
    let moving = |label: &str| anchors.iter().any(|anchor| anchor.followed && anchor.name == label);
    let mut nodes = Vec::new();
    for node in cluster.nodes.iter().filter(|node| !is_ghost(cluster, node)) {
        let member = Member::read(&node.raw)?;
        let manager = member.manager_address.rsplit_once(':').map_or("", |(host, _)| host.trim_matches(['[', ']']));
        let usable = |address: &&str| !matches!(*address, "" | "0.0.0.0" | "127.0.0.1" | "::" | "::1");
        let address = [member.address.as_str(), manager].into_iter().find(usable).map(str::to_owned);
        let own = |key: &str| key == "orca" || key.starts_with("orca.");
        let labels = node.labels.iter().filter(|(label, _)| !own(label) && !moving(label));
        nodes.push(FoundNode {
            key: key(cluster, &node.name, &node.id.0),
            address,
            role: member.role,
            labels: labels.map(|(label, value)| (label.clone(), value.clone())).collect(),
        });
    }
    Ok(nodes)
}

/// Who follows whom by constraints; in stacks where nobody does, who looks as if it should be followed.
fn anchors(services: &[Stacked<'_>]) -> Vec<FoundAnchor> {
    let mut anchors: Vec<FoundAnchor> = Vec::new();
    for one in services {
        let beside = |other: &&Stacked<'_>| other.stack == one.stack && other.short != one.short;
        let label = format!("node.labels.{}", one.short);
        let follows = |other: &&Stacked<'_>| other.constraints.iter().any(|c| c.equal && c.key == label);
        let followers: Vec<String> =
            services.iter().filter(beside).filter(follows).map(|other| other.short.clone()).collect();
        if !followers.is_empty() {
            anchors.push(FoundAnchor { stack: one.stack.clone(), name: one.short.clone(), followers, followed: true });
        }
    }
    for one in services.iter().filter(|one| STATEFUL.iter().any(|end| one.short.ends_with(end))) {
        if anchors.iter().any(|anchor| anchor.stack == one.stack) {
            continue;
        }
        let beside = services.iter().filter(|other| other.stack == one.stack && other.short != one.short);
        let followers: Vec<String> = beside.map(|other| other.short.clone()).collect();
        if !followers.is_empty() {
            anchors.push(FoundAnchor { stack: one.stack.clone(), name: one.short.clone(), followers, followed: false });
        }
    }
    anchors
}
