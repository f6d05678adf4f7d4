//! Every plan of one or two units: the everyday case is provably the best.

use super::sequence::sequence_from;
use super::state::State;

/// The best plan with at most two moved units within `limit` restarts, as the bin of each unit; none if nothing lowers
/// the peak. `None` too when there is too much to look at: `looks` is what may be spent, and what is left.
///
/// Whatever lowers the peak takes a unit off the hottest bin. A second move helps only off the bin that is hottest
/// then, or by making room for the first.
pub fn best(state: &mut State<'_>, limit: u32, home: &mut State<'_>, looks: &mut u64) -> Option<Vec<usize>> {
    let mut best = (state.peak() - 1e-12, state.roughness(), None);
    let (hot, _) = state.hottest();
    for unit in state.on[hot].clone() {
        let restarts = state.problem.units[unit].restarts;
        if restarts > limit {
            continue;
        }
        for to in 0..state.problem.bins.len() {
            if to == hot || !state.problem.allowed[state.problem.units[unit].class][to] {
                continue;
            }
            let fits = state.fits(unit, to);
            state.put(unit, to);
            if fits {
                take(state, home, &mut best);
            }
            if restarts < limit {
                let hottest = if fits { state.hottest().0 } else { to };
                second(state, unit, to, hottest, limit, home, &mut best, looks)?;
            }
            state.put(unit, hot);
        }
    }
    Some(best.2.unwrap_or_else(|| home.at.clone()))
}

type Best = (f64, f64, Option<Vec<usize>>);

fn second(
    state: &mut State<'_>,
    first: usize,
    first_at: usize,
    from: usize,
    limit: u32,
    home: &mut State<'_>,
    best: &mut Best,
    looks: &mut u64,
) -> Option<()> {
    let problem = state.problem;
    for unit in state.on[from].clone() {
        let facts = &problem.units[unit];
        if unit == first || state.restarts + facts.restarts > limit {
            continue;
        }
        *looks = looks.checked_sub(problem.bins.len() as u64)?;
        // What stays behind must be better than the best, wherever the unit goes.
        if problem.share(from, state.load[from] - facts.weight) > best.0 {
            continue;
        }
        for to in 0..problem.bins.len() {
            if to == from || problem.share(to, state.load[to] + facts.weight) > best.0 || !state.fits(unit, to) {
                continue;
            }
            state.put(unit, to);
            // The first may only fit once the second has made room.
            state.put(first, problem.units[first].home);
            let fits = state.fits(first, first_at);
            state.put(first, first_at);
            if fits {
                take(state, home, best);
            }
            state.put(unit, from);
        }
    }
    Some(())
}

fn take(state: &State<'_>, home: &mut State<'_>, best: &mut Best) {
    let peak = state.peak();
    if peak > best.0 {
        return;
    }
    let roughness = state.roughness();
    let better = peak < best.0 || roughness < best.1;
    if better && sequence_from(home, &state.at).1.is_empty() {
        *best = (peak, roughness, Some(state.at.clone()));
    }
}
