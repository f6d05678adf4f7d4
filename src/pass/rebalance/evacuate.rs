//! The goal `empty`: everything leaves one node, and the others stay as level as can be.

use super::scene::Scene;
use super::solve::problem::Problem;
use super::solve::state::State;

/// Rounds of looking again at where each unit went; each finds less than the one before.
const ROUNDS: usize = 20;

/// Where the units of `bin` go, as the bin of every unit; those that fit nowhere stay.
pub(super) fn plan(scene: &Scene<'_>, bin: usize) -> Vec<usize> {
    let problem = &scene.problem;
    let mut state = State::new(problem);
    let mut leaving: Vec<usize> = state.on[bin].clone();
    leaving.sort_by_key(|unit| (std::cmp::Reverse(problem.units[*unit].weight), *unit));
    // The biggest first, then again whatever found no room or might do better.
    for _ in 0..ROUNDS {
        let mut changed = false;
        for unit in &leaving {
            let now = state.at[*unit];
            let (to, _) = best(problem, &state, *unit, bin);
            if let Some(to) = to.filter(|to| *to != now) {
                state.put(*unit, to);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    state.at
}

/// The target that is least full afterwards; where it is counts as a target, unless that is the node to be emptied.
fn best(problem: &Problem, state: &State<'_>, unit: usize, leaving: usize) -> (Option<usize>, f64) {
    let now = state.at[unit];
    let weight = problem.units[unit].weight;
    let mut best = (None, f64::MAX);
    for to in 0..problem.bins.len() {
        let share = if to == now { state.share[to] } else { problem.share(to, state.load[to] + weight) };
        // More than a node has is no room, whatever Swarm would accept.
        let possible = to != leaving && (to == now || state.fits(unit, to) && share <= 1.0);
        if possible && share < best.1 {
            best = (Some(to), share);
        }
    }
    best
}
