//! `orca anchors follow`: dependents live where their anchor lives.
//!
//! The contract with the user's stacks: dependents are constrained on a node label; orca keeps that label on every
//! node where a task of the anchor runs; Swarm moves the dependents. orca itself restarts a dependent only when the
//! constraint has not done the job for a while ([`ladder`]), or when the anchor was replaced and the file asks for it.

mod dependent;
mod label;
mod ladder;
mod view;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::ServiceId;
use crate::pass::memory::{AnchorMemory, Memory};
use crate::plan::{Plan, Warning};
use crate::settings::{Anchor, Settings};
use crate::snapshot::Snapshot;
use view::{Followed, View};

/// What the planning of one anchor's dependents needs to know.
struct Context<'a> {
    view: &'a View<'a>,
    anchor: &'a Anchor,
    followed: &'a Followed<'a>,
    /// Ids of the label actions of this anchor in this plan; dependents are judged only when there are none.
    label_actions: Vec<String>,
    /// The anchor depends on another one and is not in place itself.
    on_its_way: bool,
    memory: &'a Memory,
    now: Timestamp,
}

/// Decides which labels to move and which dependents to restart. Pure: same input, same plan.
pub fn plan(cluster: &Snapshot, settings: &Settings, memory: &Memory, now: Timestamp) -> Plan {
    let view = View::new(cluster, settings);
    let mut plan = Plan::default();
    let mut next = Memory::default();
    let mut unplaced = BTreeSet::new();
    for anchor in view.in_order(&settings.anchors) {
        follow(&view, anchor, memory, now, &mut plan, &mut next, &mut unplaced);
    }
    // Labels first, additions before removals: a dependent must never see a moment without a place to be.
    // By node within that: neighbouring changes of one object are one write.
    plan.actions.sort_by_cached_key(|action| (action.change.kind().rank(), action.target.id.clone()));
    plan.memory = Some(next);
    plan
}

fn follow(
    view: &View,
    anchor: &Anchor,
    memory: &Memory,
    now: Timestamp,
    plan: &mut Plan,
    next: &mut Memory,
    unplaced: &mut BTreeSet<ServiceId>,
) {
    let remembered = memory.anchors.get(&anchor.name).cloned().unwrap_or_default();
    let Some(followed) = view.followed(anchor) else {
        let text = format!(
            "anchor `{}` is not deployed (looked for {}): {}",
            anchor.name,
            quoted(&anchor.service),
            anchor.origin
        );
        plan.warnings.push(Warning::new("missing_service", text));
        // Missing may mean "being redeployed": what is remembered stays.
        keep(anchor, memory, next);
        return;
    };
    if followed.nodes.is_empty() {
        let absent_since = remembered.absent_since.unwrap_or(now).min(now);
        next.anchors.insert(anchor.name.clone(), AnchorMemory { absent_since: Some(absent_since), ..remembered });
        label::plan_absent(view, anchor, &followed, absent_since, now, plan);
        keep_dependents(anchor, memory, next);
        for dependent in &anchor.dependents {
            dependent::plan_constraint(view, anchor, dependent, &[], false, plan);
        }
        return;
    }
    let label_actions = label::plan_present(view, anchor, &followed, plan);
    let on_its_way = unplaced.contains(&followed.service.id);
    let context = Context { view, anchor, followed: &followed, label_actions, on_its_way, memory, now };
    let mut restarts_due = false;
    for dependent in &anchor.dependents {
        let verdict = dependent::plan(&context, dependent, plan, next);
        restarts_due |= verdict.restart_due;
        unplaced.extend(verdict.unplaced);
    }
    let tasks = match (anchor.restart_dependents, restarts_due) {
        (false, _) => BTreeSet::new(),
        (true, true) => remembered.tasks,
        (true, false) => followed.task_ids(),
    };
    if !tasks.is_empty() {
        next.anchors.insert(anchor.name.clone(), AnchorMemory { tasks, absent_since: None });
    }
}

fn keep(anchor: &Anchor, memory: &Memory, next: &mut Memory) {
    if let Some(known) = memory.anchors.get(&anchor.name) {
        next.anchors.insert(anchor.name.clone(), known.clone());
    }
    keep_dependents(anchor, memory, next);
}

fn keep_dependents(anchor: &Anchor, memory: &Memory, next: &mut Memory) {
    for dependent in &anchor.dependents {
        let key = memory_key(anchor, &dependent.name);
        if let Some(known) = memory.dependents.get(&key) {
            next.dependents.insert(key, known.clone());
        }
    }
}

fn memory_key(anchor: &Anchor, dependent: &str) -> String {
    format!("{}/{dependent}", anchor.name)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}
