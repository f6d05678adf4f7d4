//! The goal `count`: replicas of each service, then tasks in all, spread evenly with the fewest restarts.

use std::collections::BTreeMap;

use super::scene::Scene;
use super::solve::state::State;
use crate::model::Mode;

/// Where the units go, as the bin of every unit.
///
/// A move from a bin with two more than another is a restart that every even spread needs, so no other is made. First
/// replicas of each service, since that is what a lost node costs; then tasks in all, without undoing the first.
pub(super) fn plan(scene: &Scene<'_>, most: u32) -> Vec<usize> {
    let mut spread = Spread::new(scene);
    for service in 0..scene.world.services.len() {
        while spread.state.restarts < most && spread.level_service(service) {}
    }
    while spread.state.restarts < most && spread.level_all() {}
    spread.state.at
}

struct Spread<'s> {
    scene: &'s Scene<'s>,
    state: State<'s>,
    /// No node is filled above this share.
    most: f64,
    /// Tasks of each bin, movable or not; bins that take no tasks have none to give or take.
    tasks: Vec<u64>,
    /// Of each service with several tasks, those of each bin.
    of_service: BTreeMap<usize, Vec<u64>>,
    units_of: BTreeMap<usize, Vec<usize>>,
}

impl<'s> Spread<'s> {
    fn new(scene: &'s Scene<'s>) -> Self {
        let bins = scene.problem.bins.len();
        let (mut tasks, mut of_service) = (vec![0; bins], BTreeMap::<usize, Vec<u64>>::new());
        for placed in &scene.world.tasks {
            let Some(bin) = scene.bin_of[placed.node] else { continue };
            // Tasks of jobs are gone in a while, and what was moved for them would have to go back.
            if scene.world.services[placed.service].service.mode == Mode::Job {
                continue;
            }
            tasks[bin] += 1;
            of_service.entry(placed.service).or_insert_with(|| vec![0; bins])[bin] += 1;
        }
        let mut units_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (unit, members) in scene.members.iter().enumerate().filter(|(_, members)| members.group.is_none()) {
            units_of.entry(scene.world.tasks[members.tasks[0]].service).or_default().push(unit);
        }
        // Fuller than the fullest is now only where that is no reason to act.
        let most = scene.problem.peak().max(scene.world.settings.rebalance.target_max);
        Self { scene, state: State::new(&scene.problem), most, tasks, of_service, units_of }
    }

    /// Makes one move that evens out the replicas of a service; false if there is none.
    fn level_service(&mut self, service: usize) -> bool {
        let (Some(units), Some(counts)) = (self.units_of.get(&service), self.of_service.get(&service)) else {
            return false;
        };
        let (Some(most), Some(least)) = (counts.iter().max(), counts.iter().min()) else { return false };
        if *most < least + 2 {
            return false;
        }
        let gap = |(unit, to): &(usize, usize)| counts[self.state.at[*unit]] - counts[*to];
        let best = units
            .iter()
            .filter(|unit| !self.state.moved(**unit) && counts[self.state.at[**unit]] >= least + 2)
            .flat_map(|unit| (0..counts.len()).map(move |to| (*unit, to)))
            .filter(|(unit, to)| counts[self.state.at[*unit]] >= counts[*to] + 2 && self.cool(*unit, *to))
            .max_by(|a, b| {
                let fullest = |(unit, _): &(usize, usize)| self.tasks[self.state.at[*unit]];
                let emptiest = |(_, to): &(usize, usize)| std::cmp::Reverse(self.tasks[*to]);
                let order = gap(a).cmp(&gap(b)).then(fullest(a).cmp(&fullest(b))).then(emptiest(a).cmp(&emptiest(b)));
                order.then(self.coolest(a, b)).then(b.cmp(a))
            });
        self.make(best)
    }

    /// Makes one move from a bin with many tasks to one with few; false if there is none.
    fn level_all(&mut self) -> bool {
        let mut bins: Vec<usize> = (0..self.tasks.len()).collect();
        bins.sort_by_key(|bin| (self.tasks[*bin], *bin));
        // The fullest that has anything to give, to the emptiest that takes it.
        for from in bins.iter().rev().copied() {
            for to in bins.iter().copied().take_while(|to| self.tasks[from] >= self.tasks[*to] + 2) {
                let units = self.state.on[from].iter().copied().filter(|unit| self.evens(*unit, from, to));
                let best = units.max_by(|a, b| {
                    let weight = |unit: &usize| self.scene.problem.units[*unit].weight;
                    // On the way from a hotter to a cooler node the heaviest, else the lightest.
                    let order = weight(a).cmp(&weight(b));
                    let order = if self.state.share[from] >= self.state.share[to] { order } else { order.reverse() };
                    order.then(b.cmp(a))
                });
                if best.is_some() {
                    return self.make(best.map(|unit| (unit, to)));
                }
            }
        }
        false
    }

    /// Whether moving the unit makes the two bins more even, and no service less.
    fn evens(&self, unit: usize, from: usize, to: usize) -> bool {
        let size = self.scene.members[unit].tasks.len() as u64;
        self.tasks[from] > self.tasks[to] + size
            && !self.state.moved(unit)
            && !self.worsens(unit, to)
            && self.cool(unit, to)
    }

    /// Whether the unit fits there, and fills no node for this goal alone.
    fn cool(&self, unit: usize, to: usize) -> bool {
        let problem = &self.scene.problem;
        self.state.fits(unit, to) && problem.share(to, self.state.load[to] + problem.units[unit].weight) <= self.most
    }

    /// Whether replicas of a service would be less even than they are.
    fn worsens(&self, unit: usize, to: usize) -> bool {
        self.scene.members[unit].tasks.iter().any(|task| {
            let counts = &self.of_service[&self.scene.world.tasks[*task].service];
            counts[to] >= counts[self.state.at[unit]]
        })
    }

    /// Of two moves the one from the hotter to the cooler bin is greater.
    fn coolest(&self, a: &(usize, usize), b: &(usize, usize)) -> std::cmp::Ordering {
        let slope = |(unit, to): &(usize, usize)| self.state.share[self.state.at[*unit]] - self.state.share[*to];
        slope(a).total_cmp(&slope(b))
    }

    fn make(&mut self, step: Option<(usize, usize)>) -> bool {
        let Some((unit, to)) = step else { return false };
        let from = self.state.at[unit];
        for task in &self.scene.members[unit].tasks {
            if let Some(counts) = self.of_service.get_mut(&self.scene.world.tasks[*task].service) {
                counts[from] -= 1;
                counts[to] += 1;
            }
            self.tasks[from] -= 1;
            self.tasks[to] += 1;
        }
        self.state.put(unit, to);
        true
    }
}
