//! What the engine will do about an update, and what in the service's spec makes that riskier than it has to be.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{Mode, Rollout};

use super::select::Candidate;
use crate::pass::lint::rollout;

/// What the engine will do, in words.
pub fn course(candidate: &Candidate<'_>, rollout: &Rollout) -> String {
    let tasks = match candidate.service.mode {
        Mode::Replicated(0) => return "no task runs, none is replaced".to_owned(),
        Mode::Replicated(count) => format!("{count} task{}", if count == 1 { "" } else { "s" }),
        Mode::Global => "a task on each node".to_owned(),
        Mode::Job => return "the job runs again with the new image, and its end is not waited for".to_owned(),
        Mode::Unknown => "its tasks".to_owned(),
    };
    let pace = match rollout.parallelism {
        0 => "all at once".to_owned(),
        count => format!("{count} at a time"),
    };
    let delay = if rollout.delay.is_zero() { String::new() } else { format!(" every {:?}", rollout.delay) };
    let order = if rollout.start_first { "start-first" } else { "stop-first" };
    let failure = match rollout.failure_action.as_deref() {
        Some("rollback") => "the engine rolls back",
        Some("continue") if candidate.policy.rollback => "the engine goes on, and orca rolls back",
        Some("continue") => "the engine goes on",
        _ if candidate.policy.rollback => "the engine pauses, and orca rolls back",
        _ => "the engine pauses",
    };
    format!("{tasks}, {pace}{delay}, {order}, each watched for {:?}; on failure {failure}", rollout.monitor)
}

/// The same for the report.
pub fn facts(candidate: &Candidate<'_>, rollout: &Rollout) -> (Value, Value) {
    let config = json!({
        "parallelism": rollout.parallelism, "delay_ms": millis(rollout.delay),
        "monitor_ms": millis(rollout.monitor), "order": if rollout.start_first { "start-first" } else { "stop-first" },
        "failure_action": rollout.failure_action, "max_failure_ratio": rollout.max_failure_ratio,
        "words": course(candidate, rollout),
    });
    let image = candidate.image.as_deref().unwrap_or_default();
    let lint = rollout::risks(candidate.service.mode, image, rollout);
    let lint = lint.into_iter().map(|(code, message)| json!({"code": code, "message": message}));
    (config, lint.collect())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
