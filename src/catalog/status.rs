//! How a service of the catalog stands, in one word: decided here and nowhere else.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::model::task::Iteration;
use crate::model::{Mode, Task, TaskState, or_default};
use crate::pass::services::{Standing, State};
use crate::snapshot::Snapshot;

/// How a service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// In the catalog, and never deployed.
    Registered,
    /// Its tasks are on their way.
    Starting,
    /// All tasks that it wants run.
    Running,
    /// Some tasks run, and others are missing.
    Degraded,
    /// It wants no tasks, has completed, or is not in the swarm any more.
    Stopped,
    /// No task runs, and none will without somebody's help.
    Failed,
    /// The swarm could not be asked.
    Unknown,
}

impl Status {
    /// The word in reports and in the catalog.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Degraded => "degraded",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The status of this word; one that is not known is [`Self::Unknown`].
    pub fn parse(word: &str) -> Self {
        let all = [Self::Registered, Self::Starting, Self::Running, Self::Degraded, Self::Stopped, Self::Failed];
        all.into_iter().find(|status| status.name() == word).unwrap_or(Self::Unknown)
    }
}

/// How a service of the catalog stands by what the swarm says of it; none: it has no such service.
pub fn of(cluster: &Snapshot, standing: Option<&Standing<'_>>, deployed: bool) -> Status {
    match standing {
        None if deployed => Status::Stopped,
        None => Status::Registered,
        Some(standing) if standing.service.mode == Mode::Job => job(cluster, standing),
        Some(standing) => served(standing),
    }
}

fn served(standing: &Standing<'_>) -> Status {
    let wanted = standing.wanted.unwrap_or_default();
    let none_runs = standing.running == 0;
    match standing.state {
        _ if wanted == 0 => Status::Stopped,
        _ if standing.running >= wanted => Status::Running,
        // Its tasks end, and have ended well: as of a job.
        State::Ok if none_runs => Status::Stopped,
        State::Ok => Status::Running,
        State::Starting | State::Updating | State::RollingBack => Status::Starting,
        State::Pending if none_runs && !standing.pending.iter().any(|task| stays(task)) => Status::Starting,
        _ if none_runs => Status::Failed,
        _ => Status::Degraded,
    }
}

/// The scheduler has looked, and found no node.
fn stays(task: &Task) -> bool {
    !task.status.err.is_empty()
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Job {
    #[serde(deserialize_with = "or_default")]
    spec: JobSpec,
    #[serde(deserialize_with = "or_default")]
    job_status: JobStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JobSpec {
    #[serde(deserialize_with = "or_default")]
    mode: JobMode,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JobMode {
    replicated_job: Option<ReplicatedJob>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ReplicatedJob {
    total_completions: Option<u64>,
    max_concurrent: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct JobStatus {
    #[serde(deserialize_with = "or_default")]
    job_iteration: Iteration,
}

/// Jobs end: what has completed is stopped, and that is well.
fn job(cluster: &Snapshot, standing: &Standing<'_>) -> Status {
    let service = standing.service;
    let job: Job = serde_json::from_str(service.raw.get()).unwrap_or_default();
    let tasks: Vec<&Task> = cluster
        .tasks
        .iter()
        .filter(|task| task.service == service.id && task.job_iteration == job.job_status.job_iteration)
        .collect();
    let in_state = |state: TaskState| tasks.iter().filter(|task| task.status.state == state).count() as u64;
    let waits = tasks.iter().filter(|task| task.status.state < TaskState::Running);
    let (stuck, on_their_way): (Vec<&Task>, Vec<&Task>) = waits.partition(|task| stays(task));
    let completed = in_state(TaskState::Complete);
    let wanted = match job.spec.mode.replicated_job {
        // The engine reads what is absent so.
        Some(job) => job.total_completions.or(job.max_concurrent).unwrap_or(1),
        // One for each node that it has begun on: none else is known to be wanted.
        None => tasks.iter().map(|task| &task.node).collect::<BTreeSet<_>>().len().max(1) as u64,
    };
    match () {
        () if completed >= wanted => Status::Stopped,
        () if in_state(TaskState::Running) > 0 => Status::Running,
        () if !on_their_way.is_empty() || tasks.is_empty() => Status::Starting,
        () if !stuck.is_empty() || in_state(TaskState::Failed) + in_state(TaskState::Rejected) > 0 => Status::Failed,
        () => Status::Starting,
    }
}

#[cfg(test)]
mod tests;
