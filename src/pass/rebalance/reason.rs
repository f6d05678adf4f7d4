//! Why a task can't or shouldn't move: a closed list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a task stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// One task per node: there is nowhere else to be.
    Global,
    /// It runs to completion.
    Job,
    /// Its spec has no placement, and writing one crashes managers (moby/moby#37883).
    NilPlacement,
    /// Its data is in a volume of this node only.
    LocalVolume,
    /// It uses a path of this node.
    BindMount,
    /// Its data is in a volume without a name.
    AnonymousOrExternalVolume,
    /// Its data is in a cluster volume, whose topology orca doesn't know.
    CsiVolume,
    /// Its constraints allow no other node.
    Pinned,
    /// Every other node has a task on the same host port.
    HostPortConflict,
    /// No other node has the CPU or memory that it reserves.
    ReservationNoFit,
    /// No other node has a plugin that it needs.
    PluginMissing,
    /// No other node has a platform that its image is made for.
    Platform,
    /// Every other node has as many replicas as the service allows.
    MaxReplicas,
    /// Every other node has as many replicas of the service as the most crowded one.
    SpreadWouldWorsen,
    /// No other node has the generic resources that it reserves.
    GenericResource,
    /// Not all of the service's tasks run.
    NotConverged,
    /// The service is being updated or rolled back, or waits in the middle of it.
    UpdateInProgress,
    /// The service was moved a short while ago.
    Cooldown,
    /// The service was moved again and again to no avail.
    Quarantine,
    /// A label says so.
    OptOut,
    /// It belongs to an anchor that is paused.
    Paused,
    /// It runs on the node that a label prefers.
    PreferredNode,
    /// It has been running for too short a time to know its memory.
    TooYoung,
    /// Its memory grows so fast that it will be something else on the target.
    WarmingUp,
    /// Its memory, or that of its node, is not known.
    NoMetric,
    /// The figures of its node are too old or can't be true.
    StaleMetric,
    /// It shares storage and may take a minute to stop, so that two would write at once.
    StopGraceOver60s,
    /// What ends is not started again.
    RestartNone,
    /// It would end before its successor has started, and that is not wanted.
    StopFirst,
    /// Every node that could take it would be fuller than the guard rails allow.
    TargetTooFull,
    /// Wherever it went, that node would be as full as the fullest is now.
    WouldOverloadAnywhere,
    /// Its node runs several replicas, and Swarm can't be told which one to move.
    MultiCopyOnSource,
    /// Its anchor group can't move as a whole.
    GroupIncomplete,
}

/// A reason with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The reason.
    pub reason: Reason,
    /// The same in words, with names.
    pub detail: String,
}

impl Finding {
    /// A reason and its words.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}
