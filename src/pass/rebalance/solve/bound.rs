//! What no plan can beat: cheap lower bounds on the peak for a number of restarts.

use super::problem::Problem;

/// Halvings of the interval: more than a double can tell apart.
const HALVINGS: u32 = 40;

/// Prepared once per problem, asked for any number of restarts.
#[derive(Debug)]
pub struct Bounds<'p> {
    problem: &'p Problem,
    /// Units of each bin, those that relieve it most per restart first.
    shed: Vec<Vec<usize>>,
    /// No assignment at all is below this.
    floor: f64,
}

impl<'p> Bounds<'p> {
    /// Sorts what every bin can give away.
    #[expect(clippy::cast_precision_loss, reason = "only for an order")]
    pub fn new(problem: &'p Problem) -> Self {
        let mut shed = vec![Vec::new(); problem.bins.len()];
        for (unit, facts) in problem.units.iter().enumerate() {
            let elsewhere = problem.allowed[facts.class].iter().enumerate();
            if elsewhere.into_iter().any(|(bin, allowed)| *allowed && bin != facts.home) {
                shed[facts.home].push(unit);
            }
        }
        let relief = |unit: &usize| problem.units[*unit].weight as f64 / f64::from(problem.units[*unit].restarts);
        for units in &mut shed {
            units.sort_by(|a, b| relief(b).total_cmp(&relief(a)).then(a.cmp(b)));
        }
        let floor = floor(problem, &shed);
        Self { problem, shed, floor }
    }

    /// No plan with so many restarts has a lower peak. Shed-count: at a peak z each bin above z must give away at
    /// least its overflow, which takes at least so many of its largest units; bisection over z.
    pub fn peak(&self, restarts: u32) -> f64 {
        let (mut low, mut high) = (self.floor, self.problem.peak());
        if low >= high || self.possible(low, restarts) {
            return low.min(high);
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.possible(middle, restarts) {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    }

    /// No plan with fewer restarts brings the peak down to this; none if no plan at all does.
    pub fn restarts(&self, peak: f64) -> Option<u32> {
        if peak < self.floor {
            return None;
        }
        self.needed(peak)
    }

    fn possible(&self, peak: f64, restarts: u32) -> bool {
        self.needed(peak).is_some_and(|needed| needed <= restarts)
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a bound, rounded in its own favour"
    )]
    fn needed(&self, peak: f64) -> Option<u32> {
        let (mut count, mut overflow, mut room) = (0_u32, 0.0, 0.0);
        for (bin, facts) in self.problem.bins.iter().enumerate() {
            let (load, limit) = (facts.load as f64, peak * facts.total as f64);
            if load <= limit {
                room += limit - load;
                continue;
            }
            overflow += load - limit;
            let (mut left, mut spent) = (load - limit, 0.0);
            for unit in &self.shed[bin] {
                let (weight, restarts) = (self.problem.units[*unit].weight as f64, self.problem.units[*unit].restarts);
                if left <= weight {
                    // A part of a group counts as that part of its restarts.
                    spent += f64::from(restarts) * left / weight;
                    left = 0.0;
                    break;
                }
                left -= weight;
                spent += f64::from(restarts);
            }
            if left > 0.0 {
                return None;
            }
            count += (spent - 1e-9).ceil().max(1.0) as u32;
        }
        // Half a byte per bin: shares are not exact.
        (overflow <= room + self.problem.bins.len() as f64).then_some(count)
    }
}

/// Whatever moves: for every set of bins that some units can't leave, load over memory; and what can't leave its bin.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 15 digits")]
fn floor(problem: &Problem, shed: &[Vec<usize>]) -> f64 {
    let movable = |bin: usize| shed[bin].iter().map(|unit| problem.units[*unit].weight).sum::<u64>();
    let fixed: Vec<u64> = problem.bins.iter().enumerate().map(|(at, bin)| bin.load - movable(at)).collect();
    let mut floor = fixed.iter().enumerate().map(|(bin, load)| problem.share(bin, *load)).fold(0.0, f64::max);
    let everywhere = vec![true; problem.bins.len()];
    for set in problem.allowed.iter().chain([&everywhere]) {
        let inside = |class: &Vec<bool>| class.iter().zip(set).all(|(allowed, inside)| !allowed || *inside);
        let captive_class: Vec<bool> = problem.allowed.iter().map(inside).collect();
        let captive = problem.units.iter().filter(|unit| set[unit.home] && captive_class[unit.class]);
        // Units without another place are part of what is fixed.
        let captive: u64 = captive
            .filter(|unit| problem.allowed[unit.class].iter().enumerate().any(|(bin, ok)| *ok && bin != unit.home))
            .map(|unit| unit.weight)
            .sum();
        let inside =
            |values: &[u64]| values.iter().zip(set).filter(|(_, inside)| **inside).map(|(v, _)| v).sum::<u64>();
        let total: u64 = inside(&problem.bins.iter().map(|bin| bin.total).collect::<Vec<_>>());
        if total > 0 {
            floor = floor.max((inside(&fixed) + captive) as f64 / total as f64);
        }
    }
    floor
}
