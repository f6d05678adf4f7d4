//! The writer for what lies on one node: each object by its id, one request each, noted in the journal before it is made.
//!
//! There are no versions to compare here. The engine itself refuses to remove what is in use; that is no failure, the
//! action is left out and says why.

use std::cell::Cell;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::Instant;

use super::host::Shell;
use super::{Applied, obstacle, skipped};
use crate::engine::Engine;
use crate::engine::local::Removed;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::pass::memory::Memory;
use crate::plan::{Action, Change, TargetKind, Warning};
use crate::report::{ReportedAction, Status, millis_since};
use crate::state::{Actor, State};

/// Everything that carrying out one node's plan needs. Several nodes share budget, state and signals.
#[derive(Debug)]
pub struct NodeApplier<'a> {
    /// Who writes.
    pub hand: Hand<'a>,
    /// Journal and memory.
    pub state: &'a State,
    /// For the journal.
    pub actor: &'a Actor,
    /// Actions that may still be made in this run.
    pub budget: &'a Cell<usize>,
    /// No action is begun after this.
    pub deadline: Instant,
    /// No action is begun after a signal.
    pub interrupt: &'a Interrupt,
    /// The memory in which attempts are noted before they are made, and its key.
    pub memory: Option<(&'a str, &'a mut Memory)>,
}

/// Who writes on a node.
#[derive(Debug)]
pub enum Hand<'a> {
    /// Its engine.
    Engine {
        /// The engine.
        engine: &'a Engine,
        /// Its API version.
        api: &'a str,
    },
    /// A shell on it.
    Shell(Shell<'a>),
}

/// How an action ended.
pub(super) enum Ended {
    /// Done, with so many bytes where the engine says so.
    Done(Option<u64>),
    Moot(String),
}

impl NodeApplier<'_> {
    /// Carries the actions out as far as budget, deadline and signals allow; returns what became of them, and the bytes
    /// that the engine said were freed or that went with what was removed (but for images: their layers are shared).
    pub async fn apply(&mut self, actions: Vec<Action>) -> (Applied, u64) {
        let (mut applied, mut freed) = (Applied::default(), 0);
        for action in actions {
            if let Some(why) = obstacle(self.interrupt, self.deadline, self.budget.get(), &action, &mut applied) {
                applied.actions.push(skipped(&action, &why));
                continue;
            }
            self.budget.set(self.budget.get().saturating_sub(1));
            let started = Instant::now();
            let row = match self.note(&action, &mut applied) {
                Ok(row) => row,
                Err(error) => {
                    applied.actions.push(ReportedAction::new(&action, Status::Failed, Some(format!("{error:#}"))));
                    applied.fail(error);
                    continue;
                }
            };
            let ended = self.make(&action).await;
            let (status, text) = match &ended {
                Ok(Ended::Done(_)) => (Status::Done, None),
                Ok(Ended::Moot(why)) => (Status::Skipped, Some(why.clone())),
                Err(error) => (Status::Failed, Some(format!("{error:#}"))),
            };
            self.finish(row, status, text.as_deref(), &mut applied);
            let duration_ms = millis_since(started);
            applied.actions.push(ReportedAction { duration_ms, ..ReportedAction::new(&action, status, text) });
            match ended {
                Ok(Ended::Done(bytes)) => {
                    let image = action.target.kind == TargetKind::Image;
                    freed += bytes.unwrap_or(if image { 0 } else { action.change.bytes() });
                    applied.holding.insert(action.id);
                }
                Ok(Ended::Moot(_)) => {}
                Err(error) => applied.fail(error.context(format!("`{}` failed", action.id))),
            }
        }
        (applied, freed)
    }

    async fn make(&self, action: &Action) -> Result<Ended> {
        let (engine, api) = match &self.hand {
            Hand::Engine { engine, api } => (*engine, *api),
            Hand::Shell(shell) => {
                return shell.make(&action.change, self.deadline).await.map(|()| Ended::Done(None));
            }
        };
        let (id, name) = (&action.target.id, &action.target.name);
        let removed = match &action.change {
            Change::ContainerRestart { stop_timeout, patience } => {
                return restart(engine, api, id, *stop_timeout, *patience).await;
            }
            Change::CachePrune { unused_for, .. } => {
                engine.prune_build_cache(api, Duration::from_secs(*unused_for)).await?
            }
            Change::Remove { what: TargetKind::Container, .. } => engine.remove_container(api, id).await?,
            Change::Remove { what: TargetKind::Image, names, .. } => engine.remove_image(api, id, names).await?,
            Change::Remove { what: TargetKind::Volume, .. } => engine.remove_volume(api, name).await?,
            Change::Remove { what: TargetKind::Network, .. } => engine.remove_network(api, id).await?,
            _ => return Err(Error::new(ErrorKind::Failed, format!("`{}` is no change of a node", action.id)).into()),
        };
        Ok(match removed {
            Removed::Done(bytes) => Ended::Done(bytes),
            Removed::Gone => Ended::Moot("it was gone already".to_owned()),
            Removed::InUse(why) => Ended::Moot(format!("the engine keeps it: {why}")),
        })
    }

    /// Writes down what is about to be done: a kill in the middle must leave a trace, and must not repeat a restart.
    fn note(&mut self, action: &Action, applied: &mut Applied) -> Result<Option<i64>> {
        let now = Timestamp::now();
        if let (Some(key), Some((memory_key, memory))) = (&action.attempt, &mut self.memory) {
            memory.attempt(key, now);
            self.state.remember(memory_key, memory)?;
        }
        Ok(match self.state.begin(self.actor, action, now) {
            Ok(row) => Some(row),
            // The journal is for people; a full disk must not keep it from being freed.
            Err(error) => {
                applied.warnings.push(Warning::new("journal", format!("{error:#}")));
                None
            }
        })
    }

    fn finish(&self, row: Option<i64>, status: Status, error: Option<&str>, applied: &mut Applied) {
        let ended = journal_word(status);
        if let Some(failed) = row.and_then(|row| self.state.finish(row, ended, error).err()) {
            applied.warnings.push(Warning::new("journal", format!("{failed:#}")));
        }
    }
}

/// A restart takes as long as the container needs to stop: the pass waits for it, beyond its own deadline.
async fn restart(engine: &Engine, api: &str, id: &str, stop_timeout: Option<u32>, patience: u32) -> Result<Ended> {
    let engine = engine.until(Instant::now() + Duration::from_secs(u64::from(patience)));
    match engine.restart_container(api, id, stop_timeout).await {
        Ok(true) => Ok(Ended::Done(None)),
        Ok(false) => Ok(Ended::Moot("it is gone".to_owned())),
        Err(error) => Err(error),
    }
}

/// What the journal says of an action that ended so.
pub fn journal_word(status: Status) -> &'static str {
    match status {
        Status::Done => "done",
        Status::Failed => "failed",
        Status::Planned | Status::Skipped => "skipped",
    }
}
