//! Which tasks can't move, why, and what moving them would gain.

use super::balance::Immovable;
use super::reason::{Finding, Reason};
use super::scene::Scene;
use super::solve::state::State;
use super::{round, words::percent};

/// All tasks that can't move, as the plan leaves the cluster; those first that would gain most.
pub(super) fn immovable(scene: &Scene<'_>, state: &State<'_>) -> Vec<Immovable> {
    let world = &scene.world;
    let gains = Gains::new(scene, state);
    let mut findings = scene.findings.clone();
    for (unit, members) in scene.members.iter().enumerate() {
        if !state.moved(unit) {
            let found = nowhere_now(scene, state, unit);
            members.tasks.iter().for_each(|task| findings[*task].clone_from(&found));
        }
    }
    let mut list: Vec<Immovable> = Vec::new();
    for (task, reasons) in findings.into_iter().enumerate().filter(|(_, reasons)| !reasons.is_empty()) {
        let placed = &world.tasks[task];
        let seen = world.service_of(task);
        let memory = world.figures.task(placed, seen.needs.memory);
        let bin = scene.bin_of[placed.node];
        let footprint = memory.map(|memory| memory.footprint_bytes);
        list.push(Immovable {
            task: placed.task.id.0.clone(),
            service: seen.service.name.clone(),
            slot: placed.task.slot,
            node: world.host(placed.node).to_owned(),
            reasons,
            footprint_bytes: footprint,
            would_gain: round(bin.zip(footprint).map_or(0.0, |(bin, weight)| gains.of(bin, weight))),
            share: round(bin.zip(footprint).map_or(0.0, |(bin, weight)| scene.problem.share(bin, weight))),
        });
    }
    list.sort_by(|a, b| b.would_gain.total_cmp(&a.would_gain).then(b.share.total_cmp(&a.share)));
    list
}

/// Why a unit that could move in principle has no place to go now; empty if it has one that makes sense.
fn nowhere_now(scene: &Scene<'_>, state: &State<'_>, unit: usize) -> Vec<Finding> {
    let problem = &scene.problem;
    let facts = &problem.units[unit];
    let home = state.at[unit];
    let peak = state.peak();
    let (mut full, mut rows, mut hot) = (false, Vec::new(), false);
    for to in 0..problem.bins.len() {
        if to == home || !problem.allowed[facts.class][to] {
            continue;
        }
        let cooler = problem.share(to, state.load[to].saturating_add(facts.weight)) < peak;
        if state.fits(unit, to) {
            if cooler {
                return Vec::new();
            }
            hot = true;
            continue;
        }
        let lacking =
            facts.needs.iter().filter(|(row, amount)| state.used(*row, to) + amount > problem.rows[*row].room[to]);
        let before = rows.len();
        rows.extend(lacking.map(|(row, _)| scene.rows.reasons[*row]));
        full |= rows.len() == before;
    }
    rows.sort_unstable();
    rows.dedup();
    let mut found: Vec<Finding> = rows.into_iter().map(|reason| Finding::new(reason, in_words(reason))).collect();
    if full {
        found.push(Finding::new(Reason::TargetTooFull, "every node with room would get too full"));
    }
    if hot {
        let detail = format!("a node that took it would be at {} or more", percent(peak));
        found.push(Finding::new(Reason::WouldOverloadAnywhere, detail));
    }
    found
}

fn in_words(reason: Reason) -> &'static str {
    match reason {
        Reason::ReservationNoFit => "other nodes haven't the memory or CPU that it reserves",
        Reason::GenericResource => "other nodes haven't the generic resources that it reserves",
        Reason::HostPortConflict => "its host port is taken on other nodes",
        Reason::MaxReplicas => "other nodes have as many replicas as the service allows",
        _ => "other nodes have as many replicas as the most crowded one",
    }
}

/// Answers what the peak would be without some memory on one bin, with it on the best other one.
struct Gains<'s> {
    scene: &'s Scene<'s>,
    state: &'s State<'s>,
    hottest: usize,
    peak: f64,
    targets: Vec<usize>,
}

impl<'s> Gains<'s> {
    fn new(scene: &'s Scene<'s>, state: &'s State<'s>) -> Self {
        let (hottest, peak) = state.hottest();
        let nodes = &scene.world.cluster.nodes;
        let active = |bin: &usize| {
            let node = &nodes[scene.node_of[*bin]];
            node.availability == crate::model::node::Availability::Active
                && scene.terms.evacuate != Some(scene.node_of[*bin])
        };
        Self { scene, state, hottest, peak, targets: (0..state.load.len()).filter(active).collect() }
    }

    fn of(&self, bin: usize, weight: u64) -> f64 {
        // Only what is on the fullest node can lower the peak.
        if bin != self.hottest {
            return 0.0;
        }
        let problem = &self.scene.problem;
        let here = problem.share(bin, self.state.load[bin].saturating_sub(weight));
        let others = (0..self.state.load.len()).filter(|other| *other != bin);
        let rest = others.map(|other| self.state.share[other]).fold(here, f64::max);
        let targets = self.targets.iter().filter(|to| **to != bin);
        let best = targets
            .map(|to| problem.share(*to, self.state.load[*to].saturating_add(weight)).max(rest))
            .fold(self.peak, f64::min);
        self.peak - best
    }
}
