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
}

/// What is remembered of the cluster's balance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RebalanceMemory {
    /// Since when some node has been seen above the high mark, pass after pass.
    pub high_since: Option<Timestamp>,
    /// Since when the fullest and the emptiest node have been seen too far apart, pass after pass.
    pub spread_since: Option<Timestamp>,
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
    /// It is left alone until then, since moving it did not help.
    pub quarantined_until: Option<Timestamp>,
}

/// One move of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// When it was made.
    pub at: Timestamp,
    /// The node that the task left.
    pub from: NodeId,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopwatch {
    /// Milliseconds counted.
    total_ms: u64,
    /// When it was looked at last.
    last: Timestamp,
}

impl Stopwatch {
    /// Starts, or goes on, and looks at it.
    pub fn tick(running: Option<Self>, now: Timestamp) -> Self {
        let Some(Self { total_ms, last }) = running else { return Self { total_ms: 0, last: now } };
        let passed = elapsed(last, now).min(UNWATCHED).as_millis();
        Self { total_ms: total_ms.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)), last: now }
    }

    /// Lets the time since the last look go by uncounted.
    pub fn skip(running: Option<Self>, now: Timestamp) -> Option<Self> {
        running.map(|watch| Self { last: now, ..watch })
    }

    /// The time counted.
    pub fn total(self) -> Duration {
        Duration::from_millis(self.total_ms)
    }
}

impl Memory {
    /// Notes an attempt on a dependent; called before the write, so that a kill in between can't repeat it early.
    pub fn attempt(&mut self, dependent: &str, now: Timestamp) {
        let memory = self.dependents.entry(dependent.to_owned()).or_default();
        memory.attempts = memory.attempts.saturating_add(1);
        memory.last_attempt = Some(now);
    }
}

/// Time passed since `then`; none if the clock has jumped back.
pub fn elapsed(then: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(then).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[test]
    fn only_watched_time_counts() {
        let mut watch = None;
        // A day without orca, then a clock that jumps back.
        for (now, total) in [(0, 0), (30, 30), (86_400, 630), (100, 630), (160, 690)] {
            let ticked = Stopwatch::tick(watch, at(now));
            assert_eq!(ticked.total(), Duration::from_secs(total), "at {now}");
            watch = Some(ticked);
        }
        assert_eq!(Stopwatch::skip(watch, at(500)).unwrap().total(), Duration::from_secs(690));
    }
}
