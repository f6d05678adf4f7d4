//! The best plan for a number of restarts: exhaustive where that is cheap, else greedy starts and a
//! large-neighbourhood search, both judged against a lower bound.
//!
//! Bounded by looks, never by a clock; the same problem gives the same plan.

mod bound;
mod exhaustive;
pub mod problem;
mod random;
mod sequence;
pub mod state;
mod step;

#[cfg(test)]
mod tests;

pub use bound::Bounds;
use problem::Problem;
pub use sequence::sequence;
use sequence::sequence_from;
use state::State;
use step::{Taste, Walk};

/// Peaks that differ by less than this are the same: a millionth of a point.
pub const SAME: f64 = 1e-8;
/// Iterations of the search, whatever they cost.
const ITERATIONS: u32 = 20_000;
/// Not more than so many units are taken back at once.
const DESTROY: usize = 10;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// At most so many restarts.
    pub restarts: u32,
    /// Good enough: nothing below this is looked for.
    pub enough: f64,
    /// What the search may spend, in looks at a unit and a place.
    pub looks: u64,
}

/// The best assignment found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The bin of each unit.
    pub at: Vec<usize>,
    /// The highest share.
    pub peak: f64,
    /// Tasks that restart.
    pub restarts: u32,
    roughness: f64,
}

impl Found {
    /// An assignment from elsewhere: the bin of each unit.
    pub fn at(problem: &Problem, at: &[usize]) -> Self {
        let mut state = State::new(problem);
        state.restore(at);
        Self::of(&state)
    }

    fn of(state: &State<'_>) -> Self {
        Self { at: state.at.clone(), peak: state.peak(), restarts: state.restarts, roughness: state.roughness() }
    }

    fn better_than(&self, other: &Self) -> bool {
        if (self.peak - other.peak).abs() > SAME {
            return self.peak < other.peak;
        }
        (self.restarts, self.roughness) < (other.restarts, other.roughness)
    }
}

/// Answers the question. `starts` are assignments that may be good already.
pub fn solve(problem: &Problem, bounds: &Bounds<'_>, question: &Question, starts: &[&Found]) -> Found {
    let home = State::new(problem);
    let mut best = Found::of(&home);
    if problem.bins.is_empty() || problem.units.is_empty() || question.restarts == 0 {
        return best;
    }
    let enough = question.enough.max(bounds.peak(question.restarts)) + SAME;
    let mut scratch = home.clone();
    for found in starts.iter().filter(|found| found.restarts <= question.restarts) {
        take(&mut scratch, &mut best, (*found).clone());
    }
    let mut walk = Walk::new(home, 1);
    for swaps in [false, true] {
        walk.state.reset();
        descend(&mut walk, question.restarts, swaps, &mut scratch, &mut best);
    }
    if question.restarts <= 2 && best.peak > enough {
        let mut state = walk.state;
        state.reset();
        if let Some(at) = exhaustive::best(&mut state, question.restarts, &mut scratch, question.looks) {
            state.restore(&at);
            take(&mut scratch, &mut best, Found::of(&state));
        }
        return best;
    }
    search(&mut walk, question, enough, &mut scratch, &mut best);
    best
}

/// Keeps what is better and can be done one move at a time; says whether it was.
fn take(home: &mut State<'_>, best: &mut Found, found: Found) -> bool {
    let better = found.better_than(best) && sequence_from(home, &found.at).1.is_empty();
    if better {
        *best = found;
    }
    better
}

/// The best step off the hottest bin, again and again.
fn descend(walk: &mut Walk<'_>, limit: u32, swaps: bool, home: &mut State<'_>, best: &mut Found) {
    loop {
        let (hot, share) = walk.state.hottest();
        let taste = Taste { aim: share - 0.02, limit, swaps, blur: 0.0 };
        let Some(step) = walk.best(hot, &taste) else { break };
        walk.make(step);
        if walk.state.peak() > share + SAME {
            break;
        }
        take(home, best, Found::of(&walk.state));
    }
}

/// Takes back some of the moves, mends, keeps what is better: again and again.
fn search(walk: &mut Walk<'_>, question: &Question, enough: f64, home: &mut State<'_>, best: &mut Found) {
    let Question { restarts: limit, looks, .. } = *question;
    let mut current = best.clone();
    let mut stale = 0;
    for _ in 0..ITERATIONS {
        if best.peak <= enough || walk.looks >= looks {
            return;
        }
        walk.looks += 2 * current.at.len() as u64;
        walk.state.restore(&current.at);
        destroy(walk, limit);
        mend(walk, limit, enough, home, best);
        tidy(walk);
        let found = Found::of(&walk.state);
        stale += 1;
        if take(home, best, found.clone()) {
            stale = 0;
        }
        let worse = 0.01 * walk.random.unit() * walk.random.unit();
        if found.peak <= current.peak + worse {
            current = found;
        }
        if stale % 40 == 39 {
            current = best.clone();
        }
    }
}

/// Sends some moved units home, and sometimes throws one somewhere.
fn destroy(walk: &mut Walk<'_>, limit: u32) {
    let mut moved: Vec<usize> = walk.state.moves().into_iter().map(|(unit, _)| unit).collect();
    let most = moved.len().min(DESTROY);
    let (hot, _) = walk.state.hottest();
    let count = if most == 0 { 0 } else { 1 + walk.random.below(most) };
    for _ in 0..count {
        // Half of the time what has to do with the hottest bin.
        let related: Vec<usize> = if walk.random.below(2) == 0 {
            let home = |unit: &usize| walk.state.problem.units[*unit].home;
            (0..moved.len()).filter(|at| walk.state.at[moved[*at]] == hot || home(&moved[*at]) == hot).collect()
        } else {
            Vec::new()
        };
        let at =
            if related.is_empty() { walk.random.below(moved.len()) } else { related[walk.random.below(related.len())] };
        let unit = moved.swap_remove(at);
        let home = walk.state.problem.units[unit].home;
        if walk.state.fits(unit, home) {
            walk.state.put(unit, home);
        }
    }
    if walk.random.below(3) == 0 {
        for _ in 0..=walk.random.below(3) {
            kick(walk, limit);
        }
    }
}

fn kick(walk: &mut Walk<'_>, limit: u32) {
    let (hot, _) = walk.state.hottest();
    let bin = if walk.random.below(2) == 0 { hot } else { walk.random.below(walk.state.load.len()) };
    if walk.state.on[bin].is_empty() {
        return;
    }
    let unit = walk.state.on[bin][walk.random.below(walk.state.on[bin].len())];
    let to = walk.random.below(walk.state.load.len());
    let price = walk.state.price(unit, to);
    if to != bin && i64::from(walk.state.restarts) + price <= i64::from(limit) && walk.state.fits(unit, to) {
        walk.state.put(unit, to);
    }
}

/// Spends what is left of the restarts, aiming below the best peak; keeps what is better on the way.
fn mend(walk: &mut Walk<'_>, limit: u32, enough: f64, home: &mut State<'_>, best: &mut Found) {
    let mut reach = walk.random.unit();
    let blur = if walk.random.below(2) == 0 { 0.0 } else { 0.3 * walk.random.unit() };
    let swaps = walk.random.below(4) != 0;
    for _ in 0..200 {
        let (hot, share) = walk.state.hottest();
        let aim = enough + (best.peak - enough).max(0.0) * reach;
        if share <= aim {
            reach *= 0.5;
            if share <= enough {
                break;
            }
        }
        let taste = Taste { aim: aim.min(share - SAME), limit, swaps, blur };
        let Some(step) = walk.best(hot, &taste) else { break };
        walk.make(step);
        if walk.state.peak() < best.peak - SAME {
            // Further steps may end in exchanges that no order of moves can make: this one may be the best that can.
            walk.looks += walk.state.at.len() as u64;
            take(home, best, Found::of(&walk.state));
        }
    }
}

/// Takes back every move without which the peak is no higher.
fn tidy(walk: &mut Walk<'_>) {
    let peak = walk.state.peak();
    for (unit, _) in walk.state.moves() {
        let home = walk.state.problem.units[unit].home;
        let load = walk.state.load[home] + walk.state.problem.units[unit].weight;
        if walk.state.problem.share(home, load) <= peak && walk.state.fits(unit, home) {
            walk.state.put(unit, home);
        }
    }
}

impl Found {
    /// The same without the moves that aren't needed to stay at or below `peak`, lightest first.
    #[must_use]
    pub fn pruned(&self, problem: &Problem, peak: f64) -> Self {
        let mut state = State::new(problem);
        state.restore(&self.at);
        let mut moves = state.moves();
        moves.sort_by_key(|(unit, _)| (problem.units[*unit].weight, *unit));
        for (unit, _) in moves {
            let facts = &problem.units[unit];
            if problem.share(facts.home, state.load[facts.home] + facts.weight) <= peak && state.fits(unit, facts.home)
            {
                state.put(unit, facts.home);
            }
        }
        Self::of(&state)
    }
}
