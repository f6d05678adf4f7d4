//! One move at a time: an order in which every target has room when its turn comes, the most pressing first.

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
}

/// The moves in order, and the units that are left out: nothing makes room for them in time.
pub(super) fn legs(scene: &Scene<'_>, at: &[usize]) -> (Vec<Leg>, Vec<usize>) {
    let (order, stuck) = sequence(&scene.problem, at);
    let mut state = State::new(&scene.problem);
    let leg = |unit: usize| {
        let (from, to) = (state.at[unit], at[unit]);
        let before = (state.share[from], state.share[to]);
        state.put(unit, to);
        Leg { unit, from, to, from_share: (before.0, state.share[from]), to_share: (before.1, state.share[to]) }
    };
    (order.into_iter().map(leg).collect(), stuck)
}

/// How this task is made to move to that bin, as part of its unit.
pub(super) fn mechanism(scene: &Scene<'_>, unit: usize, task: usize, to: usize) -> Mechanism {
    if scene.members[unit].tasks.first() != Some(&task) {
        return Mechanism::Follow;
    }
    let (seen, from) = (scene.world.service_of(task), scene.world.tasks[task].node);
    // Where an earlier move of the same plan makes a way, there is none yet: the move itself looks again.
    steer::way(seen, from, scene.node_of[to]).map_or(Mechanism::Exclude, |way| way.mechanism)
}
