//! What passes remember from one run to the next. Losing it makes orca start counting afresh: it waits longer, and a
//! restart that was due is not made.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::metrics::smooth::Samples;
use crate::model::{NodeId, ServiceId, TaskId};

/// The longest time between two looks that counts as watched: nobody knows what happened while orca was off.
const UNWATCHED: Duration = Duration::from_secs(600);

/// The memory of one cluster's passes, by one config.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// By the anchor's name in the settings.
    pub anchors: BTreeMap<String, AnchorMemory>,
    /// By `anchor/dependent`, both as named in the settings.
    pub dependents: BTreeMap<String, DependentMemory>,
    /// Of `rebalance`.
    pub rebalance: RebalanceMemory,
    /// Of `autoheal`.
    pub autoheal: HealMemory,
    /// Of `services update`: rollouts that were not proven.
    pub updates: BTreeMap<ServiceId, UpdatedService>,
    /// Of `services update`: rollouts that a run stays with, or did before it was killed.
    pub proving: BTreeMap<ServiceId, Proving>,
    /// Of `services update`: images that it has replaced, by name and digest as in a spec, and when.
    pub replaced: BTreeMap<String, Timestamp>,
    /// Of `logs rotate`: sizes of containers' logs, by container id.
    pub logs: BTreeMap<String, LogSize>,
}

/// What is remembered of a service that was given an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpdatedService {
    /// The image's digest.
    pub digest: String,
    /// How often it was tried since it last went well.
    pub tries: u32,
    /// When that was last.
    pub last: Option<Timestamp>,
    /// Why it was found wanting; none: nobody stayed to see.
    pub failed: Option<String>,
}

/// A rollout that a run of updates stays with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Proving {
    /// The image that was written.
    pub image: String,
    /// The image before; empty where that is not known.
    pub before: String,
    /// What that is made for: OS and architecture, as in the spec.
    pub platforms: Vec<(String, String)>,
    /// When this was noted.
    pub since: Timestamp,
    /// By then it has ended, or whoever stayed with it was killed.
    pub until: Timestamp,
}

/// How large a container's log was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogSize {
    /// Bytes.
    pub bytes: u64,
    /// When that was.
    pub at: Option<Timestamp>,
}

/// What is remembered of what was ill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealMemory {
    /// Services that steps were taken on.
    pub services: BTreeMap<ServiceId, HealedService>,
    /// Containers of this engine that were unhealthy, by name.
    pub containers: BTreeMap<String, HealedContainer>,
}

/// What is remembered of a service whose tasks kept failing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealedService {
    /// Steps of its policy that are behind it.
    pub steps: u32,
    /// When the last one was taken.
    pub last: Option<Timestamp>,
}

/// What is remembered of a container that was unhealthy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HealedContainer {
    /// Restarts since it was last healthy for long enough.
    pub restarts: u32,
    /// The last of them.
    pub last: Option<Timestamp>,
    /// How long it has been seen unhealthy since it was started.
    pub unhealthy: Option<Stopwatch>,
    /// When it was started then.
    pub started: Option<Timestamp>,
    /// How long it has been seen healthy, or gone, since.
    pub calm: Option<Stopwatch>,
}

/// The prefix of attempts that are steps on a service: `autoheal/service/<id>/<steps behind it then>`.
pub const SERVICE_STEP: &str = "autoheal/service/";
/// The prefix of attempts that are restarts of a container: `autoheal/container/<name>`.
pub const CONTAINER_RESTART: &str = "autoheal/container/";

/// The prefix of attempts that give a service an image: `update/<id>/<digest>`.
pub const UPDATE: &str = "update/";

/// What is remembered of the cluster's balance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RebalanceMemory {
    /// How long some node has been seen above the high mark, pass after pass.
    pub high: Option<Stopwatch>,
    /// How long the fullest and the emptiest node have been seen too far apart, pass after pass.
    pub spread: Option<Stopwatch>,
    /// A trigger has fired, and the cluster has not been seen calm since.
    pub active: bool,
    /// Services that were moved.
    pub services: BTreeMap<ServiceId, MovedService>,
    /// Memory figures of the last minutes.
    pub samples: Samples,
}

/// What is remembered of a service that was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MovedService {
    /// Its moves, oldest first.
    pub moves: Vec<Moved>,
}

/// One move of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// When it was made.
    pub at: Timestamp,
    /// The node that the task left.
    pub from: NodeId,
    /// `run.id` of the report.
    #[serde(default)]
    pub run: String,
    /// The task was put back, or Swarm placed it anew.
    #[serde(default)]
    pub failed: bool,
}

/// What is remembered of an anchor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnchorMemory {
    /// By slot, the running tasks after which all dependents have been restarted; empty where that doesn't matter.
    pub tasks: BTreeMap<String, TaskId>,
    /// How long the anchor has been seen running nowhere.
    pub absent: Option<Stopwatch>,
}

/// What is remembered of a dependent that was not well placed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DependentMemory {
    /// Force updates since it was last well placed for long enough.
    pub attempts: u32,
    /// The last of them.
    pub last_attempt: Option<Timestamp>,
    /// How long it has been seen misplaced although the labels were right.
    pub misplaced: Option<Stopwatch>,
    /// How long it has been seen well placed since then.
    pub placed: Option<Stopwatch>,
    /// By slot, the successor of an ended task that was seen waiting; another one means that tasks keep ending.
    pub successors: BTreeMap<String, TaskId>,
    /// Such another one has been seen.
    pub keeps_ending: bool,
}

/// Time that passes have watched go by: a gap, or a clock that was set, counts for little.
///
/// Only the time between two looks counts that both found the same, one right after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopwatch {
    /// Milliseconds counted.
    total_ms: u64,
    /// When it was looked at last; none where that look found something else.
    last: Option<Timestamp>,
}

impl Stopwatch {
    /// Starts, or goes on, and looks at it.
    pub fn tick(running: Option<Self>, now: Timestamp) -> Self {
        let (total_ms, last) = running.map_or((0, None), |watch| (watch.total_ms, watch.last));
        let passed = last.map_or(Duration::ZERO, |last| elapsed(last, now)).min(UNWATCHED).as_millis();
        Self { total_ms: total_ms.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)), last: Some(now) }
    }

    /// Stops it: the time until it is next looked at does not count.
    #[must_use]
    pub fn stop(self) -> Self {
        Self { last: None, ..self }
    }

    /// The time counted.
    pub fn total(self) -> Duration {
        Duration::from_millis(self.total_ms)
    }
}

impl Memory {
    /// The same with every clock stopped.
    #[must_use]
    pub fn halted(&self) -> Self {
        let mut halted = self.clone();
        let anchors = halted.anchors.values_mut().map(|anchor| &mut anchor.absent);
        let dependents = halted.dependents.values_mut().flat_map(|own| [&mut own.misplaced, &mut own.placed]);
        let containers = halted.autoheal.containers.values_mut().flat_map(|own| [&mut own.unhealthy, &mut own.calm]);
        let balance = [&mut halted.rebalance.high, &mut halted.rebalance.spread];
        for watch in anchors.chain(dependents).chain(containers).chain(balance) {
            *watch = watch.map(Stopwatch::stop);
        }
        halted
    }

    /// Notes an attempt on a dependent, or of `autoheal`; called before the write, so that a kill in between can't repeat it early.
    pub fn attempt(&mut self, dependent: &str, now: Timestamp) {
        if let Some((id, steps)) = dependent.strip_prefix(SERVICE_STEP).and_then(|rest| rest.split_once('/')) {
            let steps = steps.parse().unwrap_or(u32::MAX);
            self.autoheal.services.insert(ServiceId(id.to_owned()), HealedService { steps, last: Some(now) });
            return;
        }
        if let Some(name) = dependent.strip_prefix(CONTAINER_RESTART) {
            let container = self.autoheal.containers.entry(name.to_owned()).or_default();
            let restarts = container.restarts.saturating_add(1);
            *container = HealedContainer { restarts, last: Some(now), ..HealedContainer::default() };
            return;
        }
        if let Some((id, digest)) = dependent.strip_prefix(UPDATE).and_then(|rest| rest.split_once('/')) {
            let id = ServiceId(id.to_owned());
            let before = self.updates.remove(&id).filter(|before| before.digest == digest);
            let tries = before.map_or(0, |before| before.tries).saturating_add(1);
            let service = UpdatedService { digest: digest.to_owned(), tries, last: Some(now), failed: None };
            self.updates.insert(id, service);
            return;
        }
        let memory = self.dependents.entry(dependent.to_owned()).or_default();
        memory.attempts = memory.attempts.saturating_add(1);
        memory.last_attempt = Some(now);
    }
}

/// What a change of host must not lose.
impl Memory {
    /// What decides whether something is restarted or moved again; not what changes with every look, nor what is of one
    /// host alone.
    #[must_use]
    pub fn shared(&self) -> Self {
        let anchors = self.anchors.iter().map(|(name, anchor)| (name.clone(), anchor.shared()));
        let dependents = self.dependents.iter().map(|(name, dependent)| (name.clone(), dependent.shared()));
        Self {
            anchors: anchors.filter(|(_, anchor)| *anchor != AnchorMemory::default()).collect(),
            dependents: dependents.filter(|(_, dependent)| *dependent != DependentMemory::default()).collect(),
            rebalance: RebalanceMemory { services: self.rebalance.services.clone(), ..RebalanceMemory::default() },
            autoheal: HealMemory { services: self.autoheal.services.clone(), ..HealMemory::default() },
            updates: self.updates.clone(),
            proving: self.proving.clone(),
            replaced: self.replaced.clone(),
            logs: BTreeMap::new(),
        }
    }

    /// With what another host has shared laid over it. Where both know the same, this one knows it more exactly.
    #[must_use]
    pub fn overlaid(mut self, theirs: &Self) -> Self {
        let anchor = |(name, theirs): (&String, &AnchorMemory)| {
            let own = self.anchors.remove(name).filter(|own| own.shared() == *theirs);
            (name.clone(), own.unwrap_or_else(|| theirs.clone()))
        };
        let anchors: BTreeMap<_, _> = theirs.anchors.iter().map(anchor).collect();
        let dependent = |(name, theirs): (&String, &DependentMemory)| {
            let own = self.dependents.remove(name).filter(|own| own.shared() == *theirs);
            (name.clone(), own.unwrap_or_else(|| theirs.clone()))
        };
        let dependents: BTreeMap<_, _> = theirs.dependents.iter().map(dependent).collect();
        // What is not worth sharing is not known better elsewhere.
        self.anchors.retain(|_, own| own.shared() == AnchorMemory::default());
        self.dependents.retain(|_, own| own.shared() == DependentMemory::default());
        self.anchors.extend(anchors);
        self.dependents.extend(dependents);
        self.rebalance.services.clone_from(&theirs.rebalance.services);
        self.autoheal.services.clone_from(&theirs.autoheal.services);
        self.updates.clone_from(&theirs.updates);
        self.proving.clone_from(&theirs.proving);
        self.replaced.clone_from(&theirs.replaced);
        self
    }
}

impl AnchorMemory {
    fn shared(&self) -> Self {
        Self { tasks: self.tasks.clone(), absent: None }
    }
}

impl DependentMemory {
    fn shared(&self) -> Self {
        let Self { attempts, last_attempt, keeps_ending, .. } = *self;
        // By the minute: it would change with every look.
        let whole = |watch: Stopwatch| Stopwatch { total_ms: watch.total_ms / 60_000 * 60_000, last: None };
        let misplaced = self.misplaced.map(whole).filter(|watch| watch.total_ms > 0);
        Self { attempts, last_attempt, misplaced, keeps_ending, ..Self::default() }
    }
}

/// Time passed since `then`; none if the clock has jumped back.
pub fn elapsed(then: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(then).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests;
