//! Moves one task, from the first write to the last: the only sequence of updates that orca makes on purpose.
//!
//! The service gets what steers Swarm's scheduler; when the task runs on its new node the spec is put back, which restarts
//! nothing, and written once more, so that a rollback doesn't meet what steered. All that it takes to undo is in the
//! service itself from the first write on: see [`crate::engine::edit::moving`].

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::turn::Turn;
use crate::engine::edit::moving::{self, Detour, Nudge, Ticket};
use crate::engine::edit::{edited_spec, holds};
use crate::engine::{Engine, Written};
use crate::error::{Error, ErrorKind, kind_of};
use crate::fingerprint;
use crate::interrupt::Interrupt;
use crate::model::node::Availability;
use crate::model::{Node, Service, ServiceId, Task, TaskId, UpdateState};
use crate::plan::{Change, MoveOrder};
use crate::progress::Progress;
use crate::snapshot::Snapshot;

/// How often an object may change under a move before the move gives up.
const MAX_CONFLICTS: u32 = 5;
/// A task that nothing can take is given so long: a node may be away for a moment.
pub(super) const HOMELESS: Duration = Duration::from_secs(8);
/// How often tasks are looked at.
pub(super) const LOOK: Duration = Duration::from_millis(200);
/// Putting a spec back is tried for so long, whatever the deadlines say; a swarm elects a new leader in less, if its
/// machines are not as busy as can be.
const UNDO: Duration = Duration::from_secs(90);

/// Why nothing goes on.
pub(super) const TAKEN_OVER: &str = "another orca has taken over the turn to move tasks";

/// How a move ended; the spec is as it was in any case.
#[derive(Debug)]
pub enum Ended {
    /// The task runs where it was to.
    Arrived {
        /// The new task.
        task: TaskId,
        /// How long neither ran, by their nodes' clocks.
        away: Duration,
        /// Somebody else has changed the service meanwhile.
        changed: bool,
    },
    /// Nothing was written.
    Refused(String),
    /// It was tried in vain.
    Failed(String),
}

/// A move that has been begun.
#[derive(Debug)]
struct Begun {
    ticket: Ticket,
    /// The service's spec as it was written last.
    spec: Value,
}

/// What a move needs beside its order.
#[derive(Debug)]
pub struct Mover<'a> {
    /// The manager.
    pub engine: &'a Engine,
    /// The cluster as the move was planned on: for names, and the engine's own API version.
    pub cluster: &'a Snapshot,
    /// The right to move tasks.
    pub turn: &'a mut Turn,
    /// Signals.
    pub interrupt: &'a Interrupt,
    /// Shown on a terminal.
    pub progress: &'a Progress,
    /// The new task must have been running for so long before the spec is put back.
    pub settle: Duration,
    /// Whether the service gets a label that says where its task is to stay.
    pub pin: bool,
}

impl Mover<'_> {
    /// Moves a task.
    ///
    /// # Errors
    /// If the engine was lost. Then the service may still carry the move's traces.
    pub async fn run(&mut self, order: &MoveOrder) -> Result<Ended> {
        let deadline = Instant::now() + order.patience;
        let before = self.engine.until(deadline).tasks_of(&order.service.0).await?;
        if !before.iter().any(|task| task.id == order.task && task.running()) {
            return Ok(Ended::Refused("the task is not running any more".to_owned()));
        }
        if !self.turn.renew().await? {
            return Ok(Ended::Refused(TAKEN_OVER.to_owned()));
        }
        let begun = match order.temporary.nudge {
            Nudge::Branch => self.nudge(order, true).await,
            Nudge::None | Nudge::Pause => Ok(()),
        };
        let begun = match begun {
            Ok(()) => self.begin(order, deadline).await,
            Err(error) => Err(error),
        };
        let mut written = match begun {
            Ok(Ok(written)) => written,
            Ok(Err(why)) => {
                self.nudge(order, false).await.map_err(|error| unended(order, error))?;
                return Ok(Ended::Refused(why));
            }
            Err(error) => {
                let cleared = self.nudge(order, false).await;
                return Err(if cleared.is_ok() { error } else { unended(order, error) });
            }
        };
        let watched = match self.detour(order, &mut written, &before, deadline).await {
            Ok(left) => self.watch(order, left.as_deref().unwrap_or(&before), deadline).await,
            Err(why) => Err(why),
        };
        // Whatever becomes of one, the other is tried.
        let resumed = self.nudge(order, false).await;
        let changed = self.end(order, &written).await.map_err(|error| unended(order, error))?;
        resumed.map_err(|error| unended(order, error))?;
        match watched {
            Ok(task) => self.arrived(order, &before, task, changed).await,
            Err(why) => {
                let healed = self.heal(order).await;
                let meddled = if changed { "; somebody else has changed its service meanwhile" } else { "" };
                Ok(Ended::Failed(format!("{why}{meddled}; {healed}")))
            }
        }
    }

    /// Writes what steers the task, if the service is still as the plan knew it. The inner error says why it isn't.
    async fn begin(&self, order: &MoveOrder, deadline: Instant) -> Result<Result<Begun, String>> {
        let engine = self.engine.until(deadline);
        let note = format!(
            "orca moves {}.{} to {}; should it have been stopped in the middle: orca rebalance recover",
            order.name, order.slot, order.to_name
        );
        for _ in 0..=MAX_CONFLICTS {
            let Some((raw, service)) = read(&engine, &order.service).await? else {
                return Ok(Err("the service is gone".to_owned()));
            };
            let spec = spec_of(&raw)?;
            if service.trace.is_some() {
                return Ok(Err("it carries the traces of another move".to_owned()));
            }
            if let Some(busy) = service.update.and_then(UpdateState::busy) {
                return Ok(Err(busy.to_owned()));
            }
            if fingerprint::of_spec(&spec) != order.spec {
                return Ok(Err("its spec has changed since the plan was made".to_owned()));
            }
            let (spec, ticket) = moving::begin(&spec, &order.temporary, &note)?;
            let begun = Begun { ticket, spec };
            match engine.update("services", &order.service.0, &self.cluster.api, service.version, &begun.spec).await {
                Ok(Written::Done) => return Ok(Ok(begun)),
                Ok(Written::Conflict) => {}
                Ok(Written::Gone) => return Ok(Err("the service is gone".to_owned())),
                // It may have been made: then it must be ended too.
                Err(error) if may_pass(&error) => {
                    return if self.was_made(order).await.map_err(|error| unended(order, error))? {
                        Ok(Ok(begun))
                    } else {
                        Err(error)
                    };
                }
                Err(error) => return Ok(Err(format!("the engine refused the update: {error:#}"))),
            }
        }
        Ok(Err("it kept changing: another writer is active".to_owned()))
    }

    /// Does to a node what the move needs beside the service's spec, or undoes it.
    async fn nudge(&self, order: &MoveOrder, wanted: bool) -> Result<()> {
        let (key, by) = (moving::BRANCH_LABEL.to_owned(), order.name.clone());
        let (node, change) = match (order.temporary.nudge, wanted) {
            (Nudge::None, _) => return Ok(()),
            (Nudge::Branch, true) => (&order.to, Change::LabelSet { key, before: None, after: by, record: false }),
            (Nudge::Branch, false) => (&order.to, Change::LabelRemove { key, before: by }),
            (Nudge::Pause, true) => (&order.from, Change::NodePause { by }),
            (Nudge::Pause, false) => (&order.from, Change::NodeResume { by }),
        };
        let engine = self.engine.until(Instant::now() + UNDO);
        for _ in 0..=MAX_CONFLICTS {
            let Some(raw) = patiently(|| engine.object("nodes", &node.0)).await? else { return Ok(()) };
            if holds(&raw, &change) {
                return Ok(());
            }
            let found = Node::read(raw).context("the engine's node can't be read")?;
            if wanted && found.availability != Availability::Active {
                return Ok(());
            }
            let spec = edited_spec(&found.raw, &[&change])?;
            match engine.update("nodes", &node.0, &self.cluster.api, found.version, &spec).await? {
                Written::Done | Written::Gone => return Ok(()),
                Written::Conflict => {}
            }
        }
        let name = self.cluster.node(node).map_or(node.0.as_str(), |node| node.name.as_str());
        let text = format!("the node `{name}` kept changing while orca tried to prepare it for a move");
        Err(Error::new(ErrorKind::Conflict, text).hint("another writer is active; run again").into())
    }

    /// By way of one replica less: waits until the old one has gone, and asks for the new one. Returns the tasks that are
    /// left; the error says why it doesn't go on.
    async fn detour(
        &mut self,
        order: &MoveOrder,
        begun: &mut Begun,
        before: &[Task],
        deadline: Instant,
    ) -> Result<Option<Vec<Task>>, String> {
        if order.temporary.detour != Detour::OneLess {
            return Ok(None);
        }
        let engine = self.engine.until(deadline);
        let left = loop {
            if let Ok(tasks) = engine.tasks_of(&order.service.0).await {
                let live = |id: &TaskId| tasks.iter().any(|task| task.id == *id && task.live());
                if let Some(lost) = before.iter().find(|old| old.live() && old.id != order.task && !live(&old.id)) {
                    return Err(format!("Swarm has taken away {}.{} instead", order.name, lost.slot));
                }
                if !live(&order.task) {
                    break tasks;
                }
            }
            if self.interrupt.exit_code().is_some() {
                return Err("interrupted by a signal".to_owned());
            }
            if Instant::now() >= deadline {
                return Err("the old task did not go in time".to_owned());
            }
            if !self.turn.renew().await.unwrap_or(true) {
                return Err(TAKEN_OVER.to_owned());
            }
            sleep(LOOK).await;
        };
        if order.temporary.nudge == Nudge::Pause {
            self.nudge(order, true).await.map_err(|error| format!("{error:#}"))?;
        }
        self.refill(order, begun, deadline).await?;
        if order.temporary.nudge == Nudge::Pause {
            self.given(order, &left, deadline).await;
            self.nudge(order, false).await.map_err(|error| format!("{error:#}"))?;
        }
        Ok(Some(left))
    }

    /// Asks for the replica again.
    async fn refill(&self, order: &MoveOrder, begun: &mut Begun, deadline: Instant) -> Result<(), String> {
        let engine = self.engine.until(deadline);
        for _ in 0..=MAX_CONFLICTS {
            let read = patiently(|| read(&engine, &order.service)).await.map_err(|error| format!("{error:#}"))?;
            let Some((raw, service)) = read else { return Err("the service is gone".to_owned()) };
            let spec = moving::refill(&raw, &begun.ticket).map_err(|error| format!("{error:#}"))?;
            match engine.update("services", &order.service.0, &self.cluster.api, service.version, &spec).await {
                Ok(Written::Done) => {
                    begun.spec = moving::refilled(&begun.spec, &begun.ticket);
                    return Ok(());
                }
                Ok(_) => {}
                Err(error) => return Err(format!("the replica was not asked for again: {error:#}")),
            }
        }
        Err("it kept changing: another writer is active".to_owned())
    }

    /// Waits until the new task has been given to a node; if it never is, the next look at the tasks says why.
    async fn given(&self, order: &MoveOrder, left: &[Task], deadline: Instant) {
        let (engine, until) = (self.engine.until(deadline), Instant::now() + HOMELESS);
        while Instant::now() < until && self.interrupt.exit_code().is_none() {
            let tasks = engine.tasks_of(&order.service.0).await.unwrap_or_default();
            let new = |task: &&Task| left.iter().all(|old| old.id != task.id);
            if tasks.iter().filter(new).any(|task| !task.node.0.is_empty()) {
                return;
            }
            sleep(LOOK).await;
        }
    }

    async fn was_made(&self, order: &MoveOrder) -> Result<bool> {
        let engine = self.engine.until(Instant::now() + UNDO);
        let read = patiently(|| read(&engine, &order.service)).await?;
        Ok(read.is_some_and(|(_, service)| service.trace.is_some()))
    }

    /// Takes the move's traces out of the service, whatever else has happened to it. Says whether something has.
    async fn end(&self, order: &MoveOrder, begun: &Begun) -> Result<bool> {
        let until = Instant::now() + UNDO;
        let engine = self.engine.until(until);
        let mut changed = None;
        loop {
            let Some((raw, service)) = patiently(|| read(&engine, &order.service)).await? else { return Ok(true) };
            changed = changed.or(Some(!moving::same(&spec_of(&raw)?, &begun.spec)));
            let ended = moving::next_to_end(&raw, Some(&begun.ticket))?;
            let Some(spec) = ended else { return Ok(changed.unwrap_or_default()) };
            match engine.update("services", &order.service.0, &self.cluster.api, service.version, &spec).await {
                Ok(Written::Done | Written::Gone) => {}
                // Another writer that never rests must not be met by one that never does either.
                Ok(Written::Conflict) => sleep(LOOK / 4).await,
                Err(error) if may_pass(&error) && Instant::now() < until => sleep(LOOK).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes the service label that says where its task is to stay; labels of services restart nothing.
    pub(super) async fn prefer(&self, order: &MoveOrder) -> Result<()> {
        let engine = self.engine.until(Instant::now() + UNDO);
        for _ in 0..=MAX_CONFLICTS {
            let Some((raw, service)) = patiently(|| read(&engine, &order.service)).await? else { return Ok(()) };
            let spec = moving::labelled(&raw, moving::PREFERRED_LABEL, &order.to_name)?;
            match engine.update("services", &order.service.0, &self.cluster.api, service.version, &spec).await? {
                Written::Done | Written::Gone => return Ok(()),
                Written::Conflict => {}
            }
        }
        let text = format!("`{}` kept changing while orca tried to label it", order.name);
        Err(Error::new(ErrorKind::Conflict, text).into())
    }
}

fn unended(order: &MoveOrder, error: anyhow::Error) -> anyhow::Error {
    let text = format!(
        "the move of {}.{} could not be ended: its service, or a node, may still carry what steers it",
        order.name, order.slot
    );
    let kind = kind_of(&error);
    error.context(Error::new(kind, text).hint("run `orca rebalance recover` when the engine answers again"))
}

async fn read(engine: &Engine, id: &ServiceId) -> Result<Option<(Box<RawValue>, Service)>> {
    let Some(raw) = engine.object("services", &id.0).await? else { return Ok(None) };
    let service = Service::read(raw.clone()).context("the engine's service can't be read")?;
    Ok(Some((raw, service)))
}

fn spec_of(raw: &RawValue) -> Result<Value> {
    let mut object: Value = serde_json::from_str(raw.get()).context("the engine's service can't be read")?;
    object.get_mut("Spec").map(Value::take).context("the engine's service has no Spec")
}

/// Whether a swarm that elects a new leader explains it: then its engines say for a moment that they are no managers.
fn may_pass(error: &anyhow::Error) -> bool {
    matches!(kind_of(error), ErrorKind::Unreachable | ErrorKind::NotManager)
}

/// Asks again while the engine can't be reached, until its deadline.
pub(crate) async fn patiently<T, F: Future<Output = Result<T>>>(ask: impl Fn() -> F) -> Result<T> {
    let until = Instant::now() + UNDO;
    loop {
        match ask().await {
            Err(error) if may_pass(&error) && Instant::now() < until => sleep(LOOK).await,
            other => return other,
        }
    }
}
