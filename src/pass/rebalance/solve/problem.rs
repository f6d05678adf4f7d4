//! The planning problem as numbers only: bins, units that may move between them, and what limits where they fit.
//!
//! Knows nothing of Swarm: services, labels and ports have become classes and rows before.

/// A node whose memory is known.
#[derive(Debug, Clone)]
pub struct Bin {
    /// Memory, bytes; never 0.
    pub total: u64,
    /// Memory in use at the start, bytes, of everything that runs there.
    pub load: u64,
    /// Nothing may be moved here that would bring the load above this, bytes.
    pub ceiling: u64,
}

/// Tasks that move together.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Memory that leaves one bin and comes to another, bytes.
    pub weight: u64,
    /// Memory that must be free on the target beyond `weight`, bytes: caches and reservations.
    pub slack: u64,
    /// The bin where it is at the start.
    pub home: usize,
    /// How many tasks restart when it moves; at least 1.
    pub restarts: u32,
    /// Index into [`Problem::allowed`].
    pub class: usize,
    /// What it takes of each row, never 0, each row once.
    pub needs: Vec<(usize, u64)>,
}

/// Something of which each bin has only so much: reserved memory, CPU, a host port, places for replicas of a service.
#[derive(Debug, Clone)]
pub struct Row {
    /// What each bin has.
    pub room: Vec<u64>,
    /// What is taken at the start.
    pub used: Vec<u64>,
}

/// Bins, units and limits.
#[derive(Debug, Clone, Default)]
pub struct Problem {
    /// Nodes whose memory is known.
    pub bins: Vec<Bin>,
    /// What can move.
    pub units: Vec<Unit>,
    /// What limits it.
    pub rows: Vec<Row>,
    /// By class, whether a bin may be a target.
    pub allowed: Vec<Vec<bool>>,
    /// By bin, whether what leaves it should leave first; bins beyond the end are not urgent.
    pub urgent: Vec<bool>,
}

impl Problem {
    /// A bin's load as a share of its memory.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 15 digits")]
    pub fn share(&self, bin: usize, load: u64) -> f64 {
        load as f64 / self.bins[bin].total as f64
    }

    /// The highest share at the start.
    pub fn peak(&self) -> f64 {
        self.bins.iter().enumerate().map(|(at, bin)| self.share(at, bin.load)).fold(0.0, f64::max)
    }

    /// Keeps one unit off a bin, and no other.
    pub fn rule_out(&mut self, unit: usize, bin: usize) {
        let mut allowed = self.allowed[self.units[unit].class].clone();
        allowed[bin] = false;
        self.units[unit].class = self.allowed.len();
        self.allowed.push(allowed);
    }

    /// All tasks of all units.
    pub fn restarts(&self) -> u32 {
        self.units.iter().map(|unit| unit.restarts).sum()
    }
}
