//! What is written down of actions: before they are made, and how they ended.

use anyhow::Result;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{Applied, Applier};
use crate::pass::memory::Memory;
use crate::plan::{Action, Warning};
use crate::report::{ReportedAction, Status, millis_since};

impl Applier<'_> {
    /// Writes down what is about to be done: a kill in the middle must leave a trace, and must not repeat a restart.
    pub(super) async fn note(&mut self, group: &[Action], applied: &mut Applied) -> Result<Vec<i64>> {
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
    pub(super) async fn take_back(&mut self, untried: &Memory, applied: &mut Applied) {
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

    pub(super) fn conclude(
        &mut self,
        group: &[Action],
        rows: &[i64],
        ended: Result<()>,
        started: Instant,
        applied: &mut Applied,
    ) {
        let status = if ended.is_ok() { Status::Done } else { Status::Failed };
        let text = ended.as_ref().err().map(|error| format!("{error:#}"));
        let duration_ms = millis_since(started);
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

    pub(super) fn finish(&self, rows: &[i64], status: &str, error: Option<&str>, applied: &mut Applied) {
        for row in rows {
            if let Err(failed) = self.state.finish(*row, status, error) {
                applied.warnings.push(Warning::new("journal", format!("{failed:#}")));
            }
        }
    }
}
