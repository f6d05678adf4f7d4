//! Whether a planned move still is what the plan meant, on the cluster as it is now, and what is to be written for it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::fingerprint;
use crate::model::node::{Availability, NodeState};
use crate::model::{NodeId, ServiceId};
use crate::pass::memory::{Moved, RebalanceMemory};
use crate::plan::MoveOrder;

use super::balance::Move;
use super::order::Mechanism;
use super::scene::{Scene, Terms};
use super::solve::state::State;
use super::steer;
use super::world::World;
use super::{Goal, Input, Request, node_called};

/// Checks a move that leads a unit (an anchor's, or a single task's). The inner error has all the reasons against it.
///
/// # Errors
/// If the cluster can't be read.
pub fn order(input: &Input<'_>, request: &Request, planned: &Move) -> Result<Result<MoveOrder, Vec<String>>> {
    let Input { cluster, settings, metrics, memory, now } = *input;
    let mut world = World::new(cluster, settings, metrics).context("the snapshot can't be read")?;
    world.figures.guess = !matches!(request.goal, Goal::Memory(_));
    let drifted = drift(&world, planned);
    if !drifted.is_empty() {
        return Ok(Err(drifted));
    }
    let evacuate = match &request.goal {
        Goal::Empty(name) => Some(node_called(cluster, name)?),
        _ => None,
    };
    let terms = Terms { guarded: request.guarded, evacuate, start_first: request.start_first };
    Ok(judged(&Scene::new(world, terms, &memory.rebalance, now), planned))
}

/// What is not as the plan knew it.
fn drift(world: &World<'_>, planned: &Move) -> Vec<String> {
    let mut reasons = Vec::new();
    match world.tasks.iter().find(|placed| placed.task.id.0 == planned.task) {
        None => reasons.push("the task is gone".to_owned()),
        Some(placed) if world.cluster.nodes[placed.node].id.0 != planned.from.id => {
            reasons.push(format!("the task runs on `{}` now", world.host(placed.node)));
        }
        Some(placed) if world.cluster.nodes[placed.node].id.0 == planned.to.id => {
            reasons.push(format!("the task runs on `{}` already", planned.to.name));
        }
        Some(placed) => {
            let service = world.services[placed.service].service;
            let (slot, named) = (placed.task.slot, (&planned.service.name, planned.slot));
            if (&service.name, slot) != named || service.id.0 != planned.service.id {
                reasons.push(format!("the task is {}.{slot}, not {}.{}", service.name, named.0, named.1));
            }
            if service.trace.is_some() {
                reasons.push("its service carries the traces of another move".to_owned());
            }
            if !spec_of(service).is_ok_and(|spec| fingerprint::of_spec(&spec) == planned.service.spec_sha256) {
                reasons.push("its service's spec has changed".to_owned());
            }
        }
    }
    match world.cluster.nodes.iter().find(|node| node.id.0 == planned.to.id) {
        None => reasons.push(format!("the node `{}` is gone", planned.to.name)),
        Some(node) if node.state != NodeState::Ready || node.availability != Availability::Active => {
            reasons.push(format!("the node `{}` takes no tasks now", node.name));
        }
        Some(node) if node.name != planned.to.name => {
            reasons.push(format!("its target is `{}`, not `{}`", node.name, planned.to.name));
        }
        Some(_) => {}
    }
    reasons
}

/// The scheduler's filters and the guard rails, as they stand now.
fn judged(scene: &Scene<'_>, planned: &Move) -> Result<MoveOrder, Vec<String>> {
    let world = &scene.world;
    let position = |id: &str| world.cluster.nodes.iter().position(|node| node.id.0 == id);
    let task = world.tasks.iter().position(|placed| placed.task.id.0 == planned.task);
    let (Some(task), Some(to)) = (task, position(&planned.to.id)) else {
        return Err(vec!["the task or its target is gone".to_owned()]);
    };
    let Some(unit) = scene.members.iter().position(|members| members.tasks.first() == Some(&task)) else {
        let found = &scene.findings[task];
        return Err(if found.is_empty() {
            vec!["it moves with another task now".to_owned()]
        } else {
            found.iter().map(|finding| finding.detail.clone()).collect()
        });
    };
    let fits = scene.bin_of[to].is_some_and(|bin| State::new(&scene.problem).fits(unit, bin));
    if !fits {
        return Err(vec![format!("`{}` has no room for it any more, or may not take it", planned.to.name)]);
    }
    let (placed, seen) = (&world.tasks[task], world.service_of(task));
    let temporary = steer::temporary(world, seen, placed.node, to).map_err(|why| vec![why])?;
    Ok(MoveOrder {
        service: seen.service.id.clone(),
        name: seen.service.name.clone(),
        spec: planned.service.spec_sha256.clone(),
        task: placed.task.id.clone(),
        slot: placed.task.slot,
        from: world.cluster.nodes[placed.node].id.clone(),
        to: world.cluster.nodes[to].id.clone(),
        to_name: world.host(to).to_owned(),
        temporary,
        patience: Duration::from_millis(planned.downtime.max_ms),
    })
}

/// Why an anchor group can't follow its anchor as planned: a dependent without the constraint stays where it is, and one
/// that somebody has changed may be another one now.
pub fn strays(input: &Input<'_>, group: &[&Move]) -> Vec<String> {
    let labels: Vec<_> = input.settings.anchors.iter().map(|anchor| &anchor.label).collect();
    let tied = |name: &str| {
        input.cluster.service(name).is_some_and(|service| {
            let holds = |constraint: &crate::model::Constraint| {
                labels.iter().any(|label| constraint.demands_label(&label.key, &label.value))
            };
            service.constraints.iter().any(holds)
        })
    };
    let mut found = Vec::new();
    for moved in group.iter().filter(|moved| moved.mechanism == Mechanism::Follow) {
        let name = &moved.service.name;
        if !tied(name) {
            found.push(format!("`{name}` has no constraint on its anchor's label and would stay"));
        }
        let unchanged = input.cluster.service(name).and_then(|service| spec_of(service).ok());
        if unchanged.is_none_or(|spec| fingerprint::of_spec(&spec) != moved.service.spec_sha256) {
            found.push(format!("the spec of `{name}` has changed"));
        }
    }
    found
}

/// The spec of a service as JSON.
pub(super) fn spec_of(service: &crate::model::Service) -> serde_json::Result<serde_json::Value> {
    let mut object: serde_json::Value = serde_json::from_str(service.raw.get())?;
    Ok(object.get_mut("Spec").map(serde_json::Value::take).unwrap_or_default())
}

/// Notes a move in the memory: cooldowns begin when it is begun.
pub fn note(memory: &mut RebalanceMemory, planned: &Move, run: &str, now: Timestamp) {
    let moved = memory.services.entry(ServiceId(planned.service.id.clone())).or_default();
    let from = NodeId(planned.from.id.clone());
    moved.moves.push(Moved { at: now, from, run: run.to_owned(), failed: false });
    // Older ones mean nothing to any guard rail.
    let kept = moved.moves.len().saturating_sub(MOVES_KEPT);
    moved.moves.drain(..kept);
}

/// Corrects the last note: a move that was refused was none, and one that failed tells nothing of the balance.
pub fn correct(memory: &mut RebalanceMemory, planned: &Move, refused: bool) {
    let Some(moved) = memory.services.get_mut(&ServiceId(planned.service.id.clone())) else { return };
    if refused {
        moved.moves.pop();
    } else if let Some(last) = moved.moves.last_mut() {
        last.failed = true;
    }
}

const MOVES_KEPT: usize = 10;
