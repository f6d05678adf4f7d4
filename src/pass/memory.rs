//! What passes remember from one run to the next. Losing it costs at most a restart that was due.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{NodeId, ServiceId, TaskId};

/// The memory of one cluster's passes.
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
    /// The running tasks after which all dependents have been restarted; empty where that doesn't matter.
    pub tasks: BTreeSet<TaskId>,
    /// Since when the anchor has been seen running nowhere.
    pub absent_since: Option<Timestamp>,
}

/// What is remembered of a dependent that was not well placed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DependentMemory {
    /// Force updates since it was last well placed for long enough.
    pub attempts: u32,
    /// The last of them.
    pub last_attempt: Option<Timestamp>,
    /// Since when it has been seen misplaced although the labels were right.
    pub misplaced_since: Option<Timestamp>,
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
pub fn elapsed(then: Timestamp, now: Timestamp) -> std::time::Duration {
    now.duration_since(then).try_into().unwrap_or_default()
}
