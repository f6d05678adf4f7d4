//! What the tasks of a service say of a move that has begun. Pure.

use crate::engine::edit::moving::Detour;
use crate::model::{Task, TaskId, TaskState};
use crate::plan::MoveOrder;

/// How a move stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// Not there yet; what is waited for.
    Waiting(String),
    /// Nothing can take it as things are: the target has gone, or is full. What Swarm says.
    Homeless(String),
    /// This task runs on the target.
    There(TaskId),
    /// It has failed.
    Wrong(String),
}

/// Compares the tasks of before the move with those of now.
pub(super) fn judge(order: &MoveOrder, before: &[Task], now: &[Task]) -> Seen {
    let fresh: Vec<&Task> = now.iter().filter(|task| before.iter().all(|old| old.id != task.id)).collect();
    // A replica more has a slot of its own; otherwise the new task takes over the old one's.
    let taken = |slot: u64| before.iter().any(|task| task.live() && task.slot == slot);
    let same = order.temporary.detour == Detour::None;
    let (own, others): (Vec<&Task>, Vec<&Task>) =
        fresh.into_iter().partition(|task| if same { task.slot == order.slot } else { !taken(task.slot) });
    if let Some(other) = others.first() {
        return Seen::Wrong(format!("{}.{} was replaced too, which was not meant", order.name, other.slot));
    }
    let ended = |task: &&&Task| {
        matches!(
            task.status.state,
            TaskState::Failed | TaskState::Rejected | TaskState::Complete | TaskState::Orphaned | TaskState::Shutdown
        )
    };
    if let Some(task) = own.iter().find(ended) {
        let why = if task.status.err.is_empty() { "it ended" } else { task.status.err.as_str() };
        return Seen::Wrong(format!("the new task did not stay: {why}"));
    }
    // Somebody has removed the service, or wants no replicas of it.
    if now.iter().all(unwanted) {
        return Seen::Wrong("nothing of it is to run any more".to_owned());
    }
    match own.iter().max_by_key(|task| task.created_at) {
        None => Seen::Waiting("the old task stops".to_owned()),
        Some(task) if task.running() && task.node == order.to => Seen::There(task.id.clone()),
        Some(task) if task.running() => Seen::Wrong(format!("Swarm has put it elsewhere, on the node {}", task.node.0)),
        Some(task) if task.node.0.is_empty() && !task.status.err.is_empty() => Seen::Homeless(task.status.err.clone()),
        // Its node does not answer any more, and the managers have given it up.
        Some(task) if task.desired_state > TaskState::Running => Seen::Wrong("the new task's node was lost".to_owned()),
        Some(task) => Seen::Waiting(format!("the new task is {}", task.status.state.name())),
    }
}

/// Whether the managers want it to end.
pub(super) fn unwanted(task: &Task) -> bool {
    task.desired_state > TaskState::Running
}
