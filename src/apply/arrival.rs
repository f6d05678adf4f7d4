//! What is watched while a task is on its way, and after it.

use anyhow::Result;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use super::judge::{Seen, judge, unwanted};
use super::moving::{Ended, HOMELESS, LOOK, Mover, TAKEN_OVER, patiently};
use crate::engine::edit::moving::Detour;
use crate::model::{Task, TaskId, TaskState};
use crate::plan::MoveOrder;

/// After a failed move its service is watched for so long until it is whole again.
const HEAL: Duration = Duration::from_secs(60);

impl Mover<'_> {
    /// Waits until the task runs on its new node and has done so for a while. The error says why it doesn't.
    pub(super) async fn watch(
        &mut self,
        order: &MoveOrder,
        before: &[Task],
        deadline: Instant,
    ) -> Result<TaskId, String> {
        let engine = self.engine.until(deadline);
        let mut there: Option<(TaskId, Instant)> = None;
        let mut homeless: Option<Instant> = None;
        let mut waiting = "nothing has begun".to_owned();
        loop {
            // An engine that can't answer for a moment (its swarm elects a leader) is asked again.
            if let Ok(tasks) = engine.tasks_of(&order.service.0).await {
                match judge(order, before, &tasks) {
                    Seen::Waiting(what) => (there, homeless, waiting) = (None, None, what),
                    Seen::Homeless(why) => {
                        let since = *homeless.get_or_insert_with(Instant::now);
                        if since.elapsed() >= HOMELESS {
                            return Err(format!("`{}` can't take it: {why}", order.to_name));
                        }
                        (there, waiting) = (None, why);
                    }
                    Seen::Wrong(why) => return Err(why),
                    Seen::There(task) => {
                        let since = there.take().filter(|(id, _)| *id == task).map_or_else(Instant::now, |(_, at)| at);
                        if since.elapsed() >= self.settle {
                            return Ok(task);
                        }
                        there = Some((task, since));
                    }
                }
            }
            let what = if there.is_some() { "settling" } else { waiting.as_str() };
            self.progress.waiting(&format!("{}.{} -> {}: {what}", order.name, order.slot, order.to_name));
            if !self.turn.renew().await.unwrap_or(true) {
                return Err(TAKEN_OVER.to_owned());
            }
            if Instant::now() >= deadline {
                let patience = order.patience.as_secs();
                return Err(format!("it did not run on `{}` within {patience} s: {waiting}", order.to_name));
            }
            tokio::select! {
                () = sleep(LOOK) => {}
                _ = self.interrupt.nth(1) => {
                    return match there {
                        // It runs where it was to: putting the spec back ends the move well.
                        Some((task, _)) => Ok(task),
                        None => Err("interrupted by a signal".to_owned()),
                    };
                }
            }
        }
    }

    /// The last checks of a move that went well: of several replicas the right one has gone.
    pub(super) async fn arrived(
        &self,
        order: &MoveOrder,
        before: &[Task],
        task: TaskId,
        changed: bool,
    ) -> Result<Ended> {
        let engine = self.engine.until(Instant::now() + HEAL);
        let since = Instant::now();
        let tasks = loop {
            let tasks = patiently(|| engine.tasks_of(&order.service.0)).await?;
            let gone = tasks.iter().find(|now| now.id == order.task).is_none_or(|old| !old.live());
            if gone || since.elapsed() >= HEAL / 2 {
                break tasks;
            }
            sleep(LOOK).await;
        };
        let running = |id: &TaskId| tasks.iter().any(|task| task.id == *id && task.running());
        if order.temporary.detour != Detour::None
            && let Some(lost) = before.iter().find(|old| old.running() && old.id != order.task && !running(&old.id))
        {
            return Ok(Ended::Failed(format!("Swarm has taken away {}.{} instead", order.name, lost.slot)));
        }
        if self.pin {
            self.prefer(order).await?;
        }
        let known = |id: &TaskId| tasks.iter().find(|task| task.id == *id);
        // The old one may still be stopping: then there were two of them for a while.
        let stopped = known(&order.task).filter(|old| old.status.state > TaskState::Running);
        let times = (stopped.and_then(|old| old.status.timestamp), known(&task).and_then(|new| new.status.timestamp));
        let away = match times {
            (Some(stopped), Some(started)) if started > stopped => started.duration_since(stopped).unsigned_abs(),
            _ => Duration::ZERO,
        };
        Ok(Ended::Arrived { task, away, changed })
    }

    /// Waits until the service is whole again, and says what has become of it.
    pub(super) async fn heal(&self, order: &MoveOrder) -> String {
        let (engine, until) = (self.engine.until(Instant::now() + HEAL), Instant::now() + HEAL);
        loop {
            if let Ok(tasks) = engine.tasks_of(&order.service.0).await {
                let same = order.temporary.detour == Detour::None;
                let here = |task: &&Task| task.running() && (task.slot == order.slot || !same);
                if let Some(task) = tasks.iter().find(here) {
                    let node = self.cluster.node(&task.node).map_or(task.node.0.as_str(), |node| node.name.as_str());
                    return format!("nothing of the move is left in its spec, and its task runs on `{node}`");
                }
                if tasks.iter().all(unwanted) {
                    return match engine.object("services", &order.service.0).await {
                        Ok(None) => "the service is gone".to_owned(),
                        _ => "nothing of the move is left in its spec".to_owned(),
                    };
                }
            }
            if Instant::now() >= until || self.interrupt.exit_code().is_some() {
                return "nothing of the move is left in its spec, but its task does not run yet".to_owned();
            }
            sleep(LOOK).await;
        }
    }
}
