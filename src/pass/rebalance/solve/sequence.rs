//! An order of moves in which every target has room when its turn comes.

use super::problem::Problem;
use super::state::State;

/// The moves that lead to `at`, one unit after the other, and the units that never find room.
///
/// The most pressing moves come first. Where that ends in a deadlock, those come first whose place others wait for.
pub fn sequence(problem: &Problem, at: &[usize]) -> (Vec<usize>, Vec<usize>) {
    sequence_from(&mut State::new(problem), at)
}

/// The same with a state at hand, which is at home before and after.
pub(super) fn sequence_from(state: &mut State<'_>, at: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let pressing = attempt(state, at, false);
    if pressing.1.is_empty() {
        return pressing;
    }
    let yielding = attempt(state, at, true);
    if yielding.1.len() < pressing.1.len() { yielding } else { pressing }
}

fn attempt(state: &mut State<'_>, at: &[usize], yielding: bool) -> (Vec<usize>, Vec<usize>) {
    let problem = state.problem;
    let start = state.peak();
    let mut waiting: Vec<usize> = (0..at.len()).filter(|unit| at[*unit] != problem.units[*unit].home).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let mut best: Option<(Key, usize)> = None;
        for (place, unit) in waiting.iter().enumerate() {
            let (home, to, weight) = (problem.units[*unit].home, at[*unit], problem.units[*unit].weight);
            let after = problem.share(to, state.load[to] + weight);
            // Not even for a moment more than the node has, unless it had more to begin with.
            if !state.fits(*unit, to) || after > start.max(1.0) {
                continue;
            }
            let wanted = yielding && waiting.iter().any(|other| at[*other] == home && !state.fits(*other, home));
            let urgent = problem.urgent.get(home).copied().unwrap_or_default();
            let key = (wanted, after <= start, urgent, state.share[home], weight);
            if best.is_none_or(|(best, _)| better(&key, &best)) {
                best = Some((key, place));
            }
        }
        let Some((_, place)) = best else { break };
        let unit = waiting.remove(place);
        state.put(unit, at[unit]);
        order.push(unit);
    }
    for unit in &order {
        state.put(*unit, problem.units[*unit].home);
    }
    (order, waiting)
}

/// Yields a place that others wait for, stays below the peak, leaves a node under pressure, relieves the fullest node,
/// by the most.
type Key = (bool, bool, bool, f64, u64);

fn better(a: &Key, b: &Key) -> bool {
    (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)).then(a.3.total_cmp(&b.3)).then(a.4.cmp(&b.4)).is_gt()
}
