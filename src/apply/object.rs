//! One object's write: a compare-and-set, planned again after each conflict.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::beside::{AGAIN, IN_USE};
use super::memory::newest;
use super::{Applied, Applier, skipped};
use crate::engine::Written;
use crate::engine::edit::field::{get, same};
use crate::engine::edit::{edited_spec, holds};
use crate::error::{Error, ErrorKind, kind_of};
use crate::keys::updates_key;
use crate::model::{Node, Service};
use crate::pass::proving;
use crate::plan::{Action, Change, Specified, Target, TargetKind, Warning};
use crate::registry::keyring::entry_of_spec;

/// How often an object may change under a pass before the pass gives it up.
pub(super) const MAX_CONFLICTS: u32 = 5;

/// As managers say it (swarmkit, `checkPortConflicts`).
const PORT_IN_USE: &str = "is already in use by service";

/// How a write of one object ended.
pub(super) enum Attempt {
    Done,
    /// The object is gone.
    Moot(String),
    /// These actions are to be tried instead.
    Replanned(Vec<Action>),
    Failed(anyhow::Error),
}

impl Applier<'_> {
    /// Writes one object, planning again on conflict.
    pub(super) async fn write(&mut self, mut group: Vec<Action>, applied: &mut Applied) {
        let started = Instant::now();
        let untried = self.next.clone();
        for round in 0..=MAX_CONFLICTS {
            let rows = match self.note(&group, applied).await {
                Ok(rows) => rows,
                Err(error) => {
                    self.conclude(&group, &[], Err(error), started, applied);
                    // It is not made, so there is nothing to wait for.
                    return self.take_back(&untried, applied).await;
                }
            };
            match self.patiently(&group).await {
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

    /// Tries until the ports that it takes over are free: managers give one back a moment after the write that gives it up
    /// (swarmkit's allocator, in a write of its own).
    async fn patiently(&mut self, group: &[Action]) -> Attempt {
        let until = self.deadline.min(Instant::now() + IN_USE);
        let waits = group.iter().any(|action| !action.requires.is_empty());
        loop {
            match self.attempt(group).await {
                Attempt::Failed(error)
                    if waits && Instant::now() < until && format!("{error:#}").contains(PORT_IN_USE) =>
                {
                    sleep(AGAIN).await;
                }
                attempt => return attempt,
            }
        }
    }

    async fn attempt(&mut self, group: &[Action]) -> Attempt {
        let target = &group[0].target;
        if let [Action { change: Change::ServiceCreate { spec }, .. }] = group {
            return self.create(&target.name, spec).await;
        }
        match group {
            [Action { change: Change::ObjectCreate { what, spec, content }, .. }] => {
                return self.make(*what, spec, content.as_ref()).await;
            }
            [Action { change: Change::ObjectRemove { .. }, .. }] => return self.unmake(target).await,
            _ => {}
        }
        let (kind, id, name) = (target.kind, target.id.as_str(), target.name.as_str());
        let Some((raw, version)) = self.known(target) else {
            return Attempt::Moot(format!("`{name}` is gone"));
        };
        let changes: Vec<&Change> = group.iter().map(|action| &action.change).collect();
        if let [Change::TemporaryRemove | Change::ServiceRemove] = changes[..] {
            return match self.engine.remove(kind.collection(), id).await {
                Ok(()) => {
                    self.cluster.remove(id);
                    Attempt::Done
                }
                Err(error) => Attempt::Failed(error.context(format!("can't remove {} `{name}`", kind.name()))),
            };
        }
        let mut spec = match edited_spec(raw, &changes) {
            Ok(spec) => spec,
            Err(error) => return Attempt::Failed(error.context(format!("can't edit {} `{name}`", kind.name()))),
        };
        if let Err(error) = self.fill_in(&mut spec).await {
            return Attempt::Failed(error.context(format!("can't update {} `{name}`", kind.name())));
        }
        match self.send(target, version, &changes, &spec).await {
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
                Ok(true) => self.plan_again(id).map_or_else(Attempt::Failed, Attempt::Replanned),
                Ok(false) => Attempt::Moot(format!("`{name}` was removed from the swarm meanwhile")),
                Err(error) => Attempt::Failed(error),
            },
            Err(error) if kind_of(&error) == ErrorKind::Unreachable => self.look_what_became(group, &spec, error).await,
            Err(error) => Attempt::Failed(error.context(format!("can't update {} `{name}`", kind.name()))),
        }
    }

    async fn send(&self, target: &Target, version: u64, changes: &[&Change], spec: &Value) -> Result<Written> {
        let (id, api) = (target.id.as_str(), self.cluster.api.as_str());
        if changes.iter().any(|change| matches!(change, Change::Rollback { .. })) {
            return self.engine.rollback(id, api, version, spec).await;
        }
        if changes.iter().any(|change| matches!(change, Change::ImageSet { .. } | Change::AuthSet { .. })) {
            let image = spec.pointer("/TaskTemplate/ContainerSpec/Image").and_then(Value::as_str).unwrap_or_default();
            let auth = self.pass.auths().and_then(|auths| auths.of(entry_of_spec(spec), image));
            return self.engine.update_image(id, api, version, spec, auth).await;
        }
        self.engine.update(target.kind.collection(), id, api, version, spec).await
    }

    /// The answer to a write was lost: only the object itself can tell whether it happened.
    async fn look_what_became(&mut self, group: &[Action], sent: &Value, error: anyhow::Error) -> Attempt {
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
        let Some((raw, _)) = self.known(target) else { return Attempt::Failed(error) };
        let found: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        // What was not there when it was planned has got its id only for the writing.
        let sent = self.with_ids(sent).await;
        let as_sent = |change: &Change| match change {
            Change::FieldSet { path, .. } => same(get(&sent, path), get(&found["Spec"], path)),
            _ => false,
        };
        if group.iter().all(|action| holds(raw, &action.change) || as_sent(&action.change)) {
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
        match kind.specified() {
            Some(Specified::Node) => {
                self.cluster.put_node(Node::read(raw).context("the engine's node can't be read")?);
            }
            Some(Specified::Service) => {
                self.cluster.put_service(Service::read(raw).context("the engine's service can't be read")?);
            }
            None => {}
        }
        Ok(true)
    }

    fn plan_again(&mut self, id: &str) -> Result<Vec<Action>> {
        // It may be an update that has come between.
        let key = updates_key(self.cluster);
        proving::mark(self.cluster, &newest(self.state, self.shared.as_deref(), &key)?, Timestamp::now());
        let plan = self.pass.plan(self.cluster, self.settings, self.memory, self.cluster.taken_at);
        Ok(plan.actions.into_iter().filter(|action| action.target.id == id).collect())
    }

    fn known(&self, Target { kind, id, .. }: &Target) -> Option<(&RawValue, u64)> {
        match kind.specified()? {
            Specified::Node => {
                self.cluster.nodes.iter().find(|node| node.id.0 == *id).map(|node| (&*node.raw, node.version))
            }
            Specified::Service => self
                .cluster
                .services
                .iter()
                .find(|service| service.id.0 == *id)
                .map(|service| (&*service.raw, service.version)),
        }
    }
}
