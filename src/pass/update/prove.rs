//! Whether a rollout has gone well, judged from one look at the swarm after another.
//!
//! As the docker CLI decides it, and more: the engine says that a rollout is complete when each new task has run for the
//! monitor time. Here all of them must go on running for as long again, since an image may take longer to die.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Mode, Rollout, Service, ServiceId, Task, TaskId, TaskState, UpdateState};
use crate::pass::services::standing::{Standing, name_of};
use crate::pass::update::short;
use crate::snapshot::Snapshot;

/// What is said of a task that has ended without a word of the engine's.
const ENDED: &str = "it has ended by itself with exit code 0, or was found unhealthy and stopped when told to";

/// A week: longer rollouts are watched no longer than by their deadline.
const LONGEST_PACE: Duration = Duration::from_secs(7 * 86_400);

/// A rollout that is watched.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The service.
    pub service: ServiceId,
    /// The image that was written.
    pub image: String,
    /// The image before.
    pub before: String,
    /// What that is made for: OS and architecture, as its spec had it.
    pub platforms: Vec<(String, String)>,
    /// When the rollout before this one had begun: what the engine says of that is no news.
    pub started: Option<Timestamp>,
    /// orca has told the engine to roll back.
    pub going_back: bool,
    /// Tasks of the same image that had failed before: of an earlier try.
    pub earlier: BTreeSet<TaskId>,
    /// Tasks of the new image that had failed while the engine was still at it: it has weighed them.
    pub weighed: BTreeSet<TaskId>,
}

/// How a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// It is under way; what is waited for.
    Waiting(String),
    /// All is as wanted; it has to stay so for this long.
    Holds(Duration),
    /// The service has no task that could be watched.
    Stopped,
    /// It has failed, and nobody has rolled it back.
    Failed(String),
    /// A rollback is under way; what is waited for.
    GoingBack(String),
    /// The old image runs again; what the engine says.
    Back(String),
    /// The rollback has stopped.
    Stuck(String),
    /// Somebody else has given the service another image.
    Superseded(String),
    /// The service was removed.
    Gone,
}

/// A task of the new image that has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// The task.
    pub id: TaskId,
    /// As people call it.
    pub name: String,
    /// Hostname of its node.
    pub node: String,
    /// The engine's text.
    pub error: String,
}

/// Where the engine waits after a batch for longer than it monitors tasks, it monitors them so much longer than that.
const AFTER_DELAY: Duration = Duration::from_secs(1);

/// The time that an update takes by its own config, if all goes well: so much is not laid at its door.
pub fn pace(service: &Service, cluster: &Snapshot) -> Duration {
    time_of(&Rollout::read(&service.raw), service, cluster)
}

/// The same of the engine's own way back.
pub fn pace_back(service: &Service, cluster: &Snapshot) -> Duration {
    time_of(&Rollout::read_back(&service.raw), service, cluster)
}

fn time_of(rollout: &Rollout, service: &Service, cluster: &Snapshot) -> Duration {
    let wanted = match service.mode {
        Mode::Replicated(replicas) => replicas,
        _ => cluster.tasks.iter().filter(|task| task.service == service.id && task.live()).count() as u64,
    };
    let at_once = if rollout.parallelism == 0 { wanted } else { rollout.parallelism };
    let batches = u32::try_from(wanted.div_ceil(at_once.max(1))).unwrap_or(u32::MAX);
    let each = rollout.monitor.saturating_add(rollout.health.unwrap_or_default());
    // The engine waits after the last batch, too, and only then monitors what it has started.
    let end = if rollout.delay >= rollout.monitor { rollout.delay.saturating_add(AFTER_DELAY) } else { Duration::ZERO };
    each.saturating_add(rollout.delay).saturating_mul(batches).saturating_add(end).min(LONGEST_PACE)
}

impl Watched {
    /// Takes note of what has failed until now, before the image is written.
    pub fn begin(&mut self, cluster: &Snapshot) {
        self.earlier = self.failed(cluster).map(|task| task.id.clone()).collect();
    }

    /// The same of a rollout that is taken up again. Once the engine has found it complete, what has failed until now says
    /// nothing: it may be long ago, and as likely the end of a node as that of the image. An image that is no good fails
    /// again, or does not come up.
    pub fn take_up(&mut self, cluster: &Snapshot) {
        let own = cluster.services.iter().find(|service| service.id == self.service);
        if own.is_some_and(|service| service.update == Some(UpdateState::Completed)) {
            self.weighed = self.failed(cluster).map(|task| task.id.clone()).collect();
        }
    }

    /// Judges.
    pub fn look(&mut self, cluster: &Snapshot, standings: &[Standing<'_>]) -> Sight {
        let Some(one) = standings.iter().find(|one| one.service.id == self.service) else { return Sight::Gone };
        let service = one.service;
        // Right after a write the engine may still tell of the rollout before.
        let update = service.update.filter(|_| service.update_started != self.started);
        let said = if one.service.message.is_empty() { "the engine gives no reason" } else { &one.service.message };
        // The engine would go back, and the spec before has the new image by now: somebody has changed the service since.
        let back = matches!(
            update,
            Some(UpdateState::RollbackStarted | UpdateState::RollbackPaused | UpdateState::RollbackCompleted)
        );
        let in_vain = back && service.image == self.image && self.image != self.before && !self.going_back;
        if in_vain && let Some(culprit) = self.culprit(cluster, service) {
            return Sight::Failed(format!("`{}` has failed: {}", culprit.name, culprit.error));
        }
        match update.filter(|_| !in_vain) {
            Some(UpdateState::RollbackPaused) => return Sight::Stuck(format!("the rollback has stopped: {said}")),
            Some(UpdateState::RollbackStarted) => return Sight::GoingBack(waiting(one, &self.before)),
            Some(UpdateState::RollbackCompleted) => return self.back(one),
            Some(UpdateState::Paused) if !self.going_back && !one.ended_early() => {
                return Sight::Failed(format!("the engine has stopped the rollout: {said}"));
            }
            _ if self.going_back && service.image == self.before => return self.back(one),
            _ if self.going_back && service.image == self.image => return Sight::GoingBack(waiting(one, &self.before)),
            _ if service.image != self.image => {
                return Sight::Superseded(format!("somebody else has given it the image `{}`", service.image));
            }
            _ => {}
        }
        // It runs again, some time: whether it ends well is its own business.
        if service.mode == Mode::Job {
            return Sight::Stopped;
        }
        let failed: BTreeSet<TaskId> = self.failed(cluster).map(|task| task.id.clone()).collect();
        let over = update == Some(UpdateState::Completed);
        if !over {
            self.weighed = failed;
        } else if let Some(culprit) = self.culprit(cluster, service)
            && failed.iter().any(|id| !self.weighed.contains(id))
        {
            return Sight::Failed(format!(
                "`{}` has failed after the engine had found the rollout complete: {}",
                culprit.name, culprit.error
            ));
        }
        match one.unsettled() {
            Some(why) if one.unheard => Sight::Waiting(why),
            Some(_) => Sight::Waiting(waiting(one, &self.image)),
            None if one.owed == Some(0) => Sight::Stopped,
            // Its tasks end, and have ended well: nothing is left that could be watched.
            None if one.owed == Some(one.done) => Sight::Stopped,
            None => Sight::Holds(Rollout::read(&service.raw).monitor),
        }
    }

    fn back(&self, one: &Standing<'_>) -> Sight {
        if self.going_back && one.service.image == self.image && self.image != self.before {
            return Sight::Stuck("the engine has brought the new image back, since the old one failed too".to_owned());
        }
        if one.service.image != self.before {
            return Sight::Superseded(format!("somebody else has given it the image `{}`", one.service.image));
        }
        match one.unsettled() {
            Some(_) => Sight::GoingBack(waiting(one, &self.before)),
            None => Sight::Back(one.service.message.clone()),
        }
    }

    /// Tasks of the new image that have failed.
    fn failed<'a>(&'a self, cluster: &'a Snapshot) -> impl Iterator<Item = &'a Task> {
        // An unhealthy container that stops when it is told to has come to a good end, to the engine's mind. A task that
        // is to run for ever has not.
        let own = cluster.services.iter().find(|service| service.id == self.service);
        let for_ever = own.is_some_and(|service| service.restarts_always);
        let bad = move |state| match state {
            TaskState::Failed | TaskState::Rejected => true,
            TaskState::Complete => for_ever,
            _ => false,
        };
        cluster.tasks.iter().filter(move |task| {
            task.service == self.service
                && task.spec.container_spec.image == self.image
                && !self.earlier.contains(&task.id)
                && bad(task.status.state)
                // Moved away, not failed.
                && !task.status.err.contains("no longer meets constraints")
        })
    }

    /// The newest of them.
    pub fn culprit(&self, cluster: &Snapshot, service: &Service) -> Option<Culprit> {
        let newest = self.failed(cluster).max_by_key(|task| (task.status.timestamp, &task.id))?;
        let node = cluster.node(&newest.node).map_or(&newest.node.0, |node| &node.key);
        Some(Culprit {
            id: newest.id.clone(),
            name: name_of(service, newest),
            node: node.clone(),
            error: if newest.status.err.is_empty() { ENDED.to_owned() } else { newest.status.err.clone() },
        })
    }
}

/// What is waited for; why a task finds no node, if one does not.
fn waiting(one: &Standing<'_>, image: &str) -> String {
    let has = |task: &&&Task| task.running() && task.spec.container_spec.image == image;
    let (name, runs) = (&one.service.name, one.live.iter().filter(has).count());
    let wanted = one.wanted.map(|wanted| format!(" of {wanted}")).unwrap_or_default();
    let why = one.pending.iter().map(|task| task.status.err.as_str()).find(|err| !err.is_empty());
    let why = why.map(|why| format!("; pending: {why}")).unwrap_or_default();
    format!("`{name}`: {runs}{wanted} tasks run `{}`{why}", readable(image))
}

/// An image without what nobody can read.
pub fn readable(image: &str) -> String {
    match image.split_once('@') {
        Some((name, digest)) => format!("{name}@{}", short(digest)),
        None => image.to_owned(),
    }
}
