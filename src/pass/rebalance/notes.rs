//! What a plan has to warn of.

use std::collections::BTreeSet;

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use super::balance::Move;
use super::scene::Scene;
use super::solve::state::State;
use super::trigger::Trigger;
use super::words::{bytes, count};
use super::world::World;
use crate::engine::edit::moving::{BRANCH_LABEL, PAUSE_LABEL};
use crate::error::{Error, ErrorKind};
use crate::model::Service;
use crate::model::node::{Availability, NodeState};
use crate::plan::Warning;
use crate::snapshot::Snapshot;

/// The ready nodes without usable figures; too many of them leave nothing to plan with.
pub(super) fn missing(world: &World<'_>) -> Result<Vec<Warning>> {
    let ready: Vec<usize> =
        (0..world.cluster.nodes.len()).filter(|node| world.cluster.nodes[*node].state == NodeState::Ready).collect();
    let doubts: Vec<(&str, &str)> = ready
        .iter()
        .filter_map(|node| Some((world.host(*node), world.figures.nodes[*node].as_ref().err()?.detail.as_str())))
        .collect();
    if doubts.len() * 3 > ready.len() || ready.is_empty() {
        let first = doubts.first().map_or_else(String::new, |(host, why)| format!(", as `{host}`: {why}"));
        let message = format!(
            "no plan: the memory of {} of {} ready nodes is not known (more than a third){first}",
            doubts.len(),
            ready.len()
        );
        return Err(Error::new(ErrorKind::Refused, message).hint("measure again, and plan with fresh figures").into());
    }
    let warning =
        |(host, why): &(&str, &str)| Warning::new("no_metrics", format!("`{host}` gives and takes nothing: {why}"));
    Ok(doubts.iter().map(warning).collect())
}

/// N+1: whether the others could take what runs on the fullest node, should it fail.
pub(super) fn no_spare_node(scene: &Scene<'_>, state: &State<'_>) -> Option<Warning> {
    let active = |bin: &usize| {
        let node = scene.node_of[*bin];
        scene.world.cluster.nodes[node].availability == Availability::Active && scene.terms.evacuate != Some(node)
    };
    let bins: Vec<usize> = (0..state.load.len()).filter(active).collect();
    let room: u64 = bins.iter().map(|bin| scene.problem.bins[*bin].total.saturating_sub(state.load[*bin])).sum();
    let worst = bins
        .iter()
        .map(|bin| {
            let own = scene.problem.bins[*bin].total.saturating_sub(state.load[*bin]);
            let tasks: u64 = state.on[*bin].iter().map(|unit| scene.problem.units[*unit].weight).sum();
            (tasks.saturating_sub(room - own), *bin)
        })
        .max_by_key(|(lacking, bin)| (*lacking, std::cmp::Reverse(*bin)))?;
    (worst.0 > 0).then(|| {
        let host = scene.world.host(scene.node_of[worst.1]);
        Warning::new(
            "no_spare_node",
            format!("should `{host}` fail, the other nodes lack {} for its tasks", bytes(worst.0)),
        )
    })
}

/// There is a reason to act that has not lasted for long enough.
pub(super) fn not_yet(trigger: &Trigger) -> Warning {
    Warning::new("not_yet", format!("nothing is moved yet: {}", trigger.detail))
}

/// Tasks that nobody has measured, beside others that somebody has.
pub(super) fn unmeasured(world: &World<'_>) -> Option<Warning> {
    let tasks = world.figures.unmeasured(&world.tasks);
    (tasks > 0).then(|| {
        let what = if world.figures.guess {
            "their share of what is in use on their node is an estimate"
        } else {
            "they stay where they are"
        };
        let hint = "name the engines of their nodes as `nodes.<name>.host`, or set `rebalance.metrics.prometheus`";
        Warning::new("unmeasured", format!("nobody measures {}, so {what}: {hint}", count(tasks, "task")))
    })
}

/// Moves that an orca has begun and not ended; it may still be at it.
pub(super) fn half_done(cluster: &Snapshot) -> Option<Warning> {
    let services = cluster.services.iter().filter(|service| service.trace.is_some());
    let mut names: Vec<String> = services.map(|service| format!("`{}`", service.name)).collect();
    let labels = [BRANCH_LABEL, PAUSE_LABEL];
    let nodes = cluster.nodes.iter().filter(|node| labels.iter().any(|label| node.labels.contains_key(*label)));
    names.extend(nodes.map(|node| format!("node `{}`", node.name)));
    (!names.is_empty()).then(|| {
        let text = format!("a move was begun and not ended: {}", names.join(", "));
        Warning::new("half_done_move", format!("{text}; unless an orca is at it, run `orca rebalance recover`"))
    })
}

/// The engine keeps one previous spec, and a move takes its place.
pub(super) fn rollback_lost(scene: &Scene<'_>, moves: &[Move]) -> Option<Warning> {
    let concerned: BTreeSet<&str> = moves.iter().map(|step| step.service.id.as_str()).collect();
    let services = scene.world.cluster.services.iter();
    let names: Vec<String> = services
        .filter(|service| concerned.contains(service.id.0.as_str()) && has_previous(service))
        .map(|service| format!("`{}`", service.name))
        .collect();
    (!names.is_empty()).then(|| {
        let text = "the engine keeps only one earlier spec of a service, and a move takes its place";
        Warning::new("rollback_lost", format!("{text}: no rollback any more of {}", names.join(", ")))
    })
}

fn has_previous(service: &Service) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct View {
        spec: Value,
        previous_spec: Option<Value>,
    }
    // After a move both are the same: there is nothing to lose any more.
    let differs = |view: View| view.previous_spec.is_some_and(|previous| previous != view.spec);
    serde_json::from_str(service.raw.get()).is_ok_and(differs)
}
