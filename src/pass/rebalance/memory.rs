//! The goal `memory`: the lowest peak for a number of restarts, or the fewest restarts for a peak.

use super::scene::Scene;
use super::solve::problem::Problem;
use super::solve::{Bounds, Found, Question, SAME, solve};

/// Without guard rails the curve is looked at up to so many restarts.
const CURVE: [u32; 14] = [1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30, 40, 60];
/// Looks at a unit and a place that one plan may cost for each unit, and at least and at most; some 5 ns each.
const LOOKS_PER_UNIT: u64 = 20_000;
const LOOKS: std::ops::RangeInclusive<u64> = 1_000_000..=8_000_000;
/// Moves that lower the peak by less than this, as a share, are cosmetic.
const COSMETIC: f64 = 0.002;

/// What is asked of the memory goal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ask {
    /// The restarts after which more of them gain little.
    Knee,
    /// The lowest peak with at most so many restarts.
    Restarts(u32),
    /// The fewest restarts that bring the peak down to this share.
    Peak(f64),
}

/// A solution and what led to it.
#[derive(Debug)]
pub(super) struct Solution {
    /// The bin of each unit.
    pub(super) at: Vec<usize>,
    /// No plan with as many restarts gets below this; none where the peak is not the goal.
    pub(super) bound: Option<f64>,
    /// Restarts and the lowest peak found with them; the start first.
    pub(super) curve: Vec<(u32, f64)>,
}

/// Finds the assignment that was asked for.
pub(super) fn plan(scene: &Scene<'_>, ask: Ask) -> Solution {
    let bounds = Bounds::new(&scene.problem);
    let home: Vec<usize> = scene.problem.units.iter().map(|unit| unit.home).collect();
    let mut search =
        Search { scene, bounds: &bounds, looks: looks(&scene.problem), curve: vec![(0, scene.problem.peak())] };
    let found = match (ask, scene.terms.guarded) {
        (Ask::Restarts(restarts), false) => Some(search.lowest(restarts)),
        (Ask::Restarts(restarts), true) => search.worthwhile(restarts),
        (Ask::Peak(peak), _) => search.fewest(peak),
        (Ask::Knee, true) => search.worthwhile(u32::MAX),
        (Ask::Knee, false) => search.knee(),
    };
    let found = found.filter(|found| found.restarts > 0);
    let restarts = match ask {
        Ask::Restarts(restarts) => restarts,
        _ => found.as_ref().map_or(0, |found| found.restarts),
    };
    let mut curve = search.curve;
    curve.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    curve.dedup_by_key(|point| point.0);
    Solution { at: found.map_or(home, |found| found.at), bound: Some(bounds.peak(restarts)), curve }
}

/// What one search may cost.
pub(super) fn looks(problem: &Problem) -> u64 {
    (problem.units.len() as u64 * LOOKS_PER_UNIT).clamp(*LOOKS.start(), *LOOKS.end())
}

struct Search<'s> {
    scene: &'s Scene<'s>,
    bounds: &'s Bounds<'s>,
    looks: u64,
    curve: Vec<(u32, f64)>,
}

impl Search<'_> {
    fn solve(&mut self, restarts: u32, enough: f64, looks: u64, starts: &[&Found]) -> Found {
        let question = Question { restarts, enough, looks };
        let found = solve(&self.scene.problem, self.bounds, &question, starts);
        self.curve.push((found.restarts, found.peak));
        found
    }

    fn lowest(&mut self, restarts: u32) -> Found {
        self.solve(restarts, 0.0, self.looks, &[])
    }

    /// The best number of restarts that the guard rails allow: each must lower the peak by the least gain.
    fn worthwhile(&mut self, restarts: u32) -> Option<Found> {
        let policy = &self.scene.world.settings.rebalance;
        let most = restarts.min(policy.max_moves).min(self.scene.problem.restarts());
        let all = self.series(&(1..=most).collect::<Vec<_>>());
        let best = best_value(self.scene.problem.peak(), &all, policy.min_gain)?;
        Some(self.without_cosmetics(best, best.peak + COSMETIC))
    }

    /// Where the curve bends most: furthest above the straight line from its beginning to its end.
    fn knee(&mut self) -> Option<Found> {
        let all = self.scene.problem.restarts();
        let ks: Vec<u32> = CURVE.iter().copied().filter(|restarts| *restarts <= all).collect();
        let found = self.series(&ks);
        let last = found.last()?;
        let start = self.scene.problem.peak();
        let slope = (start - last.peak) / f64::from(last.restarts.max(1));
        let best = best_value(start, &found, slope)?;
        Some(self.without_cosmetics(best, best.peak + SAME))
    }

    fn series(&mut self, ks: &[u32]) -> Vec<Found> {
        let mut all: Vec<Found> = Vec::new();
        let looks = self.looks / (ks.len() as u64).max(1);
        for restarts in ks {
            let starts: Vec<&Found> = all.last().into_iter().collect();
            let found = self.solve(*restarts, 0.0, looks, &starts);
            all.push(found);
        }
        all
    }

    /// Fewest restarts for a peak: upwards from the lower bound in growing steps, then between failure and success.
    fn fewest(&mut self, peak: f64) -> Option<Found> {
        if self.scene.problem.peak() <= peak {
            return None;
        }
        let policy = &self.scene.world.settings.rebalance;
        let most =
            if self.scene.terms.guarded { policy.max_moves } else { u32::MAX }.min(self.scene.problem.restarts());
        let mut failed = self.bounds.restarts(peak).unwrap_or(most).clamp(1, most.max(1)) - 1;
        let (mut step, mut best): (u32, Option<Found>) = (1, None);
        let reached = loop {
            let restarts = failed.saturating_add(step).min(most);
            let starts: Vec<&Found> = best.iter().collect();
            let found = self.solve(restarts, peak, self.looks / 4, &starts);
            if found.peak <= peak + SAME {
                break Some(found);
            }
            best = Some(found);
            if restarts >= most {
                break None;
            }
            failed = restarts;
            step *= 2;
        };
        let Some(mut found) = reached else { return best };
        while found.restarts > failed + 1 {
            let middle = failed.midpoint(found.restarts);
            let again = self.solve(middle, peak, self.looks / 4, &[]);
            if again.peak <= peak + SAME {
                found = again;
            } else {
                failed = middle;
            }
        }
        Some(self.without_cosmetics(&found, peak.max(found.peak)))
    }

    /// The same without the moves that aren't needed to stay at or below `peak`, lightest first.
    fn without_cosmetics(&self, found: &Found, peak: f64) -> Found {
        found.pruned(&self.scene.problem, peak)
    }
}

/// The plan that is worth most when each restart costs `price`; none if no plan is worth anything.
fn best_value(start: f64, found: &[Found], price: f64) -> Option<&Found> {
    let value = |found: &Found| start - found.peak - price * f64::from(found.restarts);
    let mut best: Option<&Found> = None;
    for found in found.iter().filter(|found| found.restarts > 0 && value(found) > -SAME) {
        if best.is_none_or(|best| value(found) > value(best) + SAME) {
            best = Some(found);
        }
    }
    best
}
