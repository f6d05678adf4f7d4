//! What a pass wants to do, as data: actions with reasons, refusals with all their reasons, warnings.
//!
//! A plan is made by a pure function and executed by [`crate::apply`]; nothing here reads a clock or an engine.

mod change;
mod file;
mod kind;
mod nature;
mod said;
mod values;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::edit::moving::Temporary;
use crate::model::{Node, NodeId, Service, ServiceId, TaskId};
use crate::pass::memory::Memory;

pub use change::Change;
pub use file::{FileFact, Rotation};
pub use kind::ActionKind;
pub use said::{Blocked, Warning};

/// What one pass decided.
#[derive(Debug, Default, PartialEq)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// The swarm itself.
    Swarm,
    /// A swarm node.
    Node,
    /// A swarm service.
    Service,
    /// A swarm task.
    Task,
    /// A container on one node.
    Container,
    /// An image on one node, or in a registry.
    Image,
    /// A volume on one node.
    Volume,
    /// A network of one node.
    Network,
    /// The build cache of one node.
    BuildCache,
    /// A machine that orca reaches by ssh alone.
    Host,
    /// A file on this host.
    File,
    /// A service of the catalog.
    Catalog,
    /// A secret of the swarm.
    Secret,
    /// A config of the swarm.
    Config,
}

/// What an update of the swarm's own objects can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Specified {
    /// A node.
    Node,
    /// A service.
    Service,
}

impl TargetKind {
    /// Whether such objects have a spec that orca edits. Tasks are never written, only what makes them move; what lies
    /// on a node is not the swarm's.
    pub fn specified(self) -> Option<Specified> {
        match self {
            Self::Node => Some(Specified::Node),
            Self::Service => Some(Specified::Service),
            Self::Swarm
            | Self::Task
            | Self::Container
            | Self::Image
            | Self::Volume
            | Self::Network
            | Self::BuildCache
            | Self::Host
            | Self::File
            | Self::Catalog
            | Self::Secret
            | Self::Config => None,
        }
    }

    /// The first part of the path of such objects.
    pub fn collection(self) -> &'static str {
        match self {
            Self::Swarm => "swarm",
            Self::Node => "nodes",
            Self::Service => "services",
            Self::Task => "tasks",
            Self::Container => "containers",
            Self::Image => "images",
            Self::Volume => "volumes",
            Self::Network => "networks",
            Self::BuildCache => "build",
            Self::Host => "hosts",
            Self::File => "files",
            Self::Catalog => "catalog",
            Self::Secret => "secrets",
            Self::Config => "configs",
        }
    }

    /// The name in ids, reports and the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Swarm => "swarm",
            Self::Node => "node",
            Self::Service => "service",
            Self::Task => "task",
            Self::Container => "container",
            Self::Image => "image",
            Self::Volume => "volume",
            Self::Network => "network",
            Self::BuildCache => "build_cache",
            Self::Host => "host",
            Self::File => "file",
            Self::Catalog => "catalog",
            Self::Secret => "secret",
            Self::Config => "config",
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
    pub fn task(id: &TaskId, service: &str, slot: u64) -> Self {
        Self {
            kind: TargetKind::Task,
            id: id.0.clone(),
            name: format!("{service}.{slot}"),
            service: Some(service.to_owned()),
            slot: Some(slot),
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

impl Action {
    /// A change of a node.
    pub fn on_node(node: &Node, change: Change, reason: impl Into<String>) -> Self {
        let what = change.of_a_node();
        Self::new(Target::node(node), &node.key, &what, change, reason.into(), node.version)
    }

    /// A change of a node that the settings name; `node` is what the swarm has of it, if it is in it.
    pub fn on_host(name: &str, node: Option<&Node>, change: Change, reason: impl Into<String>) -> Self {
        let target = node.map_or_else(|| Target::unknown(TargetKind::Node, name), Target::node);
        let what = change.of_a_node();
        Self::new(target, name, &what, change, reason.into(), node.map_or(0, |node| node.version))
    }

    /// A pause of the swarm, or of an anchor in it, is set or ended.
    pub fn on_swarm(cluster: &str, anchor: Option<&str>, change: Change, reason: impl Into<String>) -> Self {
        let target = Target { id: cluster.to_owned(), ..Target::unknown(TargetKind::Swarm, "swarm") };
        let what = anchor.map_or_else(|| "pause".to_owned(), |anchor| format!("pause/{anchor}"));
        Self::new(target, cluster, &what, change, reason.into(), 0)
    }

    /// A change of a service.
    pub fn on_service(service: &Service, change: Change, reason: impl Into<String>) -> Self {
        let what = match &change {
            Change::ConstraintAdd { constraint } => format!("constraint/{constraint}"),
            Change::Rollback { .. } => "rollback".to_owned(),
            Change::ImageSet { .. } => "image".to_owned(),
            Change::AuthSet { .. } => "auth".to_owned(),
            Change::ScaleZero { .. } | Change::Scale { .. } | Change::Stop { .. } | Change::Start { .. } => {
                "replicas".to_owned()
            }
            Change::LogLimit { .. } => "log_driver".to_owned(),
            Change::ServiceRemove => "remove".to_owned(),
            Change::MoveUndo => "move/undo".to_owned(),
            Change::MoveSeal => "move/seal".to_owned(),
            Change::TemporaryRemove => "temporary".to_owned(),
            Change::FieldSet { path, .. } => format!("field/{}", path.join(".").replace('/', "~1")),
            _ => "force_update".to_owned(),
        };
        Self::new(Target::service(service), &service.name, &what, change, reason.into(), service.version)
    }

    /// A service that is not there yet.
    pub fn creation(name: &str, change: Change, reason: impl Into<String>) -> Self {
        Self::new(Target::unknown(TargetKind::Service, name), name, "create", change, reason.into(), 0)
    }

    /// A network, secret or config of the swarm that is made or removed; without an id it is not there yet.
    pub fn on_object(kind: TargetKind, id: &str, name: &str, change: Change, reason: impl Into<String>) -> Self {
        let what = if id.is_empty() { "create" } else { "remove" };
        let target = Target { id: id.to_owned(), ..Target::unknown(kind, name) };
        Self::new(target, name, what, change, reason.into(), 0)
    }

    /// A change of a machine outside of the swarm, called `what` in the action's id.
    pub fn on_machine(name: &str, what: &str, change: Change, reason: impl Into<String>) -> Self {
        Self::new(Target::unknown(TargetKind::Host, name), name, what, change, reason.into(), 0)
    }

    /// A move of a task from one node to another, both by hostname; `version` is its service's.
    pub fn on_task(target: Target, version: u64, from: &str, to: &str, reason: impl Into<String>) -> Self {
        let change = Change::TaskMove { from: from.to_owned(), to: to.to_owned() };
        let key = target.name.clone();
        Self::new(target, &key, "move", change, reason.into(), version).disruptive()
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

    /// A change of a file on this host, called `what` in the action's id.
    pub fn on_file(path: &str, what: &str, change: Change, reason: impl Into<String>) -> Self {
        let target = Target { id: path.to_owned(), ..Target::unknown(TargetKind::File, path) };
        Self::new(target, path, what, change, reason.into(), 0)
    }

    /// A change of what the catalog has of this service.
    pub fn in_catalog(name: &str, what: &str, change: Change, reason: impl Into<String>) -> Self {
        Self::new(Target::unknown(TargetKind::Catalog, name), name, what, change, reason.into(), 0)
    }

    /// Something that is done with an image of this name.
    pub fn on_image(name: &str, what: &str, change: Change, reason: impl Into<String>) -> Self {
        Self::new(Target::unknown(TargetKind::Image, name), name, what, change, reason.into(), 0)
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
