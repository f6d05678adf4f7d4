//! `orca rebalance plan`: which tasks should run elsewhere, and why. Pure; writes nothing, measures nothing.
//!
//! [`World`] is the cluster as Swarm's scheduler sees it, [`Scene`] the same as numbers, [`solve`] finds the best
//! numbers, [`order`] makes moves of them, and [`Balance`] tells people what it all means.

pub mod balance;
mod bars;
pub mod check;
mod count;
mod evacuate;
pub mod figures;
mod gain;
mod group;
mod limits;
pub mod memory;
mod notes;
pub mod order;
pub mod reason;
mod scene;
pub mod solve;
mod steer;
mod tell;
pub mod trigger;
pub mod words;
mod world;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::error::{Error, ErrorKind};
use crate::metrics::Metrics;
use crate::pass::memory::{Memory, RebalanceMemory};
use crate::plan::Plan;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

pub use balance::Balance;
use memory::{Ask, Solution};
use scene::{Scene, Terms};
use trigger::Trigger;
use world::World;

/// How often moves are ruled out that can't take their turn.
const AGAIN: usize = 4;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// A lower peak.
    Memory(Ask),
    /// Even numbers of replicas and tasks.
    Count,
    /// Nothing on this node: hostname or node id.
    Empty(String),
}

/// What a plan is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What is asked for.
    pub goal: Goal,
    /// Guard rails are on; without them only what Swarm can do and data needs counts.
    pub guarded: bool,
    /// Only for a reason to act that passes have seen for long enough: for what is to be carried out at once.
    pub at_once: bool,
    /// Only tasks whose update config starts the new task before the old one ends.
    pub start_first: bool,
}

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The cluster.
    pub cluster: &'a Snapshot,
    /// The configuration.
    pub settings: &'a Settings,
    /// Memory figures; without them reservations are an estimate.
    pub metrics: Option<&'a Metrics>,
    /// What earlier passes left.
    pub memory: &'a Memory,
    /// When the snapshot was taken.
    pub now: Timestamp,
}

/// A plan and what it means.
#[derive(Debug)]
#[must_use = "a plan that nobody applies or reports is lost"]
pub struct Planned {
    /// The moves as actions, in order.
    pub plan: Plan,
    /// What they mean.
    pub balance: Balance,
}

/// Decides what to move. Fails where no plan can be trusted.
pub fn plan(input: &Input<'_>, request: &Request) -> Result<Planned> {
    let Input { cluster, settings, metrics, memory, now } = *input;
    let mut world = World::new(cluster, settings, metrics).context("the snapshot can't be read")?;
    let mut warnings = notes::missing(&world)?;
    world.figures.guess = !matches!(request.goal, Goal::Memory(_));
    warnings.extend(notes::unmeasured(&world));
    warnings.extend(notes::half_done(cluster));
    warnings.extend(cluster.pauses.at(now).into_iter().map(crate::pass::pause::warning));
    let evacuate = match &request.goal {
        Goal::Empty(name) => Some(node_called(cluster, name)?),
        _ => None,
    };
    let terms = Terms { guarded: request.guarded, evacuate, start_first: request.start_first };
    let mut scene = Scene::new(world, terms, &memory.rebalance, now);
    let (trigger, seen) = trigger::judge(&shares(&scene), &settings.rebalance, &memory.rebalance, now);
    // A goal of its own is its own reason.
    let asked = matches!(request.goal, Goal::Memory(Ask::Knee | Ask::Restarts(_)));
    let trigger = if request.guarded && asked { trigger } else { Trigger::off() };
    let early = request.at_once && trigger.too_early();
    warnings.extend(early.then(|| notes::not_yet(&trigger)));
    let allowed = trigger.allows() && !early;
    let solution = if allowed { in_turn(&mut scene, &request.goal) } else { stay(&scene) };
    let mut planned = tell::planned(&scene, request, &solution, trigger, warnings);
    planned.plan.memory = Some(Memory { rebalance: seen, ..memory.clone() });
    Ok(planned)
}

/// Looks whether there is a reason to act, and plans nothing: what is to be remembered of that.
///
/// # Errors
/// If too little is known to tell.
pub fn watch(input: &Input<'_>) -> Result<RebalanceMemory> {
    let Input { cluster, settings, metrics, memory, now } = *input;
    let world = World::new(cluster, settings, metrics).context("the snapshot can't be read")?;
    notes::missing(&world)?;
    let scene = Scene::new(world, Terms::default(), &memory.rebalance, now);
    Ok(trigger::judge(&shares(&scene), &settings.rebalance, &memory.rebalance, now).1)
}

fn shares<'s>(scene: &'s Scene<'_>) -> Vec<(&'s str, f64)> {
    let bins = scene.problem.bins.iter().zip(&scene.node_of);
    bins.map(|(bin, node)| (scene.world.host(*node), share(bin))).collect()
}

/// A solution whose moves Swarm can be made to make one after the other. Where one of them can't be, because of others
/// before it, that move is ruled out and the rest is solved again; of all that were found the one that gets lowest is kept.
fn in_turn(scene: &mut Scene<'_>, goal: &Goal) -> Solution {
    let first = solution(scene, goal);
    if !matches!(goal, Goal::Memory(_)) {
        return first;
    }
    let mut order = order::order(scene, &first.at);
    if order.no_way.is_empty() {
        return first;
    }
    let (problem, bound) = (scene.problem.clone(), first.bound);
    let mut best = (order.peak, first);
    let mut at = best.1.at.clone();
    for _ in 0..AGAIN {
        for unit in &order.no_way {
            scene.problem.rule_out(*unit, at[*unit]);
        }
        let again = solution(scene, goal);
        order = order::order(scene, &again.at);
        at.clone_from(&again.at);
        if order.peak < best.0 - solve::SAME {
            // What is ruled out says nothing of what no plan can reach.
            best = (order.peak, Solution { bound, ..again });
        }
        if order.no_way.is_empty() {
            break;
        }
    }
    scene.problem = problem;
    best.1
}

fn solution(scene: &Scene<'_>, goal: &Goal) -> Solution {
    match goal {
        Goal::Memory(ask) => memory::plan(scene, *ask),
        Goal::Count => {
            let most = if scene.terms.guarded { scene.world.settings.rebalance.max_moves } else { u32::MAX };
            Solution { at: count::plan(scene, most), ..stay(scene) }
        }
        Goal::Empty(_) => match scene.terms.evacuate.and_then(|node| scene.bin_of[node]) {
            Some(bin) => Solution { at: evacuate::plan(scene, bin), ..stay(scene) },
            None => stay(scene),
        },
    }
}

/// Nothing moves.
fn stay(scene: &Scene<'_>) -> Solution {
    let peak = scene.problem.peak();
    let at = scene.problem.units.iter().map(|unit| unit.home).collect();
    Solution { at, bound: None, curve: vec![(0, peak)] }
}

fn node_called(cluster: &Snapshot, name: &str) -> Result<usize> {
    let called = |at: &usize| cluster.nodes[*at].name == name || cluster.nodes[*at].id.0 == name;
    let found: Vec<usize> = (0..cluster.nodes.len()).filter(called).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let names: Vec<&str> = cluster.nodes.iter().map(|node| node.name.as_str()).take(20).collect();
            let error = Error::new(ErrorKind::Usage, format!("no node is called `{name}`"));
            Err(error.hint(format!("there are {}", names.join(", "))).into())
        }
        _ => {
            let error = Error::new(ErrorKind::Usage, format!("several nodes are called `{name}`"));
            Err(error.hint("name it by its id").into())
        }
    }
}

fn share(bin: &solve::problem::Bin) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 15 digits")]
    let share = bin.load as f64 / bin.total as f64;
    share
}

/// Six digits: a byte in a megabyte.
fn round(share: f64) -> f64 {
    // So that there is no -0.
    (share * 1e6).round() / 1e6 + 0.0
}
