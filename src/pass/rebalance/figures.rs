//! What is known of the memory of nodes and tasks, and what of it can be believed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::metrics::{Metrics, NodeMemory, TaskMemory};
use crate::model::node::NodeState;
use crate::model::{Offer, TaskId};
use crate::snapshot::Snapshot;
use jiff::Timestamp;

use super::reason::Reason;
use super::world::{Placed, Seen};

/// Tasks may seem to use so much more than their node, in parts of the node's use: figures are not of one instant.
const COVERAGE: f64 = 1.15;

/// Where memory figures come from.
pub use crate::settings::MetricsSource as Source;

/// Why the memory of a node is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) reason: Reason,
    pub(super) detail: String,
}

/// What is known of the memory of a cluster.
#[derive(Debug)]
pub(super) struct Figures<'a> {
    pub(super) source: Source,
    /// Of measured figures only.
    pub(super) taken_at: Option<Timestamp>,
    /// By position in the snapshot.
    pub(super) nodes: Vec<Result<NodeMemory, Doubt>>,
    tasks: Option<&'a BTreeMap<TaskId, TaskMemory>>,
    /// What a node has in use beyond its measured tasks, per task that is not; by position in the snapshot.
    rest: Vec<u64>,
    /// Whether that is taken for what such a task uses: good enough for goals that are not about memory.
    pub(super) guess: bool,
}

impl<'a> Figures<'a> {
    /// Judges a metrics file; without one, reservations are an estimate.
    pub(super) fn new(
        cluster: &Snapshot,
        offers: &[Offer],
        services: &[Seen<'_>],
        tasks: &[Placed<'_>],
        metrics: Option<&'a Metrics>,
        max_age: Duration,
    ) -> Self {
        let Some(metrics) = metrics else {
            let mut nodes: Vec<_> =
                offers.iter().map(|offer| NodeMemory { total_bytes: offer.memory, ..NodeMemory::default() }).collect();
            for task in tasks {
                nodes[task.node].used_bytes += services[task.service].needs.memory;
            }
            let nodes = cluster.nodes.iter().zip(nodes).map(|(node, memory)| usable(node.state, memory)).collect();
            let (tasks, rest, guess) = (None, Vec::new(), false);
            return Self { source: Source::Reservations, taken_at: None, nodes, tasks, rest, guess };
        };
        let (mut footprints, mut unknown) = (vec![0_u64; offers.len()], vec![0_u64; offers.len()]);
        for task in tasks {
            // What is not measured proves nothing.
            unknown[task.node] += u64::from(!metrics.tasks.contains_key(&task.task.id));
            let measured = metrics.tasks.get(&task.task.id).copied().filter(|memory| !memory.estimated);
            let memory = measured.unwrap_or_default();
            footprints[task.node] = footprints[task.node].saturating_add(memory.footprint_bytes);
        }
        let age = cluster.taken_at.duration_since(metrics.taken_at).unsigned_abs();
        let mut nodes = Vec::new();
        for (at, node) in cluster.nodes.iter().enumerate() {
            let twins = cluster.nodes.iter().filter(|twin| twin.name == node.name && twin.state == NodeState::Ready);
            let memory = metrics.nodes.get(&node.name);
            nodes.push(if node.state != NodeState::Ready {
                Err(Doubt { reason: Reason::NotConverged, detail: "the managers don't hear from the node".to_owned() })
            } else if age > max_age {
                let (age, most) = (super::words::span(age), super::words::span(max_age));
                let detail = format!("the figures are {age} apart from the snapshot, more than {most}");
                Err(Doubt { reason: Reason::StaleMetric, detail })
            } else if twins.count() > 1 {
                let detail = format!("two nodes are called `{}`, and figures go by hostname", node.name);
                Err(Doubt { reason: Reason::NoMetric, detail })
            } else {
                memory.map_or_else(
                    || {
                        let why = metrics.missing.get(&node.name).map(String::as_str);
                        let detail = why.unwrap_or("no figures of this node").to_owned();
                        Err(Doubt { reason: Reason::NoMetric, detail })
                    },
                    |memory| plausible(*memory, footprints[at]),
                )
            });
        }
        let used = nodes.iter().map(|node| node.as_ref().map_or(0, |memory| memory.used_bytes));
        let left = used.zip(footprints).map(|(used, measured)| used.saturating_sub(measured));
        let rest = left.zip(unknown).map(|(left, tasks)| left.checked_div(tasks).unwrap_or_default()).collect();
        let (source, tasks, taken_at) = (metrics.source, Some(&metrics.tasks), Some(metrics.taken_at));
        Self { source, taken_at, nodes, tasks, rest, guess: false }
    }

    /// The memory of a task whose service reserves so much; none if it is not known.
    pub(super) fn task(&self, placed: &Placed<'_>, reserved: u64) -> Option<TaskMemory> {
        let estimate = |bytes| {
            let estimate = TaskMemory { footprint_bytes: bytes, working_set_bytes: bytes, ..TaskMemory::default() };
            TaskMemory { estimated: true, ..estimate }
        };
        match self.tasks {
            Some(tasks) => {
                let guess = || self.guess.then(|| estimate(reserved.max(self.rest[placed.node])));
                tasks.get(&placed.task.id).copied().or_else(guess)
            }
            None => Some(estimate(reserved)),
        }
    }

    /// How many tasks have no figures, where others have.
    pub(super) fn unmeasured(&self, tasks: &[Placed<'_>]) -> usize {
        let known = |task: &&Placed<'_>| self.tasks.is_none_or(|known| known.contains_key(&task.task.id));
        tasks.iter().filter(|task| !known(task)).count()
    }

    /// How many tasks have figures that are not measured.
    pub(super) fn estimates(&self, tasks: &[Placed<'_>]) -> usize {
        match self.tasks {
            Some(known) => tasks.iter().filter(|task| known.get(&task.task.id).is_some_and(|m| m.estimated)).count(),
            None => tasks.len(),
        }
    }

    /// Whether they are not measured.
    pub(super) fn estimated(&self) -> bool {
        self.source == Source::Reservations
    }
}

fn usable(state: NodeState, memory: NodeMemory) -> Result<NodeMemory, Doubt> {
    if state != NodeState::Ready {
        return Err(Doubt { reason: Reason::NotConverged, detail: "the managers don't hear from the node".to_owned() });
    }
    if memory.total_bytes == 0 {
        return Err(Doubt {
            reason: Reason::NoMetric,
            detail: "the node doesn't say how much memory it has".to_owned(),
        });
    }
    Ok(memory)
}

#[expect(clippy::cast_precision_loss, reason = "a comparison with 15 % leeway")]
fn plausible(memory: NodeMemory, footprints: u64) -> Result<NodeMemory, Doubt> {
    let NodeMemory { total_bytes, used_bytes, .. } = memory;
    let doubt = |detail| Err(Doubt { reason: Reason::StaleMetric, detail });
    if total_bytes == 0 {
        return doubt("its total is 0 bytes".to_owned());
    }
    if used_bytes > total_bytes {
        return doubt(format!("{used_bytes} bytes used of {total_bytes}"));
    }
    if footprints as f64 > used_bytes as f64 * COVERAGE {
        return doubt(format!("its tasks use {footprints} bytes, the whole node only {used_bytes}"));
    }
    Ok(memory)
}
