//! One move at a time: an order in which every target has room when its turn comes, the most pressing first.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scene::Scene;
use super::solve::sequence;
use super::solve::state::State;
use super::steer;

/// How a task is made to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// The only replica: a temporary constraint on the target node.
    SinglePin,
    /// The only replica on its node: a temporary constraint that leaves it the target alone.
    Exclude,
    /// One of several on its node, which has the most: one replica more on the target, then one less.
    Scale,
    /// One of several on its node, which has the most, and one more than the target: one replica less, then one more on the
    /// target.
    Shift,
    /// It follows its anchor, whose label moves.
    Follow,
}

/// One unit's move, with the shares of both nodes before and after it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leg {
    pub(super) unit: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) from_share: (f64, f64),
    pub(super) to_share: (f64, f64),
    /// Of its first task, when its turn comes.
    mechanism: Mechanism,
}

/// The moves in order, and how many are left out.
#[derive(Debug, Default)]
pub(super) struct Itinerary {
    pub(super) legs: Vec<Leg>,
    /// Nothing makes room for them in time.
    pub(super) stuck: usize,
    /// Units that Swarm can't be made to move when their turn comes, or for which what makes room is left out.
    pub(super) no_way: Vec<usize>,
    /// The share of the fullest bin after the moves.
    pub(super) peak: f64,
}

/// Puts the moves to these bins in order.
pub(super) fn order(scene: &Scene<'_>, at: &[usize]) -> Itinerary {
    let (order, stuck) = sequence(&scene.problem, at);
    let mut no_way = Vec::new();
    let mut state = State::new(&scene.problem);
    let mut counts: BTreeMap<usize, BTreeMap<usize, u64>> = BTreeMap::new();
    let mut legs = Vec::with_capacity(order.len());
    for unit in order {
        let (from, to) = (state.at[unit], at[unit]);
        let nodes = (scene.node_of[from], scene.node_of[to]);
        let service = scene.world.tasks[scene.members[unit].tasks[0]].service;
        let at_first = &scene.world.services[service].per_node;
        let now = counts.entry(service).or_insert_with(|| at_first.clone());
        // What was left out makes no room for others.
        let fits = no_way.is_empty() || state.fits(unit, to);
        let alone = scene.members[unit].group.is_none();
        let mechanism = match steer::way(now, nodes.0, nodes.1) {
            Ok(way) if fits && (!alone || may_turn(at_first, now, nodes)) => way.mechanism,
            Err(_) if fits && !alone => Mechanism::Exclude,
            _ => {
                no_way.push(unit);
                continue;
            }
        };
        let before = (state.share[from], state.share[to]);
        state.put(unit, to);
        count_move(now, nodes);
        let (from_share, to_share) = ((before.0, state.share[from]), (before.1, state.share[to]));
        legs.push(Leg { unit, from, to, from_share, to_share, mechanism });
    }
    Itinerary { legs, stuck: stuck.len(), no_way, peak: state.peak() }
}

/// Whether one of several replicas may take its turn, after other moves of the same plan: the target gets no more than
/// the most crowded node has, and of several on its own node Swarm still gives up this one.
fn may_turn(at_first: &BTreeMap<usize, u64>, now: &BTreeMap<usize, u64>, (from, to): (usize, usize)) -> bool {
    if at_first == now {
        return true;
    }
    let count = |of: &BTreeMap<usize, u64>, node: usize| of.get(&node).copied().unwrap_or_default();
    let (here, crowd) = (count(now, from), now.values().copied().max().unwrap_or_default());
    let others = now.iter().filter(|(node, _)| **node != from);
    let given_up = here < 2 || (count(at_first, from) == here && others.into_iter().all(|(_, count)| *count < here));
    count(now, to) < crowd && given_up
}

fn count_move(counts: &mut BTreeMap<usize, u64>, (from, to): (usize, usize)) {
    *counts.entry(to).or_default() += 1;
    if let Some(left) = counts.get_mut(&from) {
        *left -= 1;
    }
    counts.retain(|_, count| *count > 0);
}

/// How this task is made to move, as part of its unit.
pub(super) fn mechanism(scene: &Scene<'_>, leg: &Leg, task: usize) -> Mechanism {
    if scene.members[leg.unit].tasks.first() == Some(&task) { leg.mechanism } else { Mechanism::Follow }
}
