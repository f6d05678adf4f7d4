//! Staying until services have come to rest: events say when to look, every look is one snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use crate::engine::{Engine, Events};
use crate::error::{Error, ErrorKind, interrupted_waiting, kind_of};
use crate::interrupt::Interrupt;
use crate::model::node::NodeState;
use crate::model::{Mode, NodeId, Rollout, Service, ServiceId, Task, TaskState, UpdateState};
use crate::pass::nodes::list;
use crate::pass::services::standing::{self, name_of};
use crate::progress::Progress;
use crate::report::{Report, millis_since};
use crate::snapshot::Snapshot;

/// How soon to look again when no event comes; the longer it takes, the more seldom,
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// up to this.
const SELDOM: Duration = Duration::from_secs(2);
/// Events come in bursts; one look serves them all.
const BURST: Duration = Duration::from_millis(100);

/// An engine that doesn't answer is waited for so long: managers elect a new leader in less.
pub(crate) const LOST: Duration = Duration::from_secs(60);
/// So many tasks are named, the others counted.
const NAMED: usize = 5;

/// What is to come to rest.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// These services have all their tasks, and none beside them that is still to go.
    pub(crate) services: BTreeSet<ServiceId>,
    /// These nodes have none, and nothing there is still stopping.
    pub(crate) emptied: Vec<NodeId>,
    /// When each service's last rollout before this run had begun.
    pub(crate) before: BTreeMap<ServiceId, Option<Timestamp>>,
    /// A rollback is what is wanted, and not a sign of failure.
    pub(crate) rolls_back: bool,
    /// The engine itself watches new tasks for the monitor time before it says that it is done.
    pub(crate) restarts: bool,
    /// It must stay so for as long as the engine watches new tasks.
    pub(crate) rest: bool,
}

/// Looks at the swarm again and again: when something happens in it, and every now and then.
#[derive(Debug)]
pub(crate) struct Looks<'a> {
    engine: &'a Engine,
    interrupt: &'a Interrupt,
    events: Events,
    pause: Duration,
}

impl<'a> Looks<'a> {
    /// Looks from now on.
    pub(crate) fn new(engine: &'a Engine, api: &str, interrupt: &'a Interrupt) -> Self {
        Self { engine, interrupt, events: engine.events(api), pause: LOOK_AGAIN }
    }

    /// One look.
    ///
    /// # Errors
    /// If the cluster can't be read; `Interrupted` by a signal.
    pub(crate) async fn look(&self) -> Result<Snapshot> {
        tokio::select! {
            _ = self.interrupt.nth(1) => Err(interrupted_waiting()),
            observed = Snapshot::observe_history(self.engine) => observed,
        }
    }

    /// Waits until it is time for the next one.
    ///
    /// # Errors
    /// `Interrupted` by a signal.
    pub(crate) async fn rest(&mut self) -> Result<()> {
        tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted_waiting()),
            () = self.events.next(self.pause) => {}
        }
        self.pause = (self.pause + self.pause / 4).min(SELDOM);
        tokio::time::sleep(BURST).await;
        Ok(())
    }

    /// Something new has begun: it looks often again.
    pub(crate) fn quicken(&mut self) {
        self.pause = LOOK_AGAIN;
    }
}

/// Who stays.
#[derive(Debug)]
pub(crate) struct Follower<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) until: Instant,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) progress: &'a Progress,
}

/// One look: what is not there yet, and for how long it has to stay when it is.
struct Glance {
    waiting: Vec<String>,
    monitor: Duration,
}

impl Follower<'_> {
    /// Stays until all of it is so.
    ///
    /// # Errors
    /// `Unsettled` when time is up, `Failed` when a rollout has stopped or was rolled back, `Interrupted` by a signal.
    pub(crate) async fn follow(&self, followed: &Followed, api: &str, report: &mut Report) -> Result<()> {
        let started = Instant::now();
        let mut looks = Looks::new(self.engine, api, self.interrupt);
        let (mut since, mut lost) = (None, None);
        let ended = loop {
            let sight = match self.glance(&looks, followed, &mut lost).await {
                Ok(sight) => sight,
                Err(error) => break Err(error),
            };
            if sight.waiting.is_empty() {
                let begun = *since.get_or_insert_with(Instant::now);
                if begun.elapsed() >= sight.monitor {
                    break Ok(());
                }
                self.progress.waiting("it stays so");
            } else {
                since = None;
                self.progress.waiting(&sight.waiting.join("; "));
            }
            if Instant::now() >= self.until {
                let held = vec!["all tasks run, but not yet for as long as the update config's monitor".to_owned()];
                break Err(unsettled(if sight.waiting.is_empty() { &held } else { &sight.waiting }));
            }
            if let Err(error) = looks.rest().await {
                break Err(error);
            }
        };
        report.data.insert("waited".to_owned(), json!({"ms": millis_since(started), "settled": ended.is_ok()}));
        ended
    }

    /// One look. A manager that doesn't answer is borne with for a while, since when is in `lost`: nothing is known
    /// then, and nothing has come to rest.
    async fn glance(&self, looks: &Looks<'_>, followed: &Followed, lost: &mut Option<Instant>) -> Result<Glance> {
        let error = match looks.look().await {
            Ok(cluster) => {
                *lost = None;
                return look(&cluster, followed);
            }
            Err(error) => error,
        };
        let since = *lost.get_or_insert_with(Instant::now);
        let away = matches!(kind_of(&error), ErrorKind::Unreachable | ErrorKind::NotManager);
        if !away || since.elapsed() >= LOST || Instant::now() >= self.until {
            return Err(error);
        }
        Ok(Glance { waiting: vec![format!("no manager answers: {error:#}")], monitor: Duration::ZERO })
    }
}

fn look(cluster: &Snapshot, followed: &Followed) -> Result<Glance> {
    let (mut waiting, mut stuck) = (Vec::new(), Vec::new());
    let mut monitor = Duration::ZERO;
    for one in standing::all(cluster).context("the engine's services can't be read")? {
        let service = one.service;
        if !followed.services.contains(&service.id) {
            continue;
        }
        stuck.extend(one.stuck());
        stuck.extend(rolled_back(service, followed).then(|| {
            let error = one.failure.as_ref().map(|failure| format!("; newest error: {}", failure.error));
            format!(
                "`{}`: the engine has rolled it back ({}){}",
                service.name,
                one.service.message,
                error.unwrap_or_default()
            )
        }));
        waiting.extend(one.unsettled());
        // Scaled down, they are to be removed; of a service that wants none, whatever is left goes.
        let goes = |task: &&Task| {
            task.service == service.id && (task.desired_state == TaskState::Remove || one.wanted == Some(0))
        };
        waiting.extend(stopping(cluster, &service.name, goes));
        let watched = followed.restarts
            && matches!(service.update, Some(UpdateState::Completed | UpdateState::RollbackCompleted));
        if followed.rest && !watched && one.wanted != Some(0) {
            monitor = monitor.max(Rollout::read(&service.raw).monitor);
        }
    }
    for id in &followed.emptied {
        let Some(node) = cluster.node(id) else { continue };
        let left = list::tasks(cluster, node);
        let of_job = |task: &&&Task| {
            let service = cluster.services.iter().find(|service| service.id == task.service);
            service.is_some_and(|service| service.mode == Mode::Job)
        };
        let (left, jobs) = (left.len(), left.iter().filter(of_job).count());
        if left > 0 {
            let jobs = if jobs > 0 { format!(" (of jobs, which end by themselves: {jobs})") } else { String::new() };
            waiting.push(format!("`{}`: tasks left on it: {left}{jobs}", node.key));
        }
        waiting.extend(stopping(cluster, &node.key, |task| task.node == *id));
    }
    if stuck.is_empty() {
        return Ok(Glance { waiting, monitor });
    }
    let error = Error::new(ErrorKind::Failed, stuck.join("; "));
    Err(error.hint("`orca services ps --all` shows what became of its tasks").into())
}

/// Which of some tasks nobody wants any more, though their containers run on, for as long as their stop grace period.
/// What is on a node that is down looks like that for hours, and nobody knows.
fn stopping(cluster: &Snapshot, whose: &str, chosen: impl Fn(&&Task) -> bool) -> Option<String> {
    let known = |id: &NodeId| cluster.node(id).is_some_and(|node| node.state != NodeState::Down);
    let left = |task: &&Task| {
        !task.wanted() && !task.ended() && task.status.state >= TaskState::Assigned && chosen(task) && known(&task.node)
    };
    let name = |task: &Task| {
        let service = cluster.services.iter().find(|service| service.id == task.service);
        service.map_or_else(|| task.id.0.clone(), |service| name_of(service, task))
    };
    let mut names: Vec<String> = cluster.tasks.iter().filter(left).map(name).collect();
    names.sort();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("`{whose}`: still stopping: {list}{more}"))
}

/// A rollout of this run has ended in a rollback.
fn rolled_back(service: &Service, followed: &Followed) -> bool {
    let before = followed.before.get(&service.id).copied().flatten();
    !followed.rolls_back
        && service.update == Some(UpdateState::RollbackCompleted)
        && service.update_started.is_some()
        && service.update_started != before
}

/// The error of a wait that has ended without what was waited for.
fn unsettled(waiting: &[String]) -> anyhow::Error {
    let text = format!("not everything came to rest in time: {}", waiting.join("; "));
    Error::new(ErrorKind::Unsettled, text).hint("`orca services ps` says why; give it more time with --wait=DUR").into()
}
