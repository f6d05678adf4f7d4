//! From the cluster to numbers: bins, units, classes and rows, and what the numbers stand for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::pass::memory::{RebalanceMemory, elapsed};

use super::bars;
use super::group::{self, Group};
use super::limits::{Classes, Rows};
use super::reason::{Finding, Reason};
use super::solve::problem::{Bin, Problem, Unit};
use super::world::World;

/// The part of the working set that comes back at the target when caches have warmed up.
const WARM: f64 = 0.9;

/// The share of time that all tasks, or some, wait for memory above which a node is under pressure, and the share of
/// its memory that must be in use.
const PRESSED: (f64, f64, f64) = (0.01, 0.10, 0.70);

/// Of nodes with as many replicas the one with the highest slot loses it, as long as Swarm sorts no more than twelve
/// slots, a new one among them: only then does its sort keep the order of equals (Go's `sort.Sort`, by
/// `manager/orchestrator/replicated/services.go`).
const IN_ORDER: usize = 11;

/// The cluster as a problem, and what its numbers stand for.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) world: World<'a>,
    pub(super) terms: Terms,
    pub(super) problem: Problem,
    /// The node of each bin, by position in the snapshot.
    pub(super) node_of: Vec<usize>,
    /// The bin of each node that has one.
    pub(super) bin_of: Vec<Option<usize>>,
    /// What each unit of the problem is.
    pub(super) members: Vec<Members>,
    /// Why tasks stay, by task; empty for what units are made of.
    pub(super) findings: Vec<Vec<Finding>>,
    /// What the rows of the problem stand for.
    pub(super) rows: Rows,
}

/// What a unit is.
#[derive(Debug)]
pub(super) struct Members {
    /// Its tasks, an anchor before what follows it.
    pub(super) tasks: Vec<usize>,
    /// The anchor group that it is.
    pub(super) group: Option<String>,
}

/// Ways in which a goal changes the problem.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Terms {
    /// Guard rails are on.
    pub(super) guarded: bool,
    /// The node that is to be empty, by position in the snapshot: nothing goes there, and guard rails that look back
    /// don't keep anything there.
    pub(super) evacuate: Option<usize>,
    /// What ends before its successor has started stays.
    pub(super) start_first: bool,
}

impl<'a> Scene<'a> {
    pub(super) fn new(world: World<'a>, terms: Terms, memory: &RebalanceMemory, now: Timestamp) -> Self {
        let looks_back = terms.guarded && terms.evacuate.is_none();
        let mut findings = bars::findings(&world, looks_back, memory, now);
        if terms.start_first {
            bars::add_stop_first(&world, &mut findings);
        }
        let (bins, node_of, bin_of) = bins(&world, terms);
        let mut rows = Rows::new(&world, &node_of);
        let left = if looks_back { left_lately(&world, memory, now) } else { BTreeMap::new() };
        let mut classes = Classes::new(&world, &node_of, left, terms);
        let groups = group::groups(&world);
        let (mut units, mut members) = (Vec::new(), Vec::new());
        for (tasks, group) in candidates(&world, &groups, &mut findings) {
            let Some(home) = bin_of[world.tasks[tasks[0]].node] else { continue };
            match classes.of(&tasks, group, home) {
                Ok(class) => {
                    units.push(unit(&world, &rows, &tasks, home, class));
                    members.push(Members { tasks, group: group.map(|group| group.name.clone()) });
                }
                Err(found) => tasks.iter().for_each(|task| findings[*task].clone_from(&found)),
            }
        }
        fit_into_loads(&bins, &mut units);
        let urgent = node_of.iter().map(|node| pressed(&world, *node)).collect();
        let all = std::mem::take(&mut rows.all);
        let problem = Problem { bins, units, rows: all, allowed: classes.into_allowed(), urgent };
        Self { world, terms, problem, node_of, bin_of, members, findings, rows }
    }
}

fn bins(world: &World<'_>, terms: Terms) -> (Vec<Bin>, Vec<usize>, Vec<Option<usize>>) {
    let (mut bins, mut node_of, mut bin_of) = (Vec::new(), Vec::new(), vec![None; world.cluster.nodes.len()]);
    for (node, figures) in world.figures.nodes.iter().enumerate() {
        let Ok(memory) = figures else { continue };
        bin_of[node] = Some(node_of.len());
        node_of.push(node);
        bins.push(Bin { total: memory.total_bytes, load: memory.used_bytes, ceiling: u64::MAX });
    }
    if terms.guarded {
        let without = terms.evacuate.and_then(|node| bin_of[node]);
        set_ceilings(&mut bins, without, world);
    }
    (bins, node_of, bin_of)
}

/// Whether tasks of a node wait for memory, or were killed for want of it, while it is full: those leave first. Pressure
/// without a full node is a task at its own limit.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn pressed(world: &World<'_>, node: usize) -> bool {
    let Ok(memory) = &world.figures.nodes[node] else { return false };
    let full = memory.used_bytes as f64 > PRESSED.2 * memory.total_bytes as f64;
    full && memory.pressure.is_some_and(|p| p.full > PRESSED.0 || p.some > PRESSED.1 || p.oom_kills > 0)
}

/// No target is filled above the guard rail: a fixed share, or so much above the mean.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a number of bytes"
)]
fn set_ceilings(bins: &mut [Bin], without: Option<usize>, world: &World<'_>) {
    let policy = &world.settings.rebalance;
    let load: u64 = bins.iter().map(|bin| bin.load).sum();
    let left = bins.iter().enumerate().filter(|(bin, _)| Some(*bin) != without);
    let total: u64 = left.map(|(_, bin)| bin.total).sum();
    let mean = if total == 0 { 0.0 } else { load as f64 / total as f64 };
    let share = policy.target_max.min(mean + policy.target_above_mean);
    for bin in bins {
        bin.ceiling = (bin.total as f64 * share) as u64;
    }
}

/// What may move as one, as far as the tasks themselves go: anchor groups, and tasks of other services.
fn candidates<'g>(
    world: &World<'_>,
    groups: &'g [Group],
    findings: &mut [Vec<Finding>],
) -> Vec<(Vec<usize>, Option<&'g Group>)> {
    let mut found: Vec<_> =
        groups.iter().filter_map(|group| Some((group::whole(world, group, findings)?, Some(group)))).collect();
    let grouped: BTreeSet<usize> = groups.iter().flat_map(|group| group.services.iter().copied()).collect();
    for (service, seen) in world.services.iter().enumerate().filter(|(service, _)| !grouped.contains(service)) {
        for task in &seen.tasks {
            if let Some(finding) = several_copies(world, service, *task) {
                findings[*task].push(finding);
                findings[*task].sort();
            }
            if findings[*task].is_empty() {
                found.push((vec![*task], None));
            }
        }
    }
    found
}

/// Swarm takes away the highest of the replicas on the node that has the most of them; no other choice can be forced.
fn several_copies(world: &World<'_>, service: usize, task: usize) -> Option<Finding> {
    let seen = &world.services[service];
    let node = world.tasks[task].node;
    let copies = seen.per_node.get(&node).copied().unwrap_or_default();
    if copies < 2 {
        return None;
    }
    let host = world.host(node);
    let as_many = || seen.per_node.iter().filter(|(other, count)| **other != node && **count >= copies);
    let last = |on: &dyn Fn(usize) -> bool| seen.tasks.iter().rev().find(|other| on(world.tasks[**other].node));
    let first_of_equals = || {
        let crowded = |other: usize| seen.per_node.get(&other).is_some_and(|count| *count == copies);
        as_many().all(|(_, count)| *count == copies) && seen.tasks.len() <= IN_ORDER && last(&crowded) == Some(&task)
    };
    let detail = if as_many().next().is_some() && !first_of_equals() {
        format!("{copies} replicas on `{host}`, and another node has as many")
    } else if last(&|other| other == node) != Some(&task) {
        format!("{copies} replicas on `{host}`; the last of them would go first")
    } else if seen.needs.uses_slot {
        format!("{copies} replicas on `{host}`, and the spec uses the slot number")
    } else {
        return None;
    };
    Some(Finding::new(Reason::MultiCopyOnSource, detail))
}

/// Tasks may seem to use more than their node, within the leeway of [`super::figures`], or because they are estimated: no
/// more can leave a node than it has in use. What is taken off stays in what a target must have room for.
fn fit_into_loads(bins: &[Bin], units: &mut [Unit]) {
    let mut sums = vec![0_u128; bins.len()];
    for unit in &*units {
        sums[unit.home] += u128::from(unit.weight);
    }
    for unit in units {
        let (load, sum) = (u128::from(bins[unit.home].load), sums[unit.home]);
        if sum > load {
            let weight = u64::try_from(u128::from(unit.weight) * load / sum).unwrap_or(unit.weight);
            unit.slack = unit.slack.saturating_add(unit.weight - weight);
            unit.weight = weight;
        }
    }
}

/// The nodes that each service left so short a time ago that it must not go back, by position.
fn left_lately(world: &World<'_>, memory: &RebalanceMemory, now: Timestamp) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut left = BTreeMap::new();
    for (at, seen) in world.services.iter().enumerate() {
        let Some(moved) = memory.services.get(&seen.service.id) else { continue };
        let lasts = world.settings.rebalance.no_return;
        let lately = moved.moves.iter().filter(|moved| !moved.failed && elapsed(moved.at, now) < lasts);
        let nodes: BTreeSet<usize> =
            lately.filter_map(|moved| world.cluster.nodes.iter().position(|node| node.id == moved.from)).collect();
        if !nodes.is_empty() {
            left.insert(at, nodes);
        }
    }
    left
}

/// Weight is the unreclaimable footprint; the target must have room for `max(footprint, 0.9 x working set,
/// reservation)`, and for what nine of ten samples needed.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of a number of bytes"
)]
fn unit(world: &World<'_>, rows: &Rows, tasks: &[usize], home: usize, class: usize) -> Unit {
    let (mut weight, mut slack) = (0_u64, 0_u64);
    for task in tasks {
        let reserved = world.service_of(*task).needs.memory;
        let memory = world.figures.task(&world.tasks[*task], reserved).unwrap_or_default();
        let warm = (memory.working_set_bytes as f64 * WARM) as u64;
        weight = weight.saturating_add(memory.footprint_bytes);
        let fit = warm.max(reserved).max(memory.fit_bytes.unwrap_or_default());
        slack = slack.saturating_add(fit.saturating_sub(memory.footprint_bytes));
    }
    let restarts = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
    // More than the whole node can't leave it, whatever the figures say.
    let load = world.figures.nodes[world.tasks[tasks[0]].node].as_ref().map_or(0, |memory| memory.used_bytes);
    Unit { weight: weight.min(load), slack, home, restarts, class, needs: rows.needs(world, tasks) }
}
