//! What a pass wants to do, as data: actions with reasons, refusals with all their reasons, warnings.
//!
//! A plan is made by a pure function and executed by [`crate::apply`]; nothing here reads a clock or an engine.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::model::{Node, Role, Service, Task};
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
    /// Facts for the report that only this pass has.
    pub data: serde_json::Map<String, Value>,
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
    /// Of what lies on one node: the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
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
    /// A container on one node.
    Container,
    /// An image on one node.
    Image,
    /// A volume on one node.
    Volume,
    /// A network of one node.
    Network,
    /// The build cache of one node.
    BuildCache,
}

impl TargetKind {
    /// The name in ids, reports and the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Service => "service",
            Self::Task => "task",
            Self::Container => "container",
            Self::Image => "image",
            Self::Volume => "volume",
            Self::Network => "network",
            Self::BuildCache => "build_cache",
        }
    }
}

impl Target {
    /// A node as a target.
    pub fn node(node: &Node) -> Self {
        Self { id: node.id.0.clone(), ..Self::unknown(TargetKind::Node, &node.name) }
    }

    /// A service as a target.
    pub fn service(service: &Service) -> Self {
        Self { id: service.id.0.clone(), ..Self::unknown(TargetKind::Service, &service.name) }
    }

    /// A task of this service as a target.
    pub fn task(task: &Task, service: &Service) -> Self {
        Self {
            kind: TargetKind::Task,
            id: task.id.0.clone(),
            name: format!("{}.{}", service.name, task.slot),
            service: Some(service.name.clone()),
            slot: Some(task.slot),
            node: None,
        }
    }

    /// Something that lies on one node.
    pub fn on(node: &str, kind: TargetKind, id: &str, name: &str) -> Self {
        Self { id: id.to_owned(), node: Some(node.to_owned()), ..Self::unknown(kind, name) }
    }

    /// Orders objects as people list them, and keeps those of one name apart.
    pub fn sort_key(&self) -> (String, String) {
        (self.name.clone(), self.id.clone())
    }

    /// Something that the settings name and the swarm doesn't have, or has twice.
    pub fn unknown(kind: TargetKind, name: &str) -> Self {
        Self { kind, id: String::new(), name: name.to_owned(), service: None, slot: None, node: None }
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
    /// Moves a task to another node: a protocol of several updates, not an edit.
    TaskMove {
        /// Hostname of the node where it runs.
        from: String,
        /// Hostname of the node where it is to run.
        to: String,
    },
    /// Goes back to the spec before the service's last update.
    Rollback {
        /// The image found.
        before: String,
        /// The image of the spec before.
        after: String,
    },
    /// Sets a service's replicas to none.
    ScaleZero {
        /// The replicas found.
        before: u64,
    },
    /// Makes a swarm of an engine that is in none.
    SwarmInit,
    /// Writes the swarm's unlock key into a file that only its owner can read.
    UnlockKeySave {
        /// The file.
        file: String,
    },
    /// Lets an engine that is in no swarm join.
    NodeJoin {
        /// Which token it joins with.
        role: Role,
    },
    /// Promotes or demotes a node.
    RoleSet {
        /// Role found.
        before: Role,
        /// Role wanted.
        after: Role,
    },
    /// Says whether a node takes tasks.
    AvailabilitySet {
        /// Availability found; none: the node is not in the swarm yet.
        before: Option<String>,
        /// Availability wanted.
        after: String,
    },
    /// Removes a node that is down.
    NodeRemove,
    /// Restarts a container that is no swarm task.
    ContainerRestart {
        /// Seconds between SIGTERM and SIGKILL that the container's label asks for; none: the container's own.
        stop_timeout: Option<u32>,
        /// The longest that the engine may take, in seconds.
        patience: u32,
    },
    /// Removes a container, image, volume or network from its node.
    Remove {
        /// Which of them it is.
        what: TargetKind,
        /// An image's names, each of which has to go.
        names: Vec<String>,
        /// Bytes that go with it, as far as the engine can tell.
        bytes: u64,
    },
    /// Removes build cache that nothing has used for so long.
    CachePrune {
        /// In seconds.
        unused_for: u64,
        /// Bytes that go with it.
        bytes: u64,
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
    /// A service gets a placement constraint.
    #[serde(rename = "service.constraint.add")]
    ServiceConstraintAdd,
    /// A service's tasks are restarted.
    #[serde(rename = "service.force_update")]
    ServiceForceUpdate,
    /// A task is moved to another node.
    #[serde(rename = "task.move")]
    TaskMove,
    /// A service goes back to its spec before.
    #[serde(rename = "service.rollback")]
    ServiceRollback,
    /// A service is scaled.
    #[serde(rename = "service.scale")]
    ServiceScale,
    /// A swarm is made.
    #[serde(rename = "swarm.init")]
    SwarmInit,
    /// The unlock key is saved.
    #[serde(rename = "swarm.unlock_key.save")]
    SwarmUnlockKeySave,
    /// An engine joins.
    #[serde(rename = "node.join")]
    NodeJoin,
    /// A node is promoted or demoted.
    #[serde(rename = "node.role.set")]
    NodeRoleSet,
    /// A node is told whether to take tasks.
    #[serde(rename = "node.availability.set")]
    NodeAvailabilitySet,
    /// A node that is down is removed.
    #[serde(rename = "node.remove")]
    NodeRemove,
    /// A container is restarted.
    #[serde(rename = "container.restart")]
    ContainerRestart,
    /// A container is removed.
    #[serde(rename = "container.remove")]
    ContainerRemove,
    /// An image is removed.
    #[serde(rename = "image.remove")]
    ImageRemove,
    /// A volume is removed.
    #[serde(rename = "volume.remove")]
    VolumeRemove,
    /// A network is removed.
    #[serde(rename = "network.remove")]
    NetworkRemove,
    /// Build cache is removed.
    #[serde(rename = "build_cache.prune")]
    BuildCachePrune,
}

impl ActionKind {
    /// The dotted name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NodeLabelSet => "node.label.set",
            Self::NodeLabelRemove => "node.label.remove",
            Self::NodeRecordForget => "node.record.forget",
            Self::ServiceConstraintAdd => "service.constraint.add",
            Self::ServiceForceUpdate => "service.force_update",
            Self::TaskMove => "task.move",
            Self::ServiceRollback => "service.rollback",
            Self::ServiceScale => "service.scale",
            Self::SwarmInit => "swarm.init",
            Self::SwarmUnlockKeySave => "swarm.unlock_key.save",
            Self::NodeJoin => "node.join",
            Self::NodeRoleSet => "node.role.set",
            Self::NodeAvailabilitySet => "node.availability.set",
            Self::NodeRemove => "node.remove",
            Self::ContainerRestart => "container.restart",
            Self::ContainerRemove => "container.remove",
            Self::ImageRemove => "image.remove",
            Self::VolumeRemove => "volume.remove",
            Self::NetworkRemove => "network.remove",
            Self::BuildCachePrune => "build_cache.prune",
        }
    }

    /// The order within a pass: a label is added before it is removed elsewhere, and tasks are touched last.
    pub fn rank(self) -> u8 {
        match self {
            // Without a swarm, and without the node in it, nothing can be done to it.
            Self::SwarmInit | Self::SwarmUnlockKeySave | Self::NodeJoin | Self::NodeLabelSet => 0,
            Self::NodeLabelRemove | Self::NodeRecordForget | Self::NodeRoleSet | Self::NodeAvailabilitySet => 1,
            Self::ServiceConstraintAdd => 2,
            Self::ServiceForceUpdate | Self::TaskMove | Self::ServiceRollback | Self::ServiceScale => 3,
            // On a node: containers first, then what they used.
            Self::ContainerRestart | Self::ContainerRemove => 4,
            Self::ImageRemove | Self::BuildCachePrune => 5,
            Self::VolumeRemove | Self::NetworkRemove | Self::NodeRemove => 6,
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
            Self::ConstraintAdd { .. } => ActionKind::ServiceConstraintAdd,
            Self::ForceUpdate { .. } => ActionKind::ServiceForceUpdate,
            Self::TaskMove { .. } => ActionKind::TaskMove,
            Self::Rollback { .. } => ActionKind::ServiceRollback,
            Self::ScaleZero { .. } => ActionKind::ServiceScale,
            Self::SwarmInit => ActionKind::SwarmInit,
            Self::UnlockKeySave { .. } => ActionKind::SwarmUnlockKeySave,
            Self::NodeJoin { .. } => ActionKind::NodeJoin,
            Self::RoleSet { .. } => ActionKind::NodeRoleSet,
            Self::AvailabilitySet { .. } => ActionKind::NodeAvailabilitySet,
            Self::NodeRemove => ActionKind::NodeRemove,
            Self::ContainerRestart { .. } => ActionKind::ContainerRestart,
            Self::CachePrune { .. } => ActionKind::BuildCachePrune,
            Self::Remove { what, .. } => match what {
                TargetKind::Image => ActionKind::ImageRemove,
                TargetKind::Volume => ActionKind::VolumeRemove,
                TargetKind::Network => ActionKind::NetworkRemove,
                _ => ActionKind::ContainerRemove,
            },
        }
    }

    /// What of a node it changes, as the end of the action's id.
    fn aspect(&self) -> &'static str {
        match self {
            Self::SwarmInit => "init",
            Self::UnlockKeySave { .. } => "unlock_key",
            Self::NodeJoin { .. } => "join",
            Self::NodeRemove => "remove",
            Self::RoleSet { .. } => "role",
            Self::AvailabilitySet { .. } => "availability",
            _ => "record",
        }
    }

    /// Bytes that it frees, as far as is known beforehand.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Remove { bytes, .. } | Self::CachePrune { bytes, .. } => *bytes,
            _ => 0,
        }
    }

    /// The changed value as it was found and as it is wanted, for the report.
    pub fn values(&self) -> (Value, Value) {
        match self {
            Self::LabelSet { before, after, .. } => (before.clone().into(), after.clone().into()),
            Self::LabelRemove { before, .. } => (before.clone().into(), Value::Null),
            Self::RecordForget { keys } => (keys.join(",").into(), Value::Null),
            Self::ConstraintAdd { constraint } => (Value::Null, constraint.clone().into()),
            Self::ForceUpdate { before } => ((*before).into(), before.saturating_add(1).into()),
            Self::TaskMove { from, to } => (from.clone().into(), to.clone().into()),
            Self::Rollback { before, after } => (before.clone().into(), after.clone().into()),
            Self::ScaleZero { before } => ((*before).into(), 0.into()),
            Self::SwarmInit => (Value::Null, "swarm".into()),
            Self::UnlockKeySave { file } => (Value::Null, file.clone().into()),
            Self::NodeJoin { role } => (Value::Null, role.name().into()),
            Self::RoleSet { before, after } => (before.name().into(), after.name().into()),
            Self::AvailabilitySet { before, after } => (before.clone().into(), after.clone().into()),
            Self::NodeRemove => ("down".into(), Value::Null),
            Self::ContainerRestart { .. } => ("unhealthy".into(), "restarted".into()),
            Self::Remove { bytes, .. } | Self::CachePrune { bytes, .. } => {
                (serde_json::json!({ "size_bytes": bytes }), Value::Null)
            }
        }
    }
}

impl Action {
    /// A change of a node.
    pub fn on_node(node: &Node, change: Change, reason: impl Into<String>) -> Self {
        let what = match &change {
            Change::LabelSet { key, .. } | Change::LabelRemove { key, .. } => format!("label/{key}"),
            change => change.aspect().to_owned(),
        };
        Self::new(Target::node(node), &node.key, &what, change, reason.into(), node.version)
    }

    /// A change of a node that the settings name; `node` is what the swarm has of it, if it is in it.
    pub fn on_host(name: &str, node: Option<&Node>, change: Change, reason: impl Into<String>) -> Self {
        let target = node.map_or_else(|| Target::unknown(TargetKind::Node, name), Target::node);
        let what = match &change {
            Change::LabelSet { key, .. } => format!("label/{key}"),
            change => change.aspect().to_owned(),
        };
        Self::new(target, name, &what, change, reason.into(), node.map_or(0, |node| node.version))
    }

    /// A change of a service.
    pub fn on_service(service: &Service, change: Change, reason: impl Into<String>) -> Self {
        let what = match &change {
            Change::ConstraintAdd { constraint } => format!("constraint/{constraint}"),
            Change::Rollback { .. } => "rollback".to_owned(),
            Change::ScaleZero { .. } => "replicas".to_owned(),
            _ => "force_update".to_owned(),
        };
        Self::new(Target::service(service), &service.name, &what, change, reason.into(), service.version)
    }

    /// A move of a task from one node to another, both by hostname.
    pub fn on_task(task: &Task, service: &Service, from: &str, to: &str, reason: impl Into<String>) -> Self {
        let change = Change::TaskMove { from: from.to_owned(), to: to.to_owned() };
        let (target, key) = (Target::task(task, service), format!("{}.{}", service.name, task.slot));
        Self::new(target, &key, "move", change, reason.into(), service.version).disruptive()
    }

    /// A change of something that lies on one node, called `what` in the action's id.
    pub fn local(target: Target, what: &str, change: Change, reason: impl Into<String>) -> Self {
        let node = target.node.as_deref().unwrap_or_default();
        // Several objects may have one name, or none: their ids don't.
        let key = match target.kind {
            TargetKind::Image | TargetKind::Network => &target.id,
            _ => &target.name,
        };
        let key = format!("{node}/{key}");
        Self::new(target, &key, what, change, reason.into(), 0)
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
