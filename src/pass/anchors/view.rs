//! What the anchors pass looks at: services by configured name, their live tasks, and the order of chains.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::node::NodeState;
use crate::model::{NodeId, Service, ServiceId, Task, TaskId, TaskState};
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
    /// Nodes that one of them is on, running or not (yet), silent or not: it has not left them.
    pub(super) held: BTreeSet<&'a NodeId>,
    /// A task's or its node's state is unknown: it may well be running.
    pub(super) uncertain: bool,
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
        for tasks in tasks.values_mut() {
            tasks.sort_by(|a, b| a.id.cmp(&b.id));
        }
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
        let state = |id: &NodeId| self.cluster.node(id).map(|node| node.state);
        let runs = |task: &&&'a Task| task.running() && state(&task.node) == Some(NodeState::Ready);
        let unknown = |task: &&Task| {
            task.status.state == TaskState::Unknown
                || task.running() && matches!(state(&task.node), None | Some(NodeState::Unknown))
        };
        let nodes = tasks.iter().filter(runs).map(|task| &task.node).collect();
        let held = tasks.iter().map(|task| &task.node).filter(|id| !id.0.is_empty()).collect();
        let uncertain = tasks.iter().any(unknown);
        Some(Followed { service, tasks, nodes, held, uncertain })
    }

    /// Anchors so that one which depends on another comes after it.
    pub(super) fn in_order(&self, anchors: &'a [Anchor]) -> Vec<&'a Anchor> {
        let id = |names: &[String]| self.service(names).map(|service| &service.id);
        let by_service: BTreeMap<_, _> =
            anchors.iter().enumerate().filter_map(|(at, anchor)| Some((id(&anchor.service)?, at))).collect();
        let mut upstream = vec![None; anchors.len()];
        for (at, anchor) in anchors.iter().enumerate() {
            for dependent in &anchor.dependents {
                if let Some(follower) = id(&dependent.service).and_then(|id| by_service.get(id)) {
                    upstream[*follower] = Some(at);
                }
            }
        }
        // Two names of one service can hide a cycle from the settings: no chain is longer than there are anchors.
        let depth = |at| std::iter::successors(Some(at), |at: &usize| upstream[*at]).take(anchors.len()).count();
        let mut order: Vec<usize> = (0..anchors.len()).collect();
        order.sort_by_cached_key(|at| depth(*at));
        order.into_iter().map(|at| &anchors[at]).collect()
    }
}

impl Followed<'_> {
    /// Ids of its running tasks, by slot.
    pub(super) fn running_by_slot(&self) -> BTreeMap<String, TaskId> {
        self.tasks.iter().filter(|task| task.running()).map(|task| (task.place(), task.id.clone())).collect()
    }

    /// Whether the anchor ran on this task's node before this task did. Both stamps are that node's own.
    pub(super) fn started_before(&self, task: &Task) -> bool {
        let here = self.tasks.iter().filter(|own| own.running() && own.node == task.node);
        let anchor = here.filter_map(|own| own.status.timestamp).max();
        task.running() && anchor.zip(task.status.timestamp).is_some_and(|(anchor, own)| anchor < own)
    }

    /// When the newest of the tasks was made that took the place of a remembered one; none if none was replaced.
    ///
    /// A slot that is new (scaled up) or gone (scaled down) replaces nothing.
    pub(super) fn replaced_at(&self, remembered: &BTreeMap<String, TaskId>) -> Option<Timestamp> {
        let replaces =
            |task: &&&Task| task.running() && remembered.get(&task.place()).is_some_and(|before| *before != task.id);
        self.tasks.iter().filter(replaces).filter_map(|task| task.created_at).max()
    }
}

fn find<'a>(cluster: &'a Snapshot, names: &[String]) -> Option<&'a Service> {
    names.iter().find_map(|name| cluster.service(name))
}
