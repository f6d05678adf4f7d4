//! The best single step from where things are: one unit off the hottest bin, alone or in exchange for another.

use super::random::Random;
use super::state::State;

/// How much a share above the aim weighs against roughness.
const OVERFLOW: f64 = 1000.0;
/// Putting a unit elsewhere that moves anyway costs no restart, but it isn't better than everything.
const FREE: f64 = 0.4;

/// A change of the assignment: what goes where, in this order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// A unit goes to a bin.
    Move(usize, usize),
    /// Two units change places.
    Swap(usize, usize),
}

/// What a step is chosen by.
#[derive(Debug, Clone, Copy)]
pub struct Taste {
    /// Shares above this are what is to be cured.
    pub aim: f64,
    /// Restarts that the assignment may cost in all.
    pub limit: u32,
    /// Whether units may change places.
    pub swaps: bool,
    /// Scores are blurred by up to this part, so that repeated searches differ.
    pub blur: f64,
}

/// Does steps and counts what looking for them cost.
#[derive(Debug)]
pub struct Walk<'p> {
    /// Where things are.
    pub state: State<'p>,
    /// Looks at a unit and a place; decides when a search ends, since a clock would make plans differ.
    pub looks: u64,
    /// For blurred scores.
    pub random: Random,
}

impl<'p> Walk<'p> {
    /// Begins at home.
    pub fn new(state: State<'p>, seed: u64) -> Self {
        Self { state, looks: 0, random: Random::new(seed) }
    }

    /// Makes a step.
    pub fn make(&mut self, step: Step) {
        match step {
            Step::Move(unit, bin) => self.state.put(unit, bin),
            Step::Swap(one, other) => {
                let (from, to) = (self.state.at[one], self.state.at[other]);
                self.state.put(one, to);
                self.state.put(other, from);
            }
        }
    }

    /// The step off `bin` that gains most per restart; none if nothing gains.
    pub fn best(&mut self, bin: usize, taste: &Taste) -> Option<Step> {
        let mut best = (-1e-12, None);
        let budget = i64::from(taste.limit) - i64::from(self.state.restarts);
        for at in 0..self.state.on[bin].len() {
            let unit = self.state.on[bin][at];
            self.moves_of(unit, bin, taste, budget, &mut best);
        }
        // After all moves: what they gain rules out most of the many swaps.
        for at in 0..if taste.swaps { self.state.on[bin].len() } else { 0 } {
            let unit = self.state.on[bin][at];
            self.swaps_of(unit, bin, taste, budget, &mut best);
        }
        best.1
    }

    fn moves_of(&mut self, unit: usize, from: usize, taste: &Taste, budget: i64, best: &mut (f64, Option<Step>)) {
        let problem = self.state.problem;
        let facts = &problem.units[unit];
        let left = problem.share(from, self.state.load[from] - facts.weight);
        let relief = cost(left, taste.aim) - cost(self.state.share[from], taste.aim);
        self.looks += problem.bins.len() as u64;
        for to in 0..problem.bins.len() {
            if to == from {
                continue;
            }
            let share = problem.share(to, self.state.load[to] + facts.weight);
            let gain = relief + cost(share, taste.aim) - cost(self.state.share[to], taste.aim);
            if gain >= best.0.min(0.0) * 0.4 {
                continue;
            }
            let price = self.state.price(unit, to);
            let score = self.score(gain, price, taste);
            if price <= budget && score < best.0 && self.state.fits(unit, to) {
                *best = (score, Some(Step::Move(unit, to)));
            }
        }
    }

    fn swaps_of(&mut self, unit: usize, from: usize, taste: &Taste, budget: i64, best: &mut (f64, Option<Step>)) {
        let problem = self.state.problem;
        let weight = problem.units[unit].weight;
        let before = cost(self.state.share[from], taste.aim);
        // A swap relieves less than the move alone, and costs more unless one of the two moves anyway.
        let most = cost(problem.share(from, self.state.load[from] - weight), taste.aim) - before;
        let at_home = if self.state.moved(unit) { 1.0 } else { 2.0 };
        let pays_at_home = most / at_home < best.0;
        for to in 0..problem.bins.len() {
            // Something lighter must come back, onto a bin that is not as hot.
            let pays = pays_at_home || self.state.foreign[to] > 0;
            if to == from || !pays || self.state.share[to] >= self.state.share[from] {
                continue;
            }
            let there = cost(self.state.share[to], taste.aim);
            self.looks += self.state.on[to].len() as u64;
            for at in 0..self.state.on[to].len() {
                let other = self.state.on[to][at];
                let back = problem.units[other].weight;
                if back >= weight {
                    continue;
                }
                let here = problem.share(from, self.state.load[from] - weight + back);
                let away = problem.share(to, self.state.load[to] + weight - back);
                let gain = cost(here, taste.aim) - before + cost(away, taste.aim) - there;
                if gain >= best.0.min(0.0) * 0.4 {
                    continue;
                }
                let price = self.state.price(unit, to) + self.state.price(other, from);
                let score = self.score(gain, price, taste);
                if price <= budget
                    && score < best.0
                    && self.state.fits_without(unit, to, Some(other))
                    && self.state.fits_without(other, from, Some(unit))
                {
                    *best = (score, Some(Step::Swap(unit, other)));
                }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a handful of restarts")]
    fn score(&mut self, gain: f64, price: i64, taste: &Taste) -> f64 {
        let score = gain / (price as f64).max(FREE);
        if taste.blur > 0.0 { score * (1.0 - taste.blur * self.random.unit()) } else { score }
    }
}

/// What a bin's share costs: its square, and much more above the aim.
fn cost(share: f64, aim: f64) -> f64 {
    let over = (share - aim).max(0.0);
    share * share + OVERFLOW * over
}
