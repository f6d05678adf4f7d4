//! How one service stands: tasks wanted and running, its rollout, its newest error.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::node::{Availability, NodeState};
use crate::model::service::{STACK_LABEL, STOPPED_LABEL};
use crate::model::stock::age;
use crate::model::{Mode, Needs, Node, NodeId, Offer, Service, ServiceId, Task, TaskState, UpdateState};
use crate::pass::autoheal::pending::waits;
use crate::snapshot::Snapshot;

/// A failure so long ago is history, not news.
const NEWS: Duration = Duration::from_secs(600);

/// How a service stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All tasks that it wants run.
    Ok,
    /// It wants none.
    Stopped,
    /// Tasks are on their way, and none has failed lately.
    Starting,
    /// Tasks find no node.
    Pending,
    /// Tasks are missing, and have failed lately.
    Failing,
    /// A rollout is under way.
    Updating,
    /// A rollback is under way.
    RollingBack,
    /// A rollout or rollback was stopped by a failure, and waits for somebody.
    Paused,
}

impl State {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Pending => "pending",
            Self::Failing => "failing",
            Self::Updating => "updating",
            Self::RollingBack => "rolling_back",
            Self::Paused => "paused",
        }
    }
}

/// The newest end of a task that was no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When, by the managers' clock.
    pub at: Option<Timestamp>,
    /// The task, as `web.2`.
    pub task: String,
    /// Where it ran; empty if it had no node.
    pub node: NodeId,
    /// The engine's text.
    pub error: String,
}

/// How a service stands.
#[derive(Debug)]
pub struct Standing<'a> {
    /// The service.
    pub service: &'a Service,
    /// Tasks that it wants; none for jobs, which end, and for modes that orca doesn't know.
    pub wanted: Option<u64>,
    /// Slots (or nodes) with a task that runs.
    pub running: u64,
    /// Its live tasks, by slot.
    pub live: Vec<&'a Task>,
    /// Those of them that have no node.
    pub pending: Vec<&'a Task>,
    /// Slots whose task of the spec that the service has now has ended well, where none follows it.
    pub done: u64,
    /// Tasks that it wants and that can be waited for: of a global service, none on paused nodes.
    pub owed: Option<u64>,
    /// There are just as many of those, of the spec that the service has now, and they run, or are done.
    pub whole: bool,
    /// Tasks of a global service that wait for ever: its image has nothing that their nodes could run.
    pub unplaced: u64,
    /// How nodes of its tasks are is not known at the moment; where it lacks some, how any node is. A new leader knows of none
    /// until it hears from it.
    pub unheard: bool,
    /// The newest failure.
    pub failure: Option<Failure>,
    /// In one word.
    pub state: State,
    /// The stack that it belongs to.
    pub stack: Option<String>,
    /// Replicas that `orca services stop` has put away.
    pub stopped: Option<u64>,
}

/// The nodes, and what each of them has for tasks.
type Offers<'a> = BTreeMap<&'a NodeId, (&'a Node, Offer)>;

/// How all services stand, in the order of the snapshot; those that orca made for a short while are left out.
///
/// # Errors
/// If an object can't be read: then nothing is known.
pub fn all(cluster: &Snapshot) -> serde_json::Result<Vec<Standing<'_>>> {
    let mut tasks: HashMap<&ServiceId, Vec<&Task>> = HashMap::with_capacity(cluster.services.len());
    for task in cluster.tasks.iter() {
        tasks.entry(&task.service).or_default().push(task);
    }
    let offers = cluster.nodes.iter().map(|node| Ok((&node.id, (node, Offer::read(&node.raw)?))));
    let offers = offers.collect::<serde_json::Result<Offers<'_>>>()?;
    let down: BTreeSet<&NodeId> =
        cluster.nodes.iter().filter(|node| node.state == NodeState::Down).map(|node| &node.id).collect();
    let services = cluster.services.iter().filter(|service| service.temporary.is_none());
    services
        .map(|service| one(cluster, service, tasks.get(&service.id).map_or(&[], Vec::as_slice), &offers, &down))
        .collect()
}

fn one<'a>(
    cluster: &'a Snapshot,
    service: &'a Service,
    tasks: &[&'a Task],
    offers: &Offers<'_>,
    down: &BTreeSet<&NodeId>,
) -> serde_json::Result<Standing<'a>> {
    let needs = service.needs()?;
    let mut live: Vec<&Task> = tasks.iter().copied().filter(|task| task.live()).collect();
    live.sort_by(|a, b| (a.slot, &a.node, a.created_at, &a.id).cmp(&(b.slot, &b.node, b.created_at, &b.id)));
    let slots = |tasks: &[&Task]| {
        let running = tasks.iter().filter(|task| task.running() && !down.contains(&task.node));
        running.map(|task| task.place()).collect::<BTreeSet<String>>().len() as u64
    };
    let (running, done) = (slots(&live), done(service, tasks, &live));
    let (wanted, owed) = wanted(service, needs, &live, offers);
    let held = |task: &&Task| held(service, needs, task, offers);
    let own: Vec<&Task> = live.iter().copied().filter(|task| held(task).is_none()).collect();
    let lost = |task: &&&Task| waits(task) && of_spec(task, service) && held(task) == Some(Held::Unfit);
    let unplaced = live.iter().filter(lost).count() as u64;
    let current = own.iter().filter(|task| of_spec(task, service)).count() as u64;
    let whole = owed.is_some_and(|owed| [slots(&own), own.len() as u64, current].iter().all(|n| n + done == owed));
    let mut nodes = offers.values().map(|(node, _)| node);
    let concerned = |node: &&Node| !whole || live.iter().any(|task| task.node == node.id);
    let unheard = nodes.any(|node| node.state.is_unheard() && concerned(node));
    let pending: Vec<&Task> = live.iter().copied().filter(|task| waits(task)).collect();
    let failure = newest_failure(service, tasks);
    let recent = failure.as_ref().and_then(|failure| failure.at).is_some_and(|at| age(at, cluster.engine_time) < NEWS);
    let state = match service.update {
        Some(update) if update.stuck().is_some() && !(whole && done > 0) => State::Paused,
        Some(UpdateState::Updating) => State::Updating,
        Some(UpdateState::RollbackStarted) => State::RollingBack,
        _ => match wanted {
            Some(0) => State::Stopped,
            Some(wanted) if running + done >= wanted => State::Ok,
            // A job, whose tasks are made when they may run: one that waits finds no node.
            _ if !pending.is_empty() => State::Pending,
            None => State::Ok,
            Some(_) if recent => State::Failing,
            Some(_) => State::Starting,
        },
    };
    let stopped = needs.labels.get(STOPPED_LABEL).and_then(|text| text.parse().ok());
    let stack = needs.labels.get(STACK_LABEL).cloned();
    Ok(Standing {
        service,
        wanted,
        running,
        live,
        pending,
        done,
        owed,
        whole,
        unplaced,
        unheard,
        failure,
        state,
        stack,
        stopped,
    })
}

/// Whether a task is of the spec that its service has now, as far as a restart or a new image goes.
pub fn of_spec(task: &Task, service: &Service) -> bool {
    task.spec.force_update == service.force_update && task.spec.container_spec.image == service.image
}

/// Slots that are through: their newest task is of the spec that the service has now, has ended well, and the restart
/// policy lets none follow.
fn done(service: &Service, tasks: &[&Task], live: &[&Task]) -> u64 {
    if service.restarts_always || !matches!(service.mode, Mode::Replicated(_)) {
        return 0;
    }
    let busy: BTreeSet<String> = live.iter().map(|task| task.place()).collect();
    let mut newest: BTreeMap<String, &Task> = BTreeMap::new();
    // What is scaled down is no slot any more.
    for task in tasks.iter().filter(|task| task.desired_state != TaskState::Remove) {
        let place = newest.entry(task.place()).or_insert(task);
        if (task.created_at, &task.id) > (place.created_at, &place.id) {
            *place = task;
        }
    }
    let through = |(place, task): &(&String, &&Task)| {
        !busy.contains(*place) && task.status.state == TaskState::Complete && of_spec(task, service)
    };
    newest.iter().filter(through).count() as u64
}

/// How many tasks a service wants, and how many of them a rollout comes to; a global one has one on each node that may
/// run it.
fn wanted(service: &Service, needs: &Needs, live: &[&Task], offers: &Offers<'_>) -> (Option<u64>, Option<u64>) {
    match service.mode {
        Mode::Replicated(replicas) => (Some(replicas), Some(replicas)),
        Mode::Job | Mode::Unknown => (None, None),
        Mode::Global => {
            let may = |(node, offer): &&(&Node, Offer)| {
                // As swarmkit has it: a task is wanted, too, where it isn't known (yet) how the node is.
                node.state != NodeState::Down
                    && offer.has_platform(needs)
                    && service.constraints.iter().all(|constraint| constraint.matches(node, offer))
            };
            let (mut owed, mut kept) = (0, 0);
            for (node, _) in offers.values().filter(may) {
                match node.availability {
                    Availability::Active => owed += 1,
                    // It takes no new ones, and keeps those that it has.
                    Availability::Pause => kept += u64::from(live.iter().any(|task| task.node == node.id)),
                    Availability::Drain | Availability::Unknown => {}
                }
            }
            (Some(owed + kept), Some(owed))
        }
    }
}

/// Why the managers leave a task of a global service as it is.
#[derive(PartialEq, Eq)]
enum Held {
    /// Its node is paused: none there is made or replaced.
    Paused,
    /// Its image has nothing for its node's platform: whether a node gets one is up to the constraints alone.
    Unfit,
}

/// As swarmkit's `reconcileServices` has it.
fn held(service: &Service, needs: &Needs, task: &Task, offers: &Offers<'_>) -> Option<Held> {
    if service.mode != Mode::Global {
        return None;
    }
    let (node, offer) = offers.get(&task.node)?;
    if node.availability == Availability::Pause {
        return Some(Held::Paused);
    }
    (!offer.has_platform(needs)).then_some(Held::Unfit)
}

fn newest_failure(service: &Service, tasks: &[&Task]) -> Option<Failure> {
    let failed = |task: &&&Task| {
        matches!(task.status.state, TaskState::Failed | TaskState::Rejected)
            // Moved away, not failed.
            && !task.status.err.contains("no longer meets constraints")
    };
    let newest = tasks.iter().filter(failed).max_by_key(|task| (task.status.timestamp, &task.id))?;
    Some(Failure {
        at: newest.status.timestamp,
        task: name_of(service, newest),
        node: newest.node.clone(),
        error: newest.status.err.clone(),
    })
}

/// A task as people call it: `web.2`, or the service alone where it has one a node.
pub fn name_of(service: &Service, task: &Task) -> String {
    if task.slot == 0 { service.name.clone() } else { format!("{}.{}", service.name, task.slot) }
}

impl Standing<'_> {
    /// Tasks running and wanted, as `2/3`, and those that are done.
    pub fn ratio(&self) -> String {
        match self.wanted {
            Some(wanted) if self.done > 0 => format!("{}/{wanted} ({} done)", self.running, self.done),
            Some(wanted) => format!("{}/{wanted}", self.running),
            None => self.running.to_string(),
        }
    }

    /// The mode in one word.
    pub fn mode(&self) -> &'static str {
        match self.service.mode {
            Mode::Replicated(_) => "replicated",
            Mode::Global => "global",
            Mode::Job => "job",
            Mode::Unknown => "unknown",
        }
    }

    /// Why it is not yet as wanted; none when it is. A stuck one says so with `stuck`.
    ///
    /// As the docker CLI decides it: no rollout under way, every slot has a task of the current spec that runs, and no
    /// other tasks are left. What the managers leave as it is, is not waited for.
    pub fn unsettled(&self) -> Option<String> {
        let name = &self.service.name;
        let update = self.service.update.filter(|_| !self.ended_early() && !self.hangs());
        if let Some(what) = update.and_then(UpdateState::busy) {
            return Some(format!("`{name}`: {what}{}", self.said()));
        }
        let wanted = self.wanted?;
        if self.unheard {
            return Some(format!(
                "`{name}`: the managers don't know (yet) how nodes are that its tasks are on, or may go to"
            ));
        }
        if self.whole {
            return None;
        }
        let waiting = match self.pending.len() {
            0 => String::new(),
            waiting => format!(", {waiting} pending"),
        };
        let error = self.failure.as_ref().filter(|_| self.running < wanted);
        let error = error.map(|failure| format!("; newest error: {}", failure.error)).unwrap_or_default();
        Some(format!("`{name}`: {} of {wanted} tasks run{waiting}{error}", self.running))
    }

    /// It stays as it is until somebody acts.
    pub fn stuck(&self) -> Option<String> {
        let stuck = self.service.update.filter(|_| !self.ended_early()).and_then(UpdateState::stuck)?;
        Some(format!("`{}`: {stuck}{}", self.service.name, self.said()))
    }

    /// The engine has paused a rollout since a task of it ended so soon; where tasks are meant to end, and all have
    /// ended well or run, that is no failure.
    pub fn ended_early(&self) -> bool {
        self.service.update == Some(UpdateState::Paused) && self.whole && self.done > 0
    }

    /// The engine's rollout has nothing left to wait for but tasks that no node can run.
    fn hangs(&self) -> bool {
        self.whole && self.unplaced > 0 && self.service.update.and_then(UpdateState::under_way).is_some()
    }

    /// Why a rollout of it would not end: the engine waits for each task that it makes, also for one that can't run.
    pub fn endless(&self) -> Option<String> {
        let text = || {
            format!(
                "`{}`: tasks on nodes of another platform than its image's: {}, and the engine's rollout would wait for \
                 them for ever (a constraint on node.platform.arch keeps them away)",
                self.service.name, self.unplaced
            )
        };
        (self.unplaced > 0).then(text)
    }

    fn said(&self) -> String {
        let message = &self.service.message;
        if message.is_empty() { String::new() } else { format!(" ({message})") }
    }
}
