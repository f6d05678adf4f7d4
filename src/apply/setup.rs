//! The writer of the files of `orca init`: each whole or not at all, and never over what the plan has not seen.

use std::io::ErrorKind as IoErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::files::whole;
use crate::plan::{Action, Change};
use crate::report::{ReportedAction, Status, millis_since};
use crate::state::{Actor, State};

/// Writes a file, and enters that into the journal.
pub(crate) fn write(state: &State, actor: &Actor, action: &Action) -> ReportedAction {
    let started = Instant::now();
    let ended = state.begin(actor, action, Timestamp::now()).and_then(|row| {
        let written = written(action);
        let error = written.as_ref().err().map(|error| format!("{error:#}"));
        // The journal is for people; what it lacks, the report has.
        let _ = state.finish(row, if error.is_none() { "done" } else { "failed" }, error.as_deref());
        written
    });
    let (status, error) = match ended {
        Ok(()) => (Status::Done, None),
        Err(error) => (Status::Failed, Some(format!("{error:#}"))),
    };
    ReportedAction { duration_ms: millis_since(started), ..ReportedAction::new(action, status, error) }
}

fn written(action: &Action) -> Result<()> {
    let Change::FileWrite { before, after, mode } = &action.change else {
        anyhow::bail!("that is no file to write");
    };
    let path = Path::new(&action.target.name);
    let Some(before) = before else {
        return whole::create(path, after, *mode).context("can't make it");
    };
    match std::fs::read_to_string(path) {
        Ok(now) if now == *before => {}
        Err(error) if error.kind() != IoErrorKind::NotFound => return Err(error).context("can't read it again"),
        _ => anyhow::bail!("it is another file by now"),
    }
    whole::write(path, after, *mode).context("can't replace it")
}
