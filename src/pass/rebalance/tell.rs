//! A solution as actions, refusals and figures.

use std::collections::BTreeSet;

use crate::fingerprint;
use crate::model::TaskId;
use crate::model::node::Availability;
use crate::plan::{Action, Blocked, Plan, Target, Warning};

use super::balance::{
    Balance, Change, Downtime, Goal as GoalTold, Immovable, MetricsUsed, Move, MoveEnd, MovedService, NodeBalance,
    Point, Role, Verdict,
};
use super::memory::{Ask, Solution};
use super::order::{self, Itinerary, Leg};
use super::reason::Reason;
use super::scene::Scene;
use super::solve::SAME;
use super::solve::state::State;
use super::trigger::{Trigger, TriggerState};
use super::words::{count, percent};
use super::{Goal, Planned, Request, check, gain, notes, round};

/// Stop and start of a small container, as measured on engines 20.10 and 28.5, ms.
const RESTART_MS: u64 = 2_600;
/// A move is given up after this, beside the time to stop, ms.
const PATIENCE_MS: u64 = 180_000;

/// Makes a plan of a solution.
pub(super) fn planned(
    scene: &Scene<'_>,
    request: &Request,
    solution: &Solution,
    trigger: Trigger,
    warnings: Vec<Warning>,
) -> Planned {
    let Itinerary { legs, stuck, no_way, .. } = order::order(scene, &solution.at);
    let mut state = State::new(&scene.problem);
    for leg in &legs {
        state.put(leg.unit, leg.to);
    }
    let mut plan = Plan { warnings, ..Plan::default() };
    let mut moves = Vec::new();
    for leg in &legs {
        for task in &scene.members[leg.unit].tasks {
            add_move(scene, request, leg, *task, &mut plan.actions, &mut moves);
        }
    }
    let immovable = gain::immovable(scene, &state);
    if let Some(node) = scene.terms.evacuate {
        plan.blocked = left_behind(scene, &state, node, &immovable);
    }
    let mut left_out = |number: usize, code, why| {
        if number > 0 {
            let text = format!("{} left out: {why}", count(number, "move"));
            plan.warnings.push(Warning::new(code, text));
        }
    };
    left_out(stuck, "no_order", "no order of moves makes room for them");
    left_out(no_way.len(), "no_way", "after the others Swarm can't be made to choose as they need; plan again then");
    plan.warnings.extend(notes::no_spare_node(scene, &state));
    plan.warnings.extend(notes::rollback_lost(scene, &moves));
    plan.unchanged = (scene.world.tasks.len() - moves.len()) as u64;
    let balance = balance(scene, request, solution, trigger, &state, moves, immovable);
    Planned { plan, balance }
}

fn add_move(
    scene: &Scene<'_>,
    request: &Request,
    leg: &Leg,
    task: usize,
    actions: &mut Vec<Action>,
    moves: &mut Vec<Move>,
) {
    let world = &scene.world;
    let (placed, seen) = (&world.tasks[task], world.service_of(task));
    let (from, to) = (scene.node_of[leg.from], scene.node_of[leg.to]);
    let memory = world.figures.task(placed, seen.needs.memory).unwrap_or_default();
    let mechanism = order::mechanism(scene, leg, task);
    let group = scene.members[leg.unit].group.clone();
    let reason = reason(scene, request, leg, group.as_deref());
    let target = Target::task(&placed.task.id, &seen.service.name, placed.task.slot);
    let action = Action::on_task(target, seen.service.version, world.host(from), world.host(to), reason.clone());
    let end = |node: usize, share: (f64, f64)| MoveEnd {
        id: world.cluster.nodes[node].id.0.clone(),
        name: world.host(node).to_owned(),
        expected: Change { before: round(share.0), after: round(share.1) },
    };
    let stop_ms = u64::try_from(seen.needs.stop_grace.as_millis()).unwrap_or(u64::MAX);
    let health_ms = seen.needs.health_interval.map_or(0, |wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    let expected_ms = if seen.needs.start_first { 0 } else { RESTART_MS.saturating_add(health_ms) };
    moves.push(Move {
        seq: u32::try_from(moves.len() + 1).unwrap_or(u32::MAX),
        action: action.id.clone(),
        task: placed.task.id.0.clone(),
        service: MovedService {
            id: seen.service.id.0.clone(),
            name: seen.service.name.clone(),
            version: seen.service.version,
            spec_sha256: check::spec_of(seen.service).map(|spec| fingerprint::of_spec(&spec)).unwrap_or_default(),
        },
        slot: placed.task.slot,
        from: end(from, leg.from_share),
        to: end(to, leg.to_share),
        mechanism,
        group,
        footprint_bytes: memory.footprint_bytes,
        working_set_bytes: memory.working_set_bytes,
        reserved_bytes: seen.needs.memory,
        downtime: Downtime { expected_ms, max_ms: PATIENCE_MS.saturating_add(stop_ms) },
        reason,
    });
    actions.push(action);
}

fn reason(scene: &Scene<'_>, request: &Request, leg: &Leg, group: Option<&str>) -> String {
    let (from, to) = (scene.world.host(scene.node_of[leg.from]), scene.world.host(scene.node_of[leg.to]));
    let effect = format!(
        "`{from}` {} -> {}, `{to}` {} -> {}",
        percent(leg.from_share.0),
        percent(leg.from_share.1),
        percent(leg.to_share.0),
        percent(leg.to_share.1)
    );
    let with = group.map(|group| format!("with its anchor group `{group}`; ")).unwrap_or_default();
    let why = match &request.goal {
        Goal::Memory(_) if leg.from_share.0 >= leg.to_share.1 => format!("relieves `{from}`"),
        Goal::Memory(_) => format!("makes room on `{from}`"),
        Goal::Count => format!("`{to}` has fewer tasks"),
        Goal::Empty(_) => format!("`{from}` is to be empty"),
    };
    format!("{why}: {with}{effect}")
}

/// What an evacuation has to leave behind, with all reasons.
fn left_behind(scene: &Scene<'_>, state: &State<'_>, node: usize, immovable: &[Immovable]) -> Vec<Blocked> {
    let world = &scene.world;
    let moved: BTreeSet<&TaskId> = (0..scene.members.len())
        .filter(|unit| state.moved(*unit))
        .flat_map(|unit| scene.members[unit].tasks.iter().map(|task| &world.tasks[*task].task.id))
        .collect();
    let mut blocked = Vec::new();
    for (task, placed) in world.tasks.iter().enumerate() {
        let seen = world.service_of(task);
        // A global service has a task on every node, whatever is planned.
        let global = seen.service.mode == crate::model::Mode::Global;
        if placed.node != node || global || moved.contains(&placed.task.id) {
            continue;
        }
        let known = immovable.iter().find(|immovable| immovable.task == placed.task.id.0);
        let mut reasons = known.map_or_else(
            || vec!["no other node has room for it".to_owned()],
            |known| known.reasons.iter().map(|finding| finding.detail.clone()).collect(),
        );
        let crowded = |known: &Immovable| {
            let crowded = [Reason::SpreadWouldWorsen, Reason::MultiCopyOnSource];
            known.reasons.iter().any(|finding| crowded.contains(&finding.reason))
        };
        if known.is_some_and(crowded) {
            let host = world.host(node);
            reasons.push(format!("`docker node update --availability drain {host}` lets Swarm choose where it goes"));
        }
        let target = Target::task(&placed.task.id, &seen.service.name, placed.task.slot);
        blocked.push(Blocked { id: format!("task/{}#move", target.name), target, reasons });
    }
    blocked
}

fn balance(
    scene: &Scene<'_>,
    request: &Request,
    solution: &Solution,
    trigger: Trigger,
    state: &State<'_>,
    moves: Vec<Move>,
    immovable: Vec<Immovable>,
) -> Balance {
    let home = State::new(&scene.problem);
    let figures = &scene.world.figures;
    let missing = scene.world.cluster.nodes.iter().zip(&figures.nodes).filter(|(_, figures)| figures.is_err());
    let peak = Change {
        before: home.share.iter().copied().fold(0.0, f64::max),
        after: state.share.iter().copied().fold(0.0, f64::max),
    };
    let met = met(scene, request, state, peak.after);
    let mut curve = solution.curve.clone();
    if curve.len() == 1 && !moves.is_empty() {
        curve.push((state.restarts, peak.after));
    }
    Balance {
        goal: goal(request, met),
        guarded: request.guarded,
        metrics: MetricsUsed {
            source: figures.source,
            estimated: figures.estimated(),
            estimated_tasks: figures.estimates(&scene.world.tasks) as u64,
            taken_at: figures.taken_at.map(|at| at.to_string()),
            missing: missing.map(|(node, _)| node.name.clone()).collect(),
        },
        verdict: verdict(scene, request, solution, &trigger, peak, state, met),
        trigger,
        peak: Change { before: round(peak.before), after: round(peak.after) },
        bound: solution.bound.map(round),
        stddev: Change { before: round(stddev(&home.share)), after: round(stddev(&state.share)) },
        restarts: state.restarts,
        moved_bytes: moves.iter().map(|moved| moved.footprint_bytes).sum(),
        curve: curve.iter().map(|(restarts, peak)| Point { restarts: *restarts, peak: round(*peak) }).collect(),
        nodes: nodes(scene, &home, state, &moves),
        moves,
        immovable,
    }
}

fn goal(request: &Request, met: bool) -> GoalTold {
    let mut goal = GoalTold { kind: "memory", max_restarts: None, target_peak: None, node: None, met };
    match &request.goal {
        Goal::Memory(Ask::Knee) => {}
        Goal::Memory(Ask::Restarts(restarts)) => goal.max_restarts = Some(*restarts),
        Goal::Memory(Ask::Peak(peak)) => goal.target_peak = Some(round(*peak)),
        Goal::Count => goal.kind = "count",
        Goal::Empty(node) => (goal.kind, goal.node) = ("empty", Some(node.clone())),
    }
    goal
}

fn met(scene: &Scene<'_>, request: &Request, state: &State<'_>, peak: f64) -> bool {
    match &request.goal {
        Goal::Memory(Ask::Peak(target)) => peak <= target + SAME,
        Goal::Empty(_) => scene.terms.evacuate.is_none_or(|node| {
            let global = |task: &usize| scene.world.service_of(*task).service.mode == crate::model::Mode::Global;
            let here =
                (0..scene.world.tasks.len()).filter(|task| scene.world.tasks[*task].node == node && !global(task));
            let left: usize = (0..scene.members.len())
                .filter(|unit| state.moved(*unit))
                .map(|unit| {
                    scene.members[unit].tasks.iter().filter(|task| scene.world.tasks[**task].node == node).count()
                })
                .sum();
            here.count() == left
        }),
        _ => true,
    }
}

fn verdict(
    scene: &Scene<'_>,
    request: &Request,
    solution: &Solution,
    trigger: &Trigger,
    peak: Change<f64>,
    state: &State<'_>,
    met: bool,
) -> Verdict {
    let worth_it = state.restarts > 0;
    let restarts = count(state.restarts as usize, "restart");
    let (before, after) = (percent(peak.before), percent(peak.after));
    let bring = if state.restarts == 1 { "brings" } else { "bring" };
    let lowers = format!("{restarts} {bring} the fullest node from {before} to {after}");
    let bound = solution.bound.filter(|bound| *bound < peak.after - 0.0005);
    let floor = match bound {
        Some(bound) => format!("; no plan with as many gets below {}", percent(bound)),
        None if solution.bound.is_some() && worth_it => "; no plan with as many gets lower".to_owned(),
        None => String::new(),
    };
    let policy = &scene.world.settings.rebalance;
    let text = match &request.goal {
        Goal::Memory(_) if request.at_once && trigger.too_early() => {
            format!("nothing is moved yet: {}", trigger.detail)
        }
        Goal::Memory(_) if !trigger.allows() => format!("nothing to do: {}", trigger.detail),
        Goal::Memory(Ask::Peak(target)) if peak.before <= target + SAME => {
            format!("nothing to do: the fullest node is at {before}, the goal is {}", percent(*target))
        }
        Goal::Memory(Ask::Peak(target)) if !met => {
            let most = if request.guarded { format!(" within {} moves", policy.max_moves) } else { String::new() };
            let reach = if worth_it { format!("; {lowers}") } else { String::new() };
            format!("the goal of {} is out of reach{most}{reach}", percent(*target))
        }
        Goal::Memory(_) if worth_it => {
            let why = match trigger.state {
                TriggerState::Off => String::new(),
                _ => format!(" ({})", trigger.detail),
            };
            format!("worth it: {lowers}{floor}{why}")
        }
        Goal::Memory(_) if request.guarded => format!(
            "not worth it: no move within the guard rails lowers the fullest node ({before}) by {} per restart",
            percent(policy.min_gain)
        ),
        Goal::Memory(_) => format!("nothing to gain: no move lowers the fullest node ({before})"),
        Goal::Count if worth_it => {
            format!("tasks are evened out with {restarts}; the fullest node goes from {before} to {after}")
        }
        Goal::Count => "nothing to do: tasks are spread as evenly as they can be".to_owned(),
        Goal::Empty(node) if !met => format!("`{node}` can't be emptied: see what is blocked"),
        Goal::Empty(node) if worth_it => {
            format!("`{node}` is emptied with {restarts}; the fullest node goes from {before} to {after}")
        }
        Goal::Empty(node) => format!("nothing to do: `{node}` has no tasks that could leave"),
    };
    let text = if scene.world.figures.estimated() { format!("{text} (estimated from reservations)") } else { text };
    Verdict { worth_it, text }
}

fn nodes(scene: &Scene<'_>, home: &State<'_>, state: &State<'_>, moves: &[Move]) -> Vec<NodeBalance> {
    let world = &scene.world;
    let mut tasks = vec![0_u64; world.cluster.nodes.len()];
    world.tasks.iter().for_each(|placed| tasks[placed.node] += 1);
    world
        .cluster
        .nodes
        .iter()
        .enumerate()
        .map(|(at, node)| {
            let (gone, come) =
                (moves.iter().filter(|m| m.from.id == node.id.0), moves.iter().filter(|m| m.to.id == node.id.0));
            let (gone, come) = (gone.count() as u64, come.count() as u64);
            let bin = scene.bin_of[at];
            let why = match &world.figures.nodes[at] {
                Err(doubt) => Some(doubt.detail.clone()),
                Ok(_) if node.availability == Availability::Active => None,
                Ok(_) => Some("it takes no tasks: it is not active".to_owned()),
            };
            let role = match (bin, gone > 0, come > 0) {
                (None, ..) => Role::Excluded,
                (_, true, true) => Role::Both,
                (_, true, false) => Role::Source,
                (_, false, true) => Role::Target,
                _ => Role::Unchanged,
            };
            let movable = |bin: usize| home.on[bin].iter().map(|unit| scene.problem.units[*unit].weight).sum::<u64>();
            NodeBalance {
                id: node.id.0.clone(),
                name: node.name.clone(),
                role,
                why,
                total_bytes: bin.map(|bin| scene.problem.bins[bin].total),
                used_bytes: bin.map(|bin| Change { before: home.load[bin], after: state.load[bin] }),
                share: bin.map(|bin| Change { before: round(home.share[bin]), after: round(state.share[bin]) }),
                base_bytes: bin.map(|bin| home.load[bin].saturating_sub(movable(bin))),
                pressure: world.figures.nodes[at].as_ref().ok().and_then(|memory| memory.pressure),
                tasks: Change { before: tasks[at], after: tasks[at] + come - gone },
            }
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a number of nodes")]
fn stddev(shares: &[f64]) -> f64 {
    let count = shares.len().max(1) as f64;
    let mean = shares.iter().sum::<f64>() / count;
    (shares.iter().map(|share| (share - mean) * (share - mean)).sum::<f64>() / count).sqrt()
}
