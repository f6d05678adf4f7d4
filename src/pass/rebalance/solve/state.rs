//! An assignment of units to bins, kept up to date move by move.

use super::problem::Problem;

/// Where every unit is, and what that means for every bin and row.
#[derive(Debug, Clone)]
pub struct State<'p> {
    /// What is being solved.
    pub problem: &'p Problem,
    /// The bin of each unit.
    pub at: Vec<usize>,
    /// The load of each bin, bytes.
    pub load: Vec<u64>,
    /// The load of each bin as a share of its memory.
    pub share: Vec<f64>,
    /// The units on each bin, in no order that means anything.
    pub on: Vec<Vec<usize>>,
    /// How many units are on each bin that are not at home there.
    pub foreign: Vec<usize>,
    /// Restarts that the assignment costs.
    pub restarts: u32,
    slack: Vec<u64>,
    used: Vec<Vec<u64>>,
    place: Vec<usize>,
}

impl<'p> State<'p> {
    /// Everything where it is at the start.
    pub fn new(problem: &'p Problem) -> Self {
        let mut on = vec![Vec::new(); problem.bins.len()];
        let mut place = Vec::with_capacity(problem.units.len());
        for (unit, facts) in problem.units.iter().enumerate() {
            place.push(on[facts.home].len());
            on[facts.home].push(unit);
        }
        Self {
            problem,
            at: problem.units.iter().map(|unit| unit.home).collect(),
            load: problem.bins.iter().map(|bin| bin.load).collect(),
            share: problem.bins.iter().enumerate().map(|(at, bin)| problem.share(at, bin.load)).collect(),
            on,
            foreign: vec![0; problem.bins.len()],
            restarts: 0,
            slack: vec![0; problem.bins.len()],
            used: problem.rows.iter().map(|row| row.used.clone()).collect(),
            place,
        }
    }

    /// The hottest bin and its share.
    pub fn hottest(&self) -> (usize, f64) {
        let mut hottest = (0, f64::MIN);
        for (bin, share) in self.share.iter().enumerate() {
            if *share > hottest.1 {
                hottest = (bin, *share);
            }
        }
        hottest
    }

    /// The highest share.
    pub fn peak(&self) -> f64 {
        self.hottest().1
    }

    /// The sum of the squares of all shares: the second goal, where peaks are equal.
    pub fn roughness(&self) -> f64 {
        self.share.iter().map(|share| share * share).sum()
    }

    /// Whether the unit is away from home.
    pub fn moved(&self, unit: usize) -> bool {
        self.at[unit] != self.problem.units[unit].home
    }

    /// What putting the unit there adds to the restarts.
    pub fn price(&self, unit: usize, bin: usize) -> i64 {
        let facts = &self.problem.units[unit];
        match (self.moved(unit), bin == facts.home) {
            (false, false) => i64::from(facts.restarts),
            (true, true) => -i64::from(facts.restarts),
            _ => 0,
        }
    }

    /// Whether the unit may be put there as things are.
    pub fn fits(&self, unit: usize, bin: usize) -> bool {
        self.fits_without(unit, bin, None)
    }

    /// The same once the unit `leaver`, which is there now, has left.
    pub fn fits_without(&self, unit: usize, bin: usize, leaver: Option<usize>) -> bool {
        let problem = self.problem;
        let facts = &problem.units[unit];
        let gone = leaver.map(|leaver| &problem.units[leaver]);
        let home = bin == facts.home;
        if !home {
            if !problem.allowed[facts.class][bin] {
                return false;
            }
            let left = gone.map_or(0, |gone| if gone.home == bin { gone.weight } else { gone.weight + gone.slack });
            let taken = (self.load[bin] + self.slack[bin]).saturating_sub(left);
            if taken.saturating_add(facts.weight + facts.slack) > problem.bins[bin].ceiling {
                return false;
            }
        }
        facts.needs.iter().all(|(row, amount)| {
            let left = gone
                .and_then(|gone| gone.needs.iter().find(|(other, _)| other == row))
                .map_or(0, |(_, amount)| *amount);
            let limits = &problem.rows[*row];
            // What was there at the start may come back, even to a bin that was overfull then.
            let room = if home { limits.room[bin].max(limits.used[bin]) } else { limits.room[bin] };
            self.used[*row][bin] - left + amount <= room
        })
    }

    /// Puts the unit there; whether it fits is the caller's business.
    pub fn put(&mut self, unit: usize, bin: usize) {
        let facts = &self.problem.units[unit];
        let from = self.at[unit];
        if from == bin {
            return;
        }
        self.restarts = self.restarts.saturating_add_signed(i32::try_from(self.price(unit, bin)).unwrap_or(0));
        self.load[from] -= facts.weight;
        self.load[bin] += facts.weight;
        self.share[from] = self.problem.share(from, self.load[from]);
        self.share[bin] = self.problem.share(bin, self.load[bin]);
        if from != facts.home {
            self.slack[from] -= facts.slack;
            self.foreign[from] -= 1;
        }
        if bin != facts.home {
            self.slack[bin] += facts.slack;
            self.foreign[bin] += 1;
        }
        for (row, amount) in &facts.needs {
            self.used[*row][from] -= amount;
            self.used[*row][bin] += amount;
        }
        let hole = self.place[unit];
        self.on[from].swap_remove(hole);
        if let Some(filler) = self.on[from].get(hole) {
            self.place[*filler] = hole;
        }
        self.place[unit] = self.on[bin].len();
        self.on[bin].push(unit);
        self.at[unit] = bin;
    }

    /// Puts every unit where `at` says.
    pub fn restore(&mut self, at: &[usize]) {
        for (unit, bin) in at.iter().enumerate() {
            self.put(unit, *bin);
        }
    }

    /// Puts every unit back where it was at the start.
    pub fn reset(&mut self) {
        for unit in 0..self.at.len() {
            self.put(unit, self.problem.units[unit].home);
        }
    }

    /// What of a row is taken on a bin.
    pub fn used(&self, row: usize, bin: usize) -> u64 {
        self.used[row][bin]
    }

    /// The units that are away from home, in order.
    pub fn moves(&self) -> Vec<(usize, usize)> {
        (0..self.at.len()).filter(|unit| self.moved(*unit)).map(|unit| (unit, self.at[unit])).collect()
    }
}
