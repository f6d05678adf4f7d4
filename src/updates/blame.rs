//! What a task that has failed printed last.

use std::time::Duration;

use tokio::time::timeout;

use crate::engine::Engine;
use crate::engine::logs::Extract;
use crate::model::TaskId;

/// The last lines, so many.
const LINES: u64 = 10;
/// A node that is gone says nothing: nobody waits for it longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The last lines of a task; what can't be had in time is left out.
pub(super) async fn last_lines(engine: &Engine, api: &str, task: &TaskId, tty: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let reading = async {
        let extract = Extract { tail: Some(LINES), since: None, follow: false };
        let Ok(mut logs) = engine.task_logs(api, &task.0, tty, extract).await else { return };
        while let Ok(Some(messages)) = logs.next().await {
            lines.extend(messages.into_iter().map(|message| message.text));
        }
    };
    // What came in time is kept.
    let _ = timeout(PATIENCE, reading).await;
    lines
}
