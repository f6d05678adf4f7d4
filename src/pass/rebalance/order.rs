//! One move at a time: an order in which every target has room when its turn comes, the most pressing first.

use schemars::JsonSchema;
use serde::Serialize;

use super::scene::Scene;
use super::solve::state::State;

/// How a task is made to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// The only replica: a temporary constraint on the target node.
    SinglePin,
    /// The only replica on its node: a temporary constraint that leaves it the target alone.
    Exclude,
    /// One of several on its node, which has the most: one replica more on the target, then one less.
    Scale,
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
    let problem = &scene.problem;
    let mut state = State::new(problem);
    let mut waiting: Vec<usize> = (0..at.len()).filter(|unit| at[*unit] != problem.units[*unit].home).collect();
    let mut legs = Vec::new();
    while !waiting.is_empty() {
        // Relief of a fuller node first; of one node the biggest relief first.
        let ready = waiting.iter().enumerate().filter(|(_, unit)| state.fits(**unit, at[**unit]));
        let next = ready.max_by(|(_, a), (_, b)| {
            let heat = |unit: usize| state.share[state.at[unit]];
            let weight = |unit: usize| problem.units[unit].weight;
            heat(**a).total_cmp(&heat(**b)).then(weight(**a).cmp(&weight(**b))).then(b.cmp(a))
        });
        let Some((place, _)) = next else { break };
        let unit = waiting.remove(place);
        let (from, to) = (state.at[unit], at[unit]);
        let before = (state.share[from], state.share[to]);
        state.put(unit, to);
        let (from_share, to_share) = ((before.0, state.share[from]), (before.1, state.share[to]));
        legs.push(Leg { unit, from, to, from_share, to_share });
    }
    (legs, waiting)
}

/// How this task is made to move, as part of its unit.
pub(super) fn mechanism(scene: &Scene<'_>, unit: usize, task: usize) -> Mechanism {
    if scene.members[unit].tasks.first() != Some(&task) {
        return Mechanism::Follow;
    }
    let seen = scene.world.service_of(task);
    match seen.per_node.get(&scene.world.tasks[task].node) {
        _ if seen.tasks.len() == 1 => Mechanism::SinglePin,
        Some(1) | None => Mechanism::Exclude,
        Some(_) => Mechanism::Scale,
    }
}
