//! `orca anchors follow`: dependents live where their anchor lives.
//!
//! The contract with the user's stacks: dependents are constrained on a node label; orca keeps that label on every
//! node where a task of the anchor runs; Swarm moves the dependents. orca itself restarts a dependent only when the
//! constraint has not done the job for a while ([`ladder`]), or when the anchor was replaced and the file asks for it.

mod dependent;
mod label;
mod ladder;
mod place;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{Mode, Pause, ServiceId, TaskId};
use crate::pass::memory::{AnchorMemory, DependentMemory, Memory, Stopwatch};
use crate::pass::pause;
use crate::plan::{Action, Plan, Warning};
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

/// A plan in the making.
#[derive(Default)]
struct Draft {
    plan: Plan,
    memory: Memory,
    /// Dependents that are not in place: what follows them has to wait.
    unplaced: BTreeSet<ServiceId>,
}

/// Decides which labels to move and which dependents to restart. Pure: same input, same plan.
pub fn plan(cluster: &Snapshot, settings: &Settings, only: Option<&str>, memory: &Memory, now: Timestamp) -> Plan {
    let view = View::new(cluster, settings);
    let mut draft = Draft::default();
    for anchor in view.in_order(&settings.anchors) {
        if !anchor.is_meant(only) {
            draft.keep(anchor, memory);
            continue;
        }
        match cluster.pauses.anchor(&anchor.name, now) {
            Some(pause) => leave(&view, anchor, pause, memory, now, &mut draft),
            None => follow(&view, anchor, memory, now, &mut draft),
        }
    }
    let Draft { mut plan, memory: next, .. } = draft;
    // Labels first, additions before removals: a dependent must never see a moment without a place to be. By object
    // within that: neighbouring changes of one object are one write.
    plan.actions.sort_by_cached_key(|action| (action.change.kind().rank(), action.target.sort_key()));
    // What other passes remember is not this one's to forget.
    plan.memory = Some(Memory { anchors: next.anchors, dependents: next.dependents, ..memory.clone() });
    plan
}

/// The anchor is paused: what would be done is refused, and what is remembered of it stays, its clocks stopped. Its label
/// stays, too: Swarm itself would move the dependents after it.
fn leave(view: &View, anchor: &Anchor, paused: &Pause, memory: &Memory, now: Timestamp, draft: &mut Draft) {
    let mut idle = Draft { unplaced: std::mem::take(&mut draft.unplaced), ..Draft::default() };
    follow(view, anchor, memory, now, &mut idle);
    let Draft { plan, unplaced, .. } = idle;
    let refused = |action: Action| pause::refused(action, paused.words());
    draft.unplaced = unplaced;
    draft.plan.blocked.extend(plan.actions.into_iter().map(refused).chain(plan.blocked));
    draft.plan.warnings.extend(plan.warnings);
    draft.plan.unchanged += plan.unchanged;
    draft.keep(anchor, &memory.halted());
}

fn follow(view: &View, anchor: &Anchor, memory: &Memory, now: Timestamp, draft: &mut Draft) {
    let remembered = memory.anchors.get(&anchor.name).cloned().unwrap_or_default();
    let Some(followed) = view.followed(anchor) else {
        let text = format!(
            "anchor `{}` is not deployed (looked for {}): {}",
            anchor.name,
            quoted(&anchor.service),
            anchor.origin
        );
        draft.plan.warnings.push(Warning::new("missing_service", text));
        // It may be being redeployed: its tasks stay remembered. But missing is unknown, not absent.
        draft.remember(anchor, AnchorMemory { absent: None, ..remembered });
        draft.keep_dependents(anchor, memory, now);
        return;
    };
    if followed.nodes.is_empty() {
        let absent = if followed.uncertain {
            remembered.absent.map(Stopwatch::stop)
        } else {
            Some(Stopwatch::tick(remembered.absent, now))
        };
        draft.remember(anchor, AnchorMemory { absent, ..remembered });
        label::plan_absent(view, anchor, &followed, absent, &mut draft.plan);
        draft.keep_dependents(anchor, memory, now);
        for dependent in &anchor.dependents {
            dependent::plan_constraint(view, anchor, dependent, None, &mut draft.plan);
        }
        return;
    }
    let label_actions = label::plan_present(view, anchor, &followed, &mut draft.plan);
    let on_its_way = draft.unplaced.contains(&followed.service.id);
    let context = Context { view, anchor, followed: &followed, label_actions, on_its_way, memory, now };
    let mut restarts_due = false;
    for dependent in &anchor.dependents {
        restarts_due |= dependent::plan(&context, dependent, draft);
    }
    let tasks = remembered_tasks(anchor, &followed, remembered.tasks, restarts_due);
    draft.remember(anchor, AnchorMemory { tasks, absent: None });
}

/// The tasks to compare with in the next pass: the present ones once they are all there and nothing waits for a
/// restart.
fn remembered_tasks(
    anchor: &Anchor,
    followed: &Followed,
    remembered: BTreeMap<String, TaskId>,
    restarts_due: bool,
) -> BTreeMap<String, TaskId> {
    let now = followed.running_by_slot();
    let settled = followed.tasks.iter().all(|task| task.running())
        && followed.tasks.len() == now.len()
        && !matches!(followed.service.mode, Mode::Replicated(replicas) if replicas != now.len() as u64)
        && followed.service.busy().is_none();
    match (anchor.restart_dependents, settled && !restarts_due) {
        (false, _) => BTreeMap::new(),
        (true, true) => now,
        (true, false) => remembered,
    }
}

impl Draft {
    fn remember(&mut self, anchor: &Anchor, memory: AnchorMemory) {
        if memory != AnchorMemory::default() {
            self.memory.anchors.insert(anchor.name.clone(), memory);
        }
    }

    /// What is remembered of an anchor that nothing is decided on stays.
    fn keep(&mut self, anchor: &Anchor, memory: &Memory) {
        self.remember(anchor, memory.anchors.get(&anchor.name).cloned().unwrap_or_default());
        for dependent in &anchor.dependents {
            let key = memory_key(anchor, &dependent.name);
            if let Some(known) = memory.dependents.get(&key) {
                self.memory.dependents.insert(key, known.clone());
            }
        }
    }

    /// While the anchor runs nowhere its dependents can't be misplaced: no clock runs for them.
    fn keep_dependents(&mut self, anchor: &Anchor, memory: &Memory, now: Timestamp) {
        for dependent in &anchor.dependents {
            let key = memory_key(anchor, &dependent.name);
            if let Some(known) = memory.dependents.get(&key).cloned() {
                let last_attempt = known.last_attempt.map(|at| at.min(now));
                let known = DependentMemory { misplaced: None, placed: None, last_attempt, ..known };
                self.memory.dependents.insert(key, known);
            }
        }
    }
}

fn memory_key(anchor: &Anchor, dependent: &str) -> String {
    format!("{}/{dependent}", anchor.name)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}
