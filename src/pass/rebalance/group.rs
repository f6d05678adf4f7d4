//! Anchor groups: an anchor and what follows it move together, and their own labels move with them.

use std::collections::{BTreeMap, BTreeSet};

use super::reason::{Finding, Reason};
use super::world::World;

/// Services that move together.
#[derive(Debug)]
pub(super) struct Group {
    /// The anchor's name in the settings; for chains that of the first anchor in the file.
    pub(super) name: String,
    /// Positions of its services; the anchors that were deployed come before what follows them.
    pub(super) services: Vec<usize>,
    /// Label keys that orca keeps where the group is.
    pub(super) labels: BTreeSet<String>,
}

/// The deployed groups of at least two services, in the order of the file.
pub(super) fn groups(world: &World<'_>) -> Vec<Group> {
    let find = |names: &[String]| {
        names
            .iter()
            .find_map(|name| world.services.binary_search_by(|seen| seen.service.name.as_str().cmp(name.as_str())).ok())
    };
    let mut groups: Vec<Group> = Vec::new();
    let mut group_of: BTreeMap<usize, usize> = BTreeMap::new();
    for anchor in &world.settings.anchors {
        let dependents = anchor.dependents.iter().filter_map(|dependent| find(&dependent.service));
        let services: Vec<usize> = find(&anchor.service).into_iter().chain(dependents).collect();
        // A chain: what one anchor pulls along may be an anchor itself.
        let joined: BTreeSet<usize> = services.iter().filter_map(|service| group_of.get(service).copied()).collect();
        let at = joined.first().copied().unwrap_or_else(|| {
            groups.push(Group { name: anchor.name.clone(), services: Vec::new(), labels: BTreeSet::new() });
            groups.len() - 1
        });
        for other in joined.iter().skip(1) {
            let other = std::mem::replace(
                &mut groups[*other],
                Group { name: String::new(), services: Vec::new(), labels: BTreeSet::new() },
            );
            groups[at].services.extend(other.services);
            groups[at].labels.extend(other.labels);
        }
        groups[at].labels.insert(anchor.label.key.clone());
        groups[at].services.extend(services);
        for service in groups[at].services.clone() {
            group_of.insert(service, at);
        }
    }
    for group in &mut groups {
        let mut seen = BTreeSet::new();
        group.services.retain(|service| seen.insert(*service));
    }
    groups.retain(|group| group.services.len() > 1);
    groups
}

/// The tasks of a group that can move as a whole, anchors first; else why not is added to each of them.
pub(super) fn whole(world: &World<'_>, group: &Group, findings: &mut [Vec<Finding>]) -> Option<Vec<usize>> {
    let tasks: Vec<usize> =
        group.services.iter().flat_map(|service| world.services[*service].tasks.iter().copied()).collect();
    let nodes: BTreeSet<usize> = tasks.iter().map(|task| world.tasks[*task].node).collect();
    let stuck: BTreeSet<&str> = tasks
        .iter()
        .filter(|task| !findings[**task].is_empty())
        .map(|task| world.service_of(*task).service.name.as_str())
        .collect();
    let why = if nodes.len() > 1 {
        let hosts: Vec<&str> = nodes.iter().map(|node| world.host(*node)).collect();
        format!("the group `{}` is spread over {}", group.name, hosts.join(", "))
    } else if !stuck.is_empty() {
        let names: Vec<String> = stuck.into_iter().map(|name| format!("`{name}`")).collect();
        format!("the group `{}` can't leave without {}", group.name, names.join(", "))
    } else {
        return (!tasks.is_empty()).then_some(tasks);
    };
    for task in tasks {
        findings[task].push(Finding::new(Reason::GroupIncomplete, why.clone()));
        findings[task].sort();
    }
    None
}
