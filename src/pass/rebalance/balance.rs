//! What a plan says beside its actions: `data` of the report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::Source;
use super::order::Mechanism;
use super::reason::Finding;
use super::trigger::Trigger;
use crate::metrics::Pressure;

/// A share before and after the plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change<T> {
    /// As it is.
    pub before: T,
    /// As the plan leaves it.
    pub after: T,
}

/// The balance of a cluster, and what the plan makes of it. Shares are parts of 1.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Balance {
    /// What was asked for.
    pub goal: Goal,
    /// Guard rails are on.
    pub guarded: bool,
    /// Where memory figures come from.
    pub metrics: MetricsUsed,
    /// Whether there was a reason to act.
    pub trigger: Trigger,
    /// The share of the fullest node.
    pub peak: Change<f64>,
    /// No plan with as many restarts gets below this; null where the peak is not the goal.
    pub bound: Option<f64>,
    /// The standard deviation of the nodes' shares.
    pub stddev: Change<f64>,
    /// Tasks that restart.
    pub restarts: u32,
    /// Footprints of the tasks that move.
    pub moved_bytes: u64,
    /// Restarts and the lowest peak found with them.
    pub curve: Vec<Point>,
    /// Whether the plan is worth it.
    pub verdict: Verdict,
    /// Every node, by hostname.
    pub nodes: Vec<NodeBalance>,
    /// The moves, in order; one for each action.
    pub moves: Vec<Move>,
    /// Tasks that can't move, those first that would gain most.
    pub immovable: Vec<Immovable>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Goal {
    /// `memory`, `count` or `empty`.
    pub kind: &'static str,
    /// `--max-restarts`.
    pub max_restarts: Option<u32>,
    /// `--target-peak`, as a share.
    pub target_peak: Option<f64>,
    /// `--empty`: hostname.
    pub node: Option<String>,
    /// Whether the plan does all that was asked for.
    pub met: bool,
}

/// Where memory figures come from.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MetricsUsed {
    /// Where from.
    pub source: Source,
    /// They are not measured.
    pub estimated: bool,
    /// Tasks whose figures are not measured: what they reserve.
    pub estimated_tasks: u64,
    /// RFC 3339; null where they are not measured.
    pub taken_at: Option<String>,
    /// Ready nodes without usable figures.
    pub missing: Vec<String>,
}

/// A point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Restarts.
    pub restarts: u32,
    /// The share of the fullest node.
    pub peak: f64,
}

/// Whether the plan is worth it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// There are moves, and they pay.
    pub worth_it: bool,
    /// Why, or why not.
    pub text: String,
}

/// What a node is to the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Tasks leave it.
    Source,
    /// Tasks come to it.
    Target,
    /// Tasks leave it, others come.
    Both,
    /// It stays as it is.
    Unchanged,
    /// Its memory isn't known: it gives and takes nothing.
    Excluded,
}

/// A node before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeBalance {
    /// Node id.
    pub id: String,
    /// Hostname.
    pub name: String,
    /// What it is to the plan.
    pub role: Role,
    /// Why it is excluded or takes nothing.
    pub why: Option<String>,
    /// Memory, bytes; null where it isn't known.
    pub total_bytes: Option<u64>,
    /// Memory in use, bytes.
    pub used_bytes: Option<Change<u64>>,
    /// Memory in use as a share.
    pub share: Option<Change<f64>>,
    /// Memory in use that can't leave: the system's, and that of immovable tasks, bytes.
    pub base_bytes: Option<u64>,
    /// How much its tasks wait for memory, where that is measured.
    pub pressure: Option<Pressure>,
    /// Tasks.
    pub tasks: Change<u64>,
}

/// A service in a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovedService {
    /// Service id.
    pub id: String,
    /// Service name.
    pub name: String,
    /// Its version when the plan was made.
    pub version: u64,
    /// Of its spec, without values that may be secret: tells whether it is still the one that the plan was made on.
    pub spec_sha256: String,
}

/// A node in a move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MoveEnd {
    /// Node id.
    pub id: String,
    /// Hostname.
    pub name: String,
    /// Its share before and after this move.
    pub expected: Change<f64>,
}

/// How long a task is expected to be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Downtime {
    /// With its image on the target, ms.
    pub expected_ms: u64,
    /// The move is given up after this, ms.
    pub max_ms: u64,
}

/// One move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Move {
    /// 1 is the first.
    pub seq: u32,
    /// Id of the action.
    pub action: String,
    /// Task id.
    pub task: String,
    /// Its service.
    pub service: MovedService,
    /// Its slot.
    pub slot: u64,
    /// Where it runs.
    pub from: MoveEnd,
    /// Where it goes.
    pub to: MoveEnd,
    /// How it is made to move.
    pub mechanism: Mechanism,
    /// The anchor group that it moves with.
    pub group: Option<String>,
    /// What leaves one node and comes to the other, bytes.
    pub footprint_bytes: u64,
    /// What it uses with caches, bytes.
    pub working_set_bytes: u64,
    /// What its service reserves for it, bytes.
    pub reserved_bytes: u64,
    /// How long it is expected to be away.
    pub downtime: Downtime,
    /// Why, in words.
    pub reason: String,
}

/// A task that can't move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Immovable {
    /// Task id.
    pub task: String,
    /// Service name.
    pub service: String,
    /// Its slot; 0 of a global service.
    pub slot: u64,
    /// Hostname.
    pub node: String,
    /// All reasons.
    pub reasons: Vec<Finding>,
    /// What leaves its node with it, bytes; null where it isn't known.
    pub footprint_bytes: Option<u64>,
    /// How much lower the plan's peak would be if this task could move too, as a share.
    pub would_gain: f64,
    /// How much fuller its node is with it, as a share of the node.
    pub share: f64,
}
