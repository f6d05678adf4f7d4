//! Which node gets a task: the engine's filters in the engine's order, then the least loaded.

use super::cluster::Cluster;
use super::constraint::value_of;
use super::object::{Node, Service};
use super::tasks::Load;

/// Why nodes were refused, in the order in which the engine asks.
const REASONS: [(&str, &str); 6] = [
    ("node not available for new tasks", "nodes not available for new tasks"),
    ("insufficient resources on", "insufficient resources on"),
    ("scheduling constraints not satisfied on", "scheduling constraints not satisfied on"),
    ("unsupported platform on", "unsupported platform on"),
    ("host-mode port already in use on", "host-mode port already in use on"),
    ("max replicas per node limit exceed", "max replicas per node limit exceed"),
];

impl Cluster {
    /// The node for one more task of `service`, or the engine's sentence why there is none.
    ///
    /// With `only`, as for global services, no other node is looked at.
    pub(super) fn place(&self, service: &Service, only: Option<&str>) -> Result<String, String> {
        let none = Load::default();
        let mut refused = [0_usize; REASONS.len()];
        let mut fit: Vec<(&Node, &Load)> = Vec::new();
        for node in self.nodes.values().filter(|node| only.is_none_or(|id| id == node.id)) {
            let load = self.tasks.load(&node.id).unwrap_or(&none);
            match refusal(service, node, load) {
                Some(reason) => refused[reason] += 1,
                None => fit.push((node, load)),
            }
        }
        let here = |load: &Load| load.by_service.get(&service.id).copied().unwrap_or_default();
        // Each spread preference splits the nodes into branches; the branch with fewest tasks of the service wins.
        let branch = |node: &Node, depth: usize| -> u64 {
            let same = |other: &&(&Node, &Load)| {
                service.spread[..=depth].iter().all(|key| value_of(key, other.0) == value_of(key, node))
            };
            fit.iter().filter(same).map(|(_, load)| here(load)).sum()
        };
        let rank = |(node, load): &(&Node, &Load)| {
            let branches: Vec<u64> = (0..service.spread.len()).map(|depth| branch(node, depth)).collect();
            (branches, here(load), load.live, node.hostname.clone(), node.id.clone())
        };
        match fit.iter().min_by_key(|candidate| rank(candidate)) {
            Some((node, _)) => Ok(node.id.clone()),
            None => Err(explain(&refused)),
        }
    }
}

/// Whether the node meets the service's constraints; a service without any is met by all.
pub(super) fn constraints_hold(service: &Service, node: &Node) -> bool {
    service.constraints.iter().all(|constraint| constraint.matches(node))
}

/// The first filter that refuses the node, as an index into `REASONS`.
fn refusal(service: &Service, node: &Node, load: &Load) -> Option<usize> {
    let free = |total: u64, used: u64| total.saturating_sub(used);
    if !node.takes_tasks() {
        Some(0)
    } else if service.nano_cpus > free(node.nano_cpus, load.nano_cpus)
        || service.memory > free(node.memory, load.memory)
    {
        Some(1)
    } else if !constraints_hold(service, node) {
        Some(2)
    } else if !platform_fits(service, node) {
        Some(3)
    } else if service.host_ports.iter().any(|port| load.host_ports.contains(port)) {
        Some(4)
    } else if service.max_replicas > 0
        && load.by_service.get(&service.id).copied().unwrap_or_default() >= service.max_replicas
    {
        Some(5)
    } else {
        None
    }
}

/// Whether one of the service's platforms is the node's; an empty half stands for any.
pub(super) fn platform_fits(service: &Service, node: &Node) -> bool {
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
fn explain(refused: &[usize; REASONS.len()]) -> String {
    let mut counted: Vec<(usize, usize)> =
        refused.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let parts: Vec<String> = counted
        .into_iter()
        .map(|(reason, count)| {
            let text = if count == 1 { REASONS[reason].0 } else { REASONS[reason].1 };
            match (reason, count) {
                (0, _) => format!("{count} {text}"),
                (5, _) => text.to_owned(),
                (_, 1) => format!("{text} 1 node"),
                _ => format!("{text} {count} nodes"),
            }
        })
        .collect();
    if parts.is_empty() { "no suitable node".to_owned() } else { format!("no suitable node ({})", parts.join("; ")) }
}
