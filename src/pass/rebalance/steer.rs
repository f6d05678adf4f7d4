//! How Swarm's scheduler is made to choose one node for one task, without a restart of any other.
//!
//! It takes nodes that pass its filters, and of those the one with the fewest tasks of the service. A task is replaced by
//! an update of the placement only if its own node does not satisfy the new constraints (moby/swarmkit,
//! `manager/orchestrator/task.go`). So nodes with siblings can't be excluded, but they can be full, by a limit of replicas;
//! where the target has as many as they, a label of its own makes it a branch of its own, which has the fewest tasks
//! (`manager/scheduler/nodeset.go`). Where only the source is left to choose instead, it is paused until the new task has
//! been given to a node. When a service gives up a replica, the node with the most loses its last
//! (`manager/orchestrator/replicated/services.go`).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::engine::edit::moving::{Detour, Nudge, Temporary};

use super::order::Mechanism;
use super::world::{Seen, World};

/// Should credentials have changed since the tasks were started, an update of the placement replaces them all, one
/// after the other: with so much time between two of them only the first is.
const BETWEEN_TASKS: Duration = Duration::from_secs(60);

/// How one task of a service can be sent from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) mechanism: Mechanism,
    /// So many replicas of the service on a node at most, while it moves.
    max_replicas: Option<u64>,
    /// What it takes besides.
    nudge: Nudge,
}

/// Finds the way for one of the replicas, so many of which run on each node; nodes by position in the snapshot.
///
/// # Errors
/// If there is none: why, in words.
pub(super) fn way(per_node: &BTreeMap<usize, u64>, from: usize, to: usize) -> Result<Way, String> {
    let count = |node: usize| per_node.get(&node).copied().unwrap_or_default();
    let (here, there) = (count(from), count(to));
    if per_node.values().sum::<u64>() == 1 {
        return Ok(Way { mechanism: Mechanism::SinglePin, max_replicas: None, nudge: Nudge::None });
    }
    let mechanism = match here {
        0 | 1 => Mechanism::Exclude,
        // With one more there the target would have as many, and could lose it again.
        _ if here < there + 2 => Mechanism::Shift,
        _ => Mechanism::Scale,
    };
    // What the nodes have that Swarm could choose as well, once the task has left.
    let mut rivals: Vec<u64> =
        per_node.iter().filter(|(node, _)| ![from, to].contains(*node)).map(|(_, count)| *count).collect();
    let source = match mechanism {
        Mechanism::Exclude => None,
        Mechanism::Shift => Some(here - 1),
        _ => Some(here),
    };
    let alone = rivals.is_empty();
    rivals.extend(source);
    let nudge = if rivals.iter().all(|count| *count > there) {
        Nudge::None
    } else if rivals.iter().sum::<u64>() > there {
        Nudge::Branch
    } else if alone && mechanism == Mechanism::Shift {
        Nudge::Pause
    } else {
        return Err("Swarm would not choose between it and the other nodes with replicas".to_owned());
    };
    Ok(Way { mechanism, max_replicas: Some(there + 1), nudge })
}

/// What to write so that a task of this service goes from one node to the other.
pub(super) fn temporary(world: &World<'_>, seen: &Seen<'_>, from: usize, to: usize) -> Result<Temporary, String> {
    let Way { mechanism, max_replicas, nudge } = way(&seen.per_node, from, to)?;
    let id = |node: usize| world.cluster.nodes[node].id.0.as_str();
    let rivals = || empty_rivals(world, seen, to).filter(|node| *node != from).map(|node| not(id(node)));
    let (constraints, detour, delay) = match mechanism {
        Mechanism::SinglePin => (vec![format!("node.id=={}", id(to))], Detour::None, Duration::ZERO),
        Mechanism::Exclude => (std::iter::once(not(id(from))).chain(rivals()).collect(), Detour::None, BETWEEN_TASKS),
        Mechanism::Scale => (rivals().collect(), Detour::OneMore, Duration::ZERO),
        Mechanism::Shift => (rivals().collect(), Detour::OneLess, Duration::ZERO),
        Mechanism::Follow => return Err("it follows its anchor".to_owned()),
    };
    Ok(Temporary { constraints, max_replicas, nudge, detour, delay })
}

fn not(id: &str) -> String {
    format!("node.id!={id}")
}

/// The nodes without a replica that Swarm could choose as well, whether they are ready now or in a moment.
fn empty_rivals<'w>(world: &'w World<'_>, seen: &'w Seen<'_>, to: usize) -> impl Iterator<Item = usize> + 'w {
    (0..world.cluster.nodes.len()).filter(move |node| {
        let (facts, offer) = (&world.cluster.nodes[*node], &world.offers[*node]);
        *node != to
            && !seen.per_node.contains_key(node)
            && seen.service.constraints.iter().all(|constraint| constraint.matches(facts, offer))
            && offer.has_platform(seen.needs)
    })
}
