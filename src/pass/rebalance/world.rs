//! The cluster as the planner looks at it: nodes with what they offer, services with what they need, tasks in order.

use std::collections::{BTreeMap, HashMap};

use crate::metrics::Metrics;
use crate::model::{Needs, Offer, Service, Task};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

use super::figures::Figures;

/// A service and what it needs.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) service: &'a Service,
    pub(super) needs: &'a Needs,
    /// Positions of its live tasks in [`World::tasks`].
    pub(super) tasks: Vec<usize>,
    /// Live tasks that have no node yet.
    pub(super) homeless: usize,
    /// How many of its tasks each node has, by position in the snapshot.
    pub(super) per_node: BTreeMap<usize, u64>,
}

/// A live task on a node.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    pub(super) task: &'a Task,
    /// Position in [`World::services`].
    pub(super) service: usize,
    /// Position in the snapshot's nodes.
    pub(super) node: usize,
}

/// The cluster as the planner looks at it.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) cluster: &'a Snapshot,
    pub(super) settings: &'a Settings,
    pub(super) offers: Vec<Offer>,
    pub(super) services: Vec<Seen<'a>>,
    /// Sorted by service, slot and id.
    pub(super) tasks: Vec<Placed<'a>>,
    pub(super) figures: Figures<'a>,
}

impl<'a> World<'a> {
    pub(super) fn new(
        cluster: &'a Snapshot,
        settings: &'a Settings,
        metrics: Option<&'a Metrics>,
    ) -> serde_json::Result<Self> {
        let offers = cluster.nodes.iter().map(|node| Offer::read(&node.raw)).collect::<serde_json::Result<Vec<_>>>()?;
        let mut services = Vec::with_capacity(cluster.services.len());
        for service in cluster.services.iter() {
            let needs = service.needs()?;
            services.push(Seen { service, needs, tasks: Vec::new(), homeless: 0, per_node: BTreeMap::new() });
        }
        let tasks = place(cluster, &mut services);
        let max_age = settings.rebalance.metrics.max_age;
        let figures = Figures::new(cluster, &offers, &services, &tasks, metrics, max_age);
        Ok(Self { cluster, settings, offers, services, tasks, figures })
    }

    pub(super) fn service_of(&self, task: usize) -> &Seen<'a> {
        &self.services[self.tasks[task].service]
    }

    pub(super) fn host(&self, node: usize) -> &'a str {
        &self.cluster.nodes[node].name
    }
}

fn place<'a>(cluster: &'a Snapshot, services: &mut [Seen<'a>]) -> Vec<Placed<'a>> {
    let service_at: HashMap<_, _> = cluster.services.iter().enumerate().map(|(at, s)| (&s.id, at)).collect();
    let node_at: HashMap<_, _> = cluster.nodes.iter().enumerate().map(|(at, node)| (&node.id, at)).collect();
    let mut tasks = Vec::new();
    for task in cluster.tasks.iter().filter(|task| task.live()) {
        let Some(service) = service_at.get(&task.service).copied() else { continue };
        match node_at.get(&task.node) {
            Some(node) => tasks.push(Placed { task, service, node: *node }),
            None => services[service].homeless += 1,
        }
    }
    tasks.sort_by(|a, b| (a.service, a.task.slot, &a.task.id).cmp(&(b.service, b.task.slot, &b.task.id)));
    for (at, task) in tasks.iter().enumerate() {
        let seen = &mut services[task.service];
        seen.tasks.push(at);
        *seen.per_node.entry(task.node).or_default() += 1;
    }
    tasks
}
