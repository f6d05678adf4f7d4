//! How Swarm's scheduler is made to choose one node for one task, without a restart of any other.
//!
//! It takes nodes that pass its filters, and of those the one with the fewest tasks of the service. A task is replaced by
//! an update of the placement only if its own node does not satisfy the new constraints (moby/swarmkit,
//! `manager/orchestrator/task.go`). So nodes with siblings can't be excluded, but be full: by a limit of replicas.

use std::time::Duration;

use crate::engine::edit::moving::Temporary;

use super::order::Mechanism;
use super::world::{Seen, World};

/// Should credentials have changed since the tasks were started, an update of the placement replaces them all, one
/// after the other: with so much time between two of them only the first is.
const BETWEEN_TASKS: Duration = Duration::from_secs(60);

/// How many replicas of the service a node may have at most so that only `to` takes one more; none if it is the
/// constraint alone that decides.
///
/// # Errors
/// If other nodes would be chosen before it, or as well: why, in words.
pub(super) fn limit(seen: &Seen<'_>, from: usize, to: usize, mechanism: Mechanism) -> Result<Option<u64>, String> {
    let count = |node: usize| seen.per_node.get(&node).copied().unwrap_or_default();
    let there = count(to);
    let rivals = || seen.per_node.iter().filter(|(node, _)| **node != to);
    match mechanism {
        Mechanism::SinglePin | Mechanism::Follow => return Ok(None),
        Mechanism::Exclude => {
            if rivals().any(|(node, count)| *node != from && *count <= there) {
                return Err("another node with a replica has as few as the target".to_owned());
            }
        }
        Mechanism::Scale => {
            if rivals().any(|(_, count)| *count <= there) {
                return Err("another node with a replica has as few as the target".to_owned());
            }
            // The one that is taken away again must be taken from where it was, not from the target.
            if count(from) < there + 2 {
                return Err("the target would have as many replicas as the node that is to lose one".to_owned());
            }
        }
    }
    Ok(Some(there + 1))
}

/// What to write so that a task of this service goes from one node to the other; nodes by position in the snapshot.
pub(super) fn temporary(
    world: &World<'_>,
    seen: &Seen<'_>,
    from: usize,
    to: usize,
    mechanism: Mechanism,
) -> Result<Temporary, String> {
    let max_replicas = limit(seen, from, to, mechanism)?;
    let id = |node: usize| world.cluster.nodes[node].id.0.as_str();
    let one = |constraints: Vec<String>| Temporary { constraints, max_replicas, ..Temporary::default() };
    Ok(match mechanism {
        Mechanism::SinglePin => one(vec![format!("node.id=={}", id(to))]),
        Mechanism::Exclude => {
            let mut constraints = vec![format!("node.id!={}", id(from))];
            constraints.extend(empty_rivals(world, seen, to).filter(|node| *node != from).map(|node| not(id(node))));
            Temporary { delay: BETWEEN_TASKS, ..one(constraints) }
        }
        Mechanism::Scale => {
            let constraints = empty_rivals(world, seen, to).map(|node| not(id(node))).collect();
            Temporary { one_more: true, ..one(constraints) }
        }
        Mechanism::Follow => return Err("it follows its anchor".to_owned()),
    })
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
            && offer.has_platform(&seen.needs)
    })
}
