//! The only writer: carries a plan out, one object at a time, each write a compare-and-set.
//!
//! On a conflict the object is read again and the whole pass is planned again on what is known now; what the new plan
//! says about that object is done instead. Nothing here decides what ought to be.

mod arrival;
mod create;
pub mod files;
pub mod host;
mod judge;
pub mod local;
pub mod logs;
pub mod memory;
pub mod moving;
pub mod prepull;
pub mod swarm;
pub mod turn;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::engine::edit::{edited_spec, holds};
use crate::engine::{Engine, Written};
use crate::error::{Error, ErrorKind, kind_of};
use crate::interrupt::Interrupt;
use crate::model::{Node, Service};
use crate::pass::Pass;
use crate::pass::memory::Memory;
use crate::plan::{Action, Change, Plan, Target, TargetKind, Warning};
use crate::progress::Progress;
use crate::report::{ReportedAction, Status};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::state::{Actor, State};

/// How often an object may change under a pass before the pass gives it up.
const MAX_CONFLICTS: u32 = 5;

/// Everything that carrying out a plan needs.
#[derive(Debug)]
pub struct Applier<'a> {
    /// Who writes.
    pub engine: &'a Engine,
    /// The pass, to plan again after a conflict.
    pub pass: Pass,
    /// What the pass plans by.
    pub settings: &'a Settings,
    /// What the plan was made on; kept up to date as objects are written.
    pub cluster: &'a mut Snapshot,
    /// The memory that the plan was made on.
    pub memory: &'a Memory,
    /// The memory to be kept, in which attempts are noted before they are made.
    pub next: Memory,
    /// Journal and memory.
    pub state: &'a State,
    /// What of the memory the swarm keeps, where orcas take turns.
    pub shared: Option<&'a mut memory::Shared>,
    /// For the journal.
    pub actor: Actor,
    /// For the memory.
    pub memory_key: String,
    /// Actions that may still be made in this run.
    pub budget: &'a mut usize,
    /// No action is begun after this.
    pub deadline: Instant,
    /// No action is begun after a signal.
    pub interrupt: &'a Interrupt,
    /// Shown on a terminal.
    pub progress: &'a Progress,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Applied {
    /// Every action, in order.
    pub actions: Vec<ReportedAction>,
    /// What was noticed on the way.
    pub warnings: Vec<Warning>,
    /// Why not all of it was done.
    pub error: Option<anyhow::Error>,
    /// Ids of actions whose change holds now, whoever made it.
    holding: BTreeSet<String>,
}

impl Applied {
    /// Nothing was even tried.
    pub fn none_of(plan: &Plan, error: anyhow::Error) -> Self {
        let why = error.to_string();
        let actions = plan.actions.iter().map(|action| skipped(action, &why)).collect();
        Self { actions, error: Some(error), ..Self::default() }
    }

    /// Notes why not all of it was done. Of several reasons the weightiest stays, of equals the first.
    fn fail(&mut self, error: anyhow::Error) {
        if self.error.as_ref().is_none_or(|known| kind_of(known).weight() < kind_of(&error).weight()) {
            self.error = Some(error);
        }
    }
}

/// How a write of one object ended.
enum Attempt {
    Done,
    /// The object is gone.
    Moot(String),
    /// These actions are to be tried instead.
    Replanned(Vec<Action>),
    Failed(anyhow::Error),
}

impl Applier<'_> {
    /// Carries the plan out as far as budget, deadline and signals allow.
    pub async fn apply(&mut self, plan: Plan) -> Applied {
        let mut applied = Applied::default();
        self.progress.begin(plan.actions.len());
        for group in groups(plan.actions) {
            self.progress.step(&group[0].target.name, group.len());
            let (group, skipped) = self.admit(group, &mut applied);
            applied.actions.extend(skipped);
            if !group.is_empty() {
                self.write(group, &mut applied).await;
            }
        }
        self.progress.end();
        // A restart has waited for this; what is no restart is not worth keeping a label waiting.
        if let Some(shared) = &mut self.shared
            && let Err(error) = shared.keep(&self.memory_key, &self.next).await
        {
            applied.fail(error);
        }
        applied
    }

    /// Splits off the actions that must not be begun, with the reason.
    fn admit(&mut self, group: Vec<Action>, applied: &mut Applied) -> (Vec<Action>, Vec<ReportedAction>) {
        let (mut admitted, mut skipped) = (Vec::new(), Vec::new());
        for action in group {
            if let Some(why) = obstacle(self.interrupt, self.deadline, *self.budget, &action, applied) {
                skipped.push(ReportedAction::new(&action, Status::Skipped, Some(why)));
            } else {
                *self.budget -= 1;
                admitted.push(action);
            }
        }
        (admitted, skipped)
    }

    /// Writes one object, planning again on conflict.
    async fn write(&mut self, mut group: Vec<Action>, applied: &mut Applied) {
        let started = Instant::now();
        let untried = self.next.clone();
        for round in 0..=MAX_CONFLICTS {
            let rows = match self.note(&group, applied).await {
                Ok(rows) => rows,
                Err(error) => return self.conclude(&group, &[], Err(error), started, applied),
            };
            match self.attempt(&group).await {
                Attempt::Done => return self.conclude(&group, &rows, Ok(()), started, applied),
                Attempt::Failed(error) => return self.conclude(&group, &rows, Err(error), started, applied),
                Attempt::Moot(why) => {
                    self.finish(&rows, "skipped", Some(&why), applied);
                    self.take_back(&untried, applied).await;
                    applied.actions.extend(group.iter().map(|action| skipped(action, &why)));
                    return;
                }
                Attempt::Replanned(again) => {
                    self.finish(&rows, "conflict", None, applied);
                    self.take_back(&untried, applied).await;
                    if round == MAX_CONFLICTS {
                        let name = &group[0].target.name;
                        let text =
                            format!("`{name}` kept changing while orca tried to update it ({MAX_CONFLICTS} times)");
                        let error = Error::new(ErrorKind::Conflict, text).hint("another writer is active; run again");
                        return self.conclude(&group, &[], Err(error.into()), started, applied);
                    }
                    group = self.take_over(&group, again, applied);
                    if group.is_empty() {
                        return;
                    }
                }
            }
        }
    }

    /// What the new plan says about the object of this group; reports what it no longer says.
    fn take_over(&self, group: &[Action], again: Vec<Action>, applied: &mut Applied) -> Vec<Action> {
        for action in group.iter().filter(|action| again.iter().all(|other| other.id != action.id)) {
            if self.known(&action.target).is_some_and(|(raw, _)| holds(raw, &action.change)) {
                applied.holding.insert(action.id.clone());
                let text = format!("another writer did the same meanwhile: {}", action.id);
                applied.warnings.push(Warning::new("replanned", text));
            } else {
                // Reported as not done: what requires it must not happen either.
                applied.actions.push(skipped(action, "no longer wanted after another writer's change"));
            }
        }
        // What is new in it is for the next pass: it has not been weighed against budget, deadline and order.
        let own = |action: &Action| group.iter().any(|other| other.id == action.id);
        let (able, unable): (Vec<_>, Vec<_>) = again
            .into_iter()
            .filter(own)
            .partition(|action| action.requires.iter().all(|id| applied.holding.contains(id)));
        applied.actions.extend(unable.iter().map(|action| skipped(action, "waits for another action after a re-plan")));
        able
    }

    async fn attempt(&mut self, group: &[Action]) -> Attempt {
        let target = &group[0].target;
        if let [Action { change: Change::ServiceCreate { spec }, .. }] = group {
            return self.create(&target.name, spec).await;
        }
        let (kind, id, name) = (target.kind, target.id.as_str(), target.name.as_str());
        let Some((raw, version)) = self.known(target) else {
            return Attempt::Moot(format!("`{name}` is gone"));
        };
        let changes: Vec<&Change> = group.iter().map(|action| &action.change).collect();
        if let [Change::TemporaryRemove] = changes[..] {
            return match self.engine.remove(kind.collection(), id).await {
                Ok(()) => {
                    self.cluster.remove(id);
                    Attempt::Done
                }
                Err(error) => Attempt::Failed(error.context(format!("can't remove {} `{name}`", kind.name()))),
            };
        }
        let written = match edited_spec(raw, &changes) {
            Ok(spec) if changes.iter().any(|change| matches!(change, Change::Rollback { .. })) => {
                self.engine.rollback(id, &self.cluster.api, version, &spec).await
            }
            Ok(spec) => self.engine.update(kind.collection(), id, &self.cluster.api, version, &spec).await,
            Err(error) => return Attempt::Failed(error.context(format!("can't edit {} `{name}`", kind.name()))),
        };
        match written {
            Ok(Written::Done) => {
                // So that a later action of this run finds the object's new version. If it can't be read, that action
                // meets a conflict and reads it then.
                let _ = self.read_again(kind, id).await;
                Attempt::Done
            }
            Ok(Written::Gone) => {
                self.cluster.remove(id);
                Attempt::Moot(format!("`{name}` was removed from the swarm meanwhile"))
            }
            Ok(Written::Conflict) => match self.read_again(kind, id).await {
                Ok(true) => Attempt::Replanned(self.plan_again(id)),
                Ok(false) => Attempt::Moot(format!("`{name}` was removed from the swarm meanwhile")),
                Err(error) => Attempt::Failed(error),
            },
            Err(error) if kind_of(&error) == ErrorKind::Unreachable => self.look_what_became(group, error).await,
            Err(error) => Attempt::Failed(error.context(format!("can't update {} `{name}`", kind.name()))),
        }
    }

    /// The answer to a write was lost: only the object itself can tell whether it happened.
    async fn look_what_became(&mut self, group: &[Action], error: anyhow::Error) -> Attempt {
        let target = &group[0].target;
        let name = format!("{} `{}`", target.kind.name(), target.name);
        match self.read_again(target.kind, &target.id).await {
            Ok(true) => {}
            Ok(false) => return Attempt::Moot(format!("{name} was removed from the swarm meanwhile")),
            Err(_) => {
                return Attempt::Failed(
                    error.context(format!("no answer to the update of {name}: it may or may not have been made")),
                );
            }
        }
        let made = self.known(target).is_some_and(|(raw, _)| group.iter().all(|action| holds(raw, &action.change)));
        if made {
            return Attempt::Done;
        }
        // The engine has just answered: it is not lost, and other objects can be written.
        Attempt::Failed(error.context(Error::new(ErrorKind::Failed, format!("the update of {name} was not made"))))
    }

    /// Reads an object into the snapshot; false when it is gone.
    async fn read_again(&mut self, kind: TargetKind, id: &str) -> Result<bool> {
        let Some(raw) = self.engine.object(kind.collection(), id).await? else {
            self.cluster.remove(id);
            return Ok(false);
        };
        match kind {
            TargetKind::Node => self.cluster.put_node(Node::read(raw).context("the engine's node can't be read")?),
            TargetKind::Service => {
                self.cluster.put_service(Service::read(raw).context("the engine's service can't be read")?);
            }
            // Tasks are never written, only what makes them move; what lies on a node is not the swarm's: see `local`.
            TargetKind::Task
            | TargetKind::Container
            | TargetKind::Image
            | TargetKind::Volume
            | TargetKind::Network
            | TargetKind::BuildCache
            | TargetKind::File
            | TargetKind::Host => {}
        }
        Ok(true)
    }

    fn plan_again(&self, id: &str) -> Vec<Action> {
        let plan = self.pass.plan(self.cluster, self.settings, self.memory, self.cluster.taken_at);
        plan.actions.into_iter().filter(|action| action.target.id == id).collect()
    }

    fn known(&self, Target { kind, id, .. }: &Target) -> Option<(&RawValue, u64)> {
        match kind {
            TargetKind::Task
            | TargetKind::Container
            | TargetKind::Image
            | TargetKind::Volume
            | TargetKind::Network
            | TargetKind::BuildCache
            | TargetKind::File
            | TargetKind::Host => None,
            TargetKind::Node => {
                self.cluster.nodes.iter().find(|node| node.id.0 == *id).map(|node| (&*node.raw, node.version))
            }
            TargetKind::Service => self
                .cluster
                .services
                .iter()
                .find(|service| service.id.0 == *id)
                .map(|service| (&*service.raw, service.version)),
        }
    }

    /// Writes down what is about to be done: a kill in the middle must leave a trace, and must not repeat a restart.
    async fn note(&mut self, group: &[Action], applied: &mut Applied) -> Result<Vec<i64>> {
        let now = Timestamp::now();
        for key in group.iter().filter_map(|action| action.attempt.as_deref()) {
            self.next.attempt(key, now);
            self.keep().await?;
        }
        let mut rows = Vec::new();
        for action in group {
            match self.state.begin(&self.actor, action, now) {
                Ok(row) => rows.push(row),
                // The journal is for people; a full disk must not keep a label from moving.
                Err(error) => applied.warnings.push(Warning::new("journal", format!("{error:#}"))),
            }
        }
        Ok(rows)
    }

    /// The engine has refused the write: it was no attempt.
    async fn take_back(&mut self, untried: &Memory, applied: &mut Applied) {
        if self.next != *untried {
            self.next = untried.clone();
            if let Err(error) = self.keep().await {
                applied.fail(error);
            }
        }
    }

    /// Remembers what is known now, here and where the next orca looks.
    async fn keep(&mut self) -> Result<()> {
        self.state.remember(&self.memory_key, &self.next)?;
        match &mut self.shared {
            Some(shared) => shared.keep(&self.memory_key, &self.next).await,
            None => Ok(()),
        }
    }

    fn conclude(&mut self, group: &[Action], rows: &[i64], ended: Result<()>, started: Instant, applied: &mut Applied) {
        let status = if ended.is_ok() { Status::Done } else { Status::Failed };
        let text = ended.as_ref().err().map(|error| format!("{error:#}"));
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        applied.actions.extend(
            group
                .iter()
                .map(|action| ReportedAction { duration_ms, ..ReportedAction::new(action, status, text.clone()) }),
        );
        self.finish(rows, if ended.is_ok() { "done" } else { "failed" }, text.as_deref(), applied);
        match ended {
            Ok(()) => applied.holding.extend(group.iter().map(|action| action.id.clone())),
            Err(error) => applied.fail(error),
        }
    }

    fn finish(&self, rows: &[i64], status: &str, error: Option<&str>, applied: &mut Applied) {
        for row in rows {
            if let Err(failed) = self.state.finish(*row, status, error) {
                applied.warnings.push(Warning::new("journal", format!("{failed:#}")));
            }
        }
    }
}

/// Why an action must not be begun.
fn obstacle(
    interrupt: &Interrupt,
    deadline: Instant,
    budget: usize,
    action: &Action,
    applied: &mut Applied,
) -> Option<String> {
    if interrupt.exit_code().is_some() {
        let error = Error::new(ErrorKind::Interrupted, "interrupted by a signal; actions not begun were left out");
        applied.fail(error.into());
        return Some("interrupted".to_owned());
    }
    if Instant::now() >= deadline {
        let error = Error::new(ErrorKind::Timeout, "the pass ran out of time; actions not begun were left out")
            .hint("the next pass goes on; --timeout gives a pass more time");
        applied.fail(error.into());
        return Some("out of time".to_owned());
    }
    if applied.error.as_ref().is_some_and(|error| kind_of(error) == ErrorKind::Unreachable) {
        return Some("the engine was lost".to_owned());
    }
    if budget == 0 {
        return Some("over the budget of --max-actions".to_owned());
    }
    let missing = action.requires.iter().find(|id| !applied.holding.contains(*id));
    missing.map(|id| format!("needs `{id}`, which was not done"))
}

/// An action that was not even tried.
pub fn skipped(action: &Action, why: &str) -> ReportedAction {
    ReportedAction::new(action, Status::Skipped, Some(why.to_owned()))
}

/// Neighbouring actions on one object become one write.
fn groups(actions: Vec<Action>) -> Vec<Vec<Action>> {
    let mut groups: Vec<Vec<Action>> = Vec::new();
    for action in actions {
        match groups.last_mut() {
            Some(group)
                if group[0].target.id == action.target.id
                    && !group[0].change.stands_alone()
                    && !action.change.stands_alone() =>
            {
                group.push(action);
            }
            _ => groups.push(vec![action]),
        }
    }
    groups
}
