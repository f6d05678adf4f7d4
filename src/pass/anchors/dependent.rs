//! One dependent: is it beside its anchor, and if not, what is to be done?

use std::time::Duration;

use super::ladder::{self, Step};
use super::place::{Place, place};
use super::view::View;
use super::{Context, Draft, memory_key, quoted};
use crate::model::{Constraint, Mode, Service, Task, UpdateState};
use crate::pass::memory::{DependentMemory, Stopwatch};
use crate::plan::{Action, Blocked, Change, Plan, Target, Warning};
use crate::settings::{Anchor, Dependent};

/// A dependent that has been well placed for so long is no longer on its way to being given up.
const RECOVERED: Duration = Duration::from_secs(60);

/// Plans what the constraint needs; `place` are the actions that make a place for the dependent, none if the anchor
/// runs nowhere. Returns the service if it is deployed and can follow.
pub(super) fn plan_constraint<'a>(
    view: &View<'a>,
    anchor: &Anchor,
    dependent: &Dependent,
    place: Option<&[String]>,
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
        let reason = if service.mode == Mode::Job {
            "it is a job, not a service that stays: take it out of the file"
        } else {
            "its mode is not known to this orca"
        };
        block(plan, anchor, service, vec![reason.to_owned()]);
        return None;
    }
    let label = &anchor.label;
    if service.constraints.iter().any(|constraint| constraint.demands_label(&label.key, &label.value)) {
        return Some(service);
    }
    tie(view, anchor, service, place, plan);
    None
}

/// The dependent lacks the constraint: adds it where the file asks for that and nothing speaks against it.
fn tie(view: &View, anchor: &Anchor, service: &Service, place: Option<&[String]>, plan: &mut Plan) {
    let constraint = Constraint::on_label(&anchor.label.key, &anchor.label.value).text;
    let mut reasons = hands_off(view, service);
    if place.is_some() {
        // Without a place there is nothing to be added yet, and a rollout keeps orca from nothing.
        reasons.extend(under_way(service));
    }
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
    } else if let Some(place) = place {
        // While the anchor runs nowhere the constraint would stop the dependent; it is added when there is a place.
        let reason = format!("it has no constraint on its anchor's label, and `enforce` is set: {}", anchor.origin);
        let action = Action::on_service(service, Change::ConstraintAdd { constraint }, reason);
        plan.actions.push(action.disruptive().after(place.to_vec()));
        plan.unsettled.push(format!("`{}` gets its constraint", service.name));
    }
}

/// Plans one dependent of an anchor that runs. Tells whether it must still be restarted because the anchor was
/// replaced.
pub(super) fn plan(context: &Context, dependent: &Dependent, draft: &mut Draft) -> bool {
    let anchor = context.anchor;
    let key = memory_key(anchor, &dependent.name);
    let mut memory = context.memory.dependents.get(&key).cloned().unwrap_or_default();
    // A stamp from the future (the clock has jumped back) becomes one of now, or the ladder would wait until then.
    memory.last_attempt = memory.last_attempt.map(|at| at.min(context.now));
    let able = plan_constraint(context.view, anchor, dependent, Some(&context.label_actions), &mut draft.plan);
    let mut restart_due = false;
    if let Some(service) = able {
        let place = place(context, service, &mut memory);
        restart_due = restart(context, service, &key, &place, &memory, &mut draft.plan);
        if matches!(place, Place::Beside(_)) && !restart_due {
            draft.plan.unchanged += 1;
        }
        // A restart that is due keeps its place on the ladder.
        if !restart_due || !matches!(place, Place::Beside(_)) {
            settle(context, service, &key, &place, &mut memory, &mut draft.plan);
        }
        if !matches!(place, Place::Beside(_) | Place::Ended) {
            draft.unplaced.insert(service.id.clone());
        }
    }
    if memory != DependentMemory::default() {
        draft.memory.dependents.insert(key, memory);
    }
    restart_due
}

/// Lets the dependent's clocks run, and repairs it where it is wrong.
fn settle(
    context: &Context,
    service: &Service,
    key: &str,
    place: &Place,
    memory: &mut DependentMemory,
    plan: &mut Plan,
) {
    if !context.label_actions.is_empty() {
        // Swarm moves it by itself as soon as the labels are right: the clocks start then.
        let DependentMemory { attempts, last_attempt, .. } = *memory;
        *memory = DependentMemory { attempts, last_attempt, ..DependentMemory::default() };
    }
    if let Place::Beside(since) = place {
        return well_placed(context, *since, memory);
    }
    memory.placed = None;
    match place {
        Place::Beside(_) => {}
        Place::Ended => {
            let text = format!("dependent `{}` has ended, and its restart condition lets it: left alone", service.name);
            plan.warnings.push(Warning::new("dependent_ended", text));
        }
        Place::Converging => {
            not_misplaced(memory);
            plan.unsettled.push(format!("`{}` is on its way{}", service.name, proven(service)));
        }
        Place::Wrong(what) => {
            plan.unsettled.push(format!("`{}`: {what}{}", service.name, proven(service)));
            if context.label_actions.is_empty() {
                repair(context, service, key, what, memory, plan);
            }
        }
    }
}

/// It is in place: once it has been so for the ladder's current step, what went before is forgotten.
fn well_placed(context: &Context, since: Duration, memory: &mut DependentMemory) {
    if *memory == DependentMemory::default() {
        return;
    }
    let placed = Stopwatch::tick(memory.placed, context.now);
    // Both clocks must agree: orca may have missed a crash between two looks, and the node's clock may be wrong.
    let long = placed.total().min(since);
    if long >= ladder::interval(context.anchor, memory) {
        *memory = DependentMemory::default();
    } else {
        memory.placed = Some(placed);
        not_misplaced(memory);
        memory.misplaced = memory.misplaced.filter(|_| long < RECOVERED);
    }
}

/// This look did not find it misplaced: stops that clock. Before the first restart, and where its tasks don't keep
/// ending, it even starts afresh: two mismatches that pass by themselves are not one that stays.
fn not_misplaced(memory: &mut DependentMemory) {
    let stays = memory.attempts > 0 || memory.keeps_ending;
    memory.misplaced = memory.misplaced.filter(|_| stays).map(Stopwatch::stop);
}

/// The labels are right and the dependent is not: restarts it as the ladder allows.
fn repair(context: &Context, service: &Service, key: &str, what: &str, memory: &mut DependentMemory, plan: &mut Plan) {
    let (mut reasons, passing) = (hands_off(context.view, service), context.passing(service));
    memory.misplaced = if memory.attempts > 0 || reasons.is_empty() && passing.is_empty() {
        Some(Stopwatch::tick(memory.misplaced, context.now))
    } else {
        // Somebody else is at it: their time doesn't count. A rollout that orca itself began does.
        memory.misplaced.map(Stopwatch::stop)
    };
    let step = ladder::step(context.anchor, memory, context.now);
    if step == Step::Due {
        // Only now does that stand in the way; until then it may well be what puts the dependent right.
        reasons.extend(passing);
    }
    match step {
        Step::GiveUp(after) => {
            let after = humantime::format_duration(Duration::from_secs(after.as_secs()));
            let attempts = memory.attempts;
            reasons.push(format!("gave up after {after} and {attempts} restarts: {what}; put it right by hand"));
        }
        Step::Due if reasons.is_empty() => {
            let reason = format!("{what} (attempt {}): {}", memory.attempts + 1, context.anchor.origin);
            plan.actions.push(force_update(service, key, reason));
        }
        Step::Due | Step::Wait(_) => {}
    }
    if !reasons.is_empty() {
        block(plan, context.anchor, service, reasons);
    }
}

/// The anchor was replaced: restarts a dependent that is older than the replacement, as soon as it is in place. Tells
/// whether that is still due.
///
/// Both stamps are the managers' own. A task made after the replacement has been restarted already, and so has one that
/// waited for its place meanwhile (a drain evicts both at once) and started after its anchor.
fn restart(
    context: &Context,
    service: &Service,
    key: &str,
    place: &Place,
    memory: &DependentMemory,
    plan: &mut Plan,
) -> bool {
    let anchor = context.anchor;
    let remembered = context.memory.anchors.get(&anchor.name).filter(|_| anchor.restart_dependents);
    let replaced_at = remembered.and_then(|remembered| context.followed.replaced_at(&remembered.tasks));
    let older = |task: &&Task| {
        replaced_at.is_some_and(|at| task.created_at.is_some_and(|created| created < at))
            && !context.followed.started_before(task)
    };
    if !context.view.tasks(service).iter().any(older) {
        return false;
    }
    let replaced = &context.followed.service.name;
    plan.unsettled.push(format!("`{}` is to be restarted after `{replaced}`", service.name));
    if matches!(place, Place::Beside(_)) && context.label_actions.is_empty() {
        let mut reasons = hands_off(context.view, service);
        if memory.attempts > 0 && service.update == Some(UpdateState::RollbackCompleted) {
            reasons.push("its restart failed and was rolled back".to_owned());
        }
        if !reasons.is_empty() {
            block(plan, anchor, service, reasons);
        } else if context.passing(service).is_empty() && ladder::restart_due(anchor, memory, context.now) {
            let origin = &anchor.origin;
            let reason = format!("its anchor `{replaced}` was replaced, and `restart_dependents` is set: {origin}");
            plan.actions.push(force_update(service, key, reason));
        }
    }
    true
}

impl Context<'_> {
    /// Why this dependent must not be restarted now, but will be in order, or may be restarted, without anybody's help.
    fn passing(&self, service: &Service) -> Vec<String> {
        let anchor = &self.anchor.name;
        let chain = format!("its anchor `{anchor}` follows another service and is not in place itself yet");
        under_way(service).into_iter().chain(self.on_its_way.then_some(chain)).collect()
    }
}

/// The rollout that this service is in the middle of. Its spec must not be touched until that has ended, which it does
/// by itself: it is worth a word only where orca would act now.
fn under_way(service: &Service) -> Option<String> {
    service.under_way().map(str::to_owned)
}

/// What it waits for that the engine does not show.
fn proven(service: &Service) -> String {
    service.proving.as_ref().map(|proving| format!("; {proving}")).unwrap_or_default()
}

/// Why this service's spec must not be touched until somebody acts, or Swarm has cleaned up.
fn hands_off(view: &View, service: &Service) -> Vec<String> {
    let mut reasons: Vec<String> = service.update.and_then(UpdateState::stuck).map(str::to_owned).into_iter().collect();
    // Changing a service whose task points at a removed node can crash an old manager.
    let gone = |task: &&&Task| !task.node.0.is_empty() && view.cluster.node(&task.node).is_none();
    if let Some(task) = view.tasks(service).iter().find(gone) {
        reasons.push(format!("its task {} is on a node that was removed: wait until Swarm has replaced it", task.id.0));
    }
    reasons
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
