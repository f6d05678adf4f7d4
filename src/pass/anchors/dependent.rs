//! One dependent: is it beside its anchor, and if not, what is to be done?

use std::time::Duration;

use super::ladder::{self, Step};
use super::view::View;
use super::{Context, memory_key, quoted};
use crate::model::{Constraint, Mode, Service, ServiceId, Task, TaskState, UpdateState};
use crate::pass::memory::{DependentMemory, Memory, elapsed};
use crate::plan::{Action, Blocked, Change, Plan, Target, Warning};
use crate::settings::{Anchor, Dependent};

/// What the anchor's planning needs to know of a dependent.
#[derive(Default)]
pub(super) struct Verdict {
    /// It must still be restarted because the anchor was replaced.
    pub(super) restart_due: bool,
    /// It is not in place: what depends on it has to wait.
    pub(super) unplaced: Option<ServiceId>,
}

/// How a dependent's tasks stand to the nodes of its anchor.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// All its tasks run beside the anchor; the youngest of them for so long.
    Beside(Duration),
    /// On its way, nothing wrong yet.
    Converging,
    /// Something is wrong, in words.
    Wrong(String),
}

/// Plans what the constraint needs. Returns the service if it is deployed, wants tasks, and can follow.
pub(super) fn plan_constraint<'a>(
    view: &View<'a>,
    anchor: &Anchor,
    dependent: &Dependent,
    label_actions: &[String],
    anchor_runs: bool,
    plan: &mut Plan,
) -> Option<&'a Service> {
    let Some(service) = view.service(&dependent.service) else {
        let text = format!(
            "dependent `{}` is not deployed (looked for {}): {}",
            dependent.name,
            quoted(&dependent.service),
            dependent.origin
        );
        plan.warnings.push(Warning::new("missing_service", text));
        return None;
    };
    if service.mode == Mode::Global {
        let text = format!("dependent `{}` is global: it runs on every eligible node and can't follow", service.name);
        plan.warnings.push(Warning::new("global_dependent", text));
        return None;
    }
    if !matches!(service.mode, Mode::Replicated(_)) {
        block(plan, anchor, service, vec!["it is a job, not a service that stays: take it out of the file".to_owned()]);
        return None;
    }
    let label = &anchor.label;
    if service.constraints.iter().any(|constraint| constraint.demands_label(&label.key, &label.value)) {
        return Some(service);
    }
    let constraint = Constraint::on_label(&label.key, &label.value).text;
    let mut reasons: Vec<String> = service.update.and_then(UpdateState::busy).map(str::to_owned).into_iter().collect();
    if anchor.enforce && service.update == Some(UpdateState::RollbackCompleted) {
        // Adding it again would only start the same failing rollout again.
        reasons.push("its last update failed and was rolled back".to_owned());
    }
    if anchor.enforce && !service.has_placement {
        // Once its tasks have a Placement, the owner's next update without one crashes every manager (moby/moby#37883).
        reasons.push(
            "its spec has no Placement: whoever made it would crash the managers with their next update".to_owned(),
        );
    }
    if !anchor.enforce || !reasons.is_empty() {
        reasons.push(format!(
            "it has no constraint on its anchor's label and can't follow: run `docker service update \
             --constraint-add '{constraint}' {}`, put the constraint into its stack file, or set `enforce: true`",
            service.name
        ));
        block(plan, anchor, service, reasons);
    } else if anchor_runs {
        // While the anchor runs nowhere the constraint would stop the dependent; it is added when there is a place.
        let reason = format!("it has no constraint on its anchor's label, and `enforce` is set: {}", anchor.origin);
        let action = Action::on_service(service, Change::ConstraintAdd { constraint }, reason);
        plan.actions.push(action.disruptive().after(label_actions.to_vec()));
        plan.unsettled.push(format!("`{}` gets its constraint", service.name));
    }
    None
}

/// Plans one dependent of an anchor that runs.
pub(super) fn plan(context: &Context, dependent: &Dependent, plan: &mut Plan, next: &mut Memory) -> Verdict {
    let anchor = context.anchor;
    let key = memory_key(anchor, &dependent.name);
    let remembered = context.memory.dependents.get(&key).cloned();
    let Some(service) = plan_constraint(context.view, anchor, dependent, &context.label_actions, true, plan) else {
        next.dependents.extend(remembered.map(|memory| (key, memory)));
        return Verdict::default();
    };
    let mut memory = remembered.unwrap_or_default();
    // A stamp from the future (the clock has jumped back) becomes one of now, or the ladder would wait until then.
    memory.last_attempt = memory.last_attempt.map(|at| at.min(context.now));
    let place = place(context, service);
    let mut verdict = Verdict::default();
    match &place {
        Place::Beside(since) => {
            verdict.restart_due = restart(context, service, &key, &memory, plan);
            plan.unchanged += u64::from(!verdict.restart_due);
            if *since >= ladder::interval(anchor, &memory) {
                memory = DependentMemory::default();
            }
        }
        Place::Converging => plan.unsettled.push(format!("`{}` is on its way", service.name)),
        Place::Wrong(what) => repair(context, service, &key, what, &mut memory, plan),
    }
    if !matches!(place, Place::Beside(_)) {
        verdict.unplaced = Some(service.id.clone());
    }
    if memory != DependentMemory::default() {
        next.dependents.insert(key, memory);
    }
    verdict
}

fn place(context: &Context, service: &Service) -> Place {
    let tasks = context.view.tasks(service);
    let Mode::Replicated(replicas) = service.mode else { return Place::Converging };
    let beside = |task: &&Task| context.followed.nodes.contains(&task.node);
    if let Some(astray) = tasks.iter().find(|task| task.running() && !beside(task)) {
        let node = context.view.cluster.node(&astray.node).map_or(astray.node.0.as_str(), |node| node.name.as_str());
        return Place::Wrong(format!("it runs on `{node}`, where its anchor does not"));
    }
    if let Some(pending) = tasks.iter().find(|task| task.node.0.is_empty()) {
        let why = if pending.status.err.is_empty() { "" } else { ": " };
        return Place::Wrong(format!("it is pending{why}{}", pending.status.err));
    }
    // Without a rollout, a task that is wanted `ready` is the successor of one that ended.
    let rolling = service.update.is_some_and(|update| update.busy().is_some());
    if !rolling && tasks.iter().any(|task| task.desired_state == TaskState::Ready) {
        return Place::Wrong("its task has ended and is being restarted".to_owned());
    }
    let running = tasks.iter().filter(|task| task.running()).count() as u64;
    if running >= replicas {
        let since = tasks.iter().filter_map(|task| task.status.timestamp).max();
        return Place::Beside(since.map_or(Duration::ZERO, |since| elapsed(since, context.now)));
    }
    if (tasks.len() as u64) < replicas && !rolling {
        return Place::Wrong(format!("{} of its {replicas} tasks have ended for good", replicas - tasks.len() as u64));
    }
    Place::Converging
}

/// The anchor was replaced: restarts a dependent that is older than the replacement. Tells whether that is still due.
fn restart(context: &Context, service: &Service, key: &str, memory: &DependentMemory, plan: &mut Plan) -> bool {
    let remembered = context.memory.anchors.get(&context.anchor.name).map(|anchor| &anchor.tasks);
    let replaced_at =
        remembered.filter(|_| context.anchor.restart_dependents).and_then(|r| context.followed.replaced_at(r));
    // Both stamps are the managers' own. A task made after the replacement has been restarted already.
    let older = |task: &&Task| replaced_at.is_some_and(|at| task.created_at.is_some_and(|created| created < at));
    if !context.view.tasks(service).iter().any(older) {
        return false;
    }
    let anchor = &context.followed.service.name;
    if let Some(reasons) = hands_off(context, service) {
        block(plan, context.anchor, service, reasons);
    } else if context.label_actions.is_empty() && ladder::restart_due(context.anchor, memory, context.now) {
        let reason =
            format!("its anchor `{anchor}` was replaced, and `restart_dependents` is set: {}", context.anchor.origin);
        plan.actions.push(force_update(service, key, reason));
    }
    plan.unsettled.push(format!("`{}` is to be restarted after `{anchor}`", service.name));
    true
}

/// The labels are right and the dependent is not: restarts it as the ladder allows.
fn repair(context: &Context, service: &Service, key: &str, what: &str, memory: &mut DependentMemory, plan: &mut Plan) {
    let name = &service.name;
    plan.unsettled.push(format!("`{name}`: {what}"));
    if !context.label_actions.is_empty() {
        // Swarm moves it by itself as soon as the labels are right: the clock starts then.
        memory.misplaced_since = None;
        return;
    }
    memory.misplaced_since = Some(memory.misplaced_since.unwrap_or(context.now).min(context.now));
    let step = ladder::step(context.anchor, memory, context.now);
    if let Step::GiveUp(after) = step {
        let after = humantime::format_duration(Duration::from_secs(after.as_secs()));
        let reason = format!("gave up after {after} and {} restarts: {what}; put it right by hand", memory.attempts);
        block(plan, context.anchor, service, vec![reason]);
    } else if let Some(reasons) = hands_off(context, service) {
        block(plan, context.anchor, service, reasons);
    } else if step == Step::Due {
        let reason = format!("{what} (attempt {}): {}", memory.attempts + 1, context.anchor.origin);
        plan.actions.push(force_update(service, key, reason));
    }
}

/// Why this service must not be restarted now.
fn hands_off(context: &Context, service: &Service) -> Option<Vec<String>> {
    let mut reasons: Vec<String> = Vec::new();
    reasons.extend(service.update.and_then(UpdateState::busy).map(str::to_owned));
    // Restarting a service whose task points at a removed node can crash an old manager.
    let gone = |task: &&&Task| !task.node.0.is_empty() && context.view.cluster.node(&task.node).is_none();
    if let Some(task) = context.view.tasks(service).iter().find(gone) {
        reasons.push(format!("its task {} is on a node that was removed: wait until Swarm has replaced it", task.id.0));
    }
    if context.on_its_way {
        reasons.push(format!(
            "its anchor `{}` follows another service and is not in place itself yet",
            context.anchor.name
        ));
    }
    (!reasons.is_empty()).then_some(reasons)
}

fn force_update(service: &Service, key: &str, reason: String) -> Action {
    let mut action =
        Action::on_service(service, Change::ForceUpdate { before: service.force_update }, reason).disruptive();
    action.attempt = Some(key.to_owned());
    action
}

fn block(plan: &mut Plan, anchor: &Anchor, service: &Service, reasons: Vec<String>) {
    let id = format!("service/{}#follow/{}", service.name, anchor.name);
    plan.blocked.push(Blocked { id, target: Target::service(service), reasons });
}
