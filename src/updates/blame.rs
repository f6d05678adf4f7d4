//! What a task that has failed printed last.

use std::time::Duration;

use crate::engine::Engine;
use crate::everyday::logs;
use crate::model::TaskId;

/// The last lines, so many.
const LINES: u64 = 10;
/// A node that is gone says nothing: nobody waits for it longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The last lines of a task; what can't be had in time is left out.
pub(super) async fn last_lines(engine: &Engine, api: &str, task: &TaskId, tty: bool) -> Vec<String> {
    logs::last_lines(engine, api, task, tty, (LINES, PATIENCE)).await
}
