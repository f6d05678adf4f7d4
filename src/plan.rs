//! What a pass wants to do, as data: actions with reasons, refusals with all their reasons, warnings.
//!
//! A plan is made by a pure function and executed by [`crate::apply`]; nothing here reads a clock or an engine.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::engine::edit::moving::Temporary;
use crate::model::{Node, NodeId, Service, ServiceId, TaskId};
use crate::pass::memory::Memory;

/// What one pass decided.
#[derive(Debug, Default)]
#[must_use = "a plan that nobody applies or reports is lost"]
pub struct Plan {
    /// In the order in which they are to be done.
    pub actions: Vec<Action>,
    /// What the pass refuses to do, and why.
    pub blocked: Vec<Blocked>,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
    /// How many wanted facts already hold.
    pub unchanged: u64,
    /// What is not yet as wanted though nothing can be done about it now; `--wait` waits until it is empty.
    pub unsettled: Vec<String>,
    /// What the pass wants to remember, should this plan be carried out; none if it remembers nothing.
    pub memory: Option<Memory>,
}

/// What an action works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Target {
    /// Node, service or task.
    #[serde(rename = "type")]
    pub kind: TargetKind,
    /// Full id; empty when nothing in the swarm has this name.
    pub id: String,
    /// Hostname or service name; of a task, service and slot as `web.2`.
    pub name: String,
    /// Of a task: the name of its service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Of a task: its slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<u64>,
}

/// The types of object that orca works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A swarm node.
    Node,
    /// A swarm service.
    Service,
    /// A swarm task.
    Task,
}

impl TargetKind {
    /// The first part of the path of such objects.
    pub fn collection(self) -> &'static str {
        match self {
            Self::Node => "nodes",
            Self::Service => "services",
            Self::Task => "tasks",
        }
    }

    /// The name in ids, reports and the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Service => "service",
            Self::Task => "task",
        }
    }
}

impl Target {
    /// A node as a target.
    pub fn node(node: &Node) -> Self {
        Self { kind: TargetKind::Node, id: node.id.0.clone(), name: node.name.clone(), service: None, slot: None }
    }

    /// A service as a target.
    pub fn service(service: &Service) -> Self {
        Self {
            kind: TargetKind::Service,
            id: service.id.0.clone(),
            name: service.name.clone(),
            service: None,
            slot: None,
        }
    }

    /// A task of this service as a target.
    pub fn task(id: &TaskId, service: &str, slot: u64) -> Self {
        Self {
            kind: TargetKind::Task,
            id: id.0.clone(),
            name: format!("{service}.{slot}"),
            service: Some(service.to_owned()),
            slot: Some(slot),
        }
    }

    /// Orders objects as people list them, and keeps those of one name apart.
    pub fn sort_key(&self) -> (String, String) {
        (self.name.clone(), self.id.clone())
    }

    /// Something that the settings name and the swarm doesn't have, or has twice.
    pub fn unknown(kind: TargetKind, name: &str) -> Self {
        Self { kind, id: String::new(), name: name.to_owned(), service: None, slot: None }
    }
}

/// One change of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Stable id, as `node/node-2#label/zone`.
    pub id: String,
    /// What it works on.
    pub target: Target,
    /// What it changes.
    pub change: Change,
    /// Why, in words, with the place in the settings.
    pub reason: String,
    /// It stops or restarts tasks.
    pub disruptive: bool,
    /// The object's version that the plan was made on.
    pub version: u64,
    /// Ids of actions that must have been done first.
    pub requires: Vec<String>,
    /// The dependent whose retry ladder this attempt climbs (a key of [`Memory::dependents`]).
    pub attempt: Option<String>,
}

/// A task, where it is to go, and what makes Swarm send it there.
#[derive(Debug, Clone)]
pub struct MoveOrder {
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub name: String,
    /// The fingerprint of its spec, see [`crate::fingerprint::of_spec`].
    pub spec: String,
    /// The task.
    pub task: TaskId,
    /// Its slot.
    pub slot: u64,
    /// Where it runs.
    pub from: NodeId,
    /// Where it is to run.
    pub to: NodeId,
    /// Hostname of that node.
    pub to_name: String,
    /// What steers it.
    pub temporary: Temporary,
    /// The move is given up after this.
    pub patience: Duration,
}

/// The closed list of changes that orca can make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Sets a node label.
    LabelSet {
        /// Label key.
        key: String,
        /// Value found.
        before: Option<String>,
        /// Value wanted.
        after: String,
        /// Whether orca enters the key into its record on the node.
        record: bool,
    },
    /// Removes a node label, and the key from orca's record on the node.
    LabelRemove {
        /// Label key.
        key: String,
        /// Value found.
        before: String,
    },
    /// Takes keys that are no longer on the node out of orca's record.
    RecordForget {
        /// Label keys.
        keys: Vec<String>,
    },
    /// Keeps new tasks off a node that takes them.
    NodePause {
        /// The service that it is done for.
        by: String,
    },
    /// Undoes that.
    NodeResume {
        /// The service that it was done for.
        by: String,
    },
    /// Adds a placement constraint to a service.
    ConstraintAdd {
        /// The constraint's text.
        constraint: String,
    },
    /// Restarts a service's tasks.
    ForceUpdate {
        /// The counter found.
        before: u64,
    },
    /// Takes what a move has written out of a service's spec.
    MoveUndo,
    /// Writes a service's spec as it is, so that what a move has written is not its previous spec any more.
    MoveSeal,
    /// Removes a service that orca made for a short while.
    TemporaryRemove,
    /// Moves a task to another node: a protocol of several updates, not an edit.
    TaskMove {
        /// Hostname of the node where it runs.
        from: String,
        /// Hostname of the node where it is to run.
        to: String,
    },
}

/// The dotted vocabulary of changes: it names actions in reports, rows in the journal, and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum ActionKind {
    /// A node label is set.
    #[serde(rename = "node.label.set")]
    NodeLabelSet,
    /// A node label is removed.
    #[serde(rename = "node.label.remove")]
    NodeLabelRemove,
    /// A stale entry leaves orca's record on a node.
    #[serde(rename = "node.record.forget")]
    NodeRecordForget,
    /// A node takes no new tasks.
    #[serde(rename = "node.pause")]
    NodePause,
    /// A node takes tasks again.
    #[serde(rename = "node.resume")]
    NodeResume,
    /// A service gets a placement constraint.
    #[serde(rename = "service.constraint.add")]
    ServiceConstraintAdd,
    /// A service's tasks are restarted.
    #[serde(rename = "service.force_update")]
    ServiceForceUpdate,
    /// A half-done move is taken out of a service's spec.
    #[serde(rename = "service.move.undo")]
    ServiceMoveUndo,
    /// A half-done move is taken out of a service's previous spec.
    #[serde(rename = "service.move.seal")]
    ServiceMoveSeal,
    /// A service that orca made for a short while is removed.
    #[serde(rename = "service.temporary.remove")]
    ServiceTemporaryRemove,
    /// A task is moved to another node.
    #[serde(rename = "task.move")]
    TaskMove,
}

impl ActionKind {
    /// The dotted name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NodeLabelSet => "node.label.set",
            Self::NodeLabelRemove => "node.label.remove",
            Self::NodeRecordForget => "node.record.forget",
            Self::NodePause => "node.pause",
            Self::NodeResume => "node.resume",
            Self::ServiceConstraintAdd => "service.constraint.add",
            Self::ServiceForceUpdate => "service.force_update",
            Self::ServiceMoveUndo => "service.move.undo",
            Self::ServiceMoveSeal => "service.move.seal",
            Self::ServiceTemporaryRemove => "service.temporary.remove",
            Self::TaskMove => "task.move",
        }
    }

    /// The order within a pass: a label is added before it is removed elsewhere, and tasks are touched last.
    pub fn rank(self) -> u8 {
        match self {
            Self::NodeLabelSet | Self::NodePause | Self::NodeResume | Self::ServiceMoveUndo => 0,
            Self::ServiceMoveSeal | Self::ServiceTemporaryRemove | Self::NodeLabelRemove | Self::NodeRecordForget => 1,
            Self::ServiceConstraintAdd => 2,
            Self::ServiceForceUpdate | Self::TaskMove => 3,
        }
    }
}

impl Change {
    /// The change's name in the dotted vocabulary.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::LabelSet { .. } => ActionKind::NodeLabelSet,
            Self::LabelRemove { .. } => ActionKind::NodeLabelRemove,
            Self::RecordForget { .. } => ActionKind::NodeRecordForget,
            Self::NodePause { .. } => ActionKind::NodePause,
            Self::NodeResume { .. } => ActionKind::NodeResume,
            Self::ConstraintAdd { .. } => ActionKind::ServiceConstraintAdd,
            Self::ForceUpdate { .. } => ActionKind::ServiceForceUpdate,
            Self::MoveUndo => ActionKind::ServiceMoveUndo,
            Self::MoveSeal => ActionKind::ServiceMoveSeal,
            Self::TemporaryRemove => ActionKind::ServiceTemporaryRemove,
            Self::TaskMove { .. } => ActionKind::TaskMove,
        }
    }

    /// Whether it must be a write of its own, even beside another change of the same object: a move's traces are in
    /// two specs, and each write replaces one.
    pub fn stands_alone(&self) -> bool {
        matches!(self, Self::MoveUndo | Self::MoveSeal | Self::TemporaryRemove)
    }

    /// The changed value as it was found and as it is wanted, for the report.
    pub fn values(&self) -> (Value, Value) {
        match self {
            Self::LabelSet { before, after, .. } => (before.clone().into(), after.clone().into()),
            Self::LabelRemove { before, .. } => (before.clone().into(), Value::Null),
            Self::RecordForget { keys } => (keys.join(",").into(), Value::Null),
            Self::NodePause { .. } => ("active".into(), "pause".into()),
            Self::NodeResume { .. } => ("pause".into(), "active".into()),
            Self::ConstraintAdd { constraint } => (Value::Null, constraint.clone().into()),
            Self::ForceUpdate { before } => ((*before).into(), before.saturating_add(1).into()),
            Self::MoveUndo | Self::MoveSeal | Self::TemporaryRemove => (Value::Null, Value::Null),
            Self::TaskMove { from, to } => (from.clone().into(), to.clone().into()),
        }
    }
}

impl Action {
    /// A change of a node.
    pub fn on_node(node: &Node, change: Change, reason: impl Into<String>) -> Self {
        let what = match &change {
            Change::LabelSet { key, .. } | Change::LabelRemove { key, .. } => format!("label/{key}"),
            Change::NodePause { .. } | Change::NodeResume { .. } => "availability".to_owned(),
            _ => "record".to_owned(),
        };
        Self::new(Target::node(node), &node.key, &what, change, reason.into(), node.version)
    }

    /// A change of a service.
    pub fn on_service(service: &Service, change: Change, reason: impl Into<String>) -> Self {
        let what = match &change {
            Change::ConstraintAdd { constraint } => format!("constraint/{constraint}"),
            Change::MoveUndo => "move/undo".to_owned(),
            Change::MoveSeal => "move/seal".to_owned(),
            Change::TemporaryRemove => "temporary".to_owned(),
            _ => "force_update".to_owned(),
        };
        Self::new(Target::service(service), &service.name, &what, change, reason.into(), service.version)
    }

    /// A move of a task from one node to another, both by hostname; `version` is its service's.
    pub fn on_task(target: Target, version: u64, from: &str, to: &str, reason: impl Into<String>) -> Self {
        let change = Change::TaskMove { from: from.to_owned(), to: to.to_owned() };
        let key = target.name.clone();
        Self::new(target, &key, "move", change, reason.into(), version).disruptive()
    }

    fn new(target: Target, key: &str, what: &str, change: Change, reason: String, version: u64) -> Self {
        Self {
            id: format!("{}/{key}#{what}", target.kind.name()),
            target,
            change,
            reason,
            disruptive: false,
            version,
            requires: Vec::new(),
            attempt: None,
        }
    }

    /// The same action, marked as one that stops or restarts tasks.
    #[must_use]
    pub fn disruptive(mut self) -> Self {
        self.disruptive = true;
        self
    }

    /// The same action, to be done only after these others.
    #[must_use]
    pub fn after(mut self, ids: Vec<String>) -> Self {
        self.requires = ids;
        self
    }
}

/// Something that a pass refuses to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Blocked {
    /// Stable id, as `service/web_app#follow/web_db`.
    pub id: String,
    /// What it is about.
    pub target: Target,
    /// All the reasons, each with what to do.
    pub reasons: Vec<String>,
}

/// Something that the operator should know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Warning {
    /// A stable word for scripts, as `unknown_node`.
    pub code: String,
    /// The same in a sentence.
    pub message: String,
}

impl Warning {
    /// A warning.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}
