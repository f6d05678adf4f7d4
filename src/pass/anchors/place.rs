//! How a dependent's tasks stand to the nodes of its anchor.

use std::time::Duration;

use super::Context;
use crate::model::{Mode, Service, Task, TaskState, UpdateState};
use crate::pass::memory::{DependentMemory, elapsed};

/// How long a task without a node, and without a word why, is taken for one that is being placed.
const YOUNG: Duration = Duration::from_secs(60);

/// How a dependent stands to its anchor.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// All its tasks run beside the anchor; the youngest of them for so long, by its node's clock.
    Beside(Duration),
    /// On its way, nothing wrong yet.
    Converging,
    /// Its tasks have ended, and its restart policy lets some of them stay so.
    Ended,
    /// Something is wrong, in words.
    Wrong(String),
}

/// Judges a replicated dependent. Notes in its memory which successors of ended tasks have been seen.
pub(super) fn place(context: &Context, service: &Service, memory: &mut DependentMemory) -> Place {
    let Mode::Replicated(replicas) = service.mode else { return Place::Converging };
    let tasks = context.view.tasks(service);
    // Where a task of the anchor only starts, or its node is silent, the label stays: who is there is not astray.
    let astray = |task: &&&Task| task.running() && !context.followed.held.contains(&task.node);
    if let Some(task) = tasks.iter().find(astray) {
        let node = context.view.cluster.node(&task.node).map_or(task.node.0.as_str(), |node| node.name.as_str());
        return Place::Wrong(format!("it runs on `{node}`, where its anchor does not"));
    }
    // One that was just made gets its node in a moment; the scheduler says so when there is none.
    let pending = |task: &&&Task| task.node.0.is_empty() && !(task.status.err.is_empty() && young(task, context));
    if let Some(pending) = tasks.iter().find(pending) {
        let why = if pending.status.err.is_empty() { "" } else { ": " };
        return Place::Wrong(format!("it is pending{why}{}", pending.status.err));
    }
    if service.under_way().is_some() {
        return Place::Converging;
    }
    if tasks_keep_ending(tasks, memory) {
        return Place::Wrong("its tasks keep ending".to_owned());
    }
    let missing = replicas.saturating_sub(tasks.len() as u64);
    if missing > 0 && !service.restarts_always {
        return Place::Ended;
    }
    if missing > 0 {
        return Place::Wrong(format!("{missing} of its {replicas} tasks are not there"));
    }
    let beside = |task: &&&Task| task.running() && context.followed.nodes.contains(&task.node);
    if tasks.iter().filter(beside).count() < tasks.len() {
        // What is stuck stays so until somebody acts: that is no way to get anywhere.
        let stuck = service.update.and_then(UpdateState::stuck).is_some();
        return if stuck { Place::Wrong("not all of its tasks run".to_owned()) } else { Place::Converging };
    }
    let since = tasks.iter().filter_map(|task| task.status.timestamp).max();
    Place::Beside(since.map_or(Duration::ZERO, |since| elapsed(since, context.view.cluster.engine_time)))
}

/// Whether a slot's task has ended again and again.
///
/// A task that is wanted `ready`, without a rollout, is the successor of one that has ended and waits for the restart
/// delay: after an eviction everything goes that way once. A second successor of the same slot is another matter.
fn tasks_keep_ending(tasks: &[&Task], memory: &mut DependentMemory) -> bool {
    let mut waiting = false;
    for task in tasks.iter().filter(|task| task.desired_state == TaskState::Ready) {
        let seen = memory.successors.insert(task.slot.to_string(), task.id.clone());
        memory.keeps_ending |= seen.is_some_and(|seen| seen != task.id);
        waiting = true;
    }
    waiting && memory.keeps_ending
}

fn young(task: &Task, context: &Context) -> bool {
    task.created_at.is_some_and(|made| elapsed(made, context.view.cluster.engine_time) < YOUNG)
}
