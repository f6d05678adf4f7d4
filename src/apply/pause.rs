//! The writer of pauses: one label of the swarm itself, compare-and-set, and looked at once more afterwards.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::labelled::Labelled;
use super::object::MAX_CONFLICTS;
use crate::engine::edit::edited_swarm;
use crate::engine::{Engine, Written};
use crate::error::{Error, ErrorKind};
use crate::pass::pause::{PauseWish, label_of, plan};
use crate::plan::{Action, Change, Plan, Warning};
use crate::report::{ReportedAction, Status};
use crate::state::{Actor, State};

/// Where a pause is written.
#[derive(Debug)]
pub struct PauseWriter<'a> {
    /// A manager.
    pub engine: &'a Engine,
    /// Its API version.
    pub api: &'a str,
    /// The cluster's id.
    pub cluster: &'a str,
    /// The journal; none: nothing is written anywhere.
    pub state: Option<&'a State>,
    /// For the journal.
    pub actor: Actor,
}

impl PauseWriter<'_> {
    /// Sets or ends a pause, or says that it would. Returns the wanted facts that held already.
    ///
    /// # Errors
    /// If the engine is lost, refuses, or the swarm's object keeps changing; what was tried is in `actions` all the same.
    pub async fn write(
        &self,
        wish: &PauseWish,
        actions: &mut Vec<ReportedAction>,
        warnings: &mut Vec<Warning>,
    ) -> Result<u64> {
        let label = label_of(wish);
        for _ in 0..=MAX_CONFLICTS {
            let started = Instant::now();
            let raw = self.engine.swarm().await?;
            let swarm = read(&raw)?;
            let Plan { actions: wanted, unchanged, .. } =
                plan(swarm.label(&label), self.cluster, wish, Timestamp::now());
            let [action] = wanted.as_slice() else { return Ok(unchanged) };
            let Some(state) = self.state else {
                actions.push(ReportedAction::new(action, Status::Planned, None));
                return Ok(0);
            };
            let row = match state.begin(&self.actor, action, Timestamp::now()) {
                Ok(row) => Some(row),
                // The journal is for people; to stop comes first.
                Err(error) => {
                    warnings.push(Warning::new("journal", format!("{error:#}")));
                    None
                }
            };
            let ended = self.attempt(&raw, swarm.version(), &label, action).await;
            let word = match &ended {
                Ok(Written::Done) => "done",
                Ok(Written::Conflict | Written::Gone) => "conflict",
                Err(_) => "failed",
            };
            let text = ended.as_ref().err().map(|error| format!("{error:#}"));
            if let Some(Err(error)) = row.map(|row| state.finish(row, word, text.as_deref())) {
                warnings.push(Warning::new("journal", format!("{error:#}")));
            }
            let status = match ended {
                Ok(Written::Conflict | Written::Gone) => continue,
                Ok(Written::Done) => Status::Done,
                Err(_) => Status::Failed,
            };
            let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            actions.push(ReportedAction { duration_ms, ..ReportedAction::new(action, status, text) });
            return ended.map(|_| 0);
        }
        let text =
            format!("the swarm's own object kept changing while orca tried to update it ({MAX_CONFLICTS} times)");
        Err(Error::new(ErrorKind::Conflict, text).hint("another writer is active; run again").into())
    }

    /// Writes the label, and looks whether it is as wanted: what the engine does with the labels of a swarm is nothing that
    /// its documentation promises.
    async fn attempt(&self, raw: &RawValue, version: u64, label: &str, action: &Action) -> Result<Written> {
        let Change::SwarmPause { after, .. } = &action.change else {
            return Err(Error::new(ErrorKind::Failed, "this is no change of a pause").into());
        };
        let spec = edited_swarm(raw, label, after.as_deref())?;
        let written = self.engine.update_swarm(self.api, version, &spec).await;
        let written = written.context("can't update the swarm's own object")?;
        if written == Written::Done {
            let raw = self.engine.swarm().await?;
            if read(&raw)?.label(label) != after.as_deref() {
                let text = format!("the engine took the update, and the swarm's label `{label}` is not as it was sent");
                return Err(Error::new(ErrorKind::Failed, text)
                    .hint("run again; `orca pause --dry-run` shows it")
                    .into());
            }
        }
        Ok(written)
    }
}

fn read(raw: &RawValue) -> Result<Labelled> {
    Labelled::read(raw).context("what the engine says of the swarm can't be read")
}
