//! Carries out what `orca logs rotate` planned for this host: one file after the other, noted in the journal before it is
//! touched.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use tokio::process::Command;
use tokio::time::Instant;

use super::files::{self, Ended};
use super::local::journal_word;
use super::{Applied, obstacle, skipped};
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::plan::{Action, Change, Warning};
use crate::progress::Progress;
use crate::report::{ReportedAction, Status, millis_since};
use crate::state::{Actor, State};

/// Everything that carrying out the plan needs.
#[derive(Debug)]
pub struct LogApplier<'a> {
    /// Journal.
    pub state: &'a State,
    /// For the journal.
    pub actor: &'a Actor,
    /// Actions that may still be made in this run.
    pub budget: usize,
    /// No action is begun after this.
    pub deadline: Instant,
    /// No action is begun after a signal.
    pub interrupt: &'a Interrupt,
    /// Shown on a terminal.
    pub progress: &'a Progress,
    /// What logrotate is run with: its state file, then its configuration.
    pub logrotate: &'a [PathBuf],
}

impl LogApplier<'_> {
    /// Carries the actions out as far as budget, deadline and signals allow.
    pub async fn apply(&mut self, actions: Vec<Action>) -> Applied {
        let mut applied = Applied::default();
        self.progress.begin(actions.len());
        for mut action in actions {
            self.progress.step(&action.target.name, 1);
            let told = matches!(action.change, Change::LogNotify { .. });
            if told {
                let renamed = action.requires.iter().any(|id| applied.holding.contains(id));
                if !renamed && !action.requires.is_empty() {
                    applied.actions.push(skipped(&action, "none of the logs was rotated"));
                    continue;
                }
                // Logs that were renamed must be told of, whatever else may not be begun any more.
                if renamed {
                    self.make_noted(&action, &mut applied).await;
                    continue;
                }
                action.requires.clear();
            }
            if let Some(why) = obstacle(self.interrupt, self.deadline, self.budget, &action, &mut applied) {
                applied.actions.push(skipped(&action, &why));
                continue;
            }
            self.budget -= 1;
            self.make_noted(&action, &mut applied).await;
        }
        self.progress.end();
        applied
    }

    async fn make_noted(&self, action: &Action, applied: &mut Applied) {
        let started = Instant::now();
        let row = match self.state.begin(self.actor, action, Timestamp::now()) {
            Ok(row) => Some(row),
            // The journal is for people; a full disk must not keep it from being freed.
            Err(error) => {
                applied.warnings.push(Warning::new("journal", format!("{error:#}")));
                None
            }
        };
        let ended = self.make(action).await;
        let (status, text) = match &ended {
            Ok(Ended::Done) => (Status::Done, None),
            Ok(Ended::Moot(why)) => (Status::Skipped, Some(why.clone())),
            Err(error) => (Status::Failed, Some(format!("{error:#}"))),
        };
        if let Some(failed) = row.and_then(|row| self.state.finish(row, journal_word(status), text.as_deref()).err()) {
            applied.warnings.push(Warning::new("journal", format!("{failed:#}")));
        }
        let duration_ms = millis_since(started);
        applied.actions.push(ReportedAction { duration_ms, ..ReportedAction::new(action, status, text) });
        match ended {
            Ok(Ended::Done) => _ = applied.holding.insert(action.id.clone()),
            Ok(Ended::Moot(_)) => {}
            Err(error) => applied.fail(error.context(format!("`{}` failed", action.id))),
        }
    }

    async fn make(&self, action: &Action) -> Result<Ended> {
        let path = action.target.id.clone();
        match action.change.clone() {
            Change::LogRotate(rotation) => blocking(move || files::rotate(&path, &rotation)).await,
            Change::LogCompress { file, compress } => blocking(move || files::compress(&path, &file, compress)).await,
            Change::LogRemove { file } => blocking(move || files::remove(&path, &file)).await,
            Change::LogNotify { signal, command } => files::notify(signal.as_ref(), &command).await,
            Change::Logrotate { .. } => run_logrotate(self.logrotate).await.map(|()| Ended::Done),
            _ => Err(Error::new(ErrorKind::Failed, format!("`{}` is no change of a log", action.id)).into()),
        }
    }
}

/// A log may take minutes: signals are heard meanwhile.
async fn blocking(work: impl FnOnce() -> Result<Ended> + Send + 'static) -> Result<Ended> {
    tokio::task::spawn_blocking(work).await.context("the work on it broke off")?
}

/// Runs logrotate with orca's own state file: it must not share one with the system's, and it keeps in it since when it
/// knows a log.
///
/// # Errors
/// If it isn't there, or fails.
pub async fn run_logrotate(paths: &[PathBuf]) -> Result<()> {
    let Some((state, configs)) = paths.split_first() else { return Ok(()) };
    let mut command = Command::new("logrotate");
    command.arg("--state").arg(state).args(configs).stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output = command.output().await.context("can't run `logrotate`")?;
    if !output.status.success() {
        bail!("logrotate ended with {}: {}", output.status, files::last_words(&output.stderr));
    }
    Ok(())
}
