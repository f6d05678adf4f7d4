//! Which node gets a task: the engine's filters in the engine's order, then the least loaded.

use std::collections::BTreeMap;

use super::cluster::Cluster;
use super::constraint::value_of;
use super::object::{Node, Service};
use super::tasks::Load;

/// Why a node is refused, in the order in which the engine asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Unavailable,
    Resources,
    Constraints,
    Platform,
    Ports,
    MaxReplicas,
}

impl Reason {
    /// The engine's words for so many refused nodes.
    fn explain(self, count: usize) -> String {
        let nodes = if count == 1 { "node" } else { "nodes" };
        match self {
            Self::Unavailable => format!("{count} {nodes} not available for new tasks"),
            Self::Resources => format!("insufficient resources on {count} {nodes}"),
            Self::Constraints => format!("scheduling constraints not satisfied on {count} {nodes}"),
            Self::Platform => format!("unsupported platform on {count} {nodes}"),
            Self::Ports => format!("host-mode port already in use on {count} {nodes}"),
            Self::MaxReplicas => "max replicas per node limit exceed".to_owned(),
        }
    }
}

impl Cluster {
    /// The node for one more task of `service`, or the engine's sentence why there is none.
    ///
    /// With `only`, as for global services, no other node is looked at.
    pub(super) fn place(&self, service: &Service, only: Option<&str>) -> Result<String, String> {
        let none = Load::default();
        let mut refused: BTreeMap<Reason, usize> = BTreeMap::new();
        let mut fit: Vec<(&Node, &Load)> = Vec::new();
        for node in self.nodes.values().filter(|node| only.is_none_or(|id| id == node.id)) {
            let load = self.tasks.load(&node.id).unwrap_or(&none);
            match refusal(service, node, load) {
                Some(reason) => *refused.entry(reason).or_default() += 1,
                None => fit.push((node, load)),
            }
        }
        let here = |load: &Load| load.by_service.get(&service.id).copied().unwrap_or_default();
        // Each spread preference splits the nodes into branches; the branch with fewest tasks of the service wins.
        let branch = |own: &Node, depth: usize| -> u64 {
            let same = |other: &&(&Node, &Load)| {
                service.spread[..=depth].iter().all(|key| value_of(key, other.0) == value_of(key, own))
            };
            fit.iter().filter(same).map(|(_, load)| here(load)).sum()
        };
        let ranked = fit.iter().map(|(own, load)| {
            let branches: Vec<u64> = (0..service.spread.len()).map(|depth| branch(own, depth)).collect();
            (branches, here(load), load.live, own.hostname.as_str(), own.id.as_str())
        });
        match ranked.min() {
            Some((.., id)) => Ok(id.to_owned()),
            None => Err(explain(&refused)),
        }
    }
}

/// Whether the node meets the service's constraints; a service without any is met by all.
pub(super) fn constraints_hold(service: &Service, node: &Node) -> bool {
    service.constraints.iter().all(|constraint| constraint.matches(node))
}

/// The first filter that refuses the node.
fn refusal(service: &Service, node: &Node, load: &Load) -> Option<Reason> {
    let free = |total: u64, used: u64| total.saturating_sub(used);
    if !node.takes_tasks() {
        Some(Reason::Unavailable)
    } else if service.nano_cpus > free(node.nano_cpus, load.nano_cpus)
        || service.memory > free(node.memory, load.memory)
    {
        Some(Reason::Resources)
    } else if !constraints_hold(service, node) {
        Some(Reason::Constraints)
    } else if !platform_fits(service, node) {
        Some(Reason::Platform)
    } else if service.host_ports.iter().any(|port| load.host_ports.contains(port)) {
        Some(Reason::Ports)
    } else if service.max_replicas > 0
        && load.by_service.get(&service.id).copied().unwrap_or_default() >= service.max_replicas
    {
        Some(Reason::MaxReplicas)
    } else {
        None
    }
}

/// Whether one of the service's platforms is the node's; an empty half stands for any.
fn platform_fits(service: &Service, node: &Node) -> bool {
    let arch = |name: &str| match name {
        "x86_64" => "amd64".to_owned(),
        "aarch64" => "arm64".to_owned(),
        other => other.to_owned(),
    };
    let fits = |want: &str, have: &str| want.is_empty() || want == have;
    service.platforms.is_empty()
        || service.platforms.iter().any(|(os, want)| fits(os, &node.os) && fits(&arch(want), &arch(&node.arch)))
}

/// The engine's sentence: the most frequent reason first.
fn explain(refused: &BTreeMap<Reason, usize>) -> String {
    let mut counted: Vec<(&Reason, &usize)> = refused.iter().collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let parts: Vec<String> = counted.into_iter().map(|(reason, count)| reason.explain(*count)).collect();
    if parts.is_empty() { "no suitable node".to_owned() } else { format!("no suitable node ({})", parts.join("; ")) }
}
