//! What a run that moves tasks has at hand, and what it tells.

use anyhow::Result;
use serde_json::json;
use tokio::time::Instant;

use crate::apply::moving::patiently;
use crate::cycle::Bounds;
use crate::cycle::live::Live;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::keys::balance_key;
use crate::measure::Figures;
use crate::metrics::Metrics;
use crate::model::{Task, TaskId};
use crate::pass::memory::{Memory, RebalanceMemory};
use crate::pass::rebalance::balance::Move;
use crate::plan::{Action, MoveOrder, Target, Warning};
use crate::report::{Report, ReportedAction, Status, millis_since};
use crate::snapshot::Snapshot;

/// What a run has at hand and knows so far.
pub(super) struct Course<'c> {
    pub(super) live: Live,
    pub(super) cluster: Snapshot,
    /// Where figures come from.
    pub(super) figures: Figures,
    /// The newest.
    pub(super) metrics: Option<Metrics>,
    pub(super) memory: Memory,
    pub(super) bounds: Bounds,
    pub(super) report: &'c mut Report,
    /// Why the run ends early.
    pub(super) stop: Option<anyhow::Error>,
    /// What is not as the plan foresaw, in words.
    pub(super) off_plan: Option<String>,
    pub(super) moved: Vec<serde_json::Value>,
}

/// How a group's turn in a run ended.
pub(super) enum Turned {
    Done,
    /// The cluster is not as the plan knew it.
    Drifted,
    /// Nothing more is to be moved.
    Stop,
}

impl Course<'_> {
    /// Why no other move is begun.
    pub(super) fn obstacle(&mut self, moves: usize, interrupted: bool) -> Option<String> {
        let (kind, text) = if interrupted {
            (ErrorKind::Interrupted, "interrupted by a signal; moves not begun were left out")
        } else if Instant::now() >= self.bounds.deadline {
            (ErrorKind::Timeout, "the run ran out of time; moves not begun were left out")
        } else if self.bounds.budget < moves {
            return Some("over the budget of --max-actions".to_owned());
        } else {
            return None;
        };
        self.stop = Some(Error::new(kind, text).into());
        Some(text.to_owned())
    }

    /// Why no other move is begun although it may be: orca was told to stop meanwhile.
    pub(super) fn paused(&mut self) -> Option<String> {
        let text = self.cluster.pauses.whole(self.cluster.taken_at)?.words();
        self.stop = Some(Error::new(ErrorKind::Refused, text.clone()).into());
        Some(text)
    }

    /// Changes what is remembered of the balance. What the run plans by stays as it was.
    pub(super) async fn remember(&mut self, change: impl FnOnce(&mut RebalanceMemory)) -> Result<()> {
        let key = balance_key(&self.cluster);
        let mut kept = self.live.memory(&key)?;
        change(&mut kept.rebalance);
        self.live.remember(&key, &kept).await
    }

    /// Looks at the cluster again. Figures that are not taken again are as true as they were.
    pub(super) async fn look(&mut self, engine: &Engine) -> Result<()> {
        let mut cluster = patiently(|| Snapshot::observe(engine)).await?;
        self.live.mark(&mut cluster)?;
        let before = std::mem::replace(&mut self.cluster, cluster).taken_at;
        if let (Some(metrics), false) = (&mut self.metrics, matches!(self.figures, Figures::Live(..))) {
            metrics.taken_at += self.cluster.taken_at.duration_since(before);
        }
        Ok(())
    }

    pub(super) fn tell(&mut self, moved: &Move, status: Status, started: Instant, error: Option<String>) {
        let duration_ms = millis_since(started);
        let told = ReportedAction { duration_ms, ..ReportedAction::new(&action_of(moved), status, error) };
        self.report.actions.push(told);
        self.bounds.progress.step(&moved.service.name, 1);
    }

    pub(super) fn skip_all(&mut self, moves: &[Move], why: &str) {
        let told = |moved| ReportedAction::new(&action_of(moved), Status::Skipped, Some(why.to_owned()));
        self.report.actions.extend(moves.iter().map(told));
    }

    /// Notes where a task is now, and what that does to the figures, should they not be taken again.
    pub(super) fn arrived(&mut self, moved: &Move, task: &TaskId, away: std::time::Duration, changed: bool) {
        if changed {
            let text = format!("somebody else has changed `{}` while its task moved; that stays", moved.service.name);
            self.report.warnings.push(Warning::new("changed_meanwhile", text));
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.follow(&moved.from.name, &moved.to.name, &TaskId(moved.task.clone()), task);
        }
        let away_ms = u64::try_from(away.as_millis()).unwrap_or(u64::MAX);
        self.moved.push(json!({
            "action": moved.action, "task": moved.task, "new_task": task.0, "from": moved.from.name,
            "to": moved.to.name, "away_ms": away_ms,
        }));
    }

    /// Whether what follows an anchor runs where it was to.
    pub(super) fn follows(&self, moved: &Move) -> bool {
        self.task_at(moved).is_some()
    }

    pub(super) fn task_at(&self, moved: &Move) -> Option<TaskId> {
        let here = |task: &&Task| {
            task.service.0 == moved.service.id
                && task.slot == moved.slot
                && task.running()
                && task.node.0 == moved.to.id
        };
        self.cluster.tasks.iter().find(here).map(|task| task.id.clone())
    }
}

pub(super) fn stale_plan(moved: &Move, why: &str) -> Error {
    let text = format!("the plan is stale: {}.{}: {why}", moved.service.name, moved.slot);
    Error::new(ErrorKind::Refused, text).hint("plan afresh")
}

/// A move as an action of the report and the journal.
pub(super) fn action_of(moved: &Move) -> Action {
    let target = Target::task(&TaskId(moved.task.clone()), &moved.service.name, moved.slot);
    Action::on_task(target, moved.service.version, &moved.from.name, &moved.to.name, moved.reason.clone())
}

pub(super) fn image_of(cluster: &Snapshot, service: &str) -> String {
    let found = cluster.services.iter().find(|known| known.id.0 == service);
    let spec = found.and_then(|service| serde_json::from_str::<serde_json::Value>(service.raw.get()).ok());
    let image = spec.as_ref().and_then(|spec| spec.pointer("/Spec/TaskTemplate/ContainerSpec/Image"));
    image.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// Whether a task with this image runs on the target already.
pub(super) fn image_is_there(cluster: &Snapshot, order: &MoveOrder) -> bool {
    let image = image_of(cluster, &order.service.0);
    let here = cluster.tasks.iter().filter(|task| task.running() && task.node == order.to);
    let services: std::collections::BTreeSet<&str> = here.map(|task| task.service.0.as_str()).collect();
    services.into_iter().any(|service| image_of(cluster, service) == image)
}
