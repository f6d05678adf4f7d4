//! Every plan of one or two units: the everyday case is provably the best.

use super::sequence::sequence_from;
use super::state::State;

/// The best plan with at most two moved units within `limit` restarts, as the bin of each unit. `None` when there is
/// more to look at than `looks` allows.
///
/// Whatever lowers the peak takes a unit off the hottest bin. A second move helps only off the bin that is hottest
/// then, or by making room for the first. `home` is a state at home, and is one afterwards.
pub fn best(state: &mut State<'_>, limit: u32, home: &mut State<'_>, looks: u64) -> Option<Vec<usize>> {
    let at = home.at.clone();
    let mut search = Search { limit, home, looks, peak: state.peak() - 1e-12, roughness: state.roughness(), at };
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
                search.take(state);
            }
            if restarts < limit {
                let from = if fits { state.hottest().0 } else { to };
                search.second(state, unit, from)?;
            }
            state.put(unit, hot);
        }
    }
    Some(search.at)
}

struct Search<'s, 'p> {
    limit: u32,
    home: &'s mut State<'p>,
    looks: u64,
    peak: f64,
    roughness: f64,
    at: Vec<usize>,
}

impl Search<'_, '_> {
    /// Every second move off `from`, with the unit `first` moved already.
    fn second(&mut self, state: &mut State<'_>, first: usize, from: usize) -> Option<()> {
        let problem = state.problem;
        let first_at = state.at[first];
        for unit in state.on[from].clone() {
            let facts = &problem.units[unit];
            if unit == first || state.restarts + facts.restarts > self.limit {
                continue;
            }
            self.looks = self.looks.checked_sub(problem.bins.len() as u64)?;
            // What stays behind must be better than the best, wherever the unit goes.
            if problem.share(from, state.load[from] - facts.weight) > self.peak {
                continue;
            }
            for to in 0..problem.bins.len() {
                let share = problem.share(to, state.load[to] + facts.weight);
                if to == from || share > self.peak || !state.fits(unit, to) {
                    continue;
                }
                state.put(unit, to);
                // The first may only fit once the second has made room.
                state.put(first, problem.units[first].home);
                let fits = state.fits(first, first_at);
                state.put(first, first_at);
                if fits {
                    self.take(state);
                }
                state.put(unit, from);
            }
        }
        Some(())
    }

    fn take(&mut self, state: &State<'_>) {
        let peak = state.peak();
        if peak > self.peak {
            return;
        }
        let roughness = state.roughness();
        let better = peak < self.peak || roughness < self.roughness;
        if better && sequence_from(self.home, &state.at).1.is_empty() {
            (self.peak, self.roughness) = (peak, roughness);
            self.at.clone_from(&state.at);
        }
    }
}
