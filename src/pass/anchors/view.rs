//! What the anchors pass looks at: services by configured name, their live tasks, and the order of chains.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::node::NodeState;
use crate::model::{NodeId, Service, ServiceId, Task, TaskId};
use crate::settings::{Anchor, Settings};
use crate::snapshot::Snapshot;

/// The cluster as far as the configured anchors and dependents go.
pub(super) struct View<'a> {
    pub(super) cluster: &'a Snapshot,
    tasks: BTreeMap<&'a ServiceId, Vec<&'a Task>>,
}

/// An anchor that is deployed.
pub(super) struct Followed<'a> {
    pub(super) service: &'a Service,
    /// Its live tasks: wanted by the managers and not ended.
    pub(super) tasks: Vec<&'a Task>,
    /// The ready nodes on which one of them runs.
    pub(super) nodes: BTreeSet<&'a NodeId>,
}

impl<'a> View<'a> {
    pub(super) fn new(cluster: &'a Snapshot, settings: &Settings) -> Self {
        let dependents = settings.anchors.iter().flat_map(|anchor| &anchor.dependents);
        let names = settings.anchors.iter().map(|anchor| &anchor.service).chain(dependents.map(|d| &d.service));
        let mut tasks: BTreeMap<&ServiceId, Vec<&Task>> =
            names.filter_map(|names| find(cluster, names)).map(|service| (&service.id, Vec::new())).collect();
        for task in cluster.tasks.iter().filter(|task| task.live()) {
            if let Some(tasks) = tasks.get_mut(&task.service) {
                tasks.push(task);
            }
        }
        // The engine's order means nothing: reasons must not depend on it.
        tasks.values_mut().for_each(|tasks| tasks.sort_by(|a, b| a.id.cmp(&b.id)));
        Self { cluster, tasks }
    }

    /// The service that goes by the first of these names that is deployed.
    pub(super) fn service(&self, names: &[String]) -> Option<&'a Service> {
        find(self.cluster, names)
    }

    /// The live tasks of a configured service.
    pub(super) fn tasks(&self, service: &Service) -> &[&'a Task] {
        self.tasks.get(&service.id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn followed(&self, anchor: &Anchor) -> Option<Followed<'a>> {
        let service = self.service(&anchor.service)?;
        let tasks = self.tasks(service).to_vec();
        let ready = |id: &NodeId| self.cluster.node(id).is_some_and(|node| node.state == NodeState::Ready);
        let nodes = tasks.iter().filter(|task| task.running() && ready(&task.node)).map(|task| &task.node).collect();
        Some(Followed { service, tasks, nodes })
    }

    /// Anchors so that one which depends on another comes after it. The settings have no cycles.
    pub(super) fn in_order(&self, anchors: &'a [Anchor]) -> Vec<&'a Anchor> {
        let id = |names: &[String]| self.service(names).map(|service| &service.id);
        let mut waiting: Vec<_> = anchors.iter().collect();
        let mut ordered = Vec::new();
        while !waiting.is_empty() {
            let depends_on_waiting = |anchor: &Anchor| {
                let own = id(&anchor.service);
                let upstream = |other: &&Anchor| {
                    other.name != anchor.name && other.dependents.iter().any(|d| own.is_some() && id(&d.service) == own)
                };
                waiting.iter().any(upstream)
            };
            let (later, now): (Vec<_>, Vec<_>) = waiting.iter().partition(|anchor| depends_on_waiting(anchor));
            // What the names in the file hide (two names of one service) can still be a cycle here: end it.
            let stuck = now.is_empty();
            ordered.extend(if stuck { later.clone() } else { now });
            waiting = if stuck { Vec::new() } else { later };
        }
        ordered
    }
}

impl Followed<'_> {
    /// Ids of its running tasks.
    pub(super) fn task_ids(&self) -> BTreeSet<TaskId> {
        self.tasks.iter().filter(|task| task.running()).map(|task| task.id.clone()).collect()
    }

    /// When the newest of the tasks was made that replaced a remembered one; none if nothing was replaced.
    pub(super) fn replaced_at(&self, remembered: &BTreeSet<TaskId>) -> Option<Timestamp> {
        let now = self.task_ids();
        let gone = remembered.iter().any(|id| !now.contains(id));
        let new = self.tasks.iter().filter(|task| task.running() && !remembered.contains(&task.id));
        gone.then(|| new.filter_map(|task| task.created_at).max()).flatten()
    }
}

fn find<'a>(cluster: &'a Snapshot, names: &[String]) -> Option<&'a Service> {
    names.iter().find_map(|name| cluster.service(name))
}
