//! The goal `empty`: everything leaves one node, and the others stay as level as can be.

use super::memory::looks;
use super::scene::Scene;
use super::solve::problem::Problem;
use super::solve::state::State;
use super::solve::{Bounds, Found, Question, solve};

/// Rounds of looking again at where each unit went; each finds less than the one before.
const ROUNDS: usize = 20;

/// Where the units of `bin` go, as the bin of every unit; those that fit nowhere stay.
///
/// Nothing else moves, unless that makes room for what would have to stay.
pub(super) fn plan(scene: &Scene<'_>, bin: usize) -> Vec<usize> {
    let greedy = greedy(&scene.problem, bin);
    let problem = emptied(&scene.problem, bin);
    let restarts = |unit: &usize| problem.units[*unit].restarts;
    let leaving: u32 =
        (0..problem.units.len()).filter(|unit| problem.units[*unit].home == bin).map(|u| restarts(&u)).sum();
    let stays = greedy.contains(&bin);
    let most = if stays { 2 * leaving } else { leaving };
    let question = Question { restarts: most, enough: 0.0, looks: looks(&problem) };
    let start = Found::at(&problem, &greedy);
    solve(&problem, &Bounds::new(&problem), &question, &[&start]).at
}

/// The same problem with a bin that is the fullest of all for as long as anything is on it.
fn emptied(problem: &Problem, bin: usize) -> Problem {
    let mut problem = problem.clone();
    let mut load = 0;
    for unit in problem.units.iter_mut().filter(|unit| unit.home == bin) {
        // What weighs nothing has to go too.
        unit.weight = unit.weight.max(1);
        load += unit.weight;
    }
    for target in &mut problem.bins {
        // More than a node has is no room, whatever Swarm would accept.
        target.ceiling = target.ceiling.min(target.total);
    }
    problem.bins[bin].load = load;
    problem.bins[bin].total = 1;
    problem
}

/// Each unit to the emptiest bin that takes it.
fn greedy(problem: &Problem, bin: usize) -> Vec<usize> {
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
        let possible = to != leaving && (to == now || state.fits(unit, to) && share <= 1.0);
        if possible && share < best.1 {
            best = (Some(to), share);
        }
    }
    best
}
